package server

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"greenchannel/policies"
	"greenchannel/server/bundle"
	"greenchannel/server/decision"
	"greenchannel/server/problem"
)

// A bundle that is kept and cannot decide, as an older version of the service may have kept one, is not activated.
func TestABundleThatCannotDecideIsNotActivated(t *testing.T) {
	t.Parallel()
	rooms, _ := recordedRooms(t)
	const file = "rareearth/decision/decision.rego"
	revision := kept(t, rooms, otherPolicies(t, file, "package rareearth.decision", "package rareearth.elsewhere"))
	shelf := newShelf(rooms)
	_, err := shelf.Activate(t.Context(), revision)
	known := problem.Of(err)
	if err == nil || known.Kind != problem.Conflict || len(known.Faults) == 0 || !strings.Contains(known.Error(), "data.rareearth.decision") {
		t.Errorf("err = %v", err)
	}
	if policy, _ := rooms.Engine.Active(); policy.Digest != rooms.Bundle.Digest {
		t.Errorf("%s is active", policy.Digest)
	}
	_, err = shelf.DryRun(t.Context(), revision, []byte(shortest), time.Now())
	if known := problem.Of(err); err == nil || known.Kind != problem.Invalid || len(known.Faults) != 1 || known.Faults[0].Pointer != "?revision" {
		t.Errorf("dry run: %v", err)
	}
}

// An application that was read by the schema of one bundle, and is decided after another was activated, is read again by
// the schema of that one: a decision that its own bundle would not take could not be decided again.
func TestAnApplicationIsReadByTheBundleThatDecides(t *testing.T) {
	t.Parallel()
	rooms, _ := recordedRooms(t)
	app, err := rooms.Engine.Read([]byte(shortest))
	if err != nil {
		t.Fatal(err)
	}
	revision := kept(t, rooms, otherPolicies(t, "schemas/application/schema.json", `"required": ["id", `, `"required": ["contract", "id", `))
	digest, err := rooms.keptBundle(t.Context(), revision)
	if err != nil {
		t.Fatal(err)
	}
	generation, err := rooms.generations.of(t.Context(), rooms.record.journal, digest)
	if err != nil {
		t.Fatal(err)
	}
	rooms.Engine.Activate(generation) // the shelf would refuse it, since it does not take every case any more
	_, err = rooms.Decisions.Decide(t.Context(), decision.Request{App: app, Caller: "tester"})
	if known := problem.Of(err); err == nil || known.Kind != problem.Invalid || len(known.Faults) != 1 || known.Faults[0].Pointer != "/contract" {
		t.Errorf("err = %v", err)
	}
}

// The bundle in use is held, the one before is at hand for the way back, and no number of activations holds them all.
func TestActivationsAreBounded(t *testing.T) {
	t.Parallel()
	rooms, _ := recordedRooms(t)
	g := rooms.generations
	active := rooms.Bundle.Digest
	generation := g.inUse[active]
	for _, next := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		g.swap(active, next, generation)
		if there, _, _ := g.claim(next); there == nil {
			t.Errorf("%s is not held", next)
		}
		if there, _, _ := g.claim(active); there == nil {
			t.Errorf("%s is not at hand any more", active)
		}
		active = next
	}
	for i := range 3 * mostGenerations { // others that are asked for do not push out what was in force
		g.lend(fmt.Sprint("other ", i), generation)
	}
	if there, _, _ := g.claim(rooms.Bundle.Digest); there == nil {
		t.Error("the bundle of the beginning is not at hand any more")
	}
	for i := range 2 * mostRested {
		g.swap(active, fmt.Sprint("later ", i), generation)
		active = fmt.Sprint("later ", i)
	}
	if len(g.inUse) != 1 || len(g.rests) != mostRested || len(g.made) > mostGenerations {
		t.Errorf("%d in use, %d at rest, %d at hand", len(g.inUse), len(g.rests), len(g.made))
	}
}

// withOneTest are the policies of this house with one test of their own: all of them take long to run.
func withOneTest(t testing.TB) fstest.MapFS {
	t.Helper()
	folder := fstest.MapFS{}
	err := fs.WalkDir(policies.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(name, "_test.rego") {
			return err
		}
		text, err := fs.ReadFile(policies.FS(), name)
		folder[name] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	folder["rareearth/clock/clock_test.rego"] = &fstest.MapFile{Data: []byte("package rareearth.clock_test\n\ntest_something if true\n")}
	return folder
}

// secondArchive is another bundle that decides as the first does.
func secondArchive(t testing.TB) []byte {
	t.Helper()
	archive, _, err := bundle.Build(withOneTest(t))
	if err != nil {
		t.Fatal(err)
	}
	return archive
}
