package screening

import (
	"cmp"
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
	formMissingScore = 0.98 // equal but for a legal form that one of the two does not have
	reorderedScore   = 0.97 // the same words in another order
	anotherFormScore = 0.95 // equal but for the legal form: perhaps a sister company
	spokenScore      = 0.93 // the same in pinyin: other characters of the same sound, traditional ones, or Latin letters
	likenessCap      = 0.94
	containedScore   = 0.86 // the listed name stands whole inside a longer one: a branch, a subsidiary, a chance
)

const (
	leastWordLikeness  = 0.86 // words that are less alike than this are different words
	comparedExactly    = 3    // words up to this length are alike only when equal: "IHI" and "MHI" are two
	leastContained     = 6    // letters that a listed name needs to be looked for inside longer names
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
	case asked.joined == listed.joined && oneForm:
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
	asked, listed := c.asked.core[:min(mostWords, len(c.asked.core))], a.name.core[:min(mostWords, len(a.name.core))]
	var pairs []pair
	for i, one := range asked {
		for j, other := range listed {
			if alike := c.wordLikeness(one, other); alike >= leastWordLikeness {
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

func (c *comparison) wordLikeness(one, other string) float64 {
	if one == other {
		return 1
	}
	short, long := utf8.RuneCountInString(one), utf8.RuneCountInString(other)
	if short > long {
		short, long = long, short
	}
	if hasHan(one) != hasHan(other) || !hasHan(one) && short <= comparedExactly || long > 2*short {
		return 0
	}
	pair := [2]string{one, other}
	alike, ok := c.words[pair]
	if !ok {
		alike = min(1, max(0, c.metric.Compare(one, other)))
		c.words[pair] = alike
	}
	return alike
}

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
	if utf8.RuneCountInString(listed.joined) < leastContained || len(c.asked.core) <= len(listed.core) {
		return 0
	}
	if strings.Contains(c.spaced, spaced(*listed)) {
		return containedScore
	}
	return 0
}

func spaced(n name) string { return " " + strings.Join(n.core, " ") + " " }
