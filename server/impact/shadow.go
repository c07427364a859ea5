package impact

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"

	"greenchannel/server/decision"
)

// Shadow decides a share of the recorded decisions once more by a candidate, from their records alone, and counts what comes
// out otherwise. Whoever records a decision only leaves it at the door (Offer): that takes no lock and waits for nothing, and
// where the queue is full the record is dropped and counted. One goroutine decides, one at a time, and rests after each so
// that it works no more than its share of the time. Nothing of it is recorded.
type Shadow struct {
	settings ShadowSettings
	again    func(context.Context, decision.Record) (decision.Verdict, error)
	observe  func(ShadowEvent)
	queue    chan decision.Record
	since    time.Time

	offered, sampled, dropped atomic.Uint64
	waiting                   atomic.Int64 // bytes of what is in the queue

	mu     sync.Mutex // guards what follows, which no request ever waits for but the one that reads it
	counts ShadowCounts
	kept   []ShadowDifference
	last   uint64
}

// ShadowSettings say what a shadow decides by, and how much of it.
type ShadowSettings struct {
	// Bundle is the digest of the candidate.
	Bundle string
	// Rate is the share of the recorded decisions that are decided again, more than 0 and up to 1.
	Rate float64
	// Budget is the share of one processor that this may take, more than 0 and up to 1.
	Budget float64
}

// Bounds of a shadow.
const (
	// ShadowQueue is how many records wait to be decided again; what comes when so many wait is dropped.
	ShadowQueue = 256
	// ShadowBytes is how many bytes of records wait at most.
	ShadowBytes = 64 << 20
	// ShadowKept is how many differences are kept, the newest.
	ShadowKept = 500
)

// Sound says what is wrong with settings.
func (s ShadowSettings) Sound() error {
	var faults []error
	for _, share := range []struct {
		name  string
		value float64
	}{{"rate", s.Rate}, {"budget", s.Budget}} {
		if !(share.value > 0 && share.value <= 1) { // not a number is neither
			faults = append(faults, fmt.Errorf("the %s is a share: more than 0, and 1 at most", share.name))
		}
	}
	return errors.Join(faults...)
}

// ShadowEvent is what came of one record, for whoever counts: its class, and the outcomes where they differ. Failed says that
// there is no answer, and Dropped that the record was not decided again, because the queue was full.
type ShadowEvent struct {
	Class           Class
	Old, New        decision.Outcome
	Failed, Dropped bool
}

// ShadowCounts count what came of the records that were offered since the shadow began. Evaluated is the sum of equal,
// different and failed.
type ShadowCounts struct {
	Offered   uint64           `json:"offered"`
	Sampled   uint64           `json:"sampled"`
	Dropped   uint64           `json:"dropped"`
	Evaluated uint64           `json:"evaluated"`
	Equal     uint64           `json:"equal"`
	Different uint64           `json:"different"`
	Failed    uint64           `json:"failed"`
	Classes   map[Class]uint64 `json:"classes"`
	// Busy is how long the candidate has been deciding, in all.
	Busy time.Duration `json:"-"`
}

// ShadowDifference is a decision that the candidate makes otherwise. The numbers count up from 1.
type ShadowDifference struct {
	Number uint64 `json:"number"`
	Change
}

// NewShadow makes a shadow; Run lets it decide. Again decides a record by the candidate; observe is told what came of each.
func NewShadow(settings ShadowSettings, since time.Time,
	again func(context.Context, decision.Record) (decision.Verdict, error), observe func(ShadowEvent),
) *Shadow {
	return &Shadow{
		settings: settings, since: since, again: again, observe: observe,
		queue: make(chan decision.Record, ShadowQueue), counts: ShadowCounts{Classes: map[Class]uint64{}},
	}
}

// Offer leaves a recorded decision to be decided again, if chance takes it and there is room.
func (s *Shadow) Offer(record decision.Record) {
	s.offered.Add(1)
	if rand.Float64() >= s.settings.Rate { //nolint:gosec // which decisions are looked at is no secret
		return
	}
	s.sampled.Add(1)
	size := weightOf(record)
	if s.waiting.Add(size) <= ShadowBytes {
		select {
		case s.queue <- record:
			return
		default:
		}
	}
	s.waiting.Add(-size)
	s.dropped.Add(1)
	s.observe(ShadowEvent{Dropped: true})
}

// weightOf is the bytes that a record holds on to while it waits.
func weightOf(record decision.Record) int64 {
	return int64(len(record.Input) + len(record.Reads) + len(record.Facts) + len(record.Result))
}

// Run decides what is offered until ctx is done.
func (s *Shadow) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case record := <-s.queue:
			s.waiting.Add(-weightOf(record))
			began := time.Now()
			change, err := s.decide(ctx, record)
			took := time.Since(began)
			if ctx.Err() != nil {
				return // called off, so nothing came of it
			}
			s.note(change, err, took)
			select {
			case <-ctx.Done():
				return
			case <-time.After(rest(took, s.settings.Budget)):
			}
		}
	}
}

// rest is how long to do nothing after so much work, for it to be no more than its share.
func rest(worked time.Duration, budget float64) time.Duration {
	return time.Duration(float64(worked) * (1 - budget) / budget)
}

// decide compares a record with what the candidate makes of it. A candidate that panics has failed, and nothing else.
func (s *Shadow) decide(ctx context.Context, record decision.Record) (change Change, err error) {
	defer func() {
		if failed := recover(); failed != nil {
			err = fmt.Errorf("the candidate panics on record %d: %v", record.Seq, failed)
		}
	}()
	about := Subject{DecisionID: record.ID, Seq: record.Seq, ApplicationID: record.ApplicationID, AsOf: decision.Instant(record.Clock)}
	return Compare(ctx, about, func(context.Context) (decision.Verdict, error) {
		return recordedVerdict(record)
	}, func(ctx context.Context) (decision.Verdict, error) {
		return s.again(ctx, record)
	})
}

func (s *Shadow) note(change Change, err error, took time.Duration) {
	event := ShadowEvent{Class: change.Class, Old: change.Old, New: change.New, Failed: err != nil}
	s.observe(event)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts.Busy += took
	s.counts.Evaluated++
	switch {
	case err != nil:
		s.counts.Failed++
		return
	case change.Class == Same:
		s.counts.Equal++
	default:
		s.counts.Different++
		s.last++
		s.kept = append(s.kept, ShadowDifference{s.last, change})
		if len(s.kept) > ShadowKept {
			s.kept = slices.Clone(s.kept[len(s.kept)-ShadowKept:])
		}
	}
	s.counts.Classes[change.Class]++
}

// ShadowState is how a shadow stands.
type ShadowState struct {
	Settings ShadowSettings
	Since    time.Time
	Counts   ShadowCounts
	// Differences are kept ones, the newest first, of those before the number that was asked for; Next is the number to go on
	// before, 0 where there are no more.
	Differences []ShadowDifference
	Next        uint64
}

// State tells how the shadow stands, with at most limit of the differences before a number; 0 begins with the newest.
func (s *Shadow) State(before uint64, limit int) ShadowState {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := ShadowState{Settings: s.settings, Since: s.since, Counts: s.counts, Differences: []ShadowDifference{}}
	state.Counts.Classes = maps.Clone(s.counts.Classes)
	state.Counts.Offered, state.Counts.Sampled, state.Counts.Dropped = s.offered.Load(), s.sampled.Load(), s.dropped.Load()
	for i := len(s.kept) - 1; i >= 0 && limit > 0; i-- {
		switch d := s.kept[i]; {
		case before > 0 && d.Number >= before:
			continue
		case len(state.Differences) == limit:
			state.Next = state.Differences[limit-1].Number
			return state
		default:
			state.Differences = append(state.Differences, d)
		}
	}
	return state
}

// recordedVerdict is a record as the decision that was given.
func recordedVerdict(record decision.Record) (decision.Verdict, error) {
	var decided decision.Decision
	if err := json.Unmarshal(record.Result, &decided); err != nil {
		return decision.Verdict{}, fmt.Errorf("the result of record %d: %w", record.Seq, err)
	}
	written, err := decision.Write(decided) // without id and time, which what is only told has not
	return decision.Verdict{Decision: written, Facts: record.Facts}, err
}
