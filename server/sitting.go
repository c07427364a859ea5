package server

import (
	"context"
	"net/http"

	"greenchannel/server/decision"
	"greenchannel/server/engine"
	"greenchannel/server/httpapi"
	"greenchannel/server/identity"
)

// sitting decides and records the applications of one batch by the bundle that was active when the batch began. Each sees
// the live tables as they are when it is decided, with those that were recorded before it in the same batch: on a snapshot
// from before the batch its record would be stale as soon as one before it bears on it.
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
	return s, nil
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
