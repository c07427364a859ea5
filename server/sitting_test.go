package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

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

// All of a batch is as of the instant at which it began; what is decided after midnight in Beijing is as of that midnight.
// Each sees those recorded before it.
func TestASittingIsAsOfOneInstant(t *testing.T) {
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
	var mu sync.Mutex
	now := time.Date(2026, 6, 1, 15, 59, 50, 0, time.UTC) // ten seconds before midnight in Beijing
	rooms.Decisions.Now = func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(time.Second)
		return now
	}
	s, err := rooms.sitting(httptest.NewRequestWithContext(t.Context(), "POST", "/v1/decisions/batch", nil))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	seen := map[string]int{}
	for i := range 8 {
		answer, err := s.Decide(t.Context(), []byte(strings.ReplaceAll(shortest, "RUN-1", fmt.Sprintf("RUN-%d", i))), "")
		if err != nil {
			t.Fatal(err)
		}
		var decided struct {
			AsOf      string `json:"as_of"`
			DecidedAt string `json:"decided_at"`
		}
		if err := json.Unmarshal(answer, &decided); err != nil {
			t.Fatal(err)
		}
		seen[decided.AsOf]++
		if decided.DecidedAt <= decided.AsOf {
			t.Errorf("decided at %s as of %s", decided.DecidedAt, decided.AsOf)
		}
	}
	const begun, midnight = "2026-06-01T23:59:51+08:00", "2026-06-02T00:00:00+08:00"
	if len(seen) != 2 || seen[begun] == 0 || seen[midnight] == 0 {
		t.Errorf("as of %v, want %s and then %s", seen, begun, midnight)
	}
}
