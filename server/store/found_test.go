package store_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"

	"greenchannel/policies"
	"greenchannel/server/bundle"
	"greenchannel/server/store"
)

// A name that is screened again finds the same, also when many others were screened between, and also after the lists were
// written anew: then what was found before does not count any more.
func TestNamesAreScreenedOncePerState(t *testing.T) {
	t.Parallel()
	b, err := bundle.Load(policies.FS())
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.New(b.Data, store.Screening())
	if err != nil {
		t.Fatal(err)
	}
	read := func(name string) ast.Value {
		txn := storage.NewTransactionOrDie(t.Context(), s)
		defer s.Abort(t.Context(), txn)
		row, err := s.Read(t.Context(), txn, storage.Path{"screening", "matches", name})
		if err != nil && !storage.IsNotFound(err) {
			t.Error(err)
		}
		value, _ := row.(ast.Value)
		return value
	}
	const listed = "Lockheed Martin Corporation"
	first := read(listed)
	if first == nil || first.(*ast.Array).Len() == 0 {
		t.Fatalf("%s is not found: %v", listed, first)
	}
	var asking sync.WaitGroup
	for part := range 4 {
		asking.Go(func() {
			for i := range 1500 {
				read(fmt.Sprint("Somebody ", part, " ", i))
			}
		})
	}
	asking.Wait()
	read(strings.Repeat("long ", 1000))
	for range 2 { // the second time it could come from what was found
		if read("…") != nil {
			t.Error("a name without a letter was screened")
		}
	}
	if again := read(listed); again.Compare(first) != 0 {
		t.Errorf("found %v, then %v", first, again)
	}
	if err := storage.WriteOne(t.Context(), s, storage.ReplaceOp, storage.Path{"rareearth", "reference", "parties", "rows"}, map[string]any{}); err != nil {
		t.Fatal(err)
	}
	if gone := read(listed); gone == nil || gone.(*ast.Array).Len() != 0 {
		t.Errorf("found in an empty list: %v", gone)
	}
}
