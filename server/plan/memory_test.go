package plan_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"greenchannel/server/decision"
)

// remember puts decisions on applications into the live tables, two years of them, and everybody they name on file.
func (p *pair) remember(tb testing.TB, bodies [][]byte) {
	tb.Helper()
	var records []decision.Record
	known := map[string]bool{}
	for round := range 3 {
		at := time.Date(2025, 2, 3, 4, 0, 0, 0, time.UTC).AddDate(0, 6*round, 0)
		for i, body := range bodies {
			decided := p.decided(tb, body, at)
			var app struct {
				ID       string                `json:"id"`
				Exporter struct{ Name string } `json:"exporter"`
			}
			var told struct{ Parties []string }
			if err := json.Unmarshal(body, &app); err != nil {
				tb.Fatal(err)
			}
			if err := json.Unmarshal(decided.Facts, &told); err != nil {
				tb.Fatal(err)
			}
			if (round+i)%3 != 0 {
				app.ID = fmt.Sprintf("%s-%d", app.ID, round)
			}
			records = append(records, decision.Record{
				Seq: uint64(len(records) + 1), ID: fmt.Sprintf("decision-%d", len(records)), Kind: decision.KindDecision, At: at, Clock: at,
				Facts: decided.Facts, ApplicationID: app.ID, Exporter: app.Exporter.Name, Outcome: decided.Decision.Outcome,
			})
			for _, name := range told.Parties {
				if known[name] {
					continue
				}
				known[name] = true
				records = append(records, onFile(tb, uint64(len(records)+1), at, name))
			}
		}
	}
	if err := p.live.Apply(records...); err != nil {
		tb.Fatal(err)
	}
}

// answer is what the engine has of the policies.
type answer struct {
	Decision struct {
		Outcome string `json:"outcome"`
	} `json:"decision"`
	Facts json.RawMessage `json:"facts"`
}

func (p *pair) decided(tb testing.TB, body []byte, at time.Time) answer {
	tb.Helper()
	txn, _ := p.reading(tb, at)
	defer p.store.Abort(context.Background(), txn)
	out, err := p.byTopdown(context.Background(), txn, body, at)
	if err != nil {
		tb.Fatal(err)
	}
	var a answer
	if err := json.Unmarshal(out, &a); err != nil {
		tb.Fatal(err)
	}
	return a
}

// onFile is a record that puts a party on file, with verifications that differ from party to party.
func onFile(tb testing.TB, seq uint64, at time.Time, name string) decision.Record {
	tb.Helper()
	id := fmt.Sprintf("P-%d", seq)
	results := []string{"passed", "pending", "delayed", "failed"}
	party := map[string]any{"id": id, "name": name, "country": "DE", "verifications": []any{
		map[string]any{"on": "2025-01-08", "result": results[seq%4]}, map[string]any{"on": "2025-10-08", "result": results[seq/4%4]},
	}}
	body, err := json.Marshal(party)
	if err != nil {
		tb.Fatal(err)
	}
	facts, err := json.Marshal(map[string]any{"party": id, "names": []string{name}})
	if err != nil {
		tb.Fatal(err)
	}
	return decision.Record{Seq: seq, ID: "registration-" + id, Kind: decision.KindParty, At: at, Facts: facts, Input: body, Result: body}
}

// The comparisons would say little if no row were found: the live tables are read, and have something to tell.
func TestLiveTablesAreRead(t *testing.T) {
	p := ourBundle(t)
	told := map[string]bool{}
	for _, body := range applications(t).bodies {
		if err := p.differ(t, body, day); err != nil {
			t.Error(err)
		}
		txn, reads := p.reading(t, day)
		if _, err := p.byPlan(t.Context(), txn, body, day); err != nil {
			t.Error(err)
		}
		p.store.Abort(t.Context(), txn)
		for _, row := range reads.Rows() {
			text := fmt.Sprint(row.Value)
			switch table := strings.Join(row.Path[:2], "."); table {
			case "history.orders":
				told[table] = told[table] || !strings.Contains(text, `"previous": []`)
			case "history.certificates", "history.customers":
				told[table] = told[table] || !strings.Contains(text, `"count": 0`)
			case "registry.parties":
				told[table] = told[table] || text != "[]"
			}
		}
	}
	for _, path := range rowByRow()[1:] {
		if !told[strings.Join(path, ".")] {
			t.Errorf("no application finds anything in %s", path)
		}
	}
}
