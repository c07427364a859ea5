package journal_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"

	"greenchannel/server/journal"
)

func TestACheckSeesWhatCameAfterItsSnapshot(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		j := g.open(t)
		fill(t, j, 5)
		for _, fromDisk := range []bool{false, true} {
			if fromDisk {
				j = reopen(t, g, j)
			}
			for _, snapshot := range []uint64{0, 3, 4} {
				head, err := j.Head(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				var seen []string
				e := entry(9)
				e.Snapshot = snapshot
				e.Check = func(r *journal.Record) error {
					seen = append(seen, fmt.Sprintf("%d:%s", r.Seq, r.ApplicationID))
					return nil
				}
				add(t, j, e)
				var want []string
				for r, err := range j.Range(t.Context(), snapshot+1, head.Size) {
					if err != nil {
						t.Fatal(err)
					}
					want = append(want, fmt.Sprintf("%d:%s", r.Seq, r.ApplicationID))
				}
				if strings.Join(seen, " ") != strings.Join(want, " ") {
					t.Errorf("from %d it saw %v, want %v", snapshot, seen, want)
				}
			}
		}
		head, err := j.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		now := entry(10)
		now.Snapshot = head.Size
		now.Check = func(r *journal.Record) error { return fmt.Errorf("shown %d, which it had seen", r.Seq) }
		add(t, j, now)
	})
}

func TestACheckRefusesItsEntryOnly(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		j := g.open(t)
		fill(t, j, 3)
		odd := errors.New("odd")
		for name, tc := range map[string]struct {
			check func(*journal.Record) error
			want  string
		}{
			"stale":  {func(*journal.Record) error { return journal.ErrStale }, journal.ErrStale.Error()},
			"own":    {func(*journal.Record) error { return fmt.Errorf("why: %w", odd) }, "why: odd"},
			"broken": {func(*journal.Record) error { panic("oops") }, "journal: the check of an entry broke: oops"},
		} {
			e := entry(1)
			e.Check = tc.check
			if _, err := j.Append(t.Context(), e); err == nil || err.Error() != tc.want {
				t.Errorf("%s: %v, want %s", name, err, tc.want)
			}
		}
		ahead := entry(1)
		ahead.Snapshot, ahead.Check = 99, func(*journal.Record) error { return nil }
		if _, err := j.Append(t.Context(), ahead); !errors.Is(err, journal.ErrStale) {
			t.Errorf("a snapshot past the end: %v", err)
		}
		if r := add(t, j, entry(4)); r.Seq != 4 {
			t.Errorf("after refusals the next record has the place %d, want 4", r.Seq)
		}
		sound(t, j)
	})
}

// A check that looks far back is shown the facts of every record, of most without the bytes that only others read: they would
// take the more memory, the more is recorded at once. Whoever follows the journal is given them all the same.
func TestACheckThatLooksFarBackIsShownTheFactsOfAll(t *testing.T) {
	t.Parallel()
	const many = 700
	j := sqliteGround(t).open(t)
	fillMany(t, j, many)
	var shown []string
	left := 0
	e := entry(1)
	e.Check = func(r *journal.Record) error {
		shown = append(shown, fmt.Sprint(r.Seq, r.ID, r.Kind, r.ApplicationID, r.Exporter, r.Outcome, string(r.Facts)))
		if r.Input == nil && r.Reads == nil && r.Result == nil {
			left++
		}
		return nil
	}
	add(t, j, e)
	if len(shown) != many || left == 0 {
		t.Errorf("it was shown %d records, %d of them without the rest; want %d and some", len(shown), left, many)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	for r, err := range j.Tail(ctx, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprint(r.Seq, r.ID, r.Kind, r.ApplicationID, r.Exporter, r.Outcome, string(r.Facts)); want != shown[r.Seq-1] {
			t.Fatalf("the check was shown %s, and recorded is %s", shown[r.Seq-1], want)
		}
		if r.Input == nil || r.Reads == nil || r.Result == nil {
			t.Fatalf("record %d is not whole", r.Seq)
		}
		if r.Seq == many {
			break
		}
	}
}

// A check that had to look at very many records would keep everybody else from recording.
func TestASnapshotFarBehindIsStale(t *testing.T) {
	t.Parallel()
	j := sqliteGround(t).open(t)
	fillMany(t, j, 10_001)
	for snapshot, want := range map[uint64]error{0: journal.ErrStale, 1: nil} {
		shown := 0
		e := entry(1)
		e.Snapshot, e.Check = snapshot, func(*journal.Record) error { shown++; return nil }
		if _, err := j.Append(t.Context(), e); !errors.Is(err, want) {
			t.Errorf("from %d: %v, want %v", snapshot, err, want)
		}
		if want == nil && shown < 10_000 {
			t.Errorf("from %d it was shown %d records", snapshot, shown)
		}
	}
}

// Many write at once what they have counted in a snapshot. Where no two miss each other, each record says how many came
// before it.
func TestNoTwoMissEachOther(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		nodes := []*journal.Journal{g.open(t)}
		if g.name == "postgres" {
			nodes = append(nodes, g.node(t).open(t))
		}
		const writers, each = 8, 12
		var group sync.WaitGroup
		for n := range writers {
			j := nodes[n%len(nodes)]
			group.Go(func() {
				for range each {
					if err := countAndAppend(j, fmt.Sprintf("exporter %d", n%2)); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		group.Wait()
		countedRight(t, nodes[0], writers*each)
	})
}

// Two processes on one database do the same, each with a writer of its own.
func TestNoTwoProcessesMissEachOther(t *testing.T) {
	if withoutPostgres() {
		t.Log("without PostgreSQL there is one process")
		return
	}
	t.Parallel()
	g := postgresGround(t)
	j := g.open(t)
	var children []*process
	for range 2 {
		p, err := spawn(t, g.node(t), "count", &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL})
		if err != nil {
			t.Fatal(err)
		}
		children = append(children, p)
	}
	for _, p := range children {
		ended(t, p, nil)
	}
	countedRight(t, j, 2*countWriters*countEach)
}

const (
	countWriters = 4
	countEach    = 10
)

// countInAChild is what each process does.
func countInAChild(g ground) error {
	j, err := g.tryOpen()
	if err != nil {
		return err
	}
	var group sync.WaitGroup
	failed := make(chan error, countWriters)
	for range countWriters {
		group.Go(func() {
			for range countEach {
				if err := countAndAppend(j, "exporter"); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	group.Wait()
	close(failed)
	return errors.Join(<-failed, j.Close())
}

// countedRight checks that each record says how many of its exporter came before it.
func countedRight(t *testing.T, j *journal.Journal, want int) {
	t.Helper()
	before, all := map[string]int{}, 0
	for r, err := range j.Range(t.Context(), 0, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if got, want := string(r.Result), fmt.Sprint(before[r.Exporter]); got != want {
			t.Errorf("record %d of %s has counted %s before it, and there are %s", r.Seq, r.Exporter, got, want)
		}
		before[r.Exporter]++
		all++
	}
	if all != want {
		t.Errorf("%d records, want %d", all, want)
	}
}

// countAndAppend records how many records of an exporter there are, as often as it takes to be right about it.
func countAndAppend(j *journal.Journal, exporter string) error {
	for {
		head, err := j.Head(context.Background())
		if err != nil {
			return err
		}
		count := 0
		if head.Size > 0 {
			for r, err := range j.Range(context.Background(), 1, head.Size) {
				if err != nil {
					return err
				}
				if r.Exporter == exporter {
					count++
				}
			}
		}
		e := entry(count)
		e.Exporter, e.Result, e.Snapshot = exporter, fmt.Append(nil, count), head.Size
		e.Check = func(r *journal.Record) error {
			if r.Exporter == exporter {
				return journal.ErrStale
			}
			return nil
		}
		if _, err = j.Append(context.Background(), e); !errors.Is(err, journal.ErrStale) {
			return err
		}
	}
}
