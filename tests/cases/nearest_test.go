package cases

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"greenchannel/server/casefile"
	"greenchannel/server/decision"
	"greenchannel/server/engine"
	"greenchannel/server/explain"
	"greenchannel/server/store"
)

// nearest compares the nearest green with the one that is wanted, if one is.
func (w *ways) nearest(ctx context.Context, c *casefile.Case, on casefile.Day, body []byte) error {
	if on.Want.Nearest.Kind == 0 {
		return nil
	}
	evaluating := w.rooms.Engine
	if c.Tables.Given {
		var err error
		if evaluating, err = w.engineWithout(ctx, c.Tables, body, on.AsOf); err != nil {
			return err
		}
	}
	found, err := nearestBy(ctx, evaluating, body, on.AsOf)
	if err != nil {
		return err
	}
	wanted, err := wantedPlaces(on.Want.Nearest)
	if err != nil {
		return err
	}
	if diff := cmp.Diff(wanted, places(found)); diff != "" {
		return fmt.Errorf("the nearest green is not as wanted (-want +got):\n%s\nblocked by: %s", diff, blockers(found))
	}
	return nil
}

func wantedPlaces(node yaml.Node) ([]string, error) {
	if node.Value == casefile.Unreachable {
		return []string{casefile.Unreachable}, nil
	}
	wanted := []string{}
	return wanted, node.Decode(&wanted)
}

func places(found explain.NearestGreen) []string {
	if !found.Reachable {
		return []string{casefile.Unreachable}
	}
	pointers := []string{}
	for _, change := range found.Changes {
		pointers = append(pointers, change.Pointer)
	}
	return pointers
}

func blockers(found explain.NearestGreen) string {
	var lines []string
	for _, blocker := range found.BlockedBy {
		lines = append(lines, fmt.Sprintf("\n\t%s: %s", blocker.Rule, blocker.Text.EN))
	}
	return strings.Join(lines, "")
}

func nearestBy(ctx context.Context, e *engine.Engine, body []byte, asOf string) (explain.NearestGreen, error) {
	app, err := e.Read(body)
	if err != nil {
		return explain.NearestGreen{}, err
	}
	at, err := decision.ParseAsOf(asOf)
	if err != nil {
		return explain.NearestGreen{}, err
	}
	explained, err := e.Explain(ctx, app, at, "nearest")
	if err != nil {
		return explain.NearestGreen{}, err
	}
	return *explained.Explanation.NearestGreen, nil
}

// engineWithout is the real engine on a store in which the tables say what a case gives, or are not there.
func (w *ways) engineWithout(ctx context.Context, t casefile.Tables, body []byte, asOf string) (*engine.Engine, error) {
	at, err := decision.ParseAsOf(asOf)
	if err != nil {
		return nil, err
	}
	elements, err := casefile.Symbols(w.bundle.Data)
	if err != nil {
		return nil, err
	}
	data, err := t.Rows(body, at, elements)
	if err != nil {
		return nil, err
	}
	maps.Copy(data, w.bundle.Data)
	filled, err := store.New(data)
	if err != nil {
		return nil, err
	}
	generation, err := engine.Compile(ctx, w.bundle, filled)
	if err != nil {
		return nil, err
	}
	e := engine.New(patience)
	e.Activate(generation)
	return e, nil
}

// mostParts is up to how many changes every part of a set is tried; of a larger one, those that lack one change.
const mostParts = 4

// TestNearestGreenIsProved makes the changes that are proposed for the application of every case, by the means of this test, and
// decides: the whole set leads into the green channel, and no part of it does.
func TestNearestGreenIsProved(t *testing.T) {
	cases, err := casefile.Load(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	w := inProcess(t)
	seen := map[string]bool{}
	var all proof
	t.Run("prove", func(t *testing.T) {
		for _, c := range cases {
			if c.Tables.Given {
				continue
			}
			body, err := c.Body(os.DirFS("."))
			if err != nil {
				t.Fatalf("%s: %v", c.Place, err)
			}
			asOf := c.Days[0].AsOf
			if key := asOf + string(body); seen[key] {
				continue
			} else {
				seen[key] = true
			}
			t.Run(c.Name, func(t *testing.T) {
				t.Parallel()
				all.begun.Add(1)
				w.prove(t, c, body, asOf, &all)
			})
		}
	})
	if int(all.begun.Load()) != len(seen) { // -run picked some of them
		return
	}
	proved, none, already := all.proved.Load(), all.none.Load(), all.already.Load()
	if proved < 20 || none < 20 || already < 5 {
		t.Errorf("%d sets of changes, %d without one, %d green already: the cases prove too little", proved, none, already)
	}
	t.Logf("%d sets of changes proved by %d decisions; %d applications are green already, %d have no set", proved, all.tried.Load(), already, none)
}

// proof counts applications by what is proved of them, and the decisions that it took.
type proof struct{ begun, proved, none, already, tried atomic.Int64 }

// prove holds the changes that are proposed for one application to what they lead to.
func (w *ways) prove(t *testing.T, c *casefile.Case, body []byte, asOf string, all *proof) {
	t.Helper()
	found, err := nearestBy(t.Context(), w.rooms.Engine, body, asOf)
	if err != nil {
		t.Errorf("%s: %v", c.Place, err)
		return
	}
	if !found.Reachable {
		if all.none.Add(1); len(found.BlockedBy) == 0 {
			t.Errorf("%s: there is no set, and nothing is said to stand in the way", c.Place)
		}
		return
	}
	if !found.Complete {
		t.Errorf("%s: the search was cut short after %d evaluations", c.Place, found.Evaluations)
	}
	whole := 1<<len(found.Changes) - 1
	for _, part := range parts(len(found.Changes)) {
		outcome, err := w.changed(t.Context(), body, asOf, found.Changes, part)
		all.tried.Add(1)
		switch {
		case part == whole && err != nil:
			t.Errorf("%s: %v", c.Place, err)
		case err != nil: // a part that cannot be made alone leads nowhere
		case (outcome == decision.GreenChannelReview) != (part == whole):
			t.Errorf("%s: the part %b of the changes at %q leads to %s", c.Place, part, places(found), outcome)
		}
	}
	if len(found.Changes) == 0 {
		all.already.Add(1)
		return
	}
	all.proved.Add(1)
}

// parts are the sets of n changes that are tried, the whole one first.
func parts(n int) []int {
	whole := 1<<n - 1
	all := []int{whole}
	if n > mostParts {
		for i := range n {
			all = append(all, whole&^(1<<i))
		}
		return all
	}
	for part := range whole {
		all = append(all, part)
	}
	return all
}

// changed decides the application with a part of the changes made.
func (w *ways) changed(ctx context.Context, body []byte, asOf string, changes []explain.Change, part int) (decision.Outcome, error) {
	dec := json.NewDecoder(strings.NewReader(string(body)))
	dec.UseNumber()
	var app any
	if err := dec.Decode(&app); err != nil {
		return "", err
	}
	for i, change := range changes {
		if part&(1<<i) == 0 {
			continue
		}
		var err error
		if change.Op == "remove" {
			app, err = casefile.Unset(app, []string{change.Pointer})
		} else {
			var value any
			if value, err = parsed(change.Value); err == nil {
				app, err = casefile.Set(app, change.Pointer, value)
			}
		}
		if err != nil {
			return "", err
		}
	}
	text, err := json.Marshal(app)
	if err != nil {
		return "", err
	}
	answer, err := w.byEngine(ctx, text, asOf)
	if err != nil {
		return "", err
	}
	decided, err := w.decode.Decode(answer)
	return decided.Outcome, err
}

func parsed(text []byte) (any, error) {
	dec := json.NewDecoder(strings.NewReader(string(text)))
	dec.UseNumber()
	var value any
	return value, dec.Decode(&value)
}

func TestPartsAreAllOfThem(t *testing.T) {
	if got, want := parts(2), []int{3, 0, 1, 2}; !slices.Equal(got, want) {
		t.Errorf("parts(2) = %v, want %v", got, want)
	}
	if got, want := parts(5), []int{31, 30, 29, 27, 23, 15}; !slices.Equal(got, want) {
		t.Errorf("parts(5) = %v, want %v", got, want)
	}
}
