package server

import (
	"context"
	"net/http"
	"time"

	"greenchannel/server/decision"
	"greenchannel/server/engine"
	"greenchannel/server/httpapi"
	"greenchannel/server/identity"
)

// sitting decides and records the applications of one batch: by the bundle that was active when the batch began, so on one
// snapshot of its reference data, and as of the instant at which it began. Each sees the live tables as they are when it is
// decided, with those that were recorded before it in the same batch: on a snapshot from before the batch its record would
// be stale as soon as one before it bears on it.
type sitting struct {
	pinned    *engine.Engine
	decisions decision.Service
	caller    string
}

func (r *Rooms) sitting(request *http.Request) (httpapi.Sitting, error) {
	pinned, err := r.Engine.Pinned()
	if err != nil {
		return nil, err
	}
	s := &sitting{pinned: pinned, decisions: *r.Decisions, caller: identity.Name(request.Context())}
	s.decisions.Policy = pinned
	s.decisions.AsOf = sameDay(r.Decisions.Now)
	return s, nil
}

// sameDay is a clock that stands still at the instant at which it is made, until the day ends in Beijing: then it stands at
// the beginning of the new day. What was ordered before is counted by days up to that of the clock, so that a clock which
// stayed behind would not see what others have recorded since midnight.
func sameDay(now func() time.Time) func() time.Time {
	begun := now()
	return func() time.Time {
		today := decision.StartOfDay(now())
		if today.After(begun) {
			return today
		}
		return begun
	}
}

// Decide does for one application of a batch what POST /v1/decisions does for one alone.
func (s *sitting) Decide(ctx context.Context, body []byte, key string) ([]byte, error) {
	app, err := s.pinned.Read(body)
	if err != nil {
		return nil, err
	}
	record, err := s.decisions.Decide(ctx, decision.Request{App: app, Caller: s.caller, IdempotencyKey: key})
	if err != nil {
		return nil, err
	}
	return record.Answer()
}

// Close has nothing to let go of.
func (s *sitting) Close() {}
