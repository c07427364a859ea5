package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"greenchannel/policies"
	"greenchannel/server/bundle"
	"greenchannel/server/decision"
	"greenchannel/server/impact"
	"greenchannel/server/journal"
	"greenchannel/server/problem"
)

// The machine may be busy; deadlines have tests of their own.
const noHurry = 5 * time.Minute

// recordedRooms are rooms that keep their record in a folder of the test.
func recordedRooms(t *testing.T) (*Rooms, RecordConfig) {
	t.Helper()
	config := RecordConfig{Data: t.TempDir(), Log: slog.New(slog.DiscardHandler)}
	rooms, err := OpenRecorded(t.Context(), policies.FS(), noHurry, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := rooms.Close(); err != nil {
			t.Error(err)
		}
	})
	return rooms, config
}

// decided records a decision on an application, as the service would.
func decided(t *testing.T, rooms *Rooms, body []byte) decision.Record {
	t.Helper()
	app, err := rooms.Engine.Read(body)
	if err != nil {
		t.Fatal(err)
	}
	record, err := rooms.Decisions.Decide(t.Context(), decision.Request{App: app, Caller: "tester"})
	if err != nil {
		t.Fatal(err)
	}
	return record
}

// registered puts a party on file.
func registered(t *testing.T, rooms *Rooms) {
	t.Helper()
	_, err := rooms.Decisions.Journal.Append(t.Context(), decision.Record{
		ID: rooms.Decisions.NewID(), Kind: decision.KindParty, Clock: time.Now(), Caller: "tester",
		Input: []byte(`{}`), Facts: []byte(`{"party":"P-1","names":["Beispiel Motoren GmbH"]}`), Reads: []byte(`[]`),
		Result: []byte(`{"id":"P-1","name":"Beispiel Motoren GmbH","country":"DE"}`),
	}, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
}

// otherPolicies are those of this house with one text changed, and one test of their own.
func otherPolicies(t *testing.T, name, old, changed string) fs.FS {
	t.Helper()
	folder := withOneTest(t)
	text := string(folder[name].Data)
	if !strings.Contains(text, old) {
		t.Fatalf("%s does not say %q any more", name, old)
	}
	folder[name] = &fstest.MapFile{Data: []byte(strings.Replace(text, old, changed, 1))}
	return folder
}

// kept keeps other policies beside the record, and gives their revision.
func kept(t *testing.T, rooms *Rooms, folder fs.FS) string {
	t.Helper()
	loaded, err := bundle.Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	if err := rooms.record.keep(t.Context(), loaded, folder); err != nil {
		t.Fatal(err)
	}
	return loaded.Revision
}

// Whatever was decided comes out the same from its record alone, in rooms that know nothing else; also while the record is
// being kept by others.
func TestEveryCaseIsReplayedIdentically(t *testing.T) {
	t.Parallel()
	rooms, config := recordedRooms(t)
	files, err := filepath.Glob("../tests/cases/applications/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no applications: %v", err)
	}
	for _, day := range []string{"2025-06-01", "2026-11-23"} {
		at, err := decision.ParseAsOf(day)
		if err != nil {
			t.Fatal(err)
		}
		rooms.Decisions.Now = func() time.Time { return at.Add(time.Hour) }
		for _, file := range files {
			decided(t, rooms, read(t, file))
		}
		registered(t, rooms)
	}
	reading, err := OpenReading(t.Context(), config, noHurry)
	if err != nil {
		t.Fatal(err)
	}
	defer reading.Close()
	var decisions, others, last uint64
	err = reading.ReplayAll(t.Context(), Selection{}, func(one Replayed) error {
		if last++; one.Done != last || one.Total != uint64(2*len(files)+2) {
			t.Errorf("%d of %d is told as number %d", one.Done, one.Total, last)
		}
		switch {
		case one.Report == nil:
			others++
		case !one.Report.Identical || one.Report.Seq != one.Done:
			t.Errorf("%d: %s", one.Done, one.Report.Text())
		default:
			decisions++
		}
		return nil
	})
	if err != nil || decisions != uint64(2*len(files)) || others != 2 {
		t.Errorf("%d decisions and %d others, %v; want %d and 2", decisions, others, err, 2*len(files))
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// tampering changes results on their way into the record.
type tampering struct {
	recorder
	old, changed string
}

func (r tampering) Append(ctx context.Context, draft decision.Record, seen uint64, stale func(decision.Record) bool) (decision.Record, error) {
	draft.Result = []byte(strings.Replace(string(draft.Result), r.old, r.changed, 1))
	return r.recorder.Append(ctx, draft, seen, stale)
}

func TestReplayFindsAResultThatWasChanged(t *testing.T) {
	t.Parallel()
	rooms, _ := recordedRooms(t)
	rooms.Decisions.Journal = tampering{recorder{rooms.record}, `"outcome":"`, `"outcome":"not_`}
	record := decided(t, rooms, []byte(shortest))
	for _, which := range []string{record.ID, strings.ToUpper(record.ID), fmt.Sprint(record.Seq)} {
		report, err := rooms.Replay(t.Context(), which, "")
		if err != nil || report.Identical || len(report.Differences) != 1 || report.Differences[0].Pointer != "/result/outcome" {
			t.Errorf("%s: %+v, %v; want the difference at /result/outcome", which, report, err)
		}
	}
}

func TestReplayWithOtherPoliciesShowsWhatChanges(t *testing.T) {
	t.Parallel()
	rooms, _ := recordedRooms(t)
	record := decided(t, rooms, []byte(shortest))
	fired := ""
	for file, title := range titles(t) {
		if strings.Contains(string(record.Result), `"title":"`+title+`"`) {
			fired = title
			other := kept(t, rooms, otherPolicies(t, file, "# title: "+title+"\n", "# title: Another title\n"))
			report, err := rooms.Replay(t.Context(), record.ID, other)
			if err != nil || report.Identical || report.Bundle == report.RecordedBundle || len(report.Differences) == 0 {
				t.Fatalf("%+v, %v", report, err)
			}
			for _, d := range report.Differences {
				if !strings.HasPrefix(d.Pointer, "/result/reasons/") || string(d.Replayed) != `"Another title"` {
					t.Errorf("%+v", d)
				}
			}
			same, err := rooms.Replay(t.Context(), record.ID, record.Bundle)
			if err != nil || !same.Identical {
				t.Errorf("%s %v", same.Text(), err)
			}
			break
		}
	}
	if fired == "" {
		t.Fatalf("no title of a rule stands in %s", record.Result)
	}
}

// titles gives the first title of a finding in each file of the policies.
func titles(t *testing.T) iter.Seq2[string, string] {
	t.Helper()
	return func(yield func(string, string) bool) {
		_ = fs.WalkDir(policies.FS(), "rareearth", func(name string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(name, ".rego") || strings.HasSuffix(name, "_test.rego") {
				return err
			}
			text, err := fs.ReadFile(policies.FS(), name)
			for line := range strings.Lines(string(text)) {
				if title, ok := strings.CutPrefix(line, "# title: "); ok && !yield(name, strings.TrimSpace(title)) {
					return fs.SkipAll
				}
			}
			return err
		})
	}
}

func TestReplayNamesARowThatIsNotRecorded(t *testing.T) {
	t.Parallel()
	rooms, _ := recordedRooms(t)
	record := decided(t, rooms, []byte(shortest))
	other := kept(t, rooms, otherPolicies(t, "rareearth/lib/history/history.rego",
		"names contains certificate.party", "names contains \"Nobody Ltd\"\n\nnames contains certificate.party"))
	report, err := rooms.Replay(t.Context(), record.ID, other)
	if err != nil || report.Unavailable == nil {
		t.Fatalf("%+v, %v; want it to be unavailable", report, err)
	}
	if got := strings.Join(report.Unavailable.Path, "/"); got != "registry/parties/Nobody Ltd" {
		t.Errorf("path = %s", got)
	}
}

func TestReplaySaysWhatItIsNotAbout(t *testing.T) {
	t.Parallel()
	rooms, config := recordedRooms(t)
	record := decided(t, rooms, []byte(shortest))
	registered(t, rooms)
	for _, tc := range []struct {
		name     string
		selected Selection
		kind     problem.Kind
		detail   string
	}{
		{"a party", Selection{Which: []string{"2"}}, problem.Invalid, "not a decision"},
		{"no such number", Selection{Which: []string{"7"}}, problem.NotFound, "number 7"},
		{"no such id", Selection{Which: []string{"nonsense"}}, problem.NotFound, "nonsense"},
		{"no such revision", Selection{Revision: "abcd1234"}, problem.Invalid, "abcd1234"},
		{"no revision at all", Selection{Revision: "latest"}, problem.Invalid, "hexadecimal"},
		{"past the end", Selection{Last: 9}, problem.Invalid, "number 9"},
		{"from past the end", Selection{First: 9}, problem.Invalid, "number 9"},
		{"backwards", Selection{First: 2, Last: 1}, problem.Invalid, "after"},
	} {
		err := rooms.ReplayAll(t.Context(), tc.selected, func(Replayed) error { return nil })
		if known := problem.Of(err); known == nil || known.Kind != tc.kind || !strings.Contains(known.Error(), tc.detail) {
			t.Errorf("%s: err = %v, want %s that says %q", tc.name, err, tc.kind, tc.detail)
		}
	}
	enough := errors.New("enough")
	if err := rooms.ReplayAll(t.Context(), Selection{}, func(Replayed) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("err = %v, want that of the listener", err)
	}
	unrecorded := &Rooms{Engine: rooms.Engine}
	if _, err := unrecorded.Replay(t.Context(), record.ID, ""); err == nil || problem.Of(err).Kind != problem.NotReady {
		t.Errorf("err = %v, want not ready", err)
	}
	config.Data = t.TempDir()
	if _, err := OpenReading(t.Context(), config, noHurry); err == nil {
		t.Error("a folder without a record is read")
	}
}

// numbered gives records 1 to n.
func numbered(n uint64) iter.Seq2[*journal.Record, error] {
	return func(yield func(*journal.Record, error) bool) {
		for seq := uint64(1); seq <= n; seq++ {
			if !yield(&journal.Record{Seq: seq}, nil) {
				return
			}
		}
	}
}

func TestInOrder(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	t.Run("what is quick waits for what is slow", func(t *testing.T) {
		t.Parallel()
		var got []uint64
		err := inOrder(t.Context(), numbered(50), func(_ context.Context, r *journal.Record) (uint64, error) {
			time.Sleep(time.Duration(r.Seq%3) * time.Millisecond)
			return r.Seq, nil
		}, func(seq uint64) error { got = append(got, seq); return nil })
		for i, seq := range got {
			if seq != uint64(i+1) {
				t.Fatalf("got %v", got)
			}
		}
		if err != nil || len(got) != 50 {
			t.Errorf("%d, %v", len(got), err)
		}
	})
	t.Run("the first error ends it", func(t *testing.T) {
		t.Parallel()
		var begun atomic.Int64
		var last uint64
		err := inOrder(t.Context(), numbered(1_000_000), func(_ context.Context, r *journal.Record) (uint64, error) {
			begun.Add(1)
			if r.Seq == 20 {
				return 0, broken
			}
			return r.Seq, nil
		}, func(seq uint64) error { last = seq; return nil })
		if !errors.Is(err, broken) || last != 19 || begun.Load() > 1000 {
			t.Errorf("%v after %d, %d begun", err, last, begun.Load())
		}
	})
	t.Run("so does a record that cannot be read", func(t *testing.T) {
		t.Parallel()
		records := func(yield func(*journal.Record, error) bool) {
			_ = yield(&journal.Record{Seq: 1}, nil) && yield(nil, broken)
		}
		told := 0
		err := inOrder(t.Context(), records, func(context.Context, *journal.Record) (int, error) { return 0, nil },
			func(int) error { told++; return nil })
		if !errors.Is(err, broken) || told != 1 {
			t.Errorf("%v after %d", err, told)
		}
	})
	t.Run("and the end of the context", func(t *testing.T) {
		t.Parallel()
		ctx, stop := context.WithCancel(t.Context())
		err := inOrder(ctx, numbered(1_000_000), func(ctx context.Context, _ *journal.Record) (*impact.Report, error) {
			stop()
			return nil, ctx.Err()
		}, func(*impact.Report) error { return nil })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("err = %v", err)
		}
	})
}
