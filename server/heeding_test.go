package server

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"greenchannel/policies"
	"greenchannel/server/metrics"
	"greenchannel/server/problem"
)

// elsewhere records what another node does with a bundle that is kept, and nothing else: nothing is in force by that.
func elsewhere(t *testing.T, rooms *Rooms, action, digest string) {
	t.Helper()
	if err := rooms.shelf.tell(t.Context(), activation{Action: action, Outcome: bundleActivated, Digest: digest}); err != nil {
		t.Fatal(err)
	}
}

func inForce(t *testing.T, rooms *Rooms, digest string) {
	t.Helper()
	if active, _ := rooms.Engine.Active(); active.Digest != digest {
		t.Errorf("%s is in force, want %s", active.Digest, digest)
	}
}

func heeds(t *testing.T, rooms *Rooms) {
	t.Helper()
	if err := rooms.heeding.heed(t.Context()); err != nil {
		t.Error(err)
	}
}

// activationsIn is how often the record says that a bundle was put into force.
func activationsIn(t *testing.T, rooms *Rooms) int {
	t.Helper()
	records, err := rooms.record.journal.Activations(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	return len(records)
}

// The latest activation of another node holds here; none is recorded for that; drafts are for their author alone.
func TestActivationsOfOtherNodesAreHeeded(t *testing.T) {
	t.Parallel()
	rooms, _ := recordedRooms(t)
	first := rooms.Bundle.Digest
	second, _, err := rooms.shelf.Keep(t.Context(), secondArchive(t))
	if err != nil {
		t.Fatal(err)
	}
	before := activationsIn(t, rooms)
	elsewhere(t, rooms, actionDraft, second.Digest)
	heeds(t, rooms)
	inForce(t, rooms, first)
	elsewhere(t, rooms, "activate", first)
	elsewhere(t, rooms, "activate", second.Digest)
	heeds(t, rooms)
	heeds(t, rooms)
	inForce(t, rooms, second.Digest)
	elsewhere(t, rooms, actionDraft, first)
	heeds(t, rooms)
	inForce(t, rooms, second.Digest)
	elsewhere(t, rooms, "activate", first) // back to the program's own, which nobody signs
	heeds(t, rooms)
	inForce(t, rooms, first)
	if got := activationsIn(t, rooms) - before; got != 5 {
		t.Errorf("%d records were made for 5 of other nodes", got)
	}
	if got := rooms.heeding.followed.Load(); got != 2 {
		t.Errorf("%d activations were followed, want 2", got)
	}
}

// activatedElsewhere keeps another bundle, which another node puts into force, and gives its digest.
func activatedElsewhere(t *testing.T, rooms *Rooms) string {
	t.Helper()
	kept, _, err := rooms.shelf.Keep(t.Context(), secondArchive(t))
	if err != nil {
		t.Fatal(err)
	}
	elsewhere(t, rooms, "activate", kept.Digest)
	return kept.Digest
}

// What this node activates itself is not undone by what others did before, even where it hears of that afterwards; and that a
// bundle is in force here is no reason to keep from the others that it is to be in force everywhere.
func TestTheLastActivationHolds(t *testing.T) {
	t.Parallel()
	rooms, _ := recordedRooms(t)
	first, second := rooms.Bundle.Digest, activatedElsewhere(t, rooms)
	before := activationsIn(t, rooms)
	for range 2 { // the second time nothing is new
		if _, err := rooms.shelf.Activate(t.Context(), first); err != nil {
			t.Fatal(err)
		}
	}
	if got := activationsIn(t, rooms) - before; got != 1 {
		t.Errorf("%d records of an activation, want 1", got)
	}
	heeds(t, rooms)
	inForce(t, rooms, first)
	if _, err := rooms.shelf.Activate(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	heeds(t, rooms)
	inForce(t, rooms, second)
}

// A service that was told to start with its own bundle goes by what is activated from then on.
func TestWhatWasPassedOverAtTheStartIsNotHeeded(t *testing.T) {
	t.Parallel()
	rooms, _ := recordedRooms(t)
	first, second := rooms.Bundle.Digest, activatedElsewhere(t, rooms)
	if err := rooms.Resume(t.Context(), Activation{StartEmbedded: true}); err != nil {
		t.Fatal(err)
	}
	elsewhere(t, rooms, actionDraft, second)
	heeds(t, rooms)
	inForce(t, rooms, first)
	elsewhere(t, rooms, "activate", second)
	heeds(t, rooms)
	inForce(t, rooms, second)
}

// A node that starts with what it fetched last tells that to nobody who knows it: the others would put it into force as well, and
// give up what an operator has activated since.
func TestAFetchingNodeThatStartsUndoesNothingElsewhere(t *testing.T) {
	t.Parallel()
	server := open(t)
	server.shut.Store(true)
	following := server.following(t, "bundles: {rareearth: {resource: bundle.tar.gz}}\n")
	rooms, config := recordedRooms(t)
	first := rooms.Bundle.Digest
	fetched, _, err := rooms.shelf.Keep(t.Context(), secondArchive(t))
	if err != nil {
		t.Fatal(err)
	}
	note := fmt.Sprintf(`{"name": "rareearth", "bundle": {"Name": "rareearth", "Revision": %q, "Digest": %q}}`, fetched.Revision, fetched.Digest)
	if err := os.WriteFile(filepath.Join(config.Data, "source.json"), []byte(note), 0o600); err != nil {
		t.Fatal(err)
	}
	starts := func(more int) {
		t.Helper()
		before := activationsIn(t, rooms)
		if err := rooms.follow(t.Context(), Config{Following: following, Record: config, Log: config.Log}); err != nil {
			t.Fatal(err)
		}
		rooms.followers.stop()
		inForce(t, rooms, fetched.Digest)
		if got := activationsIn(t, rooms) - before; got != more {
			t.Errorf("the start made %d records, want %d", got, more)
		}
	}
	starts(1) // by this record it was never in force
	starts(0)
	elsewhere(t, rooms, "activate", first)
	starts(0)
	heeds(t, rooms) // as a node does that fetches nothing
	inForce(t, rooms, first)
	starts(0)
}

// What cannot be in force here is told by the log, by readiness and by the metrics, until another activation makes it good.
func TestANodeThatCannotFollowIsNotReady(t *testing.T) {
	t.Parallel()
	log := &told{}
	rooms, err := OpenRecorded(t.Context(), policies.FS(), noHurry, RecordConfig{Data: t.TempDir(), Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := rooms.Close(); err != nil {
			t.Error(err)
		}
	})
	counting := measured(rooms)
	rooms.heeding.figures(counting)
	if err := rooms.follow(t.Context(), Config{}); err != nil {
		t.Fatal(err)
	}
	broken, err := rooms.keptBundle(t.Context(), kept(t, rooms, otherPolicies(t, "rareearth/decision/decision.rego", "package rareearth.decision", "package rareearth.elsewhere")))
	if err != nil {
		t.Fatal(err)
	}
	elsewhere(t, rooms, "activate", broken)
	for _, word := range []string{"level=ERROR", "what another node has put into force is not in force here", "data.rareearth.decision"} {
		log.await(t, word)
	}
	_, err = readiness(rooms, new(atomic.Bool))
	if known := problem.Of(err); err == nil || known.Kind != problem.NotReady || !strings.Contains(known.Detail, broken) || !strings.Contains(known.Detail, rooms.Bundle.Digest) {
		t.Errorf("err = %v", err)
	}
	if text := figures(t, counting); !strings.Contains(text, "greenchannel_activation_behind 1") {
		t.Errorf("metrics:\n%s", text)
	}
	inForce(t, rooms, rooms.Bundle.Digest)
	elsewhere(t, rooms, "activate", rooms.Bundle.Digest)
	for err != nil {
		if t.Context().Err() != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
		_, err = readiness(rooms, new(atomic.Bool))
	}
	if text := figures(t, counting); !strings.Contains(text, "greenchannel_activation_behind 0") {
		t.Errorf("metrics:\n%s", text)
	}
}

func figures(t *testing.T, m *metrics.Metrics) string {
	t.Helper()
	answer := httptest.NewRecorder()
	m.Handler(false).ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	return answer.Body.String()
}
