package journal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"greenchannel/server/journal"
	"greenchannel/server/problem"
)

// spare is a bundle that no entry names by itself.
func spare(n int) journal.KeptBundle {
	return journal.KeptBundle{Digest: fmt.Sprintf("sha256:spare-%d", n), Name: "稀土", Revision: fmt.Sprint(n), Archive: []byte{0x1f, 0x8b, byte(n), 0}}
}

func keep(t *testing.T, j *journal.Journal, bundles ...journal.KeptBundle) {
	t.Helper()
	for _, b := range bundles {
		if err := j.KeepBundle(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
}

func TestABundleIsKeptAsItWasGiven(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		now := time.Date(2026, 11, 23, 9, 0, 0, 7, time.UTC)
		j := g.open(t, func(o *journal.Options) { o.Now = func() time.Time { return now } })
		want := spare(1)
		want.Archive = bytes.Repeat([]byte("all bytes \x00\xff\n"), 1<<16)
		keep(t, j, want)
		now = now.Add(time.Hour)
		keep(t, j, want) // again: nothing changes
		want.KeptAt = now.Add(-time.Hour)
		other := want
		other.Archive = []byte("another")
		if err := j.KeepBundle(t.Context(), other); !errors.Is(err, journal.ErrBundleDiffers) || problem.Of(err).Kind != problem.Invalid {
			t.Errorf("another archive under the same digest: %v", err)
		}
		j = reopen(t, g, j)
		reader := g.node(t)
		if g.name == "sqlite" {
			reader = g
		}
		for name, j := range map[string]*journal.Journal{"writing": j, "reading": reader.open(t, readOnly)} {
			got, err := j.Bundle(t.Context(), want.Digest)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: what came back differs (-given +got):\n%s", name, diff)
			}
			if _, err := j.Bundle(t.Context(), "sha256:unknown"); problem.Of(err).Kind != problem.NotFound {
				t.Errorf("%s: an unknown digest: %v", name, err)
			}
		}
		report, err := j.Verify(t.Context(), nil)
		if err != nil || report.Bundles != bundles+1 {
			t.Errorf("report %+v, %v", report, err)
		}
	})
}

func TestBundlesThatCannotBeKept(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		j := g.open(t)
		for name, spoil := range map[string]func(*journal.KeptBundle){
			"no digest":  func(b *journal.KeptBundle) { b.Digest = "" },
			"no archive": func(b *journal.KeptBundle) { b.Archive = nil },
			"NUL":        func(b *journal.KeptBundle) { b.Name = "a\x00" },
			"not UTF-8":  func(b *journal.KeptBundle) { b.Revision = "\xff" },
			"too large":  func(b *journal.KeptBundle) { b.Archive = make([]byte, journal.MaxBundleBytes+1) },
		} {
			b := spare(1)
			spoil(&b)
			if err := j.KeepBundle(t.Context(), b); err == nil {
				t.Errorf("%s: kept", name)
			}
		}
		reader := g.open(t, readOnly)
		_, pruned := reader.PruneBundles(t.Context())
		for _, err := range []error{reader.KeepBundle(t.Context(), spare(1)), pruned} {
			if !errors.Is(err, journal.ErrReadOnly) {
				t.Errorf("opened for reading: %v", err)
			}
		}
		close1(t, j)
		if err := j.KeepBundle(t.Context(), spare(1)); !errors.Is(err, journal.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	})
}

func TestBundlesSayWhatTheyDecided(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		j := g.open(t)
		keep(t, j, spare(1))
		fill(t, j, 5) // by the first and the second bundle in turn
		put := entry(6)
		put.Kind, put.Bundle = journal.Party, ""
		add(t, j, put)
		kept, err := j.Bundles(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, b := range kept {
			got = append(got, fmt.Sprintf("%s/%s: %d bytes, %d records, %d to %d", b.Name, b.Revision, b.Bytes, b.Records, b.First, b.Last))
		}
		want := []string{
			fmt.Sprintf("rareearth/r0: %d bytes, 3 records, 1 to 5", len(bundle(0).Archive)),
			fmt.Sprintf("rareearth/r1: %d bytes, 2 records, 2 to 4", len(bundle(1).Archive)),
			"稀土/1: 4 bytes, 0 records, 0 to 0",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("bundles (-want +got):\n%s", diff)
		}
	})
}

// What was put into force is found newest first, is no decision, and keeps its bundle: it may be the one to go back to.
func TestActivationsKeepTheirBundles(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		j := g.open(t)
		keep(t, j, spare(1), spare(2))
		activation := func(n int, digest string) journal.Entry {
			e := entry(n)
			e.Kind, e.Bundle = journal.Activation, digest
			return e
		}
		add(t, j, activation(1, spare(1).Digest))
		add(t, j, entry(2))
		add(t, j, activation(3, "")) // one that was refused
		add(t, j, activation(4, spare(1).Digest))
		var seqs []uint64
		for _, page := range []struct {
			before uint64
			limit  int
		}{{0, 2}, {3, 2}} {
			found, err := j.Activations(t.Context(), page.before, page.limit)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range found {
				seqs = append(seqs, r.Seq)
			}
		}
		if diff := cmp.Diff([]uint64{4, 3, 1}, seqs); diff != "" {
			t.Errorf("activations (-want +got):\n%s", diff)
		}
		kept, err := j.Bundles(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range kept {
			if b.Digest == spare(1).Digest && (b.Records != 0 || b.First != 0 || b.Last != 0 || b.Activations != 2) {
				t.Errorf("what was put into force twice and decided nothing: %+v", b)
			}
		}
		removed, err := j.PruneBundles(t.Context())
		if err != nil || slices.Contains(removed, spare(1).Digest) || !slices.Contains(removed, spare(2).Digest) {
			t.Errorf("removed %v, %v", removed, err)
		}
		close1(t, j)
		report, err := g.open(t, readOnly).Verify(t.Context(), nil)
		if err != nil || report.Records != 4 {
			t.Errorf("verified %+v, %v", report, err)
		}
	})
}

func TestOnlyBundlesThatNobodyNeedsArePruned(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		j := g.open(t)
		keep(t, j, spare(1), spare(2), spare(3))
		add(t, j, entry(0)) // by the first bundle
		removed, err := j.PruneBundles(t.Context(), spare(2).Digest, "sha256:unknown", `"]'`)
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(removed)
		if diff := cmp.Diff([]string{bundle(1).Digest, spare(1).Digest, spare(3).Digest}, removed); diff != "" {
			t.Errorf("removed (-want +got):\n%s", diff)
		}
		for digest, want := range map[string]bool{bundle(0).Digest: true, bundle(1).Digest: false, spare(2).Digest: true, spare(3).Digest: false} {
			if _, err := j.Bundle(t.Context(), digest); (err == nil) != want {
				t.Errorf("%s is there: %v", digest, err)
			}
		}
		// One that is gone decides nothing before it is kept again.
		e := entry(1)
		if _, err := j.Append(t.Context(), e); !errors.Is(err, journal.ErrBundleMissing) || !isUnrecorded(err) {
			t.Errorf("a record of a bundle that is not kept: %v", err)
		}
		keep(t, j, bundle(1))
		if r := add(t, j, e); r.Seq != 2 {
			t.Errorf("place %d, want 2", r.Seq)
		}
		if removed, err = j.PruneBundles(t.Context()); err != nil || len(removed) != 1 || removed[0] != spare(2).Digest {
			t.Errorf("removed %v, %v", removed, err)
		}
		sound(t, j)
	})
}

// Of the bundles that are named, those that a record names stay, and so do all others.
func TestNamedBundlesAreDropped(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		j := g.open(t)
		keep(t, j, spare(1), spare(2), spare(3))
		add(t, j, entry(0)) // by the first bundle
		e := entry(1)
		e.Kind, e.Bundle = journal.Activation, spare(3).Digest
		add(t, j, e)
		if removed, err := j.DropBundles(t.Context()); err != nil || len(removed) != 0 {
			t.Errorf("nothing is named, and removed are %v, %v", removed, err)
		}
		removed, err := j.DropBundles(t.Context(), bundle(0).Digest, spare(1).Digest, spare(3).Digest, "sha256:unknown", `"]'`)
		if err != nil || !slices.Equal(removed, []string{spare(1).Digest}) {
			t.Errorf("removed %v, %v", removed, err)
		}
		for digest, want := range map[string]bool{bundle(0).Digest: true, bundle(1).Digest: true, spare(1).Digest: false, spare(2).Digest: true, spare(3).Digest: true} {
			if _, err := j.Bundle(t.Context(), digest); (err == nil) != want {
				t.Errorf("%s is there: %v", digest, err)
			}
		}
		sound(t, j)
	})
}

// Bundles are kept, pruned and decide at once, on several nodes: no record ever names one that is gone.
func TestPruningWhileDeciding(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		nodes := []*journal.Journal{g.open(t)}
		if g.name == "postgres" {
			nodes = append(nodes, g.node(t).open(t))
		}
		var deciding, pruning sync.WaitGroup
		var done atomic.Bool
		var missed, gone atomic.Int64
		for n := range 4 {
			j := nodes[n%len(nodes)]
			deciding.Go(func() {
				for i := range 25 {
					e := entry(i)
					b := spare(1000*n + i)
					e.Bundle = b.Digest
					for {
						if err := j.KeepBundle(context.Background(), b); err != nil {
							t.Error(err)
							return
						}
						_, err := j.Append(context.Background(), e)
						if err == nil {
							break
						}
						if !errors.Is(err, journal.ErrBundleMissing) {
							t.Error(err)
							return
						}
						missed.Add(1)
					}
				}
			})
		}
		pruning.Go(func() {
			for ; !done.Load(); time.Sleep(2 * time.Millisecond) {
				removed, err := nodes[0].PruneBundles(context.Background(), bundle(0).Digest, bundle(1).Digest)
				if err != nil {
					t.Error(err)
					return
				}
				gone.Add(int64(len(removed)))
			}
		})
		deciding.Wait()
		done.Store(true)
		pruning.Wait()
		report, err := nodes[0].Verify(t.Context(), nil)
		if err != nil || report.Records != 100 || report.Bundles < 100 {
			t.Errorf("report %+v, %v", report, err)
		}
		t.Logf("%d bundles were pruned before they decided, and %d decisions had to keep theirs again", gone.Load(), missed.Load())
	})
}

func TestABundleThatIsNotAsItWasIsFound(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		j := g.open(t)
		keep(t, j, spare(1))
		fill(t, j, 5)
		close1(t, j)
		saved := g.save(t)
		first, second, unused := bundle(0), bundle(1), spare(1)
		for _, tc := range []struct {
			name, change string
			digest       string // of the bundle that is not given any more
			want         journal.Damage
		}{
			{"a byte of an archive", "UPDATE journal_bundles SET archive = " + g.flipped("archive", 100, false) + " WHERE digest = '" + second.Digest + "'",
				second.Digest, journal.Damage{Seq: 2, Field: "archive", Offset: -1, Detail: second.Digest}},
			{"one that nobody names", "UPDATE journal_bundles SET archive = " + g.flipped("archive", 1, false) + " WHERE digest = '" + unused.Digest + "'",
				unused.Digest, journal.Damage{Field: "archive", Offset: -1, Detail: unused.Digest}},
			{"a name", "UPDATE journal_bundles SET name = 'other' WHERE digest = '" + first.Digest + "'",
				first.Digest, journal.Damage{Seq: 1, Field: "archive", Offset: -1, Detail: first.Digest}},
			{"an instant", "UPDATE journal_bundles SET kept_at = kept_at + 1 WHERE digest = '" + first.Digest + "'",
				first.Digest, journal.Damage{Seq: 1, Field: "archive", Offset: -1, Detail: first.Digest}},
			{"its hash", "UPDATE journal_bundles SET hash = " + g.flipped("hash", 3, false) + " WHERE digest = '" + first.Digest + "'",
				first.Digest, journal.Damage{Seq: 1, Field: "archive", Offset: -1, Detail: first.Digest}},
			{"two exchanged", "UPDATE journal_bundles SET archive = (SELECT archive FROM journal_bundles WHERE digest = '" + unused.Digest + "') WHERE digest = '" + first.Digest + "'",
				first.Digest, journal.Damage{Seq: 1, Field: "archive", Offset: -1, Detail: first.Digest}},
			{"removed", "DELETE FROM journal_bundles WHERE digest = '" + second.Digest + "'",
				"", journal.Damage{Seq: 2, Field: "bundle", Offset: -1, Detail: second.Digest}},
			{"all removed", "DELETE FROM journal_bundles",
				"", journal.Damage{Seq: 1, Field: "bundle", Offset: -1, Detail: first.Digest}},
		} {
			g.tamper(t, tc.change)
			named(t, g, tc.want)
			if tc.digest != "" {
				j := g.open(t, readOnly)
				if _, err := j.Bundle(t.Context(), tc.digest); !isDamage(err) {
					t.Errorf("%s: given all the same: %v", tc.name, err)
				}
				close1(t, j)
			}
			g.restore(t, saved)
		}
		// What was lost can be kept again, and then all is well.
		g.tamper(t, "DELETE FROM journal_bundles")
		sound(t, g.open(t))
	})
}

// No SQL takes away a bundle that a record names.
func TestANeededBundleCannotBeRemovedWithSQL(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		j := g.open(t)
		keep(t, j, spare(1))
		fill(t, j, 1)
		db := g.shell(t)
		for _, s := range []string{"UPDATE journal_bundles SET name = 'x'", "DELETE FROM journal_bundles WHERE digest = '" + bundle(0).Digest + "'"} {
			if _, err := db.ExecContext(t.Context(), s); err == nil || !strings.Contains(err.Error(), "never") {
				t.Errorf("%s: %v", s, err)
			}
		}
		if _, err := db.ExecContext(t.Context(), "DELETE FROM journal_bundles WHERE digest = '"+spare(1).Digest+"'"); err != nil {
			t.Errorf("one that nobody needs: %v", err)
		}
		sound(t, j)
	})
}
