package impact

import (
	"cmp"
	"maps"
	"slices"

	"greenchannel/server/decision"
)

// Basis is what one of the two decisions of each application rested on.
type Basis struct {
	decision.PolicyRef
	AsOf string `json:"as_of,omitzero" jsonschema:"The instant that all were decided as of; absent where each has its own."`
}

// Effect is what a change of policies, or of the day, does to many applications.
type Effect struct {
	Source string `json:"source" jsonschema:"Where the applications come from, for people."`
	Old    Basis  `json:"old" jsonschema:"What the old decisions rest on."`
	New    Basis  `json:"new" jsonschema:"What the new decisions rest on."`

	Decided  uint64         `json:"decided" jsonschema:"How many applications were decided, each by both."`
	Changed  uint64         `json:"changed" jsonschema:"Those of them that do not come out the same."`
	Stopped  uint64         `json:"not_allowed" jsonschema:"Those of the changes that are not allowed; where there is one, the exit code is 1."`
	Classes  []ClassCount   `json:"classes" jsonschema:"Every class with its count, the most dangerous first."`
	Outcomes []Flow         `json:"outcomes" jsonschema:"Old and new outcomes with their counts: the dangerous direction first, then the stricter one, then those that stayed."`
	Rules    []RuleCount    `json:"rules" jsonschema:"The changes in which a rule came, went or weighs otherwise, the most frequent first."`
	Allowed  []AllowedCount `json:"allowed" jsonschema:"What was allowed, and how much of it was seen."`
	Changes  []ListedChange `json:"changes" jsonschema:"The changes class by class, as far as they are listed (--list); in each class in the order in which they were decided."`
	Notes    []string       `json:"notes" jsonschema:"What the reader has to know of how it was decided."`
}

// ClassCount counts the changes of a class, and how many of them are listed.
type ClassCount struct {
	Class   Class  `json:"class" jsonschema:"The class."`
	Count   uint64 `json:"count" jsonschema:"How many changes are of it."`
	Stopped uint64 `json:"not_allowed" jsonschema:"Those of them that are not allowed."`
	Listed  uint64 `json:"listed" jsonschema:"Those of them that are listed."`
}

// Flow counts the applications that went from one outcome to another.
type Flow struct {
	Old   decision.Outcome `json:"old" jsonschema:"The old outcome."`
	New   decision.Outcome `json:"new" jsonschema:"The new outcome."`
	Class Class            `json:"class" jsonschema:"The direction: looser, stricter or same."`
	Count uint64           `json:"count" jsonschema:"How many applications."`
}

// RuleCount counts what became of a rule.
type RuleCount struct {
	Rule   string `json:"rule" jsonschema:"Id of the rule."`
	Title  string `json:"title" jsonschema:"Its title."`
	Came   uint64 `json:"came" jsonschema:"Decisions in which it gives a reason under the new policies alone."`
	Went   uint64 `json:"went" jsonschema:"Decisions in which it gives a reason under the old policies alone."`
	Weighs uint64 `json:"weighs" jsonschema:"Decisions in which its reasons have another effect or severity."`
}

// AllowedCount is an allowance, and how many changes it was asked to cover.
type AllowedCount struct {
	What string  `json:"what" jsonschema:"What is allowed, as --allow takes it."`
	Most *uint64 `json:"most,omitzero" jsonschema:"The most that there may be; absent where there is no limit."`
	Seen uint64  `json:"seen" jsonschema:"How many changes it was asked to cover."`
}

// ListedChange is a change, and whether it is allowed.
type ListedChange struct {
	Change
	Allowed bool `json:"allowed" jsonschema:"Whether the change is allowed."`
}

// Tally gathers changes into an effect. Whatever the number of changes, it keeps no more than some of each class.
type Tally struct {
	gate     *Gate
	most     int
	effect   Effect
	classes  map[Class]*ClassCount
	outcomes map[[2]decision.Outcome]uint64
	rules    map[string]*RuleCount
	listed   map[Class][]ListedChange
}

// NewTally begins to gather. Of each class it lists the first most changes.
func NewTally(source string, older, newer Basis, gate *Gate, most int) *Tally {
	return &Tally{
		gate: gate, most: most, effect: Effect{Source: source, Old: older, New: newer},
		classes: map[Class]*ClassCount{}, outcomes: map[[2]decision.Outcome]uint64{},
		rules: map[string]*RuleCount{}, listed: map[Class][]ListedChange{},
	}
}

// Note adds what the reader has to know.
func (t *Tally) Note(text string) { t.effect.Notes = append(t.effect.Notes, text) }

// Add takes what became of one application.
func (t *Tally) Add(c Change) {
	t.effect.Decided++
	allowed := t.gate.pass(c)
	count := t.classes[c.Class]
	if count == nil {
		count = &ClassCount{Class: c.Class}
		t.classes[c.Class] = count
	}
	count.Count++
	if c.Missing == nil {
		t.outcomes[[2]decision.Outcome{c.Old, c.New}]++
	}
	if c.Class == Same {
		return
	}
	t.effect.Changed++
	if !allowed {
		t.effect.Stopped++
		count.Stopped++
	}
	t.count(c.Came, func(r *RuleCount) { r.Came++ })
	t.count(c.Went, func(r *RuleCount) { r.Went++ })
	t.count(c.Weighs, func(r *RuleCount) { r.Weighs++ })
	if len(t.listed[c.Class]) < t.most {
		count.Listed++
		t.listed[c.Class] = append(t.listed[c.Class], ListedChange{c, allowed})
	}
}

func (t *Tally) count(findings []Finding, one func(*RuleCount)) {
	for _, f := range findings {
		r := t.rules[f.Rule]
		if r == nil {
			r = &RuleCount{Rule: f.Rule, Title: f.Title}
			t.rules[f.Rule] = r
		}
		one(r)
	}
}

// Effect is what was gathered so far.
func (t *Tally) Effect() Effect {
	e := t.effect
	e.Classes, e.Allowed, e.Changes = nil, []AllowedCount{}, []ListedChange{}
	for _, class := range Classes() {
		count := ClassCount{Class: class}
		if known := t.classes[class]; known != nil {
			count = *known
		}
		e.Classes = append(e.Classes, count)
		e.Changes = append(e.Changes, t.listed[class]...)
	}
	for _, key := range t.gate.order {
		a := t.gate.allowed[key]
		e.Allowed = append(e.Allowed, AllowedCount{What: key, Most: a.Most, Seen: a.seen})
	}
	e.Outcomes = t.flows()
	e.Rules = slices.AppendSeq([]RuleCount{}, func(yield func(RuleCount) bool) {
		for _, r := range t.rules {
			if !yield(*r) {
				return
			}
		}
	})
	slices.SortFunc(e.Rules, func(a, b RuleCount) int {
		return cmp.Or(cmp.Compare(b.Came+b.Went+b.Weighs, a.Came+a.Went+a.Weighs), cmp.Compare(a.Rule, b.Rule))
	})
	e.Notes = append([]string{}, e.Notes...)
	return e
}

// flows lists the pairs of outcomes: the looser ones first, the stricter ones after them, and what stayed last; the most
// frequent first in each.
func (t *Tally) flows() []Flow {
	flows := []Flow{}
	order := slices.Collect(maps.Keys(t.outcomes))
	for _, pair := range order {
		flows = append(flows, Flow{Old: pair[0], New: pair[1], Class: direction(pair[0], pair[1]), Count: t.outcomes[pair]})
	}
	place := func(f Flow) int { return slices.Index(Classes(), f.Class) }
	slices.SortFunc(flows, func(a, b Flow) int {
		return cmp.Or(
			cmp.Compare(place(a), place(b)), cmp.Compare(b.Count, a.Count), cmp.Compare(a.Old, b.Old), cmp.Compare(a.New, b.New))
	})
	return flows
}

func direction(older, newer decision.Outcome) Class {
	switch {
	case older.StricterThan(newer):
		return Looser
	case newer.StricterThan(older):
		return Stricter
	}
	return Same
}
