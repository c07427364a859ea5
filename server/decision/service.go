package decision

import (
	"context"
	"time"

	"greenchannel/server/problem"
)

// Policy evaluates an application against the active bundle at an instant. It answers with a whole verdict or with an
// error, never with a part of one.
type Policy interface {
	Evaluate(ctx context.Context, app Application, at time.Time) (Verdict, error)
}

// Verdict is what one evaluation came to, and what it rested on beside the application, the instant and the bundle.
type Verdict struct {
	// Decision has neither an id nor a time of decision yet.
	Decision Written
	// Facts is a JSON object: what the policies want remembered of this application.
	Facts []byte
	// Reads is a JSON array of the live and computed rows that were read, {path, value}, in the order of their paths.
	Reads []byte
	// Seen is the Seq of the last record that the live rows held; 0 for none.
	Seen uint64
	// Stale says whether a record after Seen changes a row that was read. It must be quick: it is asked inside the lock
	// that gives records their place.
	Stale func(later Record) bool
}

// Recorder keeps decisions. Its errors have a problem.Kind.
type Recorder interface {
	// Claim reserves an idempotency key of a caller for the request with this body until release. It gives the record when
	// the key was answered before.
	Claim(ctx context.Context, caller, key string, body []byte) (answered *Record, release func(), err error)
	// Settled returns when evaluations see what was recorded here of an exporter, or after a moment. Without that, whoever
	// sends one application after the other would have each decided twice: the first time without the one before it.
	Settled(ctx context.Context, exporter string)
	// Append makes a draft durable and completes it with Seq, At and Hash, or records nothing. The error is of kind Stale
	// when stale says of a record after seen that it changes what the draft rests on.
	Append(ctx context.Context, draft Record, seen uint64, stale func(later Record) bool) (Record, error)
}

// Service decides applications. Time, identity and memory come in from outside.
type Service struct {
	Policy  Policy
	Journal Recorder
	Turns   *Turns
	Now     func() time.Time
	// AsOf is the instant that the policies are asked about; Now unless set.
	AsOf func() time.Time
	// NewID gives a fresh UUIDv7.
	NewID func() string
}

// Request is an application on its way to a recorded decision.
type Request struct {
	App Application
	// Caller is who asks. IdempotencyKey is the caller's own word for this request; empty for none.
	Caller, IdempotencyKey string
}

// mostTries is how often one application is evaluated alone with all, when others are recorded at the same moment that bear on
// it. Nothing that this service records can come between then (Turns), so that the second of these tries is the last
// unless other services record on the same journal.
const mostTries = 6

// Decide decides an application as of now and records the decision before it returns it: whoever has the answer can rely
// on its record. When it returns an error nothing was decided, and nothing may be answered. The clock is the service's
// own: no field of an application can set it.
func (s *Service) Decide(ctx context.Context, ask Request) (Record, error) {
	answered, release, err := s.Journal.Claim(ctx, ask.Caller, ask.IdempotencyKey, ask.App.body)
	switch {
	case err != nil:
		return Record{}, err
	case answered != nil:
		return *answered, nil
	}
	defer release()
	for alone := besideOthers; alone <= aloneWithAll; alone++ {
		tries := 1
		if alone == aloneWithAll {
			tries = mostTries
		}
		record, err := s.decideInTurn(ctx, ask, alone, tries)
		if err == nil || problem.Of(err).Kind != problem.Stale {
			return record, err
		}
	}
	return Record{}, problem.New(problem.Stale,
		"Other applications that bear on this one were recorded while it was decided; nothing was decided. Send it again in a moment.")
}

// decideInTurn keeps its turn from one try to the next: a first try may not yet see what was recorded just before the turn came.
func (s *Service) decideInTurn(ctx context.Context, ask Request, alone, tries int) (record Record, err error) {
	defer s.Turns.take(ask.App.exporter, alone)()
	for range tries {
		if record, err = s.decideOnce(ctx, ask); err == nil || problem.Of(err).Kind != problem.Stale {
			break
		}
	}
	return record, err
}

func (s *Service) decideOnce(ctx context.Context, ask Request) (Record, error) {
	s.Journal.Settled(ctx, ask.App.exporter)
	asOf := s.Now
	if s.AsOf != nil {
		asOf = s.AsOf
	}
	verdict, err := s.evaluate(ctx, ask.App, asOf())
	if err != nil {
		return Record{}, err
	}
	draft, err := drafted(ask, verdict, s.NewID(), s.Now())
	if err != nil {
		return Record{}, err
	}
	return s.Journal.Append(ctx, draft, verdict.Seen, verdict.Stale)
}

// DryRun decides app as of any instant, with neither an id nor a time of decision: nothing came of it.
func (s *Service) DryRun(ctx context.Context, app Application, at time.Time) (Written, error) {
	verdict, err := s.evaluate(ctx, app, at)
	return verdict.Decision, err
}

// evaluate asks about whole milliseconds, since that is what a decision can state.
func (s *Service) evaluate(ctx context.Context, app Application, at time.Time) (Verdict, error) {
	return s.Policy.Evaluate(ctx, app, at.Truncate(time.Millisecond))
}
