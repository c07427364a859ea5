package impact

import (
	"context"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"greenchannel/server/decision"
)

// Class says what became of one application when it was decided twice.
type Class string

// The classes. All but Same are changes.
const (
	// Looser is an outcome that lets more through than the old one (decision.Outcome.StricterThan).
	Looser Class = "looser"
	// NeedsRows is a decision that cannot be compared, because the policies read a row that the record lacks: what stood
	// there then is not known, so nothing is said of the outcome.
	NeedsRows Class = "needs_rows"
	// Undecided is an application that one of the two does not take, or does not come to a decision on.
	Undecided Class = "undecided"
	// Stricter is an outcome that lets less through than the old one.
	Stricter Class = "stricter"
	// Reasons is the same outcome for other reasons: a rule came or went, or weighs otherwise.
	Reasons Class = "reasons"
	// Details is the same outcome by the same rules, and a difference elsewhere: a text, evidence, a date, what is to be
	// remembered.
	Details Class = "details"
	// Same is no change at all.
	Same Class = "same"
)

// Classes lists the classes, the most dangerous first.
func Classes() []Class {
	return []Class{Looser, NeedsRows, Undecided, Stricter, Reasons, Details, Same}
}

// Known says whether c is a class at all.
func (c Class) Known() bool { return slices.Contains(Classes(), c) }

// Subject names an application that is decided twice, and where it comes from: a recorded decision, a case or a file.
type Subject struct {
	DecisionID    string `json:"decision_id,omitzero" jsonschema:"Id of the recorded decision; absent where it is none."`
	Seq           uint64 `json:"seq,omitzero" jsonschema:"Its number in the record."`
	Case          string `json:"case,omitzero" jsonschema:"Name of the case; absent where it is none."`
	Place         string `json:"place,omitzero" jsonschema:"File of the application, or file and line of the case."`
	ApplicationID string `json:"application_id" jsonschema:"Reference of the application."`
	AsOf          string `json:"as_of" jsonschema:"The instant that the old decision is about."`
}

// Change is what became of one application.
type Change struct {
	Class Class `json:"class" jsonschema:"What became of it."`
	Subject
	Old    decision.Outcome `json:"old,omitzero" jsonschema:"The old outcome; absent where there is no decision."`
	New    decision.Outcome `json:"new,omitzero" jsonschema:"The new outcome; absent where there is no decision."`
	Came   []Finding        `json:"came,omitzero" jsonschema:"Rules that give a reason in the new decision alone."`
	Went   []Finding        `json:"went,omitzero" jsonschema:"Rules that give a reason in the old decision alone."`
	Weighs []Finding        `json:"weighs,omitzero" jsonschema:"Rules that give reasons in both, with another effect or severity."`
	// Details stand in the order of the old decision, at most mostDetails of them.
	Details []Detail     `json:"details,omitzero" jsonschema:"Places in which the two decisions, and what they want remembered, differ."`
	LeftOff int          `json:"details_left_off,omitzero" jsonschema:"How many such places are not listed."`
	Missing *Unavailable `json:"unavailable,omitzero" jsonschema:"Why one of the two, or both, cannot decide; absent where both do."`
	Of      string       `json:"unavailable_of,omitzero" jsonschema:"Which cannot: old, new or both."`
}

// Finding is a rule that gives a reason, with the strongest effect and severity that it has. Of a rule that weighs otherwise
// they are those of the new decision, and Was those of the old one.
type Finding struct {
	Rule     string `json:"rule" jsonschema:"Id of the rule."`
	Title    string `json:"title" jsonschema:"Its title."`
	Effect   string `json:"effect" jsonschema:"The strongest effect that it has."`
	Severity string `json:"severity" jsonschema:"The severity of that."`
	Was      string `json:"was,omitzero" jsonschema:"Effect and severity in the old decision, where they are others."`
}

// Detail is one place in which two decisions differ.
type Detail struct {
	Pointer string         `json:"pointer" jsonschema:"JSON pointer (RFC 6901) into {decision: …, facts: …}."`
	Old     jsontext.Value `json:"old,omitzero" jsonschema:"The value in the old decision; absent where there is none."`
	New     jsontext.Value `json:"new,omitzero" jsonschema:"The value in the new decision; absent where there is none."`
	Note    string         `json:"note,omitzero" jsonschema:"What differs where it is not the value."`
}

// mostDetails bounds what is told of one change.
const mostDetails = 40

// Decider decides one application. NotRecordedError says that a row was read which is not recorded.
type Decider func(ctx context.Context) (decision.Verdict, error)

// Compare decides one application twice and says what became of it. That one of the two comes to no decision is a change; an
// error means that nothing is known, and another try may come to an answer.
func Compare(ctx context.Context, about Subject, older, newer Decider) (Change, error) {
	was, lacksOld, err := decide(ctx, older)
	if err != nil {
		return Change{}, err
	}
	is, lacksNew, err := decide(ctx, newer)
	if err != nil {
		return Change{}, err
	}
	change := Change{Subject: about, Old: was.Decision.Outcome, New: is.Decision.Outcome}
	if lacksOld != nil || lacksNew != nil {
		change.lacking(lacksOld, lacksNew)
		return change, nil
	}
	if err := change.contents(was, is); err != nil {
		return Change{}, err
	}
	change.Class = direction(change.Old, change.New)
	switch {
	case change.Class != Same:
	case len(change.Came)+len(change.Went)+len(change.Weighs) > 0:
		change.Class = Reasons
	case len(change.Details) > 0:
		change.Class = Details
	}
	return change, nil
}

func decide(ctx context.Context, by Decider) (decision.Verdict, *Unavailable, error) {
	verdict, err := by(ctx)
	if err == nil {
		return verdict, nil, nil
	}
	if why := unavailable(err); why != nil {
		return decision.Verdict{}, why, nil
	}
	return decision.Verdict{}, nil, err
}

// lacking says why there are no two decisions. A row that is not recorded says more than an application that is not taken,
// and of two reasons of one kind the new one is told.
func (c *Change) lacking(older, newer *Unavailable) {
	c.Class, c.Missing, c.Of = Undecided, newer, "new"
	switch {
	case newer == nil:
		c.Missing, c.Of = older, "old"
	case older != nil:
		c.Of = "both"
		if len(newer.Path) == 0 && len(older.Path) > 0 {
			c.Missing = older
		}
	}
	if len(c.Missing.Path) > 0 {
		c.Class = NeedsRows
	}
}

// findings tells which rules came, which went, and which weigh otherwise.
func (c *Change) findings(older, newer []decision.Reason) {
	rules := func(reasons []decision.Reason) (order []string, by map[string]weighed) {
		by = map[string]weighed{}
		for _, r := range reasons {
			w, known := by[r.Rule]
			if !known {
				order = append(order, r.Rule)
			}
			by[r.Rule] = w.with(r)
		}
		return order, by
	}
	before, was := rules(older)
	after, is := rules(newer)
	for _, rule := range after {
		old, both := was[rule]
		switch found := is[rule].finding(rule); {
		case !both:
			c.Came = append(c.Came, found)
		case !slices.Equal(old.weights, is[rule].weights):
			then := old.finding(rule)
			found.Was = then.Effect + "/" + then.Severity
			c.Weighs = append(c.Weighs, found)
		}
	}
	for _, rule := range before {
		if _, both := is[rule]; !both {
			c.Went = append(c.Went, was[rule].finding(rule))
		}
	}
}

// weighed is the reasons of one rule: how each weighs, and the strongest of them.
type weighed struct {
	weights   []string // effect/severity of each, in order
	strongest decision.Reason
}

func (w weighed) with(r decision.Reason) weighed {
	if len(w.weights) == 0 || weight(r) < weight(w.strongest) {
		w.strongest = r
	}
	w.weights = append(slices.Clone(w.weights), r.Effect+"/"+r.Severity)
	slices.Sort(w.weights)
	return w
}

func (w weighed) finding(rule string) Finding {
	return Finding{Rule: rule, Title: w.strongest.Title, Effect: w.strongest.Effect, Severity: w.strongest.Severity}
}

// weight orders reasons, the strongest first: by effect, then by severity.
func weight(r decision.Reason) int {
	effect := slices.Index([]string{"refuse", "refer", "hold", "require", "flag", "clear"}, r.Effect)
	severity := slices.Index([]string{"high", "medium", "low"}, r.Severity)
	return 10*effect + severity
}

// contents compares what stands in the two decisions. The names of the policies do not count, since they differ whenever two
// bundles are compared; nor does the instant, which differs whenever two days are.
func (c *Change) contents(was, is decision.Verdict) error {
	older, err := was.Decision.Decision()
	if err != nil {
		return err
	}
	newer, err := is.Decision.Decision()
	if err != nil {
		return err
	}
	c.findings(older.Reasons, newer.Reasons)
	newer.Policy, newer.AsOf = older.Policy, older.AsOf
	return c.details(older, newer, was.Facts, is.Facts)
}

// details tells in which places two decisions, and what they want remembered, differ.
func (c *Change) details(older, newer decision.Decision, remembered, remembers jsontext.Value) error {
	before, err := decision.Encode(older)
	if err != nil {
		return err
	}
	after, err := decision.Encode(newer)
	if err != nil {
		return err
	}
	d := &differ{}
	d.document("/decision", before, after)
	d.document("/facts", remembered, remembers)
	told := d.found[:min(len(d.found), mostDetails)]
	c.LeftOff = len(d.found) - len(told)
	for _, found := range told {
		c.Details = append(c.Details, Detail{found.Pointer, found.Recorded, found.Replayed, found.Note})
	}
	return nil
}
