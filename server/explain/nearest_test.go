package explain_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"greenchannel/server/decision"
	"greenchannel/server/explain"
)

// world judges applications by a plain rule: which fields have to be there. A change that is offered states one of them.
type world struct {
	offered []explain.Change
	green   func(app map[string]any) bool
}

func (w world) judge(_ context.Context, application []byte) (explain.Judged, error) {
	var app map[string]any
	if err := json.Unmarshal(application, &app); err != nil {
		return explain.Judged{}, err
	}
	if app["unsound"] != nil {
		return explain.Judged{}, nil
	}
	judged := explain.Judged{Sound: true, Changes: w.offered, Decision: decision.Decision{Outcome: decision.StandardReview}}
	if w.green(app) {
		judged.Decision.Outcome = decision.GreenChannelReview
	} else {
		judged.Blocking = []explain.Blocker{{Rule: "R-1"}}
	}
	return judged, nil
}

func stating(pointer string) explain.Change {
	return explain.Change{Rule: "R-1", Op: "add", Pointer: pointer, Value: jsontext.Value("true")}
}

func has(app map[string]any, fields string) bool {
	for field := range strings.SplitSeq(fields, "") {
		if app[field] == nil {
			return false
		}
	}
	return true
}

func TestNearest(t *testing.T) {
	t.Parallel()
	var letters []explain.Change
	for letter := range strings.SplitSeq("abcdefgh", "") {
		letters = append(letters, stating("/"+letter))
	}
	for _, tc := range []struct {
		name, application string
		offered           []explain.Change
		green             func(map[string]any) bool
		want              string // the places, or "none"
		most              int    // evaluations
	}{
		{"already", `{"a": true}`, nil, func(app map[string]any) bool { return has(app, "a") }, "", 1},
		{"one", `{}`, letters, func(app map[string]any) bool { return has(app, "d") }, "/d", 18},
		{"three", `{}`, letters, func(app map[string]any) bool { return has(app, "beg") }, "/b /e /g", 18},
		{"the smaller way", `{}`, letters, func(app map[string]any) bool { return has(app, "abc") || has(app, "gh") }, "/g /h", 60},
		{"the first of two as small", `{}`, letters, func(app map[string]any) bool { return has(app, "bh") || has(app, "cd") }, "/b /h", 60},
		{"one that is needed and one of two", `{}`, letters, func(app map[string]any) bool { return has(app, "h") && (has(app, "f") || has(app, "ab")) }, "/f /h", 60},
		{"nothing mends it", `{}`, letters, func(map[string]any) bool { return false }, "none", 2},
		{"nothing is offered", `{}`, nil, func(map[string]any) bool { return false }, "none", 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := explain.Nearest(t.Context(), []byte(tc.application), world{tc.offered, tc.green}.judge)
			if err != nil {
				t.Fatal(err)
			}
			var places []string
			for _, change := range got.Changes {
				places = append(places, change.Pointer)
			}
			found := strings.Join(places, " ")
			if !got.Reachable {
				found = "none"
			}
			if found != tc.want || !got.Complete {
				t.Errorf("the nearest is %q, complete %v; want %q", found, got.Complete, tc.want)
			}
			if got.Evaluations > tc.most {
				t.Errorf("%d evaluations, want %d at most", got.Evaluations, tc.most)
			}
			if got.Reachable == (len(got.BlockedBy) > 0) || got.Reachable == (got.Decision == nil) {
				t.Errorf("reachable %v with %d blockers and the decision %v", got.Reachable, len(got.BlockedBy), got.Decision)
			}
		})
	}
}

// The parts of a set are tried as the smallest is searched, however the world is made.
func TestNearestIsTheSmallestByTryingAll(t *testing.T) {
	t.Parallel()
	var letters []explain.Change
	for letter := range strings.SplitSeq("abcdef", "") {
		letters = append(letters, stating("/"+letter))
	}
	for seed := range 64 {
		ways := []string{"", "", ""}
		for i := range ways {
			for j, letter := range []string{"a", "b", "c", "d", "e", "f"} {
				if (seed*2654435761+i*40503+j*97)>>(j+i)%3 == 0 {
					ways[i] += letter
				}
			}
			if ways[i] == "" {
				ways[i] = "f"
			}
		}
		green := func(app map[string]any) bool {
			return slices.ContainsFunc(ways, func(way string) bool { return has(app, way) })
		}
		got, err := explain.Nearest(t.Context(), []byte(`{}`), world{letters, green}.judge)
		if err != nil {
			t.Fatal(err)
		}
		want := len(slices.MinFunc(ways, func(a, b string) int { return len(a) - len(b) }))
		if !got.Reachable || !got.Complete || len(got.Changes) != want {
			t.Errorf("ways %q: %d changes, complete %v; want %d", ways, len(got.Changes), got.Complete, want)
		}
	}
}

// A search without end is cut short, and what it gives has nothing that could be left out.
func TestNearestIsBounded(t *testing.T) {
	t.Parallel()
	var many []explain.Change
	for i := range 30 {
		many = append(many, stating(fmt.Sprintf("/f%02d", i)))
	}
	green := func(app map[string]any) bool { return len(app) >= 15 } // any fifteen do
	got, err := explain.Nearest(t.Context(), []byte(`{}`), world{many, green}.judge)
	if err != nil {
		t.Fatal(err)
	}
	if got.Complete || !got.Reachable || len(got.Changes) != 15 || got.Evaluations > explain.MostEvaluations+1 {
		t.Errorf("complete %v, reachable %v, %d changes, %d evaluations", got.Complete, got.Reachable, len(got.Changes), got.Evaluations)
	}
}

func TestNearestStopsWithItsJudge(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	_, err := explain.Nearest(t.Context(), []byte(`{}`), func(context.Context, []byte) (explain.Judged, error) { return explain.Judged{}, broken })
	if !errors.Is(err, broken) {
		t.Errorf("the error is %v, want %v", err, broken)
	}
}

// What comes out is a JSON Patch in that order: objects that are not stated come first, and what is removed last, from the end.
func TestChangesAreAPatch(t *testing.T) {
	t.Parallel()
	offered := []explain.Change{
		{Op: "remove", Pointer: "/items/0"},
		{Op: "remove", Pointer: "/items/2"},
		stating("/need/stock"),
		stating("/need/use"),
		{Op: "replace", Pointer: "/items/1/n", Value: jsontext.Value("20.50")},
		{Op: "add", Pointer: "/papers/-", Value: jsontext.Value(`"x"`)},
		stating("/a~1b"),
	}
	green := func(app map[string]any) bool {
		want := map[string]any{
			"items":  []any{map[string]any{"n": 20.5}},
			"need":   map[string]any{"stock": true, "use": true},
			"papers": []any{"w", "x"},
			"a/b":    true,
		}
		return cmp.Equal(app, want)
	}
	got, err := explain.Nearest(t.Context(), []byte(`{"items": [{"n": 1}, {"n": 2}, {"n": 3}], "papers": ["w"]}`), world{offered, green}.judge)
	if err != nil {
		t.Fatal(err)
	}
	var patch []string
	for _, change := range got.Changes {
		patch = append(patch, fmt.Sprintf("%s %s %s", change.Op, change.Pointer, string(change.Value)))
	}
	want := []string{
		"add /a~1b true",
		"replace /items/1/n 20.50",
		`add /need {"stock":true}`,
		"add /need/use true",
		`add /papers/- "x"`,
		"remove /items/2 ",
		"remove /items/0 ",
	}
	if diff := cmp.Diff(want, patch); diff != "" {
		t.Errorf("patch (-want +got):\n%s", diff)
	}
}

// A change that breaks the contract, or that cannot be made, is in no set.
func TestUnsoundChangesAreLeftOut(t *testing.T) {
	t.Parallel()
	green := func(app map[string]any) bool { return has(app, "a") }
	for _, bad := range []explain.Change{
		{Op: "replace", Pointer: "/not/there", Value: jsontext.Value("1")},
		{Op: "add", Pointer: "/list/7", Value: jsontext.Value("1")},
		{Op: "remove", Pointer: "/gone"},
		{Op: "add", Pointer: "", Value: jsontext.Value("1")},
	} {
		got, err := explain.Nearest(t.Context(), []byte(`{"list": []}`), world{[]explain.Change{bad, stating("/a")}, green}.judge)
		if err != nil {
			t.Fatal(err)
		}
		if got.Reachable {
			t.Errorf("%s %q: reachable by %v; the policies promise that all changes can be made together", bad.Op, bad.Pointer, got.Changes)
		}
	}
}
