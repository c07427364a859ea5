package server

import (
	"encoding/json"
	"strings"
	"testing"

	"greenchannel/policies"
	"greenchannel/server/engine"
	"greenchannel/server/problem"
)

// A sitting does for each application what the service does for one alone.
func TestSitting(t *testing.T) {
	t.Parallel()
	rooms, err := Open(t.Context(), policies.FS(), 0)
	if err != nil {
		t.Fatal(err)
	}
	s, err := rooms.sitting(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	rooms.Engine.Activate(nil) // the bundle is changed in the middle of the batch
	answer, err := s.Decide(t.Context(), []byte(shortest), "")
	if err != nil {
		t.Fatal(err)
	}
	var decided struct {
		DecisionID    string `json:"decision_id"`
		ApplicationID string `json:"application_id"`
	}
	if err := json.Unmarshal(answer, &decided); err != nil || decided.ApplicationID != "RUN-1" || len(decided.DecisionID) != 36 {
		t.Errorf("answer %s (%v)", answer, err)
	}
	if answer, err := s.Decide(t.Context(), []byte(strings.ReplaceAll(shortest, "DE", "EU")), ""); problem.Of(err).Kind != problem.Invalid || answer != nil {
		t.Errorf("answer %s, %v", answer, err)
	}
	if _, err := (&Rooms{Engine: engine.New(0)}).sitting(nil); problem.Of(err).Kind != problem.NotReady {
		t.Errorf("a sitting without a bundle: %v", err)
	}
}
