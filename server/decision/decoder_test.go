package decision_test

import (
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"greenchannel/policies"
	"greenchannel/server/decision"
)

func contractDecoder(t *testing.T) *decision.Decoder {
	t.Helper()
	schema, err := fs.ReadFile(policies.FS(), policies.DecisionSchema)
	if err != nil {
		t.Fatal(err)
	}
	decoder, err := decision.NewDecoder(schema)
	if err != nil {
		t.Fatal(err)
	}
	return decoder
}

func wholeDecision(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("testdata/decision.json")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestDecodeLosesNothing(t *testing.T) {
	t.Parallel()
	whole := wholeDecision(t)
	decided, err := contractDecoder(t).Decode([]byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(decided)
	if err != nil {
		t.Fatal(err)
	}
	var before, after any
	if err := json.Unmarshal([]byte(whole), &before); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(again, &after); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("decoding and encoding changes the decision (-before +after):\n%s", diff)
	}
	for _, exact := range []string{`"wt_pct":2.50`, `"big":12345678901234567890`} {
		if !strings.Contains(string(again), exact) {
			t.Errorf("the evidence %s was rounded: %s", exact, again)
		}
	}
}

func TestDecodeGivesAWholeDecisionOrNone(t *testing.T) {
	t.Parallel()
	decoder := contractDecoder(t)
	for _, tc := range []struct{ name, old, new, want string }{
		{"no outcome", `"outcome": "standard_review",`, ``, "/outcome"},
		{"unknown outcome", `"standard_review"`, `"approved"`, `"approved" is not one of`},
		{"null outcome", `"standard_review"`, `null`, "/outcome"},
		{"a field too many", `"outcome"`, `"verdict": 1, "outcome"`, "/verdict"},
		{"a reason without words", `"text": {`, `"txet": {`, "/reasons/0/text"},
		{"one language only", `"zh": "第1项属于管制物项。"`, `"zh": ""`, "/reasons/0/text/zh"},
		{"no such factor", `"factor": 4`, `"factor": 9`, "at most 8"},
		{"conditions out of order", `"GC-P02"`, `"GC-P03"`, "/green_channel/conditions/1/id"},
		{"a record from the policies", `"outcome"`, `"record": {"seq": 1, "hash": "x"}, "outcome"`, "record"},
		{"not an object", wholeDecision(t), `[]`, "must be an object"},
		{"not JSON", `{`, `(`, "not JSON"},
		{"empty", wholeDecision(t), `{}`, "/application_id"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			decided, err := decoder.Decode([]byte(strings.Replace(wholeDecision(t), tc.old, tc.new, 1)))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("err = %v, want it to name %q", err, tc.want)
			}
			if diff := cmp.Diff(decision.Decision{}, decided); diff != "" {
				t.Errorf("part of a decision came back:\n%s", diff)
			}
		})
	}
}
