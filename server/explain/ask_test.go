package explain_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"greenchannel/server/explain"
	"greenchannel/server/problem"
)

func TestParse(t *testing.T) {
	known := []string{"GC-P05", "REG792-16(1)", "RF-13", "RF-14"}
	for _, tc := range []struct {
		text string
		want explain.Ask
	}{
		{"why", explain.Ask{Why: true}},
		{"nearest, why", explain.Ask{Why: true, Nearest: true}},
		{"all", explain.Ask{All: true}},
		{"RF-14,GC-P05,RF-14", explain.Ask{Rules: []string{"RF-14", "GC-P05"}}},
		{"REG792-16(1),nearest", explain.Ask{Rules: []string{"REG792-16(1)"}, Nearest: true}},
	} {
		got, err := explain.Parse(tc.text, known)
		if err != nil {
			t.Errorf("Parse(%q): %v", tc.text, err)
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("Parse(%q) (-want +got):\n%s", tc.text, diff)
		}
	}
}

func TestParseTellsAllThatIsNotKnown(t *testing.T) {
	_, err := explain.Parse("rf-14,why,RF-99,", []string{"GC-P05", "RF-13", "RF-14"})
	want := []problem.Fault{
		{Pointer: "?explain", Detail: `there is no rule "rf-14"; the nearest ids are RF-14, RF-13, GC-P05; the words are why, nearest, all`},
		{Pointer: "?explain", Detail: `there is no rule "RF-99"; the nearest ids are RF-13, RF-14, GC-P05; the words are why, nearest, all`},
		{Pointer: "?explain", Detail: `names nothing between two commas; name ids of rules, or why, nearest, all`},
	}
	if kind := problem.Of(err).Kind; kind != problem.Invalid {
		t.Errorf("the kind is %s, want %s", kind, problem.Invalid)
	}
	if diff := cmp.Diff(want, problem.Of(err).Faults); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}
