package engine_test

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	gojson "github.com/go-json-experiment/json"

	"greenchannel/policies"
	"greenchannel/server/decision"
	"greenchannel/server/engine"
	"greenchannel/server/explain"
	"greenchannel/server/problem"
)

// explained explains the decision on an application as of a day in June 2026.
func explained(t *testing.T, e *engine.Engine, body []byte, asked string) explain.Explained {
	t.Helper()
	at, err := decision.ParseAsOf("2026-06-02")
	if err != nil {
		t.Fatal(err)
	}
	got, err := e.Explain(t.Context(), application(t, e, string(body)), at, asked)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// A rule is explained by its definition in the file: the first condition that failed, with what it read.
func TestWhyARuleDidNotFire(t *testing.T) {
	t.Parallel()
	e := started(t, policies.FS(), time.Minute)
	rule := explained(t, e, magnetsToGermany(t), "RF-14").Explanation.Rules[0]
	if rule.Rule != "RF-14" || rule.Fired || len(rule.Definitions) != 1 {
		t.Fatalf("%+v", rule)
	}
	definition := rule.Definitions[0]
	if definition.File != "rareearth/redflags/parties/parties.rego" || definition.Fired {
		t.Errorf("%+v", definition)
	}
	source, err := policies.FS().Open(definition.File)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if _, err := text.ReadFrom(source); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(text.String(), "\n")
	for i, condition := range definition.Conditions {
		if last := i == len(definition.Conditions)-1; condition.Held == last {
			t.Errorf("condition %d held: %v", i, condition.Held)
		}
		if !strings.Contains(lines[condition.Line-1], condition.Text) {
			t.Errorf("line %d is %q, not %q", condition.Line, lines[condition.Line-1], condition.Text)
		}
	}
	failed := definition.Conditions[len(definition.Conditions)-1]
	if failed.Text != "some what in _middleman(party)" {
		t.Errorf("the condition that failed is %q", failed.Text)
	}
	if value, ok := named(failed, "_middleman(party)"); !ok || !value.Stated || string(value.Value) != "[]" {
		t.Errorf("%+v", failed.Values)
	}
	if value, ok := named(failed, "party"); !ok || value.From != "/parties/0" {
		t.Errorf("%+v", failed.Values)
	}
}

// What is not stated is told as that; the rule index would pass over such a rule in silence.
func TestWhatIsNotStatedIsTold(t *testing.T) {
	t.Parallel()
	e := started(t, policies.FS(), time.Minute)
	var app map[string]any
	if err := json.Unmarshal(magnetsToGermany(t), &app); err != nil {
		t.Fatal(err)
	}
	delete(app, "contract")
	body, err := json.Marshal(app)
	if err != nil {
		t.Fatal(err)
	}
	rule := explained(t, e, body, "RF-34").Explanation.Rules[0]
	conditions := rule.Definitions[0].Conditions
	failed := conditions[len(conditions)-1]
	value, ok := named(failed, "/contract/foreign_inspection_in_cn")
	if rule.Fired || failed.Held || !ok || value.Stated || value.Value != nil {
		t.Errorf("%+v", failed)
	}
}

// A rule that fired is told with all its conditions and what they stood for; what a failed one rests on stands beneath.
func TestWhyARuleFired(t *testing.T) {
	t.Parallel()
	e := started(t, policies.FS(), time.Minute)
	body := bytes.Replace(magnetsToGermany(t), []byte(`"business": "manufacturer"`), []byte(`"business": "trader"`), 1)
	rules := explained(t, e, body, "RF-14,GC-P06,GC-P09").Explanation.Rules
	fired := rules[slices.IndexFunc(rules, func(r explain.Rule) bool { return r.Rule == "RF-14" })]
	if !fired.Fired || !fired.Definitions[0].Fired {
		t.Errorf("%+v", fired)
	}
	for _, condition := range fired.Definitions[0].Conditions {
		if !condition.Held {
			t.Errorf("%+v", condition)
		}
	}
	silent := rules[slices.IndexFunc(rules, func(r explain.Rule) bool { return r.Rule == "GC-P06" })]
	failed := silent.Definitions[0].Conditions[0]
	const beneath = "data.rareearth.greenchannel.observations.goes_on"
	if silent.Fired || !slices.Contains(failed.RestsOn, beneath) {
		t.Errorf("%+v", failed)
	}
	told := 0
	for _, definition := range silent.Beneath {
		if definition.Name == beneath {
			told++
		}
	}
	if told != 4 {
		t.Errorf("%d definitions of %s are told, want all 4", told, beneath)
	}
}

// All that is explained agrees with the decision: a rule gives a reason exactly when its explanation says that it fired and
// that its instrument stands. The decision itself is the one that is given without an explanation.
func TestExplanationsAgreeWithTheDecision(t *testing.T) {
	t.Parallel()
	e := started(t, policies.FS(), time.Minute)
	for _, body := range [][]byte{magnetsToGermany(t), []byte(small)} {
		at, err := decision.ParseAsOf("2026-06-02")
		if err != nil {
			t.Fatal(err)
		}
		got := explained(t, e, body, "all")
		plain, err := e.Evaluate(t.Context(), application(t, e, string(body)), at)
		if err != nil {
			t.Fatal(err)
		}
		have, err := decision.Write(got.Decision)
		if err != nil {
			t.Fatal(err)
		}
		if !plain.Decision.Equal(have) {
			t.Errorf("the explained decision is another one:\n%s\n%s", plain.Decision.JSON(), have.JSON())
		}
		for _, rule := range got.Explanation.Rules {
			reason := slices.ContainsFunc(got.Reasons, func(r decision.Reason) bool { return r.Rule == rule.Rule })
			speaks := rule.Standing == "" || rule.Standing == "in_force" || rule.Standing == "lapsed_unverified"
			if reason != (rule.Fired && speaks) {
				t.Errorf("%s: fired %v, standing %q, a reason %v", rule.Rule, rule.Fired, rule.Standing, reason)
			}
		}
		again, err := gojson.Marshal(explained(t, e, body, "all"), gojson.Deterministic(true))
		if err != nil {
			t.Fatal(err)
		}
		if once, err := gojson.Marshal(got, gojson.Deterministic(true)); err != nil || !bytes.Equal(once, again) {
			t.Errorf("the same question has two answers (%v)", err)
		}
		if most := 512 << 10; len(again) > most {
			t.Errorf("the explanation of all rules is %d bytes, want %d at most", len(again), most)
		}
	}
}

func TestWhatIsNotKnownIsRefused(t *testing.T) {
	t.Parallel()
	e := started(t, policies.FS(), time.Minute)
	_, err := e.Explain(t.Context(), application(t, e, small), instantOf, "RF-140")
	wants(t, err, problem.Invalid, "")
	if faults := problem.Of(err).Faults; len(faults) != 1 || !strings.Contains(faults[0].Detail, "RF-14") {
		t.Errorf("%+v", faults)
	}
}

// A bundle that offers no remedies is explained all the same.
func TestABundleWithoutRemedies(t *testing.T) {
	t.Parallel()
	e := started(t, smallFolder(t), time.Minute)
	got, err := e.Explain(t.Context(), application(t, e, small), instantOf, "nearest,why,ECHO-1")
	if err != nil {
		t.Fatal(err)
	}
	nearest := got.Explanation.NearestGreen
	if nearest.Reachable || !nearest.Complete || len(nearest.BlockedBy) > 0 {
		t.Errorf("%+v", nearest)
	}
	if rules := got.Explanation.Rules; len(rules) != 1 || rules[0].Rule != "ECHO-1" {
		t.Errorf("%+v", rules)
	}
}

func TestAnExplanationEndsInTime(t *testing.T) {
	t.Parallel()
	e := started(t, policies.FS(), time.Millisecond)
	_, err := e.Explain(t.Context(), application(t, e, string(magnetsToGermany(t))), instantOf, "all,nearest")
	wants(t, err, problem.Deadline, "")
}

func named(condition explain.Condition, name string) (explain.Value, bool) {
	at := slices.IndexFunc(condition.Values, func(v explain.Value) bool { return v.Name == name })
	if at < 0 {
		return explain.Value{}, false
	}
	return condition.Values[at], true
}

// magnetsToGermany is an application for which all conditions of the green channel hold.
func magnetsToGermany(t *testing.T) []byte {
	t.Helper()
	body, err := os.ReadFile("../../tests/cases/applications/magnet_to_germany.json")
	if err != nil {
		t.Fatal(err)
	}
	return body
}
