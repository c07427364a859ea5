package impact

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"greenchannel/server/decision"
	"greenchannel/server/problem"
)

// comes is a decider that comes to an outcome by rules, each written as rule/effect/severity.
func comes(to decision.Outcome, rules ...string) Decider {
	decided := decision.Decision{ApplicationID: "A", Outcome: to}
	for _, rule := range rules {
		parts := strings.Split(rule, "/")
		decided.Reasons = append(decided.Reasons, decision.Reason{Rule: parts[0], Title: "Title of " + parts[0], Effect: parts[1], Severity: parts[2]})
	}
	return func(context.Context) (decision.Verdict, error) {
		written, err := decision.Write(decided)
		return decision.Verdict{Decision: written, Facts: []byte(`{}`)}, err
	}
}

func fails(err error) Decider {
	return func(context.Context) (decision.Verdict, error) { return decision.Verdict{}, err }
}

// remembers changes what is to be remembered.
func remembers(by Decider, facts string) Decider {
	return func(ctx context.Context) (decision.Verdict, error) {
		verdict, err := by(ctx)
		verdict.Facts = []byte(facts)
		return verdict, err
	}
}

func TestChangesHaveTheirClass(t *testing.T) {
	t.Parallel()
	lacks := &NotRecordedError{Path: []string{"history", "orders", "k"}}
	cannot := problem.New(problem.Undecided, "No decision.")
	for _, tc := range []struct {
		name             string
		older, newer     Decider
		class            Class
		came, went, weig string
		of               string
	}{
		{name: "the same", older: comes(decision.StandardReview, "A/flag/low"), newer: comes(decision.StandardReview, "A/flag/low"), class: Same},
		{name: "looser", older: comes(decision.EnhancedReview, "A/refer/high"), newer: comes(decision.GreenChannelReview), class: Looser, went: "A"},
		{name: "stricter", older: comes(decision.GreenChannelReview), newer: comes(decision.Prohibited, "B/refuse/high"), class: Stricter, came: "B"},
		{name: "a rule came", older: comes(decision.StandardReview), newer: comes(decision.StandardReview, "B/flag/low"), class: Reasons, came: "B"},
		{name: "a rule weighs otherwise", older: comes(decision.StandardReview, "A/flag/low"), newer: comes(decision.StandardReview, "A/flag/high"), class: Reasons, weig: "A"},
		{name: "one reason more of the same rule", older: comes(decision.StandardReview, "A/flag/low"), newer: comes(decision.StandardReview, "A/flag/low", "A/flag/low"), class: Reasons, weig: "A"},
		{name: "only what is remembered", older: comes(decision.StandardReview), newer: remembers(comes(decision.StandardReview), `{"a":1}`), class: Details},
		{name: "a row is not recorded", older: comes(decision.StandardReview), newer: fails(lacks), class: NeedsRows, of: "new"},
		{name: "a row that the old one needs", older: fails(lacks), newer: comes(decision.StandardReview), class: NeedsRows, of: "old"},
		{name: "no decision", older: comes(decision.StandardReview), newer: fails(cannot), class: Undecided, of: "new"},
		{name: "neither, for other reasons", older: fails(lacks), newer: fails(cannot), class: NeedsRows, of: "both"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c, err := Compare(t.Context(), Subject{Seq: 7}, tc.older, tc.newer)
			if err != nil {
				t.Fatal(err)
			}
			rule := func(findings []Finding) string {
				var rules []string
				for _, f := range findings {
					rules = append(rules, f.Rule)
				}
				return strings.Join(rules, " ")
			}
			if c.Class != tc.class || rule(c.Came) != tc.came || rule(c.Went) != tc.went || rule(c.Weighs) != tc.weig || c.Of != tc.of || c.Seq != 7 {
				t.Errorf("%+v", c)
			}
			if (c.Missing != nil) != (tc.of != "") || (c.Class == Details) != (len(c.Details) > 0 && tc.class == Details) {
				t.Errorf("missing %+v, details %+v", c.Missing, c.Details)
			}
		})
	}
}

// What is no answer of the policies ends the comparison: it could be another next time.
func TestAFailureIsNoChange(t *testing.T) {
	t.Parallel()
	late := problem.New(problem.Deadline, "Too late.")
	for _, deciders := range [][2]Decider{{fails(late), comes(decision.Incomplete)}, {comes(decision.Incomplete), fails(late)}} {
		if _, err := Compare(t.Context(), Subject{}, deciders[0], deciders[1]); !errors.Is(err, late) {
			t.Errorf("error %v, want %v", err, late)
		}
	}
}

func TestDetailsAreBounded(t *testing.T) {
	t.Parallel()
	var many []string
	for range mostDetails + 5 {
		many = append(many, "1")
	}
	facts := "[" + strings.Join(many, ",") + "]"
	c, err := Compare(t.Context(), Subject{}, remembers(comes(decision.Incomplete), facts),
		remembers(comes(decision.Incomplete), strings.ReplaceAll(facts, "1", "2")))
	if err != nil || len(c.Details) != mostDetails || c.LeftOff != 5 {
		t.Errorf("%d details, %d left off, %v", len(c.Details), c.LeftOff, err)
	}
}

func TestAllowancesAreRead(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"standard_review:green_channel=5", "looser", "needs_rows=0", "reasons:RF-12=3", "details"} {
		a, err := ParseAllowance(text)
		if err != nil || a.String() != text {
			t.Errorf("%s is read as %s, %v", text, a, err)
		}
	}
	for text, want := range map[string]string{
		"standard_review:green_chanel":    `no outcome "green_chanel" (did you mean green_channel?)`,
		"standard_review:standard_review": "no change of outcome",
		"loser":                           "no class of changes (did you mean looser?)",
		"same":                            "no change",
		"looser=many":                     "no number",
		"looser=-1":                       "no number",
		"":                                "no class",
		"reasons:":                        "no outcome",
	} {
		if _, err := ParseAllowance(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one that says %q", text, err, want)
		}
	}
	all, err := ReadAllowances("release.allow", strings.NewReader("# the release\n\nlooser=1 # one\nno\ndetails\nnope=1\n"))
	if len(all) != 2 || err == nil || !strings.Contains(err.Error(), "release.allow:4:") || !strings.Contains(err.Error(), "release.allow:6:") {
		t.Errorf("%v, %v", all, err)
	}
}

func TestTheMostPreciseAllowanceDecides(t *testing.T) {
	t.Parallel()
	looser := Change{Class: Looser, Old: decision.StandardReview, New: decision.GreenChannelReview}
	other := Change{Class: Looser, Old: decision.Prohibited, New: decision.GreenChannelReview}
	came := func(rules ...string) Change {
		c := Change{Class: Reasons, Old: decision.Incomplete, New: decision.Incomplete}
		for _, rule := range rules {
			c.Came = append(c.Came, Finding{Rule: rule})
		}
		return c
	}
	for _, tc := range []struct {
		name    string
		allowed []string
		changes []Change
		passed  []bool
	}{
		{"nothing is allowed", nil, []Change{looser, {Class: Details}, {Class: Same}}, []bool{false, false, true}},
		{"a pair", []string{"standard_review:green_channel"}, []Change{looser, other}, []bool{true, false}},
		{"so many of a pair", []string{"standard_review:green_channel=1"}, []Change{looser, looser}, []bool{true, false}},
		{"a class does not lift the limit of a pair", []string{"standard_review:green_channel=0", "looser"}, []Change{looser, other}, []bool{false, true}},
		{"a class", []string{"looser=1"}, []Change{other, looser}, []bool{true, false}},
		{"a rule", []string{"reasons:A"}, []Change{came("A"), came("B"), came("A", "B")}, []bool{true, false, false}},
		{"rules together", []string{"reasons:A", "reasons:B=1"}, []Change{came("A", "B"), came("B"), came("A")}, []bool{true, false, true}},
		{"a rule, and the class for the others", []string{"reasons:A=0", "reasons"}, []Change{came("A"), came("B")}, []bool{false, true}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var allowed []Allowance
			for _, text := range tc.allowed {
				a, err := ParseAllowance(text)
				if err != nil {
					t.Fatal(err)
				}
				allowed = append(allowed, a)
			}
			gate, err := NewGate(allowed)
			if err != nil {
				t.Fatal(err)
			}
			var passed []bool
			for _, c := range tc.changes {
				passed = append(passed, gate.pass(c))
			}
			if !slices.Equal(passed, tc.passed) {
				t.Errorf("passed %v, want %v", passed, tc.passed)
			}
		})
	}
	if _, err := NewGate([]Allowance{{Class: Looser}, {Class: Looser, Most: new(uint64)}}); err == nil {
		t.Error("the same thing may be allowed twice")
	}
}
