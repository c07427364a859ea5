package screening

import (
	"cmp"
	"math"
	"slices"
	"sync"
	"unicode"
)

// Index holds listed names ready for screening. It is built once for a set of names and immutable from then on; any
// number of goroutines may use it.
type Index struct {
	settings Settings
	anatomy  *anatomy
	aliases  []alias
	byKey    map[string][]int32 // alias by whole name, by core, by pinyin: equality needs no search
	grams    map[gram][]int32   // aliases that have a gram
	rarity   map[string]float64 // weight of a word: the rarer, the more it says
	unknown  float64            // weight of a word that no listed name has
	tallies  sync.Pool          // *tally, scratch space of a search
}

// alias is one listed name and the rows that carry it.
type alias struct {
	name    name
	entries []Entry
	grams   int       // how many different grams it has
	weights []float64 // of its core's words
	weight  float64   // their sum
}

// NewIndex builds an index of names. Names that fold to nothing are left out: nobody bears them.
func NewIndex(entries []Entry, folder *Folder, settings Settings) *Index {
	x := &Index{
		settings: settings, anatomy: newAnatomy(folder, settings.Forms),
		byKey: map[string][]int32{}, grams: map[gram][]int32{}, rarity: map[string]float64{},
	}
	x.gather(entries)
	x.weigh()
	for i := range x.aliases {
		x.enter(int32(i))
	}
	x.tallies.New = func() any { return &tally{shared: make([]uint16, len(x.aliases))} }
	return x
}

// gather takes the names apart, each spelling once.
func (x *Index) gather(entries []Entry) {
	known := map[string]int{}
	for _, entry := range entries {
		n := x.anatomy.of(entry.Name)
		if n.key == "" {
			continue
		}
		spelling := n.key + " " + n.sorted // the same key may stand for other words: "L3 Harris" and "L3Harris"
		at, ok := known[spelling]
		if !ok {
			at = len(x.aliases)
			known[spelling] = at
			x.aliases = append(x.aliases, alias{name: n})
		}
		x.aliases[at].entries = append(x.aliases[at].entries, entry)
	}
}

// weigh gives each word its weight: the logarithm of how rare it is among the names.
func (x *Index) weigh() {
	having := map[string]int{}
	for i := range x.aliases {
		for _, word := range slices.Compact(slices.Sorted(slices.Values(x.aliases[i].name.core))) {
			having[word]++
		}
	}
	total := float64(len(x.aliases)) + 1
	for word, n := range having {
		x.rarity[word] = math.Log(1 + total/float64(n))
	}
	x.unknown = math.Log(1 + total)
	for i := range x.aliases {
		a := &x.aliases[i]
		a.weights, a.weight = x.weightsOf(a.name.core)
	}
}

func (x *Index) weightsOf(words []string) (weights []float64, sum float64) {
	weights = make([]float64, len(words))
	for i, word := range words {
		weight, ok := x.rarity[word]
		if !ok {
			weight = x.unknown
		}
		weights[i] = weight
		sum += weight
	}
	return weights, sum
}

// enter makes an alias findable.
func (x *Index) enter(id int32) {
	a := &x.aliases[id]
	for _, key := range a.name.keys() {
		x.byKey[key] = append(x.byKey[key], id)
	}
	found := gramsOf(a.name)
	a.grams = len(found)
	for _, g := range found {
		x.grams[g] = append(x.grams[g], id)
	}
}

// keys are the texts under which a name is found by equality, each once. Their first letter keeps kinds apart that must
// not meet: a core may equal a core or a spoken core, never half of a whole name.
func (n name) keys() []string {
	keys := []string{"k" + n.key, "c" + n.joined, "s" + n.sorted}
	if n.spoken != "" {
		keys = append(keys, "c"+n.spoken)
	}
	return slices.Compact(slices.Sorted(slices.Values(keys)))
}

// gram is two letters that stand side by side in a word, or one Chinese character. A zero marks the edge of a word.
type gram [2]rune

// gramsOf lists the different grams of a name, of its pinyin too.
func gramsOf(n name) []gram {
	var found []gram
	for _, word := range n.core {
		found = appendGrams(found, word)
	}
	if n.spoken != "" {
		found = appendGrams(found, n.spoken)
	}
	slices.SortFunc(found, func(a, b gram) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	return slices.Compact(found)
}

func appendGrams(to []gram, word string) []gram {
	var before rune
	for _, r := range word {
		if unicode.Is(unicode.Han, r) {
			to = append(to, gram{r, r})
		} else {
			to = append(to, gram{before, r})
		}
		before = r
	}
	return append(to, gram{before, 0})
}

// The candidates of a search: those that share at least this part of the grams of the shorter name, and of them the
// best so many. A name with one slip keeps more than half of its grams; the number bounds the work of one search.
const (
	leastShared    = 0.4
	mostCandidates = 200
)

// tally counts shared grams; it is kept from search to search.
type tally struct {
	shared  []uint16
	touched []int32
}

// candidates finds the aliases worth a comparison: all that are equal in some way, and those that share many grams.
func (x *Index) candidates(n name) []int32 {
	var found []int32
	for _, key := range n.keys() {
		found = append(found, x.byKey[key]...)
	}
	near := x.nearby(n)
	if len(near) > mostCandidates {
		near = near[:mostCandidates]
	}
	for _, c := range near {
		found = append(found, c.alias)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// neighbour is an alias and how many grams it shares, in relation to both names.
type neighbour struct {
	alias int32
	near  float64
}

// nearby lists the neighbours of a name, the nearest first.
func (x *Index) nearby(n name) []neighbour {
	t := x.tallies.Get().(*tally)
	defer x.tallies.Put(t)
	asked := gramsOf(n)
	for _, g := range asked {
		for _, id := range x.grams[g] {
			if t.shared[id] == 0 {
				t.touched = append(t.touched, id)
			}
			t.shared[id]++
		}
	}
	var found []neighbour
	for _, id := range t.touched {
		shared, own := float64(t.shared[id]), x.aliases[id].grams
		t.shared[id] = 0
		if shared < leastShared*float64(min(own, len(asked))) {
			continue
		}
		// The greater of likeness and containment: "Leidos" stands whole in "Leidos Australia Pty Ltd".
		likeness := 2 * shared / float64(own+len(asked))
		found = append(found, neighbour{alias: id, near: max(likeness, shared/float64(own)*containedScore)})
	}
	t.touched = t.touched[:0]
	slices.SortFunc(found, func(a, b neighbour) int {
		return cmp.Or(cmp.Compare(b.near, a.near), cmp.Compare(a.alias, b.alias))
	})
	return found
}

// Match lists the rows whose names are near to a name, the best first, rows of the same score by their id. One row is
// listed once, with the name that came nearest.
func (x *Index) Match(text string) []Match {
	asked := x.anatomy.of(text)
	if asked.key == "" {
		return nil
	}
	c := x.comparison(asked)
	best := map[string]Match{}
	for _, id := range x.candidates(asked) {
		a := &x.aliases[id]
		score := math.Round(c.with(a)*1e4) / 1e4
		band, ok := x.settings.band(score)
		if !ok {
			continue
		}
		for _, e := range a.entries {
			if old, ok := best[e.Row]; !ok || score > old.Score || score == old.Score && e.Name < old.Name {
				best[e.Row] = Match{Row: e.Row, Name: e.Name, List: e.List, Score: score, Band: band}
			}
		}
	}
	matches := make([]Match, 0, len(best))
	for _, m := range best {
		matches = append(matches, m)
	}
	slices.SortFunc(matches, func(a, b Match) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Row, b.Row))
	})
	return matches
}
