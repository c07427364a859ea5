package store_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"greenchannel/server/decision"
	"greenchannel/server/store"
)

func records(t *rapid.T, tb testing.TB, all plainly) []decision.Record {
	made := make([]decision.Record, len(all))
	for i, e := range all {
		made[i] = e.record(t, tb)
	}
	return made
}

// Whatever happened, and however the records were taken in (one by one, in batches, through a saved state and what came
// after it), every question has the answer that going through the list gives.
func TestLiveTablesAgreeWithAListOfAllThatHappened(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		all := drawEvents(rt, 40)
		made := records(rt, t, all)
		cut := rapid.IntRange(0, len(made)).Draw(rt, "cut")
		lives := map[string]*store.Live{"one by one": oneByOne(t, made), "in batches": inBatches(rt, made), "saved at the cut": savedAt(t, made, cut)}
		for range 6 {
			q := drawQuestion(rt, all)
			want := q.plain(all)
			for name, live := range lives {
				if live.Seq() != uint64(len(all)) {
					rt.Fatalf("%s: at record %d of %d", name, live.Seq(), len(all))
				}
				if got := q.ask(t, live); got != want {
					rt.Fatalf("%s: %+v\ngot  %s\nwant %s", name, q, got, want)
				}
			}
		}
	})
}

func oneByOne(t testing.TB, made []decision.Record) *store.Live {
	live := store.NewLive()
	for _, r := range made {
		if err := live.Apply(r); err != nil {
			t.Fatal(err)
		}
	}
	return live
}

func inBatches(t *rapid.T, made []decision.Record) *store.Live {
	live := store.NewLive()
	for len(made) > 0 {
		n := rapid.IntRange(1, len(made)).Draw(t, "batch")
		if err := live.Apply(made[:n]...); err != nil {
			t.Fatal(err)
		}
		made = made[n:]
	}
	return live
}

func savedAt(t testing.TB, made []decision.Record, cut int) *store.Live {
	live := oneByOne(t, made[:cut])
	var file bytes.Buffer
	if err := live.Snapshot().Save(&file, store.Stamp{Origin: "o", Seq: uint64(cut), Leaf: "l"}); err != nil {
		t.Fatal(err)
	}
	restored, stamp, err := store.Restore(&file, nil)
	if err != nil || stamp != (store.Stamp{Form: store.SavedForm, Origin: "o", Seq: uint64(cut), Leaf: "l"}) {
		t.Fatalf("restored %+v, %v", stamp, err)
	}
	if err := restored.Apply(made[cut:]...); err != nil {
		t.Fatal(err)
	}
	return restored
}

// question asks one thing of one table.
type question struct {
	table             string
	at                time.Time
	exporter, name    int
	spelt, exportedAs string
	element, day, but string
	filter            store.Filter
	before            uint64
	limit             int
}

func drawQuestion(t *rapid.T, all plainly) question {
	q := question{
		table:    rapid.SampledFrom([]string{"orders", "customers", "certificates", "parties", "search"}).Draw(t, "table"),
		at:       time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC),
		exporter: drawName().Draw(t, "exporter"), name: drawName().Draw(t, "name"),
		element: drawElement().Draw(t, "element"), day: drawDay().Draw(t, "day"),
		but:    rapid.OneOf(rapid.Just(""), drawApplication()).Draw(t, "but"),
		before: rapid.Uint64Range(0, uint64(len(all)+2)).Draw(t, "before"), limit: rapid.IntRange(1, 9).Draw(t, "limit"),
	}
	if len(all) > 0 {
		some := rapid.SampledFrom(all).Draw(t, "about")
		if some.party == "" {
			q.exporter = some.exporter
		}
		q.at = some.at.AddDate(0, 0, rapid.SampledFrom([]int{-1, 0, 1, 29, 30, 89, 90, 364, 365}).Draw(t, "days later"))
	}
	q.spelt, q.exportedAs = spelling(t, q.name), spelling(t, q.exporter)
	if q.table == "search" {
		q.filter = drawFilter(t, q)
	}
	return q
}

func drawFilter(t *rapid.T, q question) store.Filter {
	use := func(field string) bool { return rapid.IntRange(0, 2).Draw(t, field) == 0 }
	var f store.Filter
	if use("by application") {
		f.ApplicationID = drawApplication().Draw(t, "application")
	}
	if use("by exporter") {
		f.Exporter = q.exportedAs
	}
	if use("by party") {
		f.Party = q.spelt
	}
	if use("by outcome") {
		f.Outcome = "prohibited"
	}
	if use("by rule") {
		f.Rule = "RF-13"
	}
	if use("from") {
		f.From = q.at
	}
	if use("to") {
		f.To = q.at.AddDate(0, 0, 1)
	}
	return f
}

func (q question) plain(all plainly) string {
	switch q.table {
	case "orders":
		return all.orders(q.at, q.exporter, q.name, q.element, q.but)
	case "customers":
		return all.customers(q.at, q.exporter, q.name, q.but)
	case "certificates":
		return all.certificates(q.exporter, q.name, q.day, q.but)
	case "parties":
		return all.registered(q.name)
	}
	f := q.filter
	return fmt.Sprint(all.search(func(e event) bool {
		return (f.ApplicationID == "" || f.ApplicationID == e.application) && (f.Exporter == "" || q.exporter == e.exporter) &&
			(f.Party == "" || slices.Contains(e.names, q.name)) && (f.Outcome == "" || f.Outcome == e.outcome) &&
			(f.Rule == "" || slices.Contains(e.rules, f.Rule)) && !e.at.Before(f.From) && (f.To.IsZero() || e.at.Before(f.To))
	}, q.before, q.limit))
}

func (q question) ask(t testing.TB, live *store.Live) string {
	at := q.at.Format(time.RFC3339Nano)
	key := map[string]string{"but": q.but, "exporter": q.exportedAs}
	switch q.table {
	case "orders":
		return summary(t, read(t, filled(t, nil, live), at, "history", "orders", ordersOf(q.but, q.exportedAs, q.spelt, q.element)))
	case "customers":
		key["end_user"] = q.spelt
		return read(t, filled(t, nil, live), at, "history", "customers", keyText(key))
	case "certificates":
		key["party"], key["type"], key["issued_on"] = q.spelt, "end_user_certificate", q.day
		return read(t, filled(t, nil, live), at, "history", "certificates", keyText(key))
	case "parties":
		return read(t, filled(t, nil, live), "", "registry", "parties", q.spelt)
	}
	found, err := live.Snapshot().Decisions(q.filter, q.before, q.limit)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(found)
}
