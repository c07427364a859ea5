package store_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"

	"greenchannel/server/store"
)

// Documents are what they were, whatever their values share: numbers as they stood, and lists that only look alike apart.
func TestDocumentsAreKeptAsTheyWere(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		data := map[string]any{"a": anything(random, 4), "b": anything(random, 4)}
		want, err := json.Marshal(data)
		if err != nil {
			t.Fatal(err)
		}
		value, err := ast.JSON(root(t, filled(t, data)))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := json.Marshal(value); err != nil || string(got) != string(want) {
			t.Fatalf("%v: got %s\nwant %s", err, got, want)
		}
	}
}

// anything is some JSON of few different texts and numbers, or of many.
func anything(random *rand.Rand, depth int) any {
	switch kind := random.IntN(8); {
	case kind == 0:
		return []any{nil, true, false}[random.IntN(3)]
	case kind == 1:
		return json.Number([]string{"1", "1.0", "1e0", "-0.50", "12345678901234567890"}[random.IntN(5)])
	case kind == 2 || depth == 0:
		return anyText(random)
	case kind < 6:
		list := make([]any, random.IntN(5))
		texts := random.IntN(2) == 0
		for i := range list {
			if list[i] = anything(random, depth-1); texts {
				list[i] = anyText(random)
			}
		}
		return list
	}
	object := map[string]any{}
	for range random.IntN(12) {
		object[anyText(random)] = anything(random, depth-1)
	}
	return object
}

func anyText(random *rand.Rand) string {
	switch random.IntN(4) {
	case 0:
		return fmt.Sprint(random.IntN(1 << 20))
	case 1:
		return strings.Repeat("long ", random.IntN(40))
	}
	return []string{"", "a", "b", "ab", "1:a", "1:a1:b", "2:ab", "Dy", "稀土"}[random.IntN(9)]
}

// What rows say alike is held once: a list of a hundred thousand rows has the names of its members as often otherwise.
func TestRowsShareWhatTheySayAlike(t *testing.T) {
	t.Parallel()
	rows := map[string]any{}
	for n := range 50_000 { // more codes of their own than are remembered
		rows[fmt.Sprint("row ", n)] = map[string]any{"code": fmt.Sprint("code ", n), "instrument": "ANN-2025-18", "symbols": []any{"Dy", "Tb"}}
	}
	held := root(t, filled(t, map[string]any{"rows": rows})).Get(ast.StringTerm("rows")).Value.(ast.Object)
	terms, before := map[*ast.Term]bool{}, map[string]*ast.Term{}
	held.Foreach(func(_, row *ast.Term) {
		row.Value.(ast.Object).Foreach(func(k, v *ast.Term) {
			terms[k] = true
			if name := string(k.Value.(ast.String)); name != "code" {
				terms[v] = true
				before[name] = v
			}
		})
	})
	if len(before) != 2 || len(terms) > 1000 { // of 250,000: what is forgotten between is made anew
		t.Errorf("%d terms say the same five things", len(terms))
	}
}

// root is all that a store holds as documents.
func root(t testing.TB, s *store.Store) ast.Object {
	t.Helper()
	txn := storage.NewTransactionOrDie(t.Context(), s)
	defer s.Abort(t.Context(), txn)
	read, err := s.Read(t.Context(), txn, storage.RootPath)
	if err != nil {
		t.Fatal(err)
	}
	return read.(ast.Object)
}
