package impact

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"greenchannel/server/decision"
	"greenchannel/server/problem"
)

// given is a record of a decision with an outcome.
func given(seq uint64, outcome decision.Outcome) decision.Record {
	result, err := decision.Encode(decision.Decision{DecisionID: "d", DecidedAt: "then", ApplicationID: "A", Outcome: outcome})
	if err != nil {
		panic(err)
	}
	return decision.Record{Seq: seq, ID: "d", ApplicationID: "A", Result: result, Facts: []byte(`{}`)}
}

// shadowed runs a shadow until the test ends.
func shadowed(t *testing.T, settings ShadowSettings, again func(context.Context, decision.Record) (decision.Verdict, error)) (*Shadow, func() []ShadowEvent) {
	t.Helper()
	var mu sync.Mutex
	var seen []ShadowEvent
	s := NewShadow(settings, time.Now(), again, func(e ShadowEvent) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, e)
	})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.Run(ctx)
	}()
	t.Cleanup(func() {
		stop()
		<-ended
	})
	return s, func() []ShadowEvent {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(seen)
	}
}

func all() ShadowSettings { return ShadowSettings{Rate: 1, Budget: 1} }

func verdictOf(outcome decision.Outcome) decision.Verdict {
	written, err := decision.Write(decision.Decision{ApplicationID: "A", Outcome: outcome})
	if err != nil {
		panic(err)
	}
	return decision.Verdict{Decision: written, Facts: []byte(`{}`)}
}

func TestAShadowCountsWhatComesOutOtherwise(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, events := shadowed(t, all(), func(_ context.Context, r decision.Record) (decision.Verdict, error) {
			switch r.Seq {
			case 1:
				return verdictOf(decision.StandardReview), nil
			case 2:
				return verdictOf(decision.GreenChannelReview), nil
			case 3:
				return decision.Verdict{}, &NotRecordedError{Path: []string{"history", "orders", "k"}}
			case 4:
				return decision.Verdict{}, problem.New(problem.Deadline, "Too late.")
			default:
				panic("the candidate is broken")
			}
		})
		for seq := range uint64(5) {
			s.Offer(given(seq+1, decision.StandardReview))
		}
		synctest.Wait()
		time.Sleep(time.Minute) // lets the rests pass, in a time that costs none
		synctest.Wait()
		state := s.State(0, 10)
		c := state.Counts
		if c.Offered != 5 || c.Sampled != 5 || c.Dropped != 0 || c.Evaluated != 5 || c.Equal != 1 || c.Different != 2 || c.Failed != 2 ||
			c.Classes[Looser] != 1 || c.Classes[NeedsRows] != 1 {
			t.Errorf("%+v", c)
		}
		if len(state.Differences) != 2 || state.Differences[0].Seq != 3 || state.Differences[1].New != decision.GreenChannelReview || state.Next != 0 {
			t.Errorf("%+v", state.Differences)
		}
		if page := s.State(0, 1); page.Next != 2 || s.State(page.Next, 1).Differences[0].Number != 1 {
			t.Errorf("%+v", page)
		}
		if got := events(); len(got) != 5 || !got[3].Failed || !got[4].Failed || got[1].Class != Looser {
			t.Errorf("%+v", got)
		}
	})
}

// Whoever offers waits for nothing, though the candidate never ends: what finds no room is dropped and counted.
func TestWhatFindsNoRoomIsDropped(t *testing.T) {
	t.Parallel()
	begun := make(chan struct{})
	s, events := shadowed(t, all(), func(ctx context.Context, _ decision.Record) (decision.Verdict, error) {
		close(begun)
		<-ctx.Done()
		return decision.Verdict{}, ctx.Err()
	})
	s.Offer(given(1, decision.Incomplete))
	<-begun
	for range ShadowQueue + 7 {
		s.Offer(given(2, decision.Incomplete))
	}
	if c := s.State(0, 0).Counts; c.Dropped != 7 || c.Sampled != ShadowQueue+8 || c.Evaluated != 0 || len(events()) != 7 {
		t.Errorf("%+v, %d events", c, len(events()))
	}
}

// Records that wait take no more memory than is allowed, however few they are.
func TestLongRecordsFindNoRoomEither(t *testing.T) {
	t.Parallel()
	s := NewShadow(all(), time.Now(), nil, func(ShadowEvent) {})
	long := decision.Record{Input: make([]byte, ShadowBytes/2)}
	for range 3 {
		s.Offer(long)
	}
	if c := s.State(0, 0).Counts; c.Dropped != 1 {
		t.Errorf("%+v", c)
	}
}

func TestChanceTakesItsShare(t *testing.T) {
	t.Parallel()
	s := NewShadow(ShadowSettings{Rate: 0.25, Budget: 1}, time.Now(), nil, func(ShadowEvent) {})
	const offered = 40_000
	for range offered {
		s.Offer(decision.Record{})
	}
	// Eight standard deviations: chance does not come there.
	if c := s.State(0, 0).Counts; c.Offered != offered || c.Sampled < offered/4-700 || c.Sampled > offered/4+700 {
		t.Errorf("%+v", c)
	}
}

// The time that the candidate works is its share of all the time that passes.
func TestTheBudgetHolds(t *testing.T) {
	t.Parallel()
	for _, budget := range []float64{0.05, 0.5, 1} {
		synctest.Test(t, func(t *testing.T) {
			const work, times = 80 * time.Millisecond, 50
			var begun []time.Time
			s, _ := shadowed(t, ShadowSettings{Rate: 1, Budget: budget}, func(context.Context, decision.Record) (decision.Verdict, error) {
				begun = append(begun, time.Now())
				time.Sleep(work)
				return verdictOf(decision.Incomplete), nil
			})
			for range times {
				s.Offer(given(1, decision.Incomplete))
			}
			time.Sleep(time.Duration(float64(work*times)/budget) + time.Second)
			synctest.Wait()
			if len(begun) != times || s.State(0, 0).Counts.Busy != times*work {
				t.Fatalf("%d times, %v busy", len(begun), s.State(0, 0).Counts.Busy)
			}
			for i := range begun {
				passed, worked := begun[i].Sub(begun[0]), time.Duration(i)*work
				if float64(worked) > budget*float64(passed)+float64(time.Millisecond) {
					t.Fatalf("after %v it has worked for %v, more than %v of it", passed, worked, budget)
				}
			}
		})
	}
}

func TestOnlyTheNewestDifferencesAreKept(t *testing.T) {
	t.Parallel()
	s := NewShadow(all(), time.Now(), nil, func(ShadowEvent) {})
	for range ShadowKept + 3 {
		s.note(Change{Class: Looser}, nil, 0)
	}
	state := s.State(0, ShadowKept+10)
	if len(state.Differences) != ShadowKept || state.Differences[0].Number != ShadowKept+3 || state.Counts.Different != ShadowKept+3 {
		t.Errorf("%d kept, newest %d, %d counted", len(state.Differences), state.Differences[0].Number, state.Counts.Different)
	}
}

func TestSettingsAreShares(t *testing.T) {
	t.Parallel()
	for _, s := range []ShadowSettings{{Rate: 0, Budget: 1}, {Rate: 1, Budget: 1.5}, {Rate: -1, Budget: 1}} {
		if s.Sound() == nil {
			t.Errorf("%+v are settings", s)
		}
	}
	if err := (ShadowSettings{Rate: 1, Budget: 0.01}).Sound(); err != nil {
		t.Error(err)
	}
}
