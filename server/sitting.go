package server

import (
	"context"
	"net/http"

	"github.com/go-json-experiment/json"

	"greenchannel/server/decision"
	"greenchannel/server/engine"
	"greenchannel/server/httpapi"
)

// sitting decides the applications of one batch by the bundle that was active when the batch began.
type sitting struct {
	pinned    *engine.Engine
	decisions decision.Service
}

func (r *Rooms) sitting(*http.Request) (httpapi.Sitting, error) {
	pinned, err := r.Engine.Pinned()
	if err != nil {
		return nil, err
	}
	s := &sitting{pinned: pinned, decisions: *r.Decisions}
	s.decisions.Policy = pinned
	return s, nil
}

// Decide does for one application of a batch what POST /v1/decisions does for one alone.
func (s *sitting) Decide(ctx context.Context, body []byte, _ string) ([]byte, error) {
	app, err := s.pinned.Read(body)
	if err != nil {
		return nil, err
	}
	decided, err := s.decisions.Decide(ctx, app)
	if err != nil {
		return nil, err
	}
	return json.Marshal(decided, json.Deterministic(true))
}

// Close has nothing to let go of.
func (s *sitting) Close() {}
