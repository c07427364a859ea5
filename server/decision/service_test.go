package decision_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"greenchannel/server/decision"
	"greenchannel/server/problem"
)

// policy is a decision.Policy made of a function.
type policy func(app decision.Application, at time.Time) (decision.Decision, error)

func (p policy) Evaluate(_ context.Context, app decision.Application, at time.Time) (decision.Decision, error) {
	return p(app, at)
}

// echo is a policy that answers what it was asked.
var echo policy = func(app decision.Application, at time.Time) (decision.Decision, error) {
	return decision.Decision{ApplicationID: app.ID(), AsOf: decision.Instant(at), Outcome: decision.StandardReview}, nil
}

func TestDecideUsesTheClockOfTheService(t *testing.T) {
	t.Parallel()
	app, err := smallReader(t).Read([]byte(sound))
	if err != nil {
		t.Fatal(err)
	}
	clock := time.Date(2026, 11, 23, 1, 2, 3, 456_789_012, time.UTC)
	service := decision.Service{
		Policy: echo,
		Now:    func() time.Time { clock = clock.Add(time.Second); return clock },
		NewID:  func() string { return "0199-id" },
	}
	decided, err := service.Decide(t.Context(), app)
	if err != nil {
		t.Fatal(err)
	}
	if decided.DecisionID != "0199-id" || decided.ApplicationID != "A-1" {
		t.Errorf("ids = %q, %q", decided.DecisionID, decided.ApplicationID)
	}
	if want := "2026-11-23T09:02:04.456+08:00"; decided.AsOf != want {
		t.Errorf("as_of = %s, want %s: Beijing time, to the millisecond", decided.AsOf, want)
	}
	if want := "2026-11-23T09:02:05.456+08:00"; decided.DecidedAt != want {
		t.Errorf("decided_at = %s, want %s: the clock after the evaluation", decided.DecidedAt, want)
	}
}

func TestDryRunLeavesNoTrace(t *testing.T) {
	t.Parallel()
	service := decision.Service{Policy: echo}
	decided, err := service.DryRun(t.Context(), decision.Application{}, time.Date(2025, 4, 4, 0, 0, 0, 0, decision.Beijing()))
	if err != nil {
		t.Fatal(err)
	}
	if decided.DecisionID != "" || decided.DecidedAt != "" {
		t.Errorf("a dry run has id %q and time %q", decided.DecisionID, decided.DecidedAt)
	}
	if decided.AsOf != "2025-04-04T00:00:00+08:00" {
		t.Errorf("as_of = %s", decided.AsOf)
	}
}

func TestDecideGivesNoPartOfAFailedDecision(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	service := decision.Service{
		Policy: policy(func(decision.Application, time.Time) (decision.Decision, error) {
			return decision.Decision{Outcome: decision.NoLicenceRequired}, broken
		}),
		Now:   time.Now,
		NewID: func() string { return "id" },
	}
	decided, err := service.Decide(t.Context(), decision.Application{})
	if !errors.Is(err, broken) {
		t.Errorf("err = %v", err)
	}
	if decided.Outcome != "" || decided.DecisionID != "" {
		t.Errorf("got %+v beside the error", decided)
	}
}

func TestParseAsOf(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ text, want string }{
		{"2025-04-04", "2025-04-04T00:00:00+08:00"},
		{"2025-04-03T16:00:00Z", "2025-04-04T00:00:00+08:00"},
		{"2025-04-04T00:00:00.25+08:00", "2025-04-04T00:00:00.25+08:00"},
		{"1990-01-01", "1990-01-01T00:00:00+08:00"},
		{"2199-12-31", "2199-12-31T00:00:00+08:00"},
	} {
		at, err := decision.ParseAsOf(tc.text)
		if err != nil || decision.Instant(at) != tc.want {
			t.Errorf("ParseAsOf(%q) = %s, %v, want %s", tc.text, decision.Instant(at), err, tc.want)
		}
	}
	for _, tc := range []struct{ text, detail string }{
		{"", "neither a day nor an instant"},
		{"2025-02-30", "neither a day nor an instant"},
		{"yesterday", "neither a day nor an instant"},
		{"2025-04-04T00:00:00", "neither a day nor an instant"},
		{"0001-01-01", "choose one from 1990 to 2199"},
		{"2200-01-01", "choose one from 1990 to 2199"},
		{strings.Repeat("9", 500), "…"},
	} {
		_, err := decision.ParseAsOf(tc.text)
		if err == nil || problem.Of(err).Kind != problem.Invalid || !strings.Contains(err.Error(), tc.detail) || len(err.Error()) > 300 {
			t.Errorf("ParseAsOf(%q): %v, want it refused with %q", tc.text, err, tc.detail)
		}
	}
}

// What Instant writes, ParseAsOf reads back, to the millisecond.
func TestInstantAndParseAsOfAgree(t *testing.T) {
	t.Parallel()
	first := time.Date(1990, 1, 2, 0, 0, 0, 0, time.UTC).UnixMilli()
	last := time.Date(2199, 12, 30, 0, 0, 0, 0, time.UTC).UnixMilli()
	rapid.Check(t, func(t *rapid.T) {
		want := time.UnixMilli(rapid.Int64Range(first, last).Draw(t, "ms"))
		got, err := decision.ParseAsOf(decision.Instant(want))
		if err != nil || !got.Equal(want) {
			t.Fatalf("%s became %s (%v)", want, got, err)
		}
	})
}

func TestOutcomesAreTheContracts(t *testing.T) {
	t.Parallel()
	if n := len(decision.Outcomes()); n != 13 {
		t.Errorf("%d outcomes, the contract has 13", n)
	}
	for _, outcome := range decision.Outcomes() {
		if !outcome.Known() || outcome == "approved" {
			t.Errorf("outcome %q", outcome)
		}
	}
	if decision.Outcome("approved").Known() || decision.Outcome("").Known() {
		t.Error("an outcome that is none is known")
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	candidates := []string{"exporter", "destination", "end_use", "id"}
	for word, want := range map[string]string{
		"exproter": "exporter", "Destination": "destination", "end-use": "end_use", "ID": "id", "ids": "", "ie": "", "enduse": "end_use",
		"soup": "", "": "", strings.Repeat("x", 1000): "",
	} {
		if got, _ := decision.Nearest(word, candidates); got != want {
			t.Errorf("Nearest(%.20q) = %q, want %q", word, got, want)
		}
	}
}
