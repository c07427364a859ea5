package decision_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"greenchannel/server/decision"
	"greenchannel/server/problem"
)

// policy is a decision.Policy made of a function.
type policy func(app decision.Application, at time.Time) (decision.Verdict, error)

func (p policy) Evaluate(_ context.Context, app decision.Application, at time.Time) (decision.Verdict, error) {
	return p(app, at)
}

// echo is a policy that answers what it was asked.
var echo policy = func(app decision.Application, at time.Time) (decision.Verdict, error) {
	written, err := decision.Write(decision.Decision{
		ApplicationID: app.ID(), AsOf: decision.Instant(at), Outcome: decision.StandardReview,
		Policy: decision.PolicyRef{Name: "echo", Revision: "1", Digest: "sha256:1"},
	})
	return decision.Verdict{Decision: written, Facts: []byte(`{"exporter":"E"}`), Reads: []byte(`[]`)}, err
}

// memory is a decision.Recorder that keeps records in memory. What it does beside that, a test says.
type memory struct {
	records []decision.Record
	append  func(draft decision.Record, seen uint64, stale func(decision.Record) bool) error
}

func (m *memory) Claim(_ context.Context, caller, key string, body []byte) (*decision.Record, func(), error) {
	for _, record := range m.records {
		if key != "" && record.Caller == caller && record.IdempotencyKey == key {
			if string(record.Input) != string(body) {
				return nil, nil, problem.New(problem.KeyReused, "another body")
			}
			return &record, nil, nil
		}
	}
	return nil, func() {}, nil
}

// Settled has nothing to wait for.
func (*memory) Settled(context.Context, string) {}

func (m *memory) Append(_ context.Context, draft decision.Record, seen uint64, stale func(decision.Record) bool) (decision.Record, error) {
	if m.append != nil {
		if err := m.append(draft, seen, stale); err != nil {
			return decision.Record{}, err
		}
	}
	draft.Seq, draft.Hash = uint64(len(m.records))+1, "sha256:00"
	m.records = append(m.records, draft)
	return draft, nil
}

func read(t *testing.T, body string) decision.Application {
	t.Helper()
	app, err := smallReader(t).Read([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return app
}

func TestDecideUsesTheClockOfTheService(t *testing.T) {
	t.Parallel()
	clock := time.Date(2026, 11, 23, 1, 2, 3, 456_789_012, time.UTC)
	journal := &memory{}
	service := decision.Service{
		Policy: echo, Journal: journal, Turns: decision.NewTurns(),
		Now:   func() time.Time { clock = clock.Add(time.Second); return clock },
		NewID: func() string { return "0199-id" },
	}
	record, err := service.Decide(t.Context(), decision.Request{App: read(t, sound), Caller: "erp", IdempotencyKey: "k"})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := record.Answer()
	if err != nil {
		t.Fatal(err)
	}
	var decided struct {
		decision.Decision
		Record decision.RecordOf `json:"record"`
	}
	if err := json.Unmarshal(answer, &decided); err != nil {
		t.Fatal(err)
	}
	if decided.DecisionID != "0199-id" || decided.ApplicationID != "A-1" || decided.Record != (decision.RecordOf{Seq: 1, Hash: "sha256:00"}) {
		t.Errorf("answer %s", answer)
	}
	if want := "2026-11-23T09:02:04.456+08:00"; decided.AsOf != want {
		t.Errorf("as_of = %s, want %s: Beijing time, to the millisecond", decided.AsOf, want)
	}
	if want := "2026-11-23T09:02:05.456+08:00"; decided.DecidedAt != want {
		t.Errorf("decided_at = %s, want %s: the clock after the evaluation", decided.DecidedAt, want)
	}
	kept := journal.records[0]
	if string(kept.Input) != sound || string(kept.Facts) != `{"exporter":"E"}` || string(kept.Reads) != `[]` ||
		kept.Caller != "erp" || kept.IdempotencyKey != "k" || kept.Bundle != "sha256:1" || kept.Kind != decision.KindDecision ||
		kept.ApplicationID != "A-1" || kept.Outcome != "standard_review" || decision.Instant(kept.Clock) != decided.AsOf {
		t.Errorf("kept %+v", kept)
	}
	if strings.Contains(string(kept.Result), `"record"`) || !strings.HasPrefix(string(answer), strings.TrimSuffix(string(kept.Result), "}")) {
		t.Errorf("the answer is not the recorded result with its place:\n%s\n%s", kept.Result, answer)
	}
}

// The same key and body get the same answer, and nothing is decided again.
func TestDecideAnswersAKeyOnce(t *testing.T) {
	t.Parallel()
	journal := &memory{}
	ids := 0
	service := decision.Service{Policy: echo, Journal: journal, Turns: decision.NewTurns(), Now: time.Now, NewID: func() string { ids++; return fmt.Sprint("id-", ids) }}
	ask := decision.Request{App: read(t, sound), Caller: "erp", IdempotencyKey: "k"}
	first, err := service.Decide(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	second, err := service.Decide(t.Context(), ask)
	if err != nil || second.ID != first.ID || len(journal.records) != 1 {
		t.Errorf("%d records; %s, then %s (%v)", len(journal.records), first.ID, second.ID, err)
	}
	ask.Caller = "another"
	if third, err := service.Decide(t.Context(), ask); err != nil || third.ID == first.ID {
		t.Errorf("the key of one caller is that of another: %v", err)
	}
}

// What was read and has changed since is read again; and there is an end to it.
func TestDecideTriesAgainWhenStale(t *testing.T) {
	t.Parallel()
	tries := 0
	journal := &memory{}
	journal.append = func(_ decision.Record, seen uint64, stale func(decision.Record) bool) error {
		if tries++; seen != uint64(tries) {
			t.Errorf("try %d was seen up to %d", tries, seen)
		}
		if stale(decision.Record{Seq: seen + 1}) && tries < 3 {
			return problem.New(problem.Stale, "changed")
		}
		return nil
	}
	seen := uint64(0)
	watching := policy(func(app decision.Application, at time.Time) (decision.Verdict, error) {
		verdict, err := echo(app, at)
		seen++
		verdict.Seen, verdict.Stale = seen, func(decision.Record) bool { return true }
		return verdict, err
	})
	service := decision.Service{Policy: watching, Journal: journal, Turns: decision.NewTurns(), Now: time.Now, NewID: func() string { return "id" }}
	if _, err := service.Decide(t.Context(), decision.Request{App: read(t, sound)}); err != nil || tries != 3 {
		t.Errorf("%d tries: %v", tries, err)
	}
	journal.append = func(decision.Record, uint64, func(decision.Record) bool) error {
		tries++
		return problem.New(problem.Stale, "changed")
	}
	tries = 0
	_, err := service.Decide(t.Context(), decision.Request{App: read(t, sound)})
	if problem.Of(err).Kind != problem.Stale || tries < 2 || tries > 100 || len(journal.records) != 1 {
		t.Errorf("%d tries, %d records: %v", tries, len(journal.records), err)
	}
}

func TestDryRunLeavesNoTrace(t *testing.T) {
	t.Parallel()
	service := decision.Service{Policy: echo}
	decided, err := service.DryRun(t.Context(), decision.Application{}, time.Date(2025, 4, 4, 0, 0, 0, 0, decision.Beijing()))
	if err != nil {
		t.Fatal(err)
	}
	if text := string(decided.JSON()); strings.Contains(text, "decision_id") || strings.Contains(text, "decided_at") {
		t.Errorf("a dry run has an id or a time: %s", text)
	}
	if decided.AsOf != "2025-04-04T00:00:00+08:00" {
		t.Errorf("as_of = %s", decided.AsOf)
	}
}

func TestDecideGivesNoPartOfAFailedDecision(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	service := decision.Service{
		Policy: policy(func(decision.Application, time.Time) (decision.Verdict, error) {
			return decision.Verdict{Decision: decision.Written{Outcome: decision.NoLicenceRequired}}, broken
		}),
		Journal: &memory{},
		Turns:   decision.NewTurns(),
		Now:     time.Now,
		NewID:   func() string { return "id" },
	}
	record, err := service.Decide(t.Context(), decision.Request{})
	if !errors.Is(err, broken) || record.ID != "" || record.Result != nil {
		t.Errorf("%v beside %+v", err, record)
	}
	full := errors.New("the disk is full")
	journal := &memory{append: func(decision.Record, uint64, func(decision.Record) bool) error { return full }}
	service.Policy, service.Journal = echo, journal
	record, err = service.Decide(t.Context(), decision.Request{App: read(t, sound)})
	if !errors.Is(err, full) || record.ID != "" || record.Result != nil || len(journal.records) != 0 {
		t.Errorf("what was not recorded was given: %+v, %v", record, err)
	}
}

// Of many applications of one exporter at one moment, all come through, whoever is first.
func TestApplicationsOfOneExporterTakeTurns(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	journal := &memory{}
	journal.append = func(_ decision.Record, seen uint64, stale func(decision.Record) bool) error {
		// The caller holds no lock of ours, as in a journal: the check and the append are one.
		if uint64(len(journal.records)) > seen && stale(decision.Record{}) {
			return problem.New(problem.Stale, "changed")
		}
		return nil
	}
	locked := recorderFunc(func(ctx context.Context, draft decision.Record, seen uint64, stale func(decision.Record) bool) (decision.Record, error) {
		mu.Lock()
		defer mu.Unlock()
		return journal.Append(ctx, draft, seen, stale)
	})
	watching := policy(func(app decision.Application, at time.Time) (decision.Verdict, error) {
		mu.Lock()
		seen := uint64(len(journal.records))
		mu.Unlock()
		runtime.Gosched() // others are recorded meanwhile
		verdict, err := echo(app, at)
		verdict.Seen, verdict.Stale = seen, func(decision.Record) bool { return true }
		return verdict, err
	})
	service := decision.Service{Policy: watching, Journal: locked, Turns: decision.NewTurns(), Now: time.Now, NewID: func() string { return "id" }}
	app := read(t, sound)
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			if _, err := service.Decide(t.Context(), decision.Request{App: app}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(journal.records) != 64 {
		t.Errorf("%d records, want 64", len(journal.records))
	}
}

// The live tables follow the journal at a distance: what was recorded just before a turn came is seen only after that was
// noticed. All come through nevertheless.
func TestApplicationsComeThroughWhenTablesLag(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	recorded, followed := uint64(0), uint64(0)
	lagging := recorderFunc(func(_ context.Context, draft decision.Record, seen uint64, _ func(decision.Record) bool) (decision.Record, error) {
		mu.Lock()
		defer mu.Unlock()
		if seen < recorded {
			followed = recorded
			return decision.Record{}, problem.New(problem.Stale, "changed")
		}
		recorded++
		return draft, nil
	})
	watching := policy(func(app decision.Application, at time.Time) (decision.Verdict, error) {
		mu.Lock()
		seen := followed
		mu.Unlock()
		runtime.Gosched()
		verdict, err := echo(app, at)
		verdict.Seen, verdict.Stale = seen, func(decision.Record) bool { return true }
		return verdict, err
	})
	service := decision.Service{Policy: watching, Journal: lagging, Turns: decision.NewTurns(), Now: time.Now, NewID: func() string { return "id" }}
	app := read(t, sound)
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			for range 20 {
				if _, err := service.Decide(t.Context(), decision.Request{App: app}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if recorded != 32*20 {
		t.Errorf("%d records, want %d", recorded, 32*20)
	}
}

// recorderFunc is a Recorder that only appends.
type recorderFunc func(ctx context.Context, draft decision.Record, seen uint64, stale func(decision.Record) bool) (decision.Record, error)

func (f recorderFunc) Claim(context.Context, string, string, []byte) (*decision.Record, func(), error) {
	return nil, func() {}, nil
}

func (recorderFunc) Settled(context.Context, string) {}

func (f recorderFunc) Append(ctx context.Context, draft decision.Record, seen uint64, stale func(decision.Record) bool) (decision.Record, error) {
	return f(ctx, draft, seen, stale)
}

func TestAnswerNeedsAWholeResult(t *testing.T) {
	t.Parallel()
	for _, result := range []string{"", "{}", "[1]", `"}"`, `{"a":1`} {
		if answer, err := (decision.Record{Seq: 1, Result: []byte(result)}).Answer(); err == nil {
			t.Errorf("%q became %s", result, answer)
		}
	}
}

func TestParseAsOf(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ text, want string }{
		{"2025-04-04", "2025-04-04T00:00:00+08:00"},
		{"2025-04-03T16:00:00Z", "2025-04-04T00:00:00+08:00"},
		{"2025-04-04T00:00:00.25+08:00", "2025-04-04T00:00:00.25+08:00"},
		{"1990-01-01", "1990-01-01T00:00:00+08:00"},
		{"2199-12-31", "2199-12-31T00:00:00+08:00"},
	} {
		at, err := decision.ParseAsOf(tc.text)
		if err != nil || decision.Instant(at) != tc.want {
			t.Errorf("ParseAsOf(%q) = %s, %v, want %s", tc.text, decision.Instant(at), err, tc.want)
		}
	}
	for _, tc := range []struct{ text, detail string }{
		{"", "neither a day nor an instant"},
		{"2025-02-30", "neither a day nor an instant"},
		{"yesterday", "neither a day nor an instant"},
		{"2025-04-04T00:00:00", "neither a day nor an instant"},
		{"0001-01-01", "choose one from 1990 to 2199"},
		{"2200-01-01", "choose one from 1990 to 2199"},
		{strings.Repeat("9", 500), "…"},
	} {
		_, err := decision.ParseAsOf(tc.text)
		if err == nil || problem.Of(err).Kind != problem.Invalid || !strings.Contains(err.Error(), tc.detail) || len(err.Error()) > 300 {
			t.Errorf("ParseAsOf(%q): %v, want it refused with %q", tc.text, err, tc.detail)
		}
	}
}

// What Instant writes, ParseAsOf reads back, to the millisecond.
func TestInstantAndParseAsOfAgree(t *testing.T) {
	t.Parallel()
	first := time.Date(1990, 1, 2, 0, 0, 0, 0, time.UTC).UnixMilli()
	last := time.Date(2199, 12, 30, 0, 0, 0, 0, time.UTC).UnixMilli()
	rapid.Check(t, func(t *rapid.T) {
		want := time.UnixMilli(rapid.Int64Range(first, last).Draw(t, "ms"))
		got, err := decision.ParseAsOf(decision.Instant(want))
		if err != nil || !got.Equal(want) {
			t.Fatalf("%s became %s (%v)", want, got, err)
		}
	})
}

func TestOutcomesAreTheContracts(t *testing.T) {
	t.Parallel()
	if n := len(decision.Outcomes()); n != 13 {
		t.Errorf("%d outcomes, the contract has 13", n)
	}
	for _, outcome := range decision.Outcomes() {
		if !outcome.Known() || outcome == "approved" {
			t.Errorf("outcome %q", outcome)
		}
	}
	if decision.Outcome("approved").Known() || decision.Outcome("").Known() {
		t.Error("an outcome that is none is known")
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	candidates := []string{"exporter", "destination", "end_use", "id"}
	for word, want := range map[string]string{
		"exproter": "exporter", "Destination": "destination", "end-use": "end_use", "ID": "id", "ids": "", "ie": "", "enduse": "end_use",
		"soup": "", "": "", strings.Repeat("x", 1000): "",
	} {
		if got, _ := decision.Nearest(word, candidates); got != want {
			t.Errorf("Nearest(%.20q) = %q, want %q", word, got, want)
		}
	}
}
