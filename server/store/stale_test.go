package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/storage"
	"pgregory.net/rapid"

	"greenchannel/server/decision"
	"greenchannel/server/store"
)

// noting reads rows as of an instant and returns what was noted.
func noting(t testing.TB, s *store.Store, at time.Time, paths ...storage.Path) *store.ReadSet {
	t.Helper()
	reads := &store.ReadSet{}
	txn := storage.NewTransactionOrDie(t.Context(), s, storage.TransactionParams{Context: store.AsOf(store.NoteReads(nil, reads), at)})
	defer s.Abort(t.Context(), txn)
	for _, path := range paths {
		if _, err := s.Read(t.Context(), txn, path); err != nil {
			t.Fatal(err)
		}
	}
	return reads
}

func TestARecordThatChangesWhatWasReadIsTold(t *testing.T) {
	euc := shown{"Motor Works", "2026-01-02", "end_user_certificate", "C-1"}
	live := remembered(t,
		past{at: "2026-06-01", exporter: "X", application: "A-1", orders: []placed{{"Motor Works", "Dy", "1"}}, certificates: []shown{euc}},
	)
	if err := live.Apply(registration(t, 2, "P-1", `{"name":"Motor Works"}`, "Motor Works")); err != nil {
		t.Fatal(err)
	}
	s := filled(t, nil, live)
	rows := map[string]storage.Path{
		"orders":       {"history", "orders", ordersOf("A-9", "X", "Motor Works", "Dy")},
		"customers":    {"history", "customers", keyText(map[string]string{"but": "A-9", "exporter": "X", "end_user": "Motor Works"})},
		"certificates": {"history", "certificates", keyText(map[string]string{"but": "A-9", "exporter": "X", "party": "Motor Works", "type": "end_user_certificate", "issued_on": "2026-01-02"})},
		"parties":      {"registry", "parties", "Motor Works"},
	}
	order := func(exporter, application, endUser, element string) decision.Record {
		return past{seq: 3, at: "2026-06-02", exporter: exporter, application: application, orders: []placed{{endUser, element, "1"}}}.record(t)
	}
	certified := func(exporter, application, party, contract string) decision.Record {
		return past{seq: 3, at: "2026-06-02", exporter: exporter, application: application, certificates: []shown{{party, "2026-01-02", "end_user_certificate", contract}}}.record(t)
	}
	broken := order("Z", "A-7", "Z", "Tb")
	broken.Facts = []byte("{")
	for _, tc := range []struct {
		name  string
		later decision.Record
		stale string // the tables whose row is stale
	}{
		{"another order", order("X", "A-2", "MOTOR-WORKS", "Dy"), "orders customers"},
		{"of another element", order("X", "A-2", "Motor Works", "Tb"), "customers"},
		{"for another end user", order("X", "A-2", "Other", "Dy"), ""},
		{"of another exporter", order("Y", "A-2", "Motor Works", "Dy"), ""},
		{"of the application that is left out", order("X", "A-9", "Motor Works", "Dy"), ""},
		{"of an application of that name of another exporter", order("Y", "A-9", "Motor Works", "Dy"), ""},
		{"decided again without the order and the certificate", order("X", "A-1", "Other", "Dy"), "orders customers certificates"},
		{"decided again, of another exporter", order("Y", "A-1", "Other", "Dy"), ""},
		{"the certificate again", certified("Y", "A-2", "motor works", "C-2"), "certificates"},
		{"the certificate without a contract", certified("Y", "A-2", "motor works", ""), ""},
		{"the certificate of the application left out", certified("X", "A-9", "motor works", "C-2"), ""},
		{"another certificate", certified("Y", "A-2", "Other", "C-2"), ""},
		{"another party of that name", registration(t, 3, "P-2", `{"name":"MOTOR WORKS"}`, "MOTOR WORKS"), "parties"},
		{"the party under another name", registration(t, 3, "P-1", `{"name":"Other"}`, "Other"), "parties"},
		{"another party", registration(t, 3, "P-2", `{"name":"Other"}`, "Other"), ""},
		{"what cannot be understood", broken, "orders customers certificates parties"},
	} {
		var stale string
		for _, table := range []string{"orders", "customers", "certificates", "parties"} {
			if noting(t, s, instant(t, "2026-06-30"), rows[table]).Touches(tc.later) {
				stale += " " + table
			}
		}
		if want := tc.stale; stale != want && stale != " "+want {
			t.Errorf("%s: stale are%s, want %s", tc.name, stale, want)
		}
	}
	if noting(t, s, instant(t, "2026-06-30")).Touches(order("X", "A-2", "Motor Works", "Dy")) {
		t.Error("nothing was read, and it is stale")
	}
	two := noting(t, s, instant(t, "2026-06-30"), rows["orders"], storage.Path{"history", "orders", ordersOf("A-8", "X", "Motor Works", "Dy")})
	if !two.Touches(order("X", "A-9", "Motor Works", "Dy")) || !two.Touches(order("X", "A-8", "Motor Works", "Dy")) {
		t.Error("a row that was read twice, with one and with another application left out, is stale by either")
	}
}

// A row that no record after it touches is still the same when all of them have been applied; a row that has changed is
// touched by at least one.
func TestWhatIsNotTouchedHasNotChanged(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		all := drawEvents(rt, 25)
		made := records(rt, t, all)
		cut := rapid.IntRange(0, len(made)).Draw(rt, "seen")
		live := oneByOne(t, made[:cut])
		s := filled(t, nil, live)
		q := drawQuestion(rt, all)
		var at storage.Path
		switch q.table {
		case "orders":
			at = storage.Path{"history", "orders", ordersOf(q.but, q.exportedAs, q.spelt, q.element)}
		case "customers":
			at = storage.Path{"history", "customers", keyText(map[string]string{"but": q.but, "exporter": q.exportedAs, "end_user": q.spelt})}
		case "certificates":
			at = storage.Path{"history", "certificates", keyText(map[string]string{
				"but": q.but, "exporter": q.exportedAs, "party": q.spelt, "type": "end_user_certificate", "issued_on": q.day,
			})}
		default:
			at = storage.Path{"registry", "parties", q.spelt}
		}
		reads := noting(t, s, q.at, at)
		touched := false
		for _, later := range made[cut:] {
			touched = touched || reads.Touches(later)
		}
		if err := live.Apply(made[cut:]...); err != nil {
			rt.Fatal(err)
		}
		again := noting(t, s, q.at, at)
		before, after := fmt.Sprint(reads.Rows()), fmt.Sprint(again.Rows())
		if !touched && before != after {
			rt.Fatalf("%s was not touched, and changed from\n%s to\n%s", at, before, after)
		}
	})
}
