package store_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"

	"greenchannel/server/store"
)

// lengths is a computed table: for a key with a letter, how long it is and which documents' root the snapshot had.
func lengths() store.Computed {
	return store.Computed{Path: path("/made/lengths"), Answer: func(_ *store.View, key string) (ast.Value, error) {
		switch key {
		case "":
			return nil, nil
		case "broken":
			return nil, errors.New("cannot be computed")
		}
		return ast.NewObject(ast.Item(ast.StringTerm("length"), ast.IntNumberTerm(len(key)))), nil
	}}
}

func TestAComputedTableIsReadByKeyOnly(t *testing.T) {
	ctx, s := t.Context(), filled(t, map[string]any{"made": map[string]any{"beside": true}, "n": 1}, lengths())
	for at, want := range map[string]any{
		"/made/lengths/four":        map[string]any{"length": 4},
		"/made/lengths/four/length": 4,
		"/made/beside":              true,
		"/made":                     map[string]any{"beside": true},
		"/":                         map[string]any{"made": map[string]any{"beside": true}, "n": 1},
	} {
		got, err := storage.ReadOne(ctx, s, path(at))
		if err != nil || ast.MustInterfaceToValue(want).Compare(got.(ast.Value)) != 0 {
			t.Errorf("%s reads %v, %v; want %v", at, got, err, want)
		}
	}
	for _, at := range []string{"/made/lengths", "/made/lengths/", "/made/lengths/four/x", "/made/x"} {
		if got, err := storage.ReadOne(ctx, s, path(at)); !storage.IsNotFound(err) {
			t.Errorf("%s reads %v, %v; want not found", at, got, err)
		}
	}
	if _, err := storage.ReadOne(ctx, s, path("/made/lengths/broken")); err == nil || storage.IsNotFound(err) {
		t.Errorf("a failure to compute is told as %v, want an error that is no absence", err)
	}
}

func TestAComputedTableCannotBeWrittenOrHidden(t *testing.T) {
	ctx, s := t.Context(), filled(t, map[string]any{"n": 1}, lengths())
	for name, w := range map[string]struct {
		op    storage.PatchOp
		at    string
		value any
	}{
		"a row":                    {storage.AddOp, "/made/lengths/x", 1},
		"a part of a row":          {storage.ReplaceOp, "/made/lengths/x/length", 1},
		"the table":                {storage.AddOp, "/made/lengths", map[string]any{}},
		"its removal":              {storage.RemoveOp, "/made/lengths", nil},
		"a document that holds it": {storage.AddOp, "/made", map[string]any{"lengths": map[string]any{"x": 1}}},
		"a leaf above it":          {storage.AddOp, "/made", "leaf"},
		"a root that holds it":     {storage.AddOp, "/", map[string]any{"made": map[string]any{"lengths": 1}}},
		"a root with a leaf":       {storage.AddOp, "/", map[string]any{"made": []any{}}},
	} {
		err := storage.WriteOne(ctx, s, w.op, path(w.at), w.value)
		var refused *storage.Error
		if !errors.As(err, &refused) || refused.Code != storage.WritesNotSupportedErr || !strings.Contains(err.Error(), "/made/lengths") {
			t.Errorf("%s: got %v, want a refusal that names the table", name, err)
		}
	}
	put(t, s, path("/made"), map[string]any{})
	put(t, s, path("/made/other"), 1)
	put(t, s, path("/"), map[string]any{"made": map[string]any{"other": 2}})
	if _, err := store.New(map[string]any{"made": map[string]any{"lengths": 1}}, lengths()); err == nil {
		t.Error("a bundle that hides the table is accepted")
	}
}

func TestComputedTablesMustBeApart(t *testing.T) {
	at := func(text string) store.Computed { return store.Computed{Path: path(text)} }
	for name, tables := range map[string][]store.Tables{
		"root":   {at("/")},
		"twice":  {at("/a/b"), at("/a/b")},
		"inside": {at("/a/b"), at("/a/b/c")},
		"around": {at("/a/b"), at("/a")},
	} {
		if _, err := store.New(nil, tables...); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := store.New(nil, at("/a/b"), at("/a/c")); err != nil {
		t.Errorf("tables beside each other are refused: %v", err)
	}
}

// Rego sees rows by key, and nothing when it asks for the whole.
func TestRegoReadsAComputedTable(t *testing.T) {
	s := filled(t, nil, lengths())
	for query, want := range map[string]any{
		`data.made.lengths.four.length`:                            "4",
		`name := "sixsix"; x := data.made.lengths[name]; x.length`: "6",
		`count([1 | data.made.lengths[_]])`:                        "0",
		`count([1 | some k; data.made[k]])`:                        "0",
		`not data.made.lengths`:                                    "true",
		`not data.made`:                                            "true",
		`not data.made.lengths[""]`:                                "true",
		`data.made.lengths.four.length with data.made.lengths as {"four": {"length": 9}}`: "9",
	} {
		txn := storage.NewTransactionOrDie(t.Context(), s)
		results, err := rego.New(rego.Query(query), rego.Store(s), rego.Transaction(txn)).Eval(t.Context())
		if err != nil || len(results) != 1 {
			t.Errorf("%s: %v, %v", query, results, err)
			continue
		}
		expressions := results[0].Expressions
		if got := expressions[len(expressions)-1].String(); got != want {
			t.Errorf("%s is %s, want %s", query, got, want)
		}
	}
}

func TestReadsAreNotedOnceInOrder(t *testing.T) {
	ctx, s := t.Context(), filled(t, map[string]any{"n": 1}, lengths())
	var reads store.ReadSet
	txn := storage.NewTransactionOrDie(ctx, s, storage.TransactionParams{Context: store.NoteReads(nil, &reads)})
	for _, at := range []string{"/made/lengths/bb", "/n", "/made/lengths/a/length", "/made/lengths/bb", "/made/lengths/", "/made/lengths", "/"} {
		if _, err := s.Read(ctx, txn, path(at)); err != nil && !storage.IsNotFound(err) {
			t.Fatal(err)
		}
	}
	var noted []string
	for _, row := range reads.Rows() {
		value := "nothing"
		if row.Value != nil {
			value = row.Value.String()
		}
		noted = append(noted, row.Path.String()+" "+value)
	}
	want := []string{`/made/lengths/bb {"length": 2}`, `/made/lengths/a {"length": 1}`, `/made/lengths/ nothing`}
	if diff := cmp.Diff(want, noted); diff != "" {
		t.Error(diff)
	}

	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for _, key := range []string{"a", "bb", "ccc", "dddd"} {
				if _, err := s.Read(ctx, txn, storage.Path{"made", "lengths", key}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if rows := reads.Rows(); len(rows) != 5 {
		t.Errorf("%d rows are noted after many goroutines read, want 5: %v", len(rows), rows)
	}
}

// A transaction that writes sees in a computed table what it wrote, and other transactions do not.
func TestAComputedTableSeesTheTransactionsOwnWrites(t *testing.T) {
	ctx := t.Context()
	s := filled(t, nil, store.Computed{Path: path("/known"), Answer: func(v *store.View, key string) (ast.Value, error) {
		c, err := v.Control(key)
		if err != nil || c == nil {
			return nil, err
		}
		return ast.String(c.Instrument), nil
	}})
	known := func(txn storage.Transaction) string {
		got, err := s.Read(ctx, txn, path("/known/A"))
		if storage.IsNotFound(err) {
			return "nothing"
		}
		if err != nil {
			t.Fatal(err)
		}
		return inGo(t, got).(string)
	}
	before := storage.NewTransactionOrDie(ctx, s)
	txn := storage.NewTransactionOrDie(ctx, s, storage.WriteParams)
	if err := storage.MakeDir(ctx, s, txn, path(entriesAt)); err != nil {
		t.Fatal(err)
	}
	var seen []string
	for _, instrument := range []string{"N-1", "N-2"} {
		if err := s.Write(ctx, txn, storage.AddOp, path(entriesAt+"/A"), control(instrument)); err != nil {
			t.Fatal(err)
		}
		seen = append(seen, known(txn), known(before))
	}
	if err := s.Commit(ctx, txn); err != nil {
		t.Fatal(err)
	}
	seen = append(seen, known(before), known(storage.NewTransactionOrDie(ctx, s)))
	if diff := cmp.Diff([]string{"N-1", "nothing", "N-2", "nothing", "nothing", "N-2"}, seen); diff != "" {
		t.Error(diff)
	}
}

func TestSnapshotOfATransaction(t *testing.T) {
	ctx, s := t.Context(), filled(t, nil)
	txn := storage.NewTransactionOrDie(ctx, s)
	put(t, s, path("/rareearth"), map[string]any{"reference": map[string]any{"control_list": map[string]any{"entries": map[string]any{"A": control("N-1")}}}})
	v, err := s.SnapshotOf(txn)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := v.Control("A"); c != nil || err != nil {
		t.Errorf("the snapshot of an older transaction has the row: %v, %v", c, err)
	}
	writer := storage.NewTransactionOrDie(ctx, s, storage.WriteParams)
	if _, err := s.SnapshotOf(writer); !storage.IsInvalidTransaction(err) {
		t.Errorf("a transaction that writes gives a snapshot: %v", err)
	}
	s.Abort(ctx, writer)
}
