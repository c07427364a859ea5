package journal_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"greenchannel/server/journal"
)

// follow reads a tail in the background, until it has n records.
func follow(t *testing.T, j *journal.Journal, after uint64, n int) <-chan []*journal.Record {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	done := make(chan []*journal.Record, 1)
	go func() {
		var got []*journal.Record
		defer func() { done <- got }()
		for r, err := range j.Tail(ctx, after) {
			if err != nil {
				t.Error(err)
				return
			}
			if got = append(got, r); len(got) == n {
				return
			}
		}
	}()
	return done
}

func inOrder(t *testing.T, got []*journal.Record, after uint64, n int) {
	t.Helper()
	if len(got) != n {
		t.Fatalf("%d records came, want %d", len(got), n)
	}
	for i, r := range got {
		if want := after + uint64(i) + 1; r.Seq != want {
			t.Fatalf("record %d has the place %d, want %d", i, r.Seq, want)
		}
	}
}

func TestTailGivesWhatIsThereAndWhatComes(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		j := g.open(t)
		fill(t, j, 30)
		j = reopen(t, g, j)
		all, late := follow(t, j, 0, 60), follow(t, j, 20, 40)
		fill(t, j, 30)
		inOrder(t, <-all, 0, 60)
		inOrder(t, <-late, 20, 40)
	})
}

func TestTailEndsWithItsContext(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		j := g.open(t)
		fill(t, j, 1)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		seen := 0
		for _, err := range j.Tail(ctx, 0) {
			if err != nil {
				t.Fatal(err)
			}
			seen++
			time.AfterFunc(10*time.Millisecond, cancel)
		}
		if seen != 1 || !errors.Is(ctx.Err(), context.Canceled) {
			t.Errorf("%d records, %v", seen, ctx.Err())
		}
	})
}

// What another process records is followed as well: by a notice on PostgreSQL, by asking on SQLite.
func TestTailFollowsAnotherProcess(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		writer := g.open(t)
		fill(t, writer, 3)
		var reader *journal.Journal
		if g.name == "postgres" {
			reader = g.node(t).open(t)
		} else {
			reader = g.open(t, readOnly)
		}
		got := follow(t, reader, 0, 23)
		fill(t, writer, 20)
		inOrder(t, <-got, 0, 23)
		if n := sound(t, reader); n != 23 {
			t.Errorf("the reader finds %d records sound, want 23", n)
		}
	})
}

func TestReadingOnlyChangesNothing(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		if _, err := g.tryOpen(readOnly); !isRefusal(err) {
			t.Errorf("where there is no journal: %v", err)
		}
		writer := g.open(t)
		fill(t, writer, 3)
		reader := g.open(t, readOnly)
		if _, err := reader.Append(t.Context(), entry(1)); !errors.Is(err, journal.ErrReadOnly) {
			t.Errorf("append: %v", err)
		}
		if reader.VerifierKey() != "" || reader.Origin() != writer.Origin() {
			t.Errorf("key %q, origin %q", reader.VerifierKey(), reader.Origin())
		}
		if r := add(t, writer, entry(4)); r.Seq != 4 {
			t.Errorf("place %d, want 4", r.Seq)
		}
		if r, err := reader.BySeq(t.Context(), 4); err != nil || r.Seq != 4 {
			t.Errorf("the reader does not see it: %v", err)
		}
	})
}
