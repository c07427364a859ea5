package journal_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
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
		before := map[string]int{}
		for r, err := range nodes[0].Range(t.Context(), 0, 0) {
			if err != nil {
				t.Fatal(err)
			}
			if got, want := string(r.Result), fmt.Sprint(before[r.Exporter]); got != want {
				t.Errorf("record %d of %s has counted %s before it, and there are %s", r.Seq, r.Exporter, got, want)
			}
			before[r.Exporter]++
		}
		if before["exporter 0"] != writers/2*each || before["exporter 1"] != writers/2*each {
			t.Errorf("recorded %v", before)
		}
	})
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
