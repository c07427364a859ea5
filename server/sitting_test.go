package server

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"greenchannel/policies"
	"greenchannel/server/engine"
	"greenchannel/server/problem"
)

// A sitting does for each application what the service does for one alone.
func TestSitting(t *testing.T) {
	t.Parallel()
	rooms, err := OpenRecorded(t.Context(), policies.FS(), noHurry, RecordConfig{Data: t.TempDir(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := rooms.Close(); err != nil {
			t.Error(err)
		}
	}()
	s, err := rooms.sitting(httptest.NewRequestWithContext(t.Context(), "POST", "/v1/decisions/batch", nil))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	rooms.Engine.Activate(nil) // the bundle is changed in the middle of the batch
	answer, err := s.Decide(t.Context(), []byte(shortest), "batch-1-0")
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.Decide(t.Context(), []byte(shortest), "batch-1-0")
	if err != nil || !bytes.Equal(answer, again) {
		t.Errorf("sent again: %s, %v", again, err)
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
	if _, err := (&Rooms{Engine: engine.New(0)}).sitting(httptest.NewRequestWithContext(t.Context(), "POST", "/v1/decisions/batch", nil)); problem.Of(err).Kind != problem.NotReady {
		t.Errorf("a sitting without a bundle: %v", err)
	}
}
