package server

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"greenchannel/policies"
	"greenchannel/server/decision"
	"greenchannel/server/engine"
)

func difference() engine.Difference {
	return engine.Difference{
		Policy: decision.PolicyRef{Name: "rareearth", Revision: "abc", Digest: "sha256:abcdef0123456789"},
		Clock:  time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC), Input: []byte("{ \"id\": \"A-1\" }\n"),
		Reads: []byte(`[]`), TopdownReads: []byte(`[{"path":["a","b"]}]`), Executor: []byte(`{"decision":1}`), Failure: "late",
	}
}

// What the evaluators did not agree on outlives the process, and there is an end to it.
func TestEvidenceIsKept(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "differences")
	for i := range mostEvidence + 3 {
		place, err := keepEvidence(folder, difference(), time.Now())
		if err != nil || (place == "") != (i >= mostEvidence) {
			t.Fatalf("difference %d: kept as %q, %v", i, place, err)
		}
	}
	files, err := os.ReadDir(folder)
	if err != nil || len(files) != mostEvidence {
		t.Fatalf("%d files, %v", len(files), err)
	}
	text, err := os.ReadFile(filepath.Join(folder, files[0].Name()))
	if err != nil {
		t.Fatal(err)
	}
	var kept evidence
	if err := json.Unmarshal(text, &kept); err != nil {
		t.Fatal(err)
	}
	want := difference()
	if kept.Input != string(want.Input) || kept.Policy != want.Policy || !kept.Clock.Equal(want.Clock) || kept.Failure != "late" ||
		string(kept.Executor) != "{\n    \"decision\": 1\n  }" || len(kept.TopdownReads) == 0 || kept.Topdown != nil {
		t.Errorf("kept %s", text)
	}
}

// A bundle of which there is evidence is topdown's from the start, as long as the evidence stands there.
func TestEvidenceOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	var said bytes.Buffer
	log := slog.New(slog.NewTextHandler(&said, nil))
	settings := Config{Policies: policies.FS(), Record: RecordConfig{Data: t.TempDir()}, Log: log, Evaluation: Evaluation{Checked: 1}}.withDefaults()
	rooms, err := Open(t.Context(), policies.FS(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	rooms.evaluating(settings)()
	if evaluator, reason := rooms.serving(); evaluator != engine.Executor || reason != "" {
		t.Errorf("%s serves: %s", evaluator, reason)
	}
	found := difference()
	found.Policy, _ = rooms.Engine.Active()
	place, err := keepEvidence(filepath.Join(settings.Record.Data, evidenceFolder), found, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(place), "broken.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	rooms.evaluating(settings)()
	rooms.tellServing(t.Context(), log)
	evaluator, reason := rooms.serving()
	if evaluator != engine.Topdown || !strings.Contains(reason, filepath.Base(place)) {
		t.Errorf("%s serves: %s", evaluator, reason)
	}
	for _, want := range []string{filepath.Base(place), "broken.json", "level=WARN msg=evaluator name=topdown"} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("the log does not name %s:\n%s", want, said.String())
		}
	}
}
