package server

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"greenchannel/server/bundle"
	"greenchannel/server/httpapi"
)

// edition is the policies with a title of their own.
func edition(t *testing.T, n int) (fs.FS, *bundle.Bundle) {
	t.Helper()
	folder := otherPolicies(t, "rareearth/controls/controls.rego", "title: Line that cannot be classified", fmt.Sprintf("title: Edition %d", n))
	loaded, err := bundle.Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	return folder, loaded
}

// The oldest drafts go when there are more than are to be kept: none that decided anything, was ever put into force otherwise, is
// kept for other reasons, or decides now. What was decided meanwhile is decided again by what decided it.
func TestOnlyIdleDraftsAreRemoved(t *testing.T) {
	t.Parallel()
	rooms, config := recordedRooms(t)
	ctx := t.Context()
	shelf := newShelf(rooms)
	uploaded := kept(t, rooms, otherPolicies(t, "rareearth/controls/controls.rego", "title: Line that cannot be classified", "title: Uploaded"))
	var editions []string
	draft := func(n int) {
		folder, loaded := edition(t, n)
		if err := shelf.draft(ctx, loaded, folder); err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(editions, loaded.Digest) {
			editions = append(editions, loaded.Digest)
		}
	}
	draft(0)
	record := decided(t, rooms, []byte(shortest))
	draft(1)
	if _, err := rooms.shadows.Begin(ctx, httpapi.ShadowRequest{Revision: editions[1], Rate: 1, Budget: 1}); err != nil {
		t.Fatal(err)
	}
	for n := 2; n < 6; n++ {
		draft(n)
	}
	draft(2) // it is in force again: the one that was longest ago is the third now

	there := func(want ...int) {
		t.Helper()
		uses, err := rooms.record.journal.Bundles(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var got []int
		others := 0
		for _, use := range uses {
			if n := slices.Index(editions, use.Digest); n >= 0 {
				got = append(got, n)
			} else {
				others++
			}
		}
		if slices.Sort(got); !slices.Equal(got, want) || others != 2 { // the program's own, and the one that was uploaded
			t.Errorf("editions %v and %d others are kept, want %v and 2", got, others, want)
		}
	}
	for _, step := range []struct {
		keep int
		want []int
	}{{0, []int{0, 1, 2, 3, 4, 5}}, {3, []int{0, 1, 2, 3, 4, 5}}, {2, []int{0, 1, 2, 4, 5}}, {1, []int{0, 1, 2, 5}}} {
		if err := shelf.tidyDrafts(ctx, step.keep); err != nil {
			t.Fatal(err)
		}
		there(step.want...)
	}
	shelf.checking <- struct{}{} // while a bundle is examined, it may be one of them
	draft(6)
	draft(7)
	if err := shelf.tidyDrafts(ctx, 1); err != nil {
		t.Fatal(err)
	}
	there(0, 1, 2, 5, 6, 7)
	<-shelf.checking
	if err := shelf.tidyDrafts(ctx, 1); err != nil {
		t.Fatal(err)
	}
	there(0, 1, 6, 7)

	if _, err := rooms.keptBundle(ctx, uploaded); err != nil {
		t.Errorf("the one that was uploaded: %v", err)
	}
	reading, err := OpenReading(ctx, config, noHurry)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reading.Close() }()
	found := 0
	err = reading.ReplayAll(ctx, Selection{Which: []string{record.ID}}, func(one Replayed) error {
		if one.Report == nil || !one.Report.Identical || one.Report.Bundle != editions[0] {
			t.Errorf("%+v", one.Report)
		}
		found++
		return nil
	})
	if err != nil || found != 1 {
		t.Errorf("%d decided again, %v", found, err)
	}
}

// A watched folder keeps so many of its editions, and no more.
func TestAWatchedFolderTidiesUp(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "policies")
	first, _ := edition(t, 0)
	if err := os.CopyFS(folder, first); err != nil {
		t.Fatal(err)
	}
	terminal := &told{}
	r := start(t, Config{Following: Following{Watch: folder, WatchKept: 2, Terminal: terminal}})
	for n := 1; n < 5; n++ {
		saved, loaded := edition(t, n)
		text, err := fs.ReadFile(saved, "rareearth/controls/controls.rego")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "rareearth", "controls", "controls.rego"), text, 0o600); err != nil {
			t.Fatal(err)
		}
		terminal.await(t, "revision "+loaded.Revision+" in force")
	}
	r.log.await(t, "older editions of the folder removed")
	if err := r.end(); err != nil {
		t.Error(err)
	}
}
