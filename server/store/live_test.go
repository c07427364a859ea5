package store_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"

	"greenchannel/server/decision"
	"greenchannel/server/store"
)

// past is a decision to be remembered.
type past struct {
	seq                   uint64
	at                    string // RFC 3339, or a day, which means its noon in Beijing
	exporter, application string
	outcome               string
	orders                []placed
	certificates          []shown
	parties, rules        []string
}

type placed struct {
	EndUser string      `json:"end_user"`
	Element string      `json:"element"`
	KG      json.Number `json:"kg,omitempty"`
}

type shown struct {
	Party    string `json:"party"`
	IssuedOn string `json:"issued_on"`
	Type     string `json:"type"`
	Contract string `json:"contract,omitempty"`
}

func instant(t testing.TB, text string) time.Time {
	t.Helper()
	if len(text) == len(time.DateOnly) {
		text += "T12:00:00+08:00"
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return at.UTC()
}

func (p past) record(t testing.TB) decision.Record {
	t.Helper()
	facts, err := json.Marshal(map[string]any{
		"exporter": p.exporter, "orders": orEmpty(p.orders), "certificates": orEmpty(p.certificates),
		"parties": orEmpty(p.parties), "rules": orEmpty(p.rules),
	})
	if err != nil {
		t.Fatal(err)
	}
	at := instant(t, p.at)
	return decision.Record{
		Seq: p.seq, ID: fmt.Sprintf("decision-%d", p.seq), Kind: decision.KindDecision, At: at, Clock: at, Facts: facts,
		ApplicationID: p.application, Exporter: p.exporter, Outcome: p.outcome,
	}
}

func orEmpty[T any](list []T) []T { return append([]T{}, list...) }

// registration is an entry of the registry that was put.
func registration(t testing.TB, seq uint64, id string, body string, names ...string) decision.Record {
	t.Helper()
	facts, err := json.Marshal(map[string]any{"party": id, "names": names})
	if err != nil {
		t.Fatal(err)
	}
	return decision.Record{
		Seq: seq, ID: fmt.Sprintf("registration-%d", seq), Kind: decision.KindParty, At: time.Unix(int64(seq), 0), Facts: facts,
		Input: []byte(body), Result: []byte(body),
	}
}

// remembered makes live tables of decisions, numbered as they come.
func remembered(t testing.TB, decisions ...past) *store.Live {
	t.Helper()
	live := store.NewLive()
	for i, d := range decisions {
		d.seq = uint64(i + 1)
		if err := live.Apply(d.record(t)); err != nil {
			t.Fatal(err)
		}
	}
	return live
}

// read reads one row as of an instant and writes it as JSON; "error: …" when it cannot be read.
func read(t testing.TB, s *store.Store, at string, path ...string) string {
	t.Helper()
	var c *storage.Context
	if at != "" {
		c = store.AsOf(nil, instant(t, at))
	}
	return readIn(t, s, c, path)
}

// readIn reads one row in a transaction of its own, opened with a context.
func readIn(t testing.TB, s *store.Store, c *storage.Context, path storage.Path) string {
	t.Helper()
	txn := storage.NewTransactionOrDie(t.Context(), s, storage.TransactionParams{Context: c})
	defer s.Abort(t.Context(), txn)
	found, err := s.Read(t.Context(), txn, path)
	if err != nil {
		return "error: " + err.Error()
	}
	text, err := json.Marshal(inGo(t, found))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func ordersOf(but, exporter, endUser, element string) string {
	return keyText(map[string]string{"but": but, "element": element, "end_user": endUser, "exporter": exporter})
}

func keyText(parts map[string]string) string {
	text, err := json.Marshal(parts)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func window(kg string, count, unknown int) string {
	return fmt.Sprintf(`{"count":%d,"kg":%s,"unknown":%d}`, count, kg, unknown)
}

func TestHistoryOfOrders(t *testing.T) {
	dy := func(kg json.Number) []placed { return []placed{{"Motor Works", "Dy", kg}} }
	const today = "2026-06-30T09:00:00+08:00"
	for _, tc := range []struct {
		name string
		past []past
		but  string
		asks [3]string // exporter, end user, element
		want string    // the three windows, ever, applications before
	}{
		{"nothing", nil, "A-1", [3]string{"X", "Motor Works", "Dy"}, "0/0/0 0/0/0 0/0/0 ever 0 null"},
		{"borders of the windows", []past{
			{at: "2025-06-30T23:59:59.999999999+08:00", application: "365 days ago", orders: dy("1000")},
			{at: "2025-07-01T00:00:00+08:00", application: "364 days ago", orders: dy("100")},
			{at: "2026-04-01T23:59:59.999999999+08:00", application: "90 days ago", orders: dy("10")},
			{at: "2026-04-02T00:00:00+08:00", application: "89 days ago", orders: dy("1")},
			{at: "2026-05-31T23:59:59.999999999+08:00", application: "30 days ago", orders: dy("0.1")},
			{at: "2026-06-01T00:00:00+08:00", application: "29 days ago", orders: dy("0.01")},
			{at: "2026-06-30T23:59:59.999999999+08:00", application: "later today", orders: dy("0.001")},
			{at: "2026-07-01T00:00:00+08:00", application: "tomorrow", orders: dy("0.0001")},
		}, "A-1", [3]string{"X", "Motor Works", "Dy"},
			"0.011/2/0 1.111/4/0 111.111/6/0 ever 7 2025-06-30 later today,29 days ago,30 days ago,89 days ago,90 days ago,364 days ago,365 days ago"},
		{"the day is Beijing's", []past{
			{at: "2026-05-31T15:59:59Z", application: "before", orders: dy("1")},
			{at: "2026-05-31T16:00:00Z", application: "after", orders: dy("2")},
		}, "A-1", [3]string{"X", "Motor Works", "Dy"}, "2/1/0 3/2/0 3/2/0 ever 2 2026-05-31 after,before"},
		{"the application itself is left out", []past{
			{at: "2026-06-01", application: "A-1", orders: dy("1")},
			{at: "2026-06-01", application: "A-2", orders: dy("2")},
			{at: "2026-06-02", exporter: "Y", application: "A-1", orders: dy("4")},
		}, "A-1", [3]string{"X", "Motor Works", "Dy"}, "2/1/0 2/1/0 2/1/0 ever 1 2026-06-01 A-2"},
		{"left out as the only one", []past{{at: "2026-06-01", application: "A-1", orders: dy("1")}},
			"A-1", [3]string{"X", "Motor Works", "Dy"}, "0/0/0 0/0/0 0/0/0 ever 0 null"},
		{"left out, and decided today", []past{
			{at: "2026-06-30", application: "A-1", orders: dy("1")},
			{at: "2026-06-30", application: "A-2", orders: dy("2")},
		}, "A-1", [3]string{"X", "Motor Works", "Dy"}, "2/1/0 2/1/0 2/1/0 ever 1 2026-06-30 A-2"},
		{"decided again counts once, with the newest", []past{
			{at: "2026-01-01", application: "A-1", orders: dy("1")},
			{at: "2026-01-02", application: "A-2", orders: dy("2")},
			{at: "2026-06-01", application: "A-1", orders: dy("4")},
		}, "A-3", [3]string{"X", "Motor Works", "Dy"}, "4/1/0 4/1/0 6/2/0 ever 2 2026-01-02 A-1,A-2"},
		{"decided again without the order", []past{
			{at: "2026-01-01", application: "A-1", orders: dy("1")},
			{at: "2026-06-01", application: "A-1", orders: []placed{{"Motor Works", "Tb", "4"}}},
		}, "A-3", [3]string{"X", "Motor Works", "Dy"}, "0/0/0 0/0/0 0/0/0 ever 0 null"},
		{"a mass that is not known is counted", []past{
			{at: "2026-06-01", application: "A-1", orders: dy("")},
			{at: "2026-06-02", application: "A-2", orders: []placed{{"Motor Works", "Dy", "1"}, {"Motor Works", "Dy", ""}}},
			{at: "2026-06-03", application: "A-3", orders: dy("-1")},
			{at: "2026-06-04", application: "A-4", orders: dy("1e15")},
			{at: "2026-06-05", application: "A-5", orders: dy("1")},
		}, "A-9", [3]string{"X", "Motor Works", "Dy"}, "2/5/4 2/5/4 2/5/4 ever 5 2026-06-01 A-5,A-4?,A-3?,A-2?,A-1?"},
		{"lines of one application are one order", []past{
			{at: "2026-06-01", application: "A-1", orders: []placed{{"Motor Works", "Dy", "0.1"}, {"MOTOR WORKS", "Dy", "0.2"}, {"Other", "Dy", "5"}}},
		}, "A-9", [3]string{"X", "Motor Works", "Dy"}, "0.3/1/0 0.3/1/0 0.3/1/0 ever 1 2026-06-01 A-1"},
		{"another exporter", []past{{at: "2026-06-01", exporter: "Y", application: "A-2", orders: dy("1")}},
			"A-1", [3]string{"X", "Motor Works", "Dy"}, "0/0/0 0/0/0 0/0/0 ever 0 null"},
		{"another element", []past{{at: "2026-06-01", application: "A-2", orders: dy("1")}},
			"A-1", [3]string{"X", "Motor Works", "Tb"}, "0/0/0 0/0/0 0/0/0 ever 0 null"},
		{"folded names", []past{{at: "2026-06-01", exporter: "91350200m0001234xy", application: "A-2", orders: []placed{{"ＭＯＴＯＲ－Works  GmbH.", "dy", "1"}}}},
			"A-1", [3]string{"91350200M0001234XY", "Motor works gmbh", "DY"}, "1/1/0 1/1/0 1/1/0 ever 1 2026-06-01 A-2"},
		{"a sign that stands for capitals", []past{{at: "2026-06-01", application: "A-2", orders: []placed{{"㎒ Works", "Dy", "1"}}}},
			"A-1", [3]string{"X", "mhz works", "Dy"}, "1/1/0 1/1/0 1/1/0 ever 1 2026-06-01 A-2"},
		{"names of signs alone are apart", []past{{at: "2026-06-01", application: "A-2", orders: []placed{{"***", "Dy", "1"}}}},
			"A-1", [3]string{"X", "---", "Dy"}, "0/0/0 0/0/0 0/0/0 ever 0 null"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for i := range tc.past {
				if tc.past[i].exporter == "" {
					tc.past[i].exporter = "X"
				}
			}
			s := filled(t, nil, remembered(t, tc.past...))
			got := read(t, s, today, "history", "orders", ordersOf(tc.but, tc.asks[0], tc.asks[1], tc.asks[2]))
			if got := summary(t, got); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// summary writes a row of orders shorter.
func summary(t testing.TB, row string) string {
	t.Helper()
	var r struct {
		Days30  win `json:"days_30"`
		Days90  win `json:"days_90"`
		Days365 win `json:"days_365"`
		Ever    struct {
			Count   int     `json:"count"`
			FirstOn *string `json:"first_on"`
		} `json:"ever"`
		Previous []struct {
			ApplicationID string       `json:"application_id"`
			DecisionID    string       `json:"decision_id"`
			DecidedOn     string       `json:"decided_on"`
			Outcome       string       `json:"outcome"`
			KG            *json.Number `json:"kg"`
		} `json:"previous"`
	}
	d := json.NewDecoder(strings.NewReader(row))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		t.Fatalf("%s: %v", row, err)
	}
	text := fmt.Sprintf("%s %s %s ever %d ", r.Days30, r.Days90, r.Days365, r.Ever.Count)
	if r.Ever.FirstOn == nil {
		return text + "null"
	}
	text += *r.Ever.FirstOn + " "
	for i, p := range r.Previous {
		if i > 0 {
			text += ","
		}
		if text += p.ApplicationID; p.KG == nil {
			text += "?"
		}
	}
	return text
}

type win struct {
	KG      json.Number `json:"kg"`
	Count   int         `json:"count"`
	Unknown int         `json:"unknown"`
}

func (w win) String() string { return fmt.Sprintf("%s/%d/%d", w.KG, w.Count, w.Unknown) }

func TestARowOfOrdersIsWholeToTheByte(t *testing.T) {
	var all []past
	for i := range 12 {
		all = append(all, past{
			at: fmt.Sprintf("2026-06-%02d", i+1), exporter: "X", application: fmt.Sprintf("A-%d", i+1), outcome: "standard_review",
			orders: []placed{{"Motor Works", "Dy", "0.1"}},
		})
	}
	s := filled(t, nil, remembered(t, all...))
	var previous []string
	for i := 11; i >= 2; i-- {
		previous = append(previous, fmt.Sprintf(
			`{"application_id":"A-%d","decided_on":"2026-06-%02d","decision_id":"decision-%d","kg":0.1,"outcome":"standard_review"}`, i, i, i))
	}
	want := `{"days_30":` + window("1.1", 11, 0) + `,"days_365":` + window("1.1", 11, 0) + `,"days_90":` + window("1.1", 11, 0) +
		`,"ever":{"count":11,"first_on":"2026-06-01"},"previous":[` + strings.Join(previous, ",") + `]}`
	got := read(t, s, "2026-06-30", "history", "orders", ordersOf("A-12", "X", "Motor Works", "Dy"))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestHistoryOfCustomers(t *testing.T) {
	works := func(element string) placed { return placed{"Motor Works", element, "1"} }
	s := filled(t, nil, remembered(t,
		past{at: "2020-02-29", exporter: "X", application: "A-1", orders: []placed{works("Dy"), works("Tb")}},
		past{at: "2026-06-01", exporter: "X", application: "A-2", orders: []placed{works("Tb")}},
		past{at: "2026-06-02", exporter: "Y", application: "A-2", orders: []placed{works("Tb")}},
		past{at: "2026-06-03", exporter: "X", application: "A-3", orders: []placed{works("Tb")}},
		past{at: "2026-06-04", exporter: "X", application: "A-3", orders: []placed{{"Other", "Tb", "1"}}},
	))
	for _, tc := range []struct{ at, but, exporter, endUser, want string }{
		{"2026-06-30", "", "X", "motor works", `{"count":2,"first_on":"2020-02-29","last_on":"2026-06-01"}`},
		{"2026-06-30", "A-1", "X", "Motor Works", `{"count":1,"first_on":"2026-06-01","last_on":"2026-06-01"}`},
		{"2026-06-30", "A-2", "X", "Motor Works", `{"count":1,"first_on":"2020-02-29","last_on":"2020-02-29"}`},
		{"2026-06-30", "A-3", "X", "Other", `{"count":0,"first_on":null,"last_on":null}`},
		{"2026-05-31", "", "X", "Motor Works", `{"count":1,"first_on":"2020-02-29","last_on":"2020-02-29"}`},
		{"2026-06-30", "", "Z", "Motor Works", `{"count":0,"first_on":null,"last_on":null}`},
	} {
		key := keyText(map[string]string{"but": tc.but, "end_user": tc.endUser, "exporter": tc.exporter})
		if got := read(t, s, tc.at, "history", "customers", key); got != tc.want {
			t.Errorf("%+v: got %s", tc, got)
		}
	}
}

func TestHistoryOfCertificates(t *testing.T) {
	euc := func(contract string) shown {
		return shown{"Motor Works", "2026-01-02", "end_user_certificate", contract}
	}
	all := []past{
		{exporter: "X", application: "A-1", certificates: []shown{euc("C-2"), euc("C-1"), euc("C-1"), euc("")}},
		{exporter: "Y", application: "A-1", certificates: []shown{euc("C-2")}},
		{exporter: "X", application: "A-2", certificates: []shown{{"Motor Works", "2026-01-03", "end_user_certificate", "C-9"}}},
		{exporter: "X", application: "A-3", certificates: []shown{euc("C-3")}},
		{exporter: "X", application: "A-3", certificates: []shown{euc("C-4")}},
	}
	for i := range 60 {
		all = append(all, past{exporter: "X", application: fmt.Sprintf("B-%d", i), certificates: []shown{{"Many", "2026-01-02", "government_certificate", fmt.Sprintf("C-%02d", i)}}})
	}
	for i := range all {
		all[i].at = "2026-02-01"
	}
	s := filled(t, nil, remembered(t, all...))
	row := func(exporter, but, party, kind, day string) string {
		return read(t, s, "2026-06-30", "history", "certificates", keyText(map[string]string{
			"but": but, "exporter": exporter, "issued_on": day, "party": party, "type": kind,
		}))
	}
	for got, want := range map[string]string{
		row("X", "A-1", "MOTOR WORKS", "end_user_certificate", "2026-01-02"):   `{"contracts":["C-2","C-4"],"count":2}`,
		row("Y", "A-1", "Motor Works", "end_user_certificate", "2026-01-02"):   `{"contracts":["C-1","C-2","C-4"],"count":3}`,
		row("X", "A-3", "Motor Works", "end_user_certificate", "2026-01-02"):   `{"contracts":["C-1","C-2"],"count":2}`,
		row("X", "A-2", "Motor Works", "end_user_certificate", "2026-01-03"):   `{"contracts":[],"count":0}`,
		row("X", "A-2", "Motor Works", "government_certificate", "2026-01-02"): `{"contracts":[],"count":0}`,
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	many := row("X", "B-3", "Many", "government_certificate", "2026-01-02")
	if !strings.HasSuffix(many, `,"C-50"],"count":59}`) || strings.Contains(many, `"C-03"`) {
		t.Errorf("got %s, want the first 50 of 59", many)
	}
}

func TestRegistry(t *testing.T) {
	live := store.NewLive()
	const body = `{"name":"Motor Works GmbH","name_local":"电机厂","country":"DE","note":"kept","verifications":[{"result":"failed","on":"2026-01-02","note":"no such street"}]}`
	for _, r := range []decision.Record{
		registration(t, 1, "P-2", body, "Motor Works GmbH", "电机厂"),
		registration(t, 2, "P-1", `{"name":"Motor-Works GMBH"}`, "Motor-Works GMBH"),
		registration(t, 3, "P-3", `{"name":"Other"}`, "Other"),
		registration(t, 4, "P-3", `{"name":"Renamed","certificates":[{"type":"end_user_certificate","issued_on":"2026-01-02"}]}`, "Renamed"),
	} {
		if err := live.Apply(r); err != nil {
			t.Fatal(err)
		}
	}
	s := filled(t, nil, live)
	const first = `{"certificates":[],"country":"DE","id":"P-2","name":"Motor Works GmbH","verifications":[{"note":"no such street","on":"2026-01-02","result":"failed"}]}`
	for name, want := range map[string]string{
		"motor works gmbh": `[{"certificates":[],"id":"P-1","name":"Motor-Works GMBH","verifications":[]},` + first + `]`,
		"电机厂":              `[` + first + `]`,
		"Other":            `[]`,
		"renamed":          `[{"certificates":[{"issued_on":"2026-01-02","type":"end_user_certificate"}],"id":"P-3","name":"Renamed","verifications":[]}]`,
		"":                 `[]`,
		"Nobody":           `[]`,
	} {
		if got := read(t, s, "", "registry", "parties", name); got != want {
			t.Errorf("%q: got %s, want %s", name, got, want)
		}
	}
	v := live.Snapshot()
	party, err := v.Registered("P-3")
	if err != nil || party == nil || party.Seq != 4 || !strings.Contains(string(party.Body), "Renamed") {
		t.Errorf("got %+v, %v; want what record 4 put", party, err)
	}
	if none, err := v.Registered("P-9"); none != nil || err != nil {
		t.Errorf("an id that nobody has finds %v, %v", none, err)
	}
	if found, err := v.RegisteredNamed("MOTOR WORKS GMBH"); err != nil || len(found) != 2 || found[0].ID != "P-1" {
		t.Errorf("the API finds %v, %v; want P-1 and P-2", found, err)
	}
}

func TestWhatCannotBeReadIsAnError(t *testing.T) {
	s := filled(t, nil, store.NewLive())
	key := ordersOf("A-1", "X", "Motor Works", "Dy")
	for _, tc := range []struct{ name, at, table, key, want string }{
		{"no instant", "", "orders", key, "AsOf"},
		{"not JSON", "2026-06-30", "orders", "Motor Works", "the texts but, element, end_user, exporter"},
		{"a part missing", "2026-06-30", "orders", `{"but":"A-1","end_user":"M","exporter":"X"}`, "the texts"},
		{"a part too many", "2026-06-30", "customers", key, "the texts"},
		{"a part that is no text", "2026-06-30", "customers", `{"but":1,"end_user":"M","exporter":"X"}`, "the texts"},
		{"a part twice", "2026-06-30", "customers", `{"but":"","but":"","end_user":"M","exporter":"X"}`, "the texts"},
	} {
		got := read(t, s, tc.at, "history", tc.table, tc.key)
		if !strings.HasPrefix(got, "error: data.history."+tc.table) || !strings.Contains(got, tc.want) {
			t.Errorf("%s: got %s, want an error with %q", tc.name, got, tc.want)
		}
	}
	for _, whole := range []string{"orders", "customers", "certificates"} {
		if got := read(t, s, "2026-06-30", "history", whole); got != "error: storage_not_found_error: document does not exist" {
			t.Errorf("the whole of %s reads %s, want undefined", whole, got)
		}
	}
}

func TestRegoReadsTheHistory(t *testing.T) {
	s := filled(t, nil, remembered(t, past{at: "2026-06-01", exporter: "X", application: "A-1", orders: []placed{{"Bolt & Sons <UK>", "Dy", "1.50"}}}))
	txn := storage.NewTransactionOrDie(t.Context(), s, storage.TransactionParams{Context: store.AsOf(nil, instant(t, "2026-06-30"))})
	results, err := rego.New(
		rego.Query(`data.history.orders[json.marshal({"but": "A-2", "element": "Dy", "end_user": "Bolt & Sons <UK>", "exporter": "X"})].days_30.kg`),
		rego.Store(s), rego.Transaction(txn), rego.StrictBuiltinErrors(true),
	).Eval(t.Context())
	if err != nil || len(results) != 1 || results[0].Expressions[0].Value != json.Number("1.5") {
		t.Errorf("got %v, %v; want 1.5", results, err)
	}
}

func TestApplyTakesAllOrNothing(t *testing.T) {
	live := remembered(t, past{at: "2026-06-01", exporter: "X", application: "A-1", orders: []placed{{"Motor Works", "Dy", "1"}}})
	s := filled(t, nil, live)
	good := past{seq: 2, at: "2026-06-02", exporter: "X", application: "A-2", orders: []placed{{"Motor Works", "Dy", "1"}}}.record(t)
	broken := func(change func(*decision.Record)) decision.Record {
		r := past{seq: 3, at: "2026-06-03", exporter: "X", application: "A-3"}.record(t)
		change(&r)
		return r
	}
	for name, bad := range map[string]decision.Record{
		"gap":             broken(func(r *decision.Record) { r.Seq = 4 }),
		"again":           broken(func(r *decision.Record) { r.Seq = 2 }),
		"kind":            broken(func(r *decision.Record) { r.Kind = "other" }),
		"no id":           broken(func(r *decision.Record) { r.ID = "" }),
		"no JSON":         broken(func(r *decision.Record) { r.Facts = []byte("{") }),
		"kg no number":    broken(func(r *decision.Record) { r.Facts = []byte(`{"orders":[{"kg":"1"}]}`) }),
		"party no id":     broken(func(r *decision.Record) { r.Kind, r.Facts = decision.KindParty, []byte(`{}`) }),
		"party no result": broken(func(r *decision.Record) { r.Kind, r.Facts = decision.KindParty, []byte(`{"party":"P"}`) }),
	} {
		if err := live.Apply(good, bad); err == nil || live.Seq() != 1 {
			t.Errorf("%s: %v, and the tables are at record %d, want an error and 1", name, err, live.Seq())
		}
	}
	key := ordersOf("", "X", "Motor Works", "Dy")
	before := storage.NewTransactionOrDie(t.Context(), s, storage.TransactionParams{Context: store.AsOf(nil, instant(t, "2026-06-30"))})
	if err := live.Apply(good, broken(func(r *decision.Record) { r.Facts = nil })); err != nil || live.Seq() != 3 {
		t.Fatalf("%v, at record %d", err, live.Seq())
	}
	if got := summary(t, read(t, s, "2026-06-30", "history", "orders", key)); got != "2/2/0 2/2/0 2/2/0 ever 2 2026-06-01 A-2,A-1" {
		t.Errorf("after: %s", got)
	}
	old, err := s.Read(t.Context(), before, storage.Path{"history", "orders", key})
	if err != nil || !strings.Contains(fmt.Sprint(old), `"count": 1`) {
		t.Errorf("an older reader finds %v, %v; want one order", old, err)
	}
	if v, err := s.LiveOf(before); err != nil || v.Seq() != 1 {
		t.Errorf("the older reader is at %v, %v; want record 1", v, err)
	}
	activated := broken(func(r *decision.Record) {
		r.Seq, r.ID, r.Kind, r.Facts = 4, "activation-4", decision.KindActivation, nil
	})
	if err := live.Apply(activated); err != nil || live.Seq() != 4 {
		t.Fatalf("a record of an activation: %v, at record %d", err, live.Seq())
	}
	if got := summary(t, read(t, s, "2026-06-30", "history", "orders", key)); got != "2/2/0 2/2/0 2/2/0 ever 2 2026-06-01 A-2,A-1" {
		t.Errorf("an activation changes what was ordered: %s", got)
	}
	if err := live.Apply(); err != nil {
		t.Errorf("nothing to apply: %v", err)
	}
}
