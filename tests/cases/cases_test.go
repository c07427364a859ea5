// Package cases decides the cases that lie beside it: an application, a day, and the decision that a lawyer expects. Each
// is decided by the engine and over HTTP, some by the command line too, and the answers have to be the same to
// the byte. The cases say what the law does; how they are read and compared is tested in server/casefile.
package cases

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"greenchannel/server/casefile"
	"greenchannel/server/decision"
)

// fewest is how many decisions the cases have to cover.
const fewest = 120

// startedOnce is how many decisions there are for one that the program makes too: it starts anew for each, which for
// all of them takes longer than everything else here. Which of them it makes is the same in every run, and of a case with many
// days not always the first.
// `greenchannel test` decides all of them in one process.
const startedOnce = 8

// turns are the days around which the announcements change; one application has to be decided on all of them.
func turns() []string {
	return []string{"2025-04-03", "2025-04-04", "2025-11-08", "2026-01-15", "2026-11-09", "2026-11-10", "2026-11-23"}
}

func TestCases(t *testing.T) {
	cases, err := casefile.Load(os.DirFS("."))
	if err != nil {
		t.Errorf("the cases are not all as they should be:\n%v", err)
	}
	w := open(t)
	var seen tally
	t.Run("decide", func(t *testing.T) {
		for i, c := range cases {
			t.Run(c.Name, func(t *testing.T) {
				t.Parallel()
				seen.begin()
				body, err := c.Body(os.DirFS("."))
				if err != nil {
					t.Fatalf("%s: %v", c.Place, err)
				}
				for j, day := range c.Days {
					byProgram := (i+j)%startedOnce == 0
					if decided := w.check(t, c, day, body, byProgram); decided != nil {
						seen.add(c, day, *decided, byProgram)
					}
				}
			})
		}
	})
	if seen.begun == len(cases) { // not when -run picked some of them
		seen.report(t)
	}
}

// check decides one application as of one day and compares. It gives the decision, if there is one.
func (w *ways) check(t *testing.T, c *casefile.Case, on casefile.Day, body []byte, byProgram bool) *decision.Decision {
	t.Helper()
	answer, err := w.decide(t.Context(), c, on.AsOf, body, byProgram)
	if err != nil {
		t.Errorf("%s, as of %s: %v", c.Place, on.AsOf, err)
		return nil
	}
	decided, err := w.decode.Decode(answer)
	if err != nil {
		t.Errorf("%s, as of %s: %v", c.Place, on.AsOf, err)
		return nil
	}
	diff, err := on.Want.Differ(decided)
	if err != nil {
		t.Errorf("%s, as of %s: %v", c.Place, on.AsOf, err)
	}
	if len(diff) > 0 {
		t.Errorf("%s, as of %s, is not decided as wanted:\n%s\nreasons: %s", c.Place, on.AsOf, diff, summary(decided))
	}
	if err := w.nearest(t.Context(), c, on, body); err != nil {
		t.Errorf("%s, as of %s: %v", c.Place, on.AsOf, err)
	}
	for _, flaw := range casefile.Flaws(decided) {
		t.Errorf("%s, as of %s: %s", c.Place, on.AsOf, flaw)
	}
	return &decided
}

// decide takes every road that the case allows, that of the program only if it is asked for, and gives the one answer that all
// of them gave.
func (w *ways) decide(ctx context.Context, c *casefile.Case, asOf string, body []byte, byProgram bool) ([]byte, error) {
	if c.Tables.Given {
		return w.byStock(ctx, body, asOf, c.Tables)
	}
	first, err := w.byEngine(ctx, body, asOf)
	if err != nil {
		return nil, fmt.Errorf("by engine: %w", err)
	}
	one, err := canonical(first)
	if err != nil {
		return nil, fmt.Errorf("by engine: %w", err)
	}
	roads := map[string]func(context.Context, []byte, string) ([]byte, error){"service": w.byService}
	if byProgram {
		roads["program"] = w.byProgram
	}
	for name, road := range roads {
		answer, err := road(ctx, body, asOf)
		if err != nil {
			return nil, fmt.Errorf("by %s: %w", name, err)
		}
		other, err := canonical(answer)
		if err != nil {
			return nil, fmt.Errorf("by %s: %w", name, err)
		}
		if one != other {
			return nil, fmt.Errorf("engine and %s do not agree (-engine +%s):\n%s", name, name, cmp.Diff(pretty([]byte(one)), pretty([]byte(other))))
		}
	}
	return first, nil
}

func covers(all, some []string) bool {
	return !slices.ContainsFunc(some, func(one string) bool { return !slices.Contains(all, one) })
}

// summary tells the reasons of a decision in one line each.
func summary(d decision.Decision) string {
	var lines []string
	for _, r := range d.Reasons {
		lines = append(lines, fmt.Sprintf("\n\t%s %s/%s: %s", r.Rule, r.Effect, r.Severity, r.Text.EN))
	}
	return strings.Join(lines, "")
}

// tally counts what the cases cover.
type tally struct {
	mutex    sync.Mutex
	begun    int // cases
	decided  int
	stock    int
	program  int
	outcomes map[decision.Outcome]int
	alone    map[string]int      // conditions of the green channel that failed alone
	days     map[string][]string // by case
}

func (s *tally) begin() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.begun++
}

func (s *tally) add(c *casefile.Case, on casefile.Day, d decision.Decision, byProgram bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.outcomes == nil {
		s.outcomes, s.alone, s.days = map[decision.Outcome]int{}, map[string]int{}, map[string][]string{}
	}
	s.decided++
	switch {
	case c.Tables.Given:
		s.stock++
	case byProgram:
		s.program++
	}
	s.outcomes[d.Outcome]++
	if len(d.GreenChannel.Failed) == 1 {
		s.alone[d.GreenChannel.Failed[0]]++
	}
	s.days[c.Name] = append(s.days[c.Name], on.AsOf)
}

// report asks that the cases cover what they are for, and tells how much of it they do.
func (s *tally) report(t *testing.T) {
	t.Helper()
	var outcomes []string
	for _, outcome := range decision.Outcomes() {
		outcomes = append(outcomes, fmt.Sprintf("%s %d", outcome, s.outcomes[outcome]))
		if s.outcomes[outcome] == 0 {
			t.Errorf("no case ends in %s", outcome)
		}
	}
	var alone []string
	for n := 1; n <= 9; n++ {
		id := fmt.Sprintf("GC-P%02d", n)
		alone = append(alone, fmt.Sprintf("%s %d", id, s.alone[id]))
		if s.alone[id] == 0 {
			t.Errorf("no case fails %s and no other condition of the green channel", id)
		}
	}
	if s.program == 0 {
		t.Error("no case was decided by the program")
	}
	if s.decided < fewest {
		t.Errorf("the cases cover %d decisions, want at least %d", s.decided, fewest)
	}
	through := slices.Sorted(maps.Keys(s.days))
	through = slices.DeleteFunc(through, func(name string) bool { return !covers(s.days[name], turns()) })
	if len(through) == 0 {
		t.Errorf("no case decides one application as of all of %v", turns())
	}
	t.Attr("decisions", fmt.Sprintf("%d; %d by engine and service, %d of them by the program too, %d by the policies alone (a table of the service given or not run)",
		s.decided, s.decided-s.stock, s.program, s.stock))
	t.Attr("outcomes", strings.Join(outcomes, ", "))
	t.Attr("failing_alone", strings.Join(alone, ", "))
	t.Attr("on_all_turning_days", strings.Join(through, ", "))
}
