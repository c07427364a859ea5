package screening

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/adrg/strutil/metrics"
)

// The scores of names that are equal in some way. Up to reordered they say that the name is the same; what lies below
// says that it may be, and a person has to tell. All likeness that is found by comparing letters stays below
// anotherForm, so that a slip of the pen never weighs as much as the right letters.
const (
	equalScore       = 1.00 // equal after folding
	formMissingScore = 0.98 // equal but for a legal form that one of the two does not have, or has with a slip
	reorderedScore   = 0.97 // the same words in another order
	anotherFormScore = 0.95 // equal but for the legal form: perhaps a sister company
	spokenScore      = 0.93 // the same in pinyin: other characters of the same sound, traditional ones, or Latin letters
	likenessCap      = 0.94
	containedScore   = 0.86 // the listed name stands whole inside a longer one: a branch, a subsidiary, a chance
)

const (
	leastWordLikeness  = 0.86 // words that are less alike than this are different words
	comparedExactly    = 3    // words up to this length are alike only when equal: "IHI" and "MHI" are two
	leastLeading       = 3    // letters that a listed name needs to be looked for at the beginning of longer names
	leastContained     = 6    // letters that it needs to be looked for further inside
	leastContainedHan  = 4    // Chinese characters that it needs, as those have no spaces to tell words by
	mostWords          = 64   // words of a name that are compared; the rest only counts against the likeness
	likenessOfOneWrong = 0.7  // how much the part of wrong letters takes from the likeness of joined names
	mostWrongLetters   = 0.25 // the part of wrong letters above which joined names are not compared further
)

// comparison compares one asked name with many listed ones.
type comparison struct {
	asked   name
	spaced  string // the core between single spaces, to look for others inside it
	weights []float64
	weight  float64
	words   map[[2]string]float64 // likeness of word pairs, as listed names share their words
	metric  *metrics.JaroWinkler
}

func (x *Index) comparison(asked name) *comparison {
	c := &comparison{
		asked: asked, spaced: spaced(asked), words: map[[2]string]float64{}, metric: metrics.NewJaroWinkler(),
	}
	c.weights, c.weight = x.weightsOf(asked.core)
	return c
}

// with scores a listed name against the asked one.
func (c *comparison) with(a *alias) float64 {
	asked, listed := &c.asked, &a.name
	sameForm := asked.form == listed.form
	oneForm := asked.form == "" || listed.form == ""
	switch {
	case asked.key == listed.key:
		return equalScore
	case asked.joined == listed.joined && (sameForm || oneForm):
		return formMissingScore
	case asked.sorted == listed.sorted && (sameForm || oneForm):
		return reorderedScore
	case asked.sorted == listed.sorted || asked.joined == listed.joined:
		return anotherFormScore
	}
	return max(c.spoken(listed), min(likenessCap, max(c.likeness(a), c.joinedLikeness(asked.joined, listed.joined))), c.contains(listed))
}

// spoken compares by sound where at least one of the two names is Chinese.
func (c *comparison) spoken(listed *name) float64 {
	if c.asked.spoken == "" && listed.spoken == "" {
		return 0
	}
	if cmp.Or(c.asked.spoken, c.asked.joined) == cmp.Or(listed.spoken, listed.joined) {
		return spokenScore
	}
	return 0
}

// likeness pairs the words of both names, the likest first, whatever their order, and weighs each pair by how rare its
// words are: two names that share "Aerospace Systems" have little in common.
func (c *comparison) likeness(a *alias) float64 {
	type pair struct {
		i, j  int
		alike float64
	}
	asked, listed := c.asked.words[:min(mostWords, len(c.asked.words))], a.name.words[:min(mostWords, len(a.name.words))]
	var pairs []pair
	for i := range asked {
		for j := range listed {
			if alike := c.wordLikeness(&asked[i], &listed[j]); alike >= leastWordLikeness {
				pairs = append(pairs, pair{i, j, alike})
			}
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		return cmp.Or(cmp.Compare(b.alike, a.alike), cmp.Compare(a.i, b.i), cmp.Compare(a.j, b.j))
	})
	taken, given := make([]bool, len(asked)), make([]bool, len(listed))
	common := 0.0
	for _, p := range pairs {
		if taken[p.i] || given[p.j] {
			continue
		}
		taken[p.i], given[p.j] = true, true
		common += p.alike * (c.weights[p.i] + a.weights[p.j])
	}
	return common / (c.weight + a.weight)
}

func (c *comparison) wordLikeness(one, other *word) float64 {
	if one.text == other.text {
		return 1
	}
	if one.mostLike(other) < leastWordLikeness {
		return 0
	}
	pair := [2]string{one.text, other.text}
	alike, ok := c.words[pair]
	if !ok {
		alike = min(1, max(0, c.metric.Compare(one.text, other.text)))
		c.words[pair] = alike
	}
	return alike
}

// mostLike bounds the likeness of two different words from above by the letters that only one of them has, which spares
// most comparisons.
func (w *word) mostLike(other *word) float64 {
	short, long := min(w.letters, other.letters), max(w.letters, other.letters)
	if w.han != other.han || !w.han && short <= comparedExactly || long > 2*short {
		return 0
	}
	common := float64(w.letters-bits.OnesCount64(w.set&^other.set)) / float64(w.letters)
	others := float64(other.letters-bits.OnesCount64(other.set&^w.set)) / float64(other.letters)
	jaro := (common + others + 1) / 3
	return jaro + mostForPrefix*(1-jaro)
}

// mostForPrefix is the part of the unlikeness that Jaro-Winkler forgives for a common beginning, at most.
const mostForPrefix = 0.4

// joinedLikeness compares names letter by letter without their spaces, which finds a slip together with words that were
// run together or torn apart.
func (c *comparison) joinedLikeness(one, other string) float64 {
	a, b := []rune(one), []rune(other)
	longest := max(len(a), len(b))
	allowed := int(mostWrongLetters * float64(longest))
	if longest-min(len(a), len(b)) > allowed {
		return 0
	}
	wrong := slips(a, b)
	if wrong > allowed {
		return 0
	}
	return likenessCap + 0.02 - likenessOfOneWrong*float64(wrong)/float64(longest)
}

// slips counts the letters to drop, add, replace or swap with their neighbour to turn a into b.
func slips(a, b []rune) int {
	before, last, now := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		now[0] = i
		for j := 1; j <= len(b); j++ {
			replaced := last[j-1]
			if a[i-1] != b[j-1] {
				replaced++
			}
			now[j] = min(last[j]+1, now[j-1]+1, replaced)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				now[j] = min(now[j], before[j-2]+1)
			}
		}
		before, last, now = last, now, before
	}
	return last[len(b)]
}

// contains tells whether the words of a listed name stand side by side in the asked one, which has more.
func (c *comparison) contains(listed *name) float64 {
	if c.containsWords(listed) || c.containsHan(listed) {
		return containedScore
	}
	return 0
}

func (c *comparison) containsWords(listed *name) bool {
	letters := utf8.RuneCountInString(listed.joined)
	if letters < leastLeading || len(c.asked.core) <= len(listed.core) {
		return false
	}
	sought := spaced(*listed)
	return strings.HasPrefix(c.spaced, sought) || letters >= leastContained && strings.Contains(c.spaced, sought)
}

func (c *comparison) containsHan(listed *name) bool {
	return listed.allHan && utf8.RuneCountInString(listed.joined) >= leastContainedHan &&
		len(listed.joined) < len(c.asked.joined) && strings.Contains(c.asked.joined, listed.joined)
}

func spaced(n name) string { return " " + strings.Join(n.core, " ") + " " }
