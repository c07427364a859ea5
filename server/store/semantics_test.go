package store_test

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/util"

	"greenchannel/server/store"
	"greenchannel/tests/counts"
	"greenchannel/tests/opacases"
)

// notEqual lists OPA's cases that cannot be run on this store, or come out otherwise than on OPA's own, by version and
// note, each with its reason. None is known; a case that stands here and comes out equal fails the test, so that the list stays true.
var notEqual = map[string]string{}

// TestSemanticCases runs every semantic case of OPA's module on three stores: OPA's own, ours filled in one write, and
// ours filled member by member in transactions of their own. All have to give the result that the case wants.
func TestSemanticCases(t *testing.T) {
	ran, equal := 0, 0
	for _, tc := range opacases.All(t) {
		ran++
		t.Run(tc.ID, func(t *testing.T) {
			for k, v := range tc.Env {
				t.Setenv(k, v)
			}
			fault := runCase(t, tc)
			reason, known := notEqual[tc.ID]
			switch {
			case fault == nil:
				equal++
				if known {
					t.Errorf("comes out equal, but is listed as not: %s; take it off the list", reason)
				}
			case !known:
				t.Errorf("%v\n(%s)", fault, tc.Filename)
			}
		})
	}
	counts.Hold(t, counts.Counts{Run: ran, Passed: equal, Skipped: map[string]int{"not equal, each with its reason": ran - equal}})
}

// runCase runs a case on all stores and says where the first went wrong.
func runCase(t *testing.T, tc opacases.Case) error {
	compiler, err := tc.Compiler()
	if err != nil {
		return err
	}
	query, err := compiler.QueryCompiler().Compile(ast.MustParseBody(tc.Query))
	if err != nil {
		return fmt.Errorf("compile the query: %w", err)
	}
	var data map[string]any
	if tc.Data != nil {
		data = *tc.Data
	}
	for _, s := range []struct {
		name string
		storage.Store
	}{
		{"OPA's store", inmem.NewFromObject(cloned(data))},
		{"ours", filled(t, cloned(data))},
		{"ours, member by member", filledByMember(t, cloned(data))},
	} {
		if err := evaluateCase(t, tc, s.Store, compiler, query); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

func evaluateCase(t *testing.T, tc opacases.Case, s storage.Store, compiler *ast.Compiler, query ast.Body) error {
	ctx := t.Context()
	txn, err := s.NewTransaction(ctx)
	if err != nil {
		return err
	}
	defer s.Abort(ctx, txn)
	results, err := topdown.NewQuery(query).WithCompiler(compiler).WithStore(s).WithTransaction(txn).
		WithBuiltins(opacases.Builtins()).WithInput(tc.InputTerm()).WithStrictBuiltinErrors(tc.StrictError).Run(ctx)

	var failed *topdown.Error
	switch {
	case tc.WantError != nil && (err == nil || !strings.Contains(err.Error(), *tc.WantError)):
		return fmt.Errorf("got error %v, want one with %q", err, *tc.WantError)
	case tc.WantErrorCode != nil && (!errors.As(err, &failed) || failed.Code != *tc.WantErrorCode):
		return fmt.Errorf("got error %v, want the code %q", err, *tc.WantErrorCode)
	case err != nil && tc.WantError == nil && tc.WantErrorCode == nil:
		return err
	case tc.WantResult != nil:
		return compareResults(tc, results)
	case tc.WantError == nil && tc.WantErrorCode == nil:
		return errors.New("the case wants nothing")
	}
	return nil
}

// compareResults compares bindings as sets, as OPA does: sorted where the case asks for it, and without the variables
// that a query generates where it asks for that.
func compareResults(tc opacases.Case, results topdown.QueryResultSet) error {
	want, got := ast.NewSet(), ast.NewSet()
	for _, bindings := range *tc.WantResult {
		want.Add(ast.NewTerm(ast.MustInterfaceToValue(bindings)))
	}
	for _, result := range results {
		bindings := map[string]any{}
		for variable, term := range result {
			value, err := ast.JSON(term.Value)
			if err != nil {
				return err
			}
			if list, ok := value.([]any); ok && tc.SortBindings {
				slices.SortFunc(list, util.Compare)
			}
			if !tc.IgnoreGeneratedVars || !strings.HasPrefix(string(variable), "__localq") {
				bindings[string(variable)] = value
			}
		}
		got.Add(ast.NewTerm(ast.MustInterfaceToValue(bindings)))
	}
	if want.Compare(got) != 0 {
		return fmt.Errorf("unequal result:\nwant %v\ngot  %v", want, got)
	}
	return nil
}

func filled(t testing.TB, data map[string]any, tables ...store.Tables) *store.Store {
	t.Helper()
	s, err := store.New(data, tables...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func filledByMember(t testing.TB, data map[string]any) *store.Store {
	s := filled(t, nil)
	for _, key := range slices.SortedFunc(maps.Keys(data), cmp.Compare) {
		writeByMember(t, s, storage.Path{key}, data[key])
	}
	return s
}

func writeByMember(t testing.TB, s storage.Store, path storage.Path, value any) {
	object, ok := value.(map[string]any)
	if !ok {
		put(t, s, path, value)
		return
	}
	put(t, s, path, map[string]any{})
	for key, member := range object {
		writeByMember(t, s, append(slices.Clone(path), key), member)
	}
}

func put(t testing.TB, s storage.Store, path storage.Path, value any) {
	t.Helper()
	if err := storage.WriteOne(t.Context(), s, storage.AddOp, path, value); err != nil {
		t.Fatalf("add %s: %v", path, err)
	}
}

// cloned copies JSON data, as a store may keep what it is given.
func cloned(data map[string]any) map[string]any {
	if data == nil {
		return map[string]any{}
	}
	var value any = data
	if err := util.RoundTrip(&value); err != nil {
		panic(err)
	}
	return value.(map[string]any)
}
