package server

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"greenchannel/server/decision"
)

// counted is a Policy that counts how often it is asked.
type counted struct {
	decision.Policy
	asked *atomic.Int64
}

func (c counted) Evaluate(ctx context.Context, app decision.Application, at time.Time) (decision.Verdict, error) {
	c.asked.Add(1)
	return c.Policy.Evaluate(ctx, app, at)
}

// An exporter that sends one application after the other has each decided once: it sees the one before it at the first try,
// however soon it comes.
func TestOneAfterTheOtherIsDecidedOnce(t *testing.T) {
	t.Parallel()
	const many = 50
	rooms, _ := recordedRooms(t)
	var asked atomic.Int64
	rooms.Decisions.Policy = counted{rooms.Decisions.Policy, &asked}
	for n := range many {
		app, err := rooms.Engine.Read([]byte(magnets(t, fmt.Sprintf("ONE-%d", n))))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := rooms.Decisions.Decide(t.Context(), decision.Request{App: app, Caller: "tester"}); err != nil {
			t.Fatal(err)
		}
	}
	if asked.Load() != many {
		t.Errorf("%d applications were evaluated %d times", many, asked.Load())
	}
}

// What is noted is forgotten when the live tables have it, and not before.
func TestUnsettled(t *testing.T) {
	t.Parallel()
	var u unsettled
	u.note("A", 5, 3)
	u.note("A", 4, 3) // two of one exporter may be told in another order than they were recorded
	if got := u.last("A", 4); got != 5 {
		t.Errorf("waits for %d, want 5", got)
	}
	if got := u.last("A", 5) + u.last("nobody", 0); got != 0 || len(u.records) != 0 {
		t.Errorf("waits for %d, and %v is noted; want nothing", got, u.records)
	}
	for n := range uint64(mostUnsettled) {
		u.note(fmt.Sprint(n), n+1, 0)
	}
	u.note("B", mostUnsettled+1, mostUnsettled-1)
	if len(u.records) != 2 || u.last("B", 0) != mostUnsettled+1 {
		t.Errorf("%d are noted, want the two that are not settled", len(u.records))
	}
}
