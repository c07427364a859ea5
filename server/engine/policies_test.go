package engine_test

import (
	"testing"
	"time"

	"greenchannel/policies"
	"greenchannel/server/decision"
)

// Whatever the day that can be asked about, first and last included, the embedded policies reach a decision, as of that
// very instant.
func TestThePoliciesDecideOnAnyDay(t *testing.T) {
	t.Parallel()
	e := started(t, policies.FS(), time.Minute)
	app := application(t, e, magnets(t, 2))
	const step = 2503*24*time.Hour + 7*time.Hour + 13*time.Minute // hits every season, weekday and hour
	first := time.Date(1990, 1, 1, 0, 0, 0, 0, decision.Beijing())
	last := time.Date(2199, 12, 31, 23, 59, 59, 999_000_000, decision.Beijing())
	for at := first; ; at = at.Add(step) {
		if at.After(last) {
			at = last
		}
		decided, err := decide(t, e, app, at)
		if err != nil {
			t.Fatalf("as of %s: %v", decision.Instant(at), err)
		}
		if decided.AsOf != decision.Instant(at) || len(decided.Items) != 2 {
			t.Errorf("as of %s: the decision is as of %s, with %d lines", decision.Instant(at), decided.AsOf, len(decided.Items))
		}
		if at.Equal(last) {
			return
		}
	}
}

// The embedded policies know both days on which the law of dysprosium changed.
func TestThePoliciesReadTheClock(t *testing.T) {
	t.Parallel()
	e := started(t, policies.FS(), time.Minute)
	app := application(t, e, magnets(t, 1))
	for day, status := range map[string]string{"2025-04-03T23:59:59.999+08:00": "not_yet", "2025-04-04": "in_force"} {
		at, err := decision.ParseAsOf(day)
		if err != nil {
			t.Fatal(err)
		}
		decided, err := decide(t, e, app, at)
		if err != nil {
			t.Fatal(err)
		}
		if entries := decided.Items[0].Entries; len(entries) != 1 || entries[0].Status != status {
			t.Errorf("%s: %+v, want one entry that is %s", day, entries, status)
		}
	}
}
