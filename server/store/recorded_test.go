package store_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"

	"greenchannel/server/store"
)

// echo is a computed table that gives the JSON which its key is.
func echo() store.Computed {
	return store.Computed{Path: path("/made/echo"), Answer: func(_ *store.View, key string) (ast.Value, error) {
		if key == "none" {
			return nil, nil
		}
		return ast.ValueFromReader(strings.NewReader(key))
	}}
}

func TestReadsAreWrittenInOneForm(t *testing.T) {
	s := filled(t, nil, echo(), store.NewLive())
	reads := &store.ReadSet{}
	txn := storage.NewTransactionOrDie(t.Context(), s, storage.TransactionParams{Context: store.NoteReads(nil, reads)})
	for _, key := range []string{
		`{"b":[1.50,1e2,-0.0,12345678901234567890.123],"a":{"ü":null,"B":true,"<&>":"</script>\u2028\u0001\"\\"}}`, "none", "[]", "none", "{}", `"x"`,
	} {
		if _, err := s.Read(t.Context(), txn, storage.Path{"made", "echo", key}); err != nil && !storage.IsNotFound(err) {
			t.Fatal(err)
		}
	}
	if _, err := s.Read(t.Context(), txn, storage.Path{"registry", "parties", "Bolt & <Sons>/Söhne"}); err != nil {
		t.Fatal(err)
	}
	written, err := reads.JSON()
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"path":["made","echo","\"x\""],"value":"x"},{"path":["made","echo","[]"],"value":[]},{"path":["made","echo","none"]},` +
		`{"path":["made","echo","{\"b\":[1.50,1e2,-0.0,12345678901234567890.123],\"a\":{\"ü\":null,\"B\":true,\"<&>\":\"</script>\\u2028\\u0001\\\"\\\\\"}}"],` +
		`"value":{"a":{"<&>":"</script>` + "\u2028" + `\u0001\"\\","B":true,"ü":null},"b":[1.50,1e2,-0.0,12345678901234567890.123]}},` +
		`{"path":["made","echo","{}"],"value":{}},{"path":["registry","parties","Bolt & <Sons>/Söhne"],"value":[]}]`
	if diff := cmp.Diff(want, string(written)); diff != "" {
		t.Error(diff)
	}
	if !json.Valid(written) {
		t.Error("that is no JSON")
	}
	if empty, err := new(store.ReadSet).JSON(); string(empty) != "[]" || err != nil {
		t.Errorf("nothing read is written as %s, %v", empty, err)
	}
}

func TestARecordAnswersInThePlaceOfTheTables(t *testing.T) {
	live := remembered(t, past{at: "2026-06-01", exporter: "X", application: "A-1", orders: []placed{{"Motor Works", "Dy", "1.5"}}})
	s := filled(t, map[string]any{"document": 1}, echo(), live)
	const query = `{"orders": data.history.orders[json.marshal({"but": "", "element": "Dy", "end_user": "Motor Works", "exporter": "X"})].days_30,
		"parties": data.registry.parties["Motor Works"], "echo": data.made.echo["[1.0]"], "none": [1 | data.made.echo.none], "document": data.document}`
	evaluate := func(c *storage.Context, query string) (string, error) {
		reads := &store.ReadSet{}
		txn := storage.NewTransactionOrDie(t.Context(), s, storage.TransactionParams{Context: store.NoteReads(c, reads)})
		defer s.Abort(t.Context(), txn)
		results, err := rego.New(rego.Query(query), rego.Store(s), rego.Transaction(txn), rego.StrictBuiltinErrors(true)).Eval(t.Context())
		if err != nil {
			return "", err
		}
		body, err := json.Marshal(results)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := reads.JSON()
		return string(body) + string(rows), err
	}
	first, err := evaluate(store.AsOf(nil, instant(t, "2026-06-30")), query)
	if err != nil || !strings.Contains(first, `"kg":1.5`) {
		t.Fatalf("%s, %v", first, err)
	}
	recorded, err := store.ParseReads([]byte(first[strings.Index(first, `[{"path"`):]))
	if err != nil {
		t.Fatal(err)
	}
	later := past{seq: 2, at: "2026-06-02", exporter: "X", application: "A-2", orders: []placed{{"Motor Works", "Dy", "1"}}}.record(t)
	if err := live.Apply(later, registration(t, 3, "P-1", `{"name":"Motor Works"}`, "Motor Works")); err != nil {
		t.Fatal(err)
	}
	if now, err := evaluate(store.AsOf(nil, instant(t, "2026-06-30")), query); err != nil || now == first {
		t.Errorf("the tables answer as before: %v", err)
	}
	if again, err := evaluate(store.AnswerFrom(nil, recorded), query); err != nil || again != first {
		t.Errorf("from the record: %v\n%s", err, cmp.Diff(first, again))
	}
	_, err = evaluate(store.AnswerFrom(nil, recorded), `data.registry.parties.Nobody`)
	var missing *store.NotRecordedError
	if !errors.As(err, &missing) || missing.Path.String() != "/registry/parties/Nobody" || !strings.Contains(err.Error(), "/registry/parties/Nobody") {
		t.Errorf("a row that the record does not have: %v", err)
	}
	if now, err := evaluate(store.AnswerFrom(nil, nil), `data.registry.parties["Motor Works"][0].id`); err != nil || !strings.Contains(now, "P-1") {
		t.Errorf("without a record the tables do not answer: %s, %v", now, err)
	}
	bare := filled(t, nil, echo())
	if _, err := bare.NewTransaction(t.Context(), storage.TransactionParams{Context: store.AnswerFrom(nil, recorded)}); err == nil ||
		!strings.Contains(err.Error(), "/history/orders") {
		t.Errorf("a store without those tables: %v", err)
	}
}

func TestRowsOfARecordThatCannotBeRead(t *testing.T) {
	if r, err := store.ParseReads(nil); r == nil || err != nil {
		t.Errorf("no rows: %v, %v", r, err)
	}
	for name, reads := range map[string]string{
		"no JSON":        `[`,
		"no array":       `{}`,
		"unknown member": `[{"path":["a","b"],"values":1}]`,
		"no path":        `[{"value":1}]`,
		"short path":     `[{"path":["a"],"value":1}]`,
		"twice":          `[{"path":["a","b"]},{"path":["a","b"],"value":1}]`,
		"more":           `[] []`,
	} {
		if _, err := store.ParseReads([]byte(reads)); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
