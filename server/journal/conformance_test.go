package journal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"greenchannel/server/journal"
	"greenchannel/server/problem"
)

// The conformance suite: what holds for a journal on every database.

func TestAppendGivesPlacesWithoutGaps(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		j := g.open(t)
		var want []journal.Record
		for i := range 40 {
			e := entry(i)
			switch i % 4 {
			case 1:
				e.Input, e.Reads, e.Facts, e.Result = nil, []byte{}, nil, nil
				e.Bundle, e.Caller, e.ApplicationID, e.Exporter, e.Outcome = "", "", "", "", ""
			case 2:
				e.Kind = journal.Party
				e.Result = []byte{0, 255, 0, '\n', '\r', 0xfe}
			case 3:
				e.Input = bytes.Repeat([]byte("0123456789abcdef"), 1<<uint(i%16))
				e.IdempotencyKey = fmt.Sprintf("key %d ü", i)
			}
			before := time.Now()
			r := add(t, j, e)
			if r.Seq != uint64(i+1) || r.At.Before(before) || r.At.After(time.Now()) || r.Clamped {
				t.Fatalf("receipt %d = %+v", i, r)
			}
			got, err := j.Get(t.Context(), e.ID)
			if err != nil {
				t.Fatal(err)
			}
			if got.Hash() != r.Hash || got.Seq != r.Seq || !got.At.Equal(r.At) {
				t.Fatalf("record %+v does not fit its receipt %+v", got, r)
			}
			if diff := cmp.Diff(asEntry(e), asEntry(back(got))); diff != "" {
				t.Fatalf("what came back differs (-given +got):\n%s", diff)
			}
			want = append(want, *got)
		}
		reopened := reopen(t, g, j)
		var got []journal.Record
		for r, err := range reopened.Range(t.Context(), 0, 0) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, *r)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("after opening again (-want +got):\n%s", diff)
		}
		if n := sound(t, reopened); n != 40 {
			t.Fatalf("%d records are sound, want 40", n)
		}
		if r := add(t, reopened, entry(41)); r.Seq != 41 {
			t.Fatalf("the next record has the place %d, want 41", r.Seq)
		}
	})
}

// asEntry makes what is absent comparable to what came back: no bytes.
func asEntry(e journal.Entry) map[string]any {
	return map[string]any{
		"id": e.ID, "kind": e.Kind, "clock": e.Clock.UTC(), "bundle": e.Bundle, "input": string(e.Input), "reads": string(e.Reads),
		"facts": string(e.Facts), "result": string(e.Result), "caller": e.Caller, "key": e.IdempotencyKey, "application": e.ApplicationID,
		"exporter": e.Exporter, "outcome": e.Outcome,
	}
}

func back(r *journal.Record) journal.Entry {
	return journal.Entry{
		ID: r.ID, Kind: r.Kind, Clock: r.Clock, Bundle: r.Bundle, Input: r.Input, Reads: r.Reads, Facts: r.Facts, Result: r.Result,
		Caller: r.Caller, IdempotencyKey: r.IdempotencyKey, ApplicationID: r.ApplicationID, Exporter: r.Exporter, Outcome: r.Outcome,
	}
}

func reopen(t *testing.T, g ground, j *journal.Journal) *journal.Journal {
	t.Helper()
	close1(t, j)
	return g.open(t)
}

func TestUnknownRecordsAreNotFound(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		j := g.open(t)
		fill(t, j, 2)
		_, byID := j.Get(t.Context(), newID())
		_, byText := j.Get(t.Context(), "' OR 1=1 --")
		_, zero := j.BySeq(t.Context(), 0)
		_, past := j.BySeq(t.Context(), 3)
		for _, err := range []error{byID, byText, zero, past} {
			if kind := problem.Of(err).Kind; kind != problem.NotFound {
				t.Errorf("%v has the kind %s", err, kind)
			}
		}
		if r, err := j.BySeq(t.Context(), 2); err != nil || r.Seq != 2 {
			t.Errorf("BySeq(2) = %+v, %v", r, err)
		}
	})
}

func TestBySeqsGivesWhatIsAskedFor(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		j := g.open(t)
		fill(t, j, 6)
		for _, tc := range []struct {
			seqs []uint64
			want string
			kind problem.Kind
		}{
			{nil, "", ""},
			{[]uint64{5, 1, 3, 5}, "5 1 3 5", ""},
			{[]uint64{1, 7}, "", problem.NotFound},
			{[]uint64{0}, "", problem.NotFound},
			{make([]uint64, 513), "", problem.Internal},
		} {
			records, err := j.BySeqs(t.Context(), tc.seqs)
			var got []string
			for _, r := range records {
				got = append(got, fmt.Sprint(r.Seq))
			}
			if text := strings.Join(got, " "); text != tc.want || (err != nil) != (tc.kind != "") || err != nil && problem.Of(err).Kind != tc.kind {
				t.Errorf("BySeqs(%v) = %s, %v", tc.seqs, text, err)
			}
		}
		close1(t, j)
		g.tamper(t, "UPDATE journal_records SET outcome = 'prohibited' WHERE seq = 3")
		if _, err := g.open(t, readOnly).BySeqs(t.Context(), []uint64{2, 3}); !isDamage(err) {
			t.Errorf("a damaged record: %v", err)
		}
	})
}

func TestRangeGivesWhatIsAskedFor(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		j := g.open(t)
		fill(t, j, 10)
		reopened := reopen(t, g, j) // so that nothing comes from memory
		for _, tc := range []struct {
			first, last uint64
			want        string
		}{{0, 0, "1 2 3 4 5 6 7 8 9 10"}, {3, 5, "3 4 5"}, {10, 10, "10"}, {9, 0, "9 10"}, {11, 0, ""}, {5, 4, ""}, {9, 12, "9 10 error"}} {
			var got []string
			for r, err := range reopened.Range(t.Context(), tc.first, tc.last) {
				if err != nil {
					got = append(got, "error")
					continue
				}
				got = append(got, fmt.Sprint(r.Seq))
			}
			if text := strings.Join(got, " "); text != tc.want {
				t.Errorf("Range(%d, %d) = %s, want %s", tc.first, tc.last, text, tc.want)
			}
		}
	})
}

func TestAppendRefusesWhatCannotBeKept(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		j := g.open(t)
		for name, spoil := range map[string]func(*journal.Entry){
			"no id":           func(e *journal.Entry) { e.ID = "" },
			"UUIDv4":          func(e *journal.Entry) { e.ID = "0f0e0d0c-0b0a-4908-8706-050403020100" },
			"upper case":      func(e *journal.Entry) { e.ID = strings.ToUpper(e.ID) },
			"dashes":          func(e *journal.Entry) { e.ID = strings.ReplaceAll(e.ID, "-", "0") },
			"kind":            func(e *journal.Entry) { e.Kind = "other" },
			"NUL":             func(e *journal.Entry) { e.Exporter = "a\x00b" },
			"not UTF-8":       func(e *journal.Entry) { e.Caller = "\xff" },
			"long key":        func(e *journal.Entry) { e.IdempotencyKey = strings.Repeat("k", journal.MaxKeyBytes+1) },
			"too much at all": func(e *journal.Entry) { e.Facts = make([]byte, journal.MaxRecordBytes) },
			"no clock":        func(e *journal.Entry) { e.Clock = time.Time{} },
			"no such bundle":  func(e *journal.Entry) { e.Bundle = "sha256:none" },
		} {
			e := entry(1)
			spoil(&e)
			if r, err := j.Append(t.Context(), e); err == nil {
				t.Errorf("%s: recorded as %+v", name, r)
			}
		}
		if r := add(t, j, entry(1)); r.Seq != 1 {
			t.Errorf("after refusals the first record has the place %d", r.Seq)
		}
	})
}

func TestAnIDIsTakenOnce(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		j := g.open(t)
		e := entry(1)
		add(t, j, e)
		again := entry(2)
		again.ID = e.ID
		if _, err := j.Append(t.Context(), again); err == nil || problem.Of(err).Kind != problem.Internal {
			t.Errorf("an id that is taken: %v", err)
		}
		// Many at once, in few groups: one wins, and it costs the others of its group nothing.
		var group sync.WaitGroup
		results := make(chan error, 200)
		id := newID()
		for i := range 100 {
			same, own := entry(i), entry(i)
			same.ID = id
			group.Go(func() { _, err := j.Append(context.Background(), same); results <- err })
			group.Go(func() { _, err := j.Append(context.Background(), own); results <- err })
		}
		group.Wait()
		close(results)
		refused := 0
		for err := range results {
			if err != nil {
				refused++
			}
		}
		if refused != 99 {
			t.Errorf("%d of 200 were refused, want 99", refused)
		}
		if n := sound(t, j); n != 102 {
			t.Errorf("%d records, want 102", n)
		}
	})
}

func TestManyAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		j := g.open(t, func(o *journal.Options) { o.KeepCheckpoint = 100 })
		const goroutines, each = 32, 40
		var group sync.WaitGroup
		var mu sync.Mutex
		receipts := map[string]journal.Receipt{}
		for n := range goroutines {
			group.Go(func() {
				for i := range each {
					e := entry(n*each + i)
					r, err := j.Append(context.Background(), e)
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					receipts[e.ID] = r
					mu.Unlock()
				}
			})
		}
		group.Wait()
		stats := j.Stats()
		if stats.Records != goroutines*each || stats.Size != goroutines*each {
			t.Errorf("stats %+v, want %d records", stats, goroutines*each)
		}
		if stats.Groups >= stats.Records {
			t.Errorf("%d records took %d commits: none were committed together", stats.Records, stats.Groups)
		}
		reopened := reopen(t, g, j)
		var last time.Time
		next := uint64(1)
		for r, err := range reopened.Range(t.Context(), 0, 0) {
			if err != nil {
				t.Fatal(err)
			}
			want := receipts[r.ID]
			if r.Seq != next || want.Seq != r.Seq || want.Hash != r.Hash() || !want.At.Equal(r.At) || !r.At.After(last) {
				t.Fatalf("record %d (%s, %s) does not fit its receipt %+v", r.Seq, r.ID, r.At, want)
			}
			next, last = r.Seq+1, r.At
		}
		report, err := reopened.Verify(t.Context(), nil)
		// Twelve sizes past a multiple of 100, unless a group passed two at once, and the end.
		if err != nil || report.Records != goroutines*each || report.Checkpoints < 2 || report.Checkpoints > 13 {
			t.Errorf("report %+v, %v", report, err)
		}
	})
}

func TestTheClockMayGoBack(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		start := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
		now := start
		j := g.open(t, func(o *journal.Options) { o.Now = func() time.Time { return now } })
		var got []string
		for _, offset := range []time.Duration{time.Second, time.Second, -time.Hour, 2 * time.Second} {
			now = start.Add(offset)
			r := add(t, j, entry(1))
			got = append(got, fmt.Sprintf("%s %v", r.At.Format("15:04:05.000000000"), r.Clamped))
		}
		want := []string{"09:00:01.000000000 false", "09:00:01.000000001 false", "09:00:01.000000002 true", "09:00:02.000000000 false"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("instants (-want +got):\n%s", diff)
		}
		if n := j.Stats().Clamped; n != 1 {
			t.Errorf("%d records are counted as clamped, want 1", n)
		}
		close1(t, j)
		now = start.Add(-24 * time.Hour)
		later := g.open(t, func(o *journal.Options) { o.Now = func() time.Time { return now } })
		if r := add(t, later, entry(2)); !r.Clamped || !r.At.Equal(start.Add(2*time.Second+1)) {
			t.Errorf("after opening again with an earlier clock: %+v", r)
		}
		sound(t, later)
	})
}

func TestCloseLosesNothing(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		j := g.open(t)
		var mu sync.Mutex
		kept := map[string]bool{}
		var group sync.WaitGroup
		begun := make(chan struct{}, 16)
		for n := range 16 {
			group.Go(func() {
				for i := 0; ; i++ {
					e := entry(n*1000 + i)
					_, err := j.Append(context.Background(), e)
					if i == 0 {
						begun <- struct{}{}
					}
					if errors.Is(err, journal.ErrClosed) {
						return
					}
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					kept[e.ID] = true
					mu.Unlock()
				}
			})
		}
		for range 16 {
			<-begun
		}
		close1(t, j)
		group.Wait()
		close1(t, j) // closing again is harmless
		if _, err := j.Append(t.Context(), entry(1)); !errors.Is(err, journal.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
		reopened := g.open(t)
		there := 0
		for r, err := range reopened.Range(t.Context(), 0, 0) {
			if err != nil {
				t.Fatal(err)
			}
			if !kept[r.ID] {
				t.Errorf("record %d was not acknowledged", r.Seq)
			}
			there++
		}
		if there != len(kept) {
			t.Errorf("%d records were acknowledged and %d are there", len(kept), there)
		}
	})
}

func TestACallerMayGoAway(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		j := g.open(t)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		e := entry(1)
		if _, err := j.Append(gone, e); err == nil {
			// It was quicker than its caller; then it is there.
			if _, err := j.Get(t.Context(), e.ID); err != nil {
				t.Error(err)
			}
		} else if !isUnrecorded(err) {
			t.Errorf("a caller who went away: %v", err)
		}
		sound(t, j)
	})
}

func TestCloseLeavesNothingRunning(t *testing.T) {
	for _, g := range grounds(t) { // alone, so that what runs is ours
		running := goleak.IgnoreCurrent()
		j := g.open(t)
		fill(t, j, 3)
		close1(t, j)
		if err := goleak.Find(running); err != nil {
			t.Errorf("%s: %v", g.name, err)
		}
	}
}
