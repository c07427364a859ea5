package store_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
)

// Where this store answers otherwise than OPA's own, on purpose, and how. OPA's store gathers the updates of a
// transaction and applies them at the commit; several updates of one place can then get lost. Each line is checked on
// both stores, so that the list stays true when OPA changes.
func TestDifferences(t *testing.T) {
	ctx := context.Background()
	write := func(s storage.Store, txn storage.Transaction, op storage.PatchOp, at string, value any) error {
		return s.Write(ctx, txn, op, path(at), value)
	}
	for _, tc := range []struct {
		name         string
		do           func(storage.Store) (any, error)
		theirs, ours outcome
	}{
		{
			name: "a replacement of what the transaction added is not found, and the addition lost",
			do: inWrite(func(s storage.Store, txn storage.Transaction) error {
				return errors.Join(write(s, txn, storage.AddOp, "/x", 1), write(s, txn, storage.ReplaceOp, "/x", "two"))
			}),
			theirs: outcome{Error: "storage_not_found_error: document does not exist"},
			ours:   outcome{Value: map[string]any{"a": "v", "x": "two"}},
		},
		{
			name: "a removal of what the transaction added is not found",
			do: inWrite(func(s storage.Store, txn storage.Transaction) error {
				return errors.Join(write(s, txn, storage.AddOp, "/x", 1), write(s, txn, storage.RemoveOp, "/x", nil))
			}),
			theirs: outcome{Error: "storage_not_found_error: document does not exist"},
			ours:   outcome{Value: map[string]any{"a": "v"}},
		},
		{
			name: "a removal of a null that the transaction added is lost",
			do: inWrite(func(s storage.Store, txn storage.Transaction) error {
				return errors.Join(write(s, txn, storage.AddOp, "/a", nil), write(s, txn, storage.RemoveOp, "/a", nil))
			}),
			theirs: outcome{Value: map[string]any{"a": nil}},
			ours:   outcome{Value: map[string]any{}},
		},
		{
			name: "a null added after a removal is lost",
			do: inWrite(func(s storage.Store, txn storage.Transaction) error {
				return errors.Join(write(s, txn, storage.RemoveOp, "/a", nil), write(s, txn, storage.AddOp, "/a", nil))
			}),
			theirs: outcome{Value: map[string]any{}},
			ours:   outcome{Value: map[string]any{"a": nil}},
		},
		{
			name: "a write inside an element lands in another when the transaction then moves the elements",
			do: func(s storage.Store) (any, error) {
				list := []any{map[string]any{"id": "first"}, map[string]any{"id": "second"}, map[string]any{"id": "third"}}
				if err := storage.WriteOne(ctx, s, storage.AddOp, path("/l"), list); err != nil {
					return nil, err
				}
				_, err := inWrite(func(s storage.Store, txn storage.Transaction) error {
					return errors.Join(write(s, txn, storage.AddOp, "/l/1/new", true), write(s, txn, storage.RemoveOp, "/l/0", nil))
				})(s)
				if err != nil {
					return nil, err
				}
				return reading("/l")(s)
			},
			theirs: outcome{Value: []any{map[string]any{"id": "second"}, map[string]any{"id": "third", "new": true}}},
			ours:   outcome{Value: []any{map[string]any{"id": "second", "new": true}, map[string]any{"id": "third"}}},
		},
		{
			name: "a transaction that only read can be used after its commit",
			do: func(s storage.Store) (any, error) {
				txn := storage.NewTransactionOrDie(ctx, s)
				if err := s.Commit(ctx, txn); err != nil {
					return nil, err
				}
				return s.Read(ctx, txn, path("/a"))
			},
			theirs: outcome{Value: "v"},
			ours:   outcome{Error: "storage_invalid_txn_error: stale transaction"},
		},
		{
			name: "what a trigger writes into the transaction that called it is accepted and lost",
			do: func(s storage.Store) (any, error) {
				var refused error
				if err := storage.Txn(ctx, s, storage.WriteParams, func(txn storage.Transaction) error {
					_, err := s.Register(ctx, txn, storage.TriggerConfig{OnCommit: func(ctx context.Context, txn storage.Transaction, _ storage.TriggerEvent) {
						refused = s.Write(ctx, txn, storage.AddOp, path("/late"), true)
					}})
					return err
				}); err != nil {
					return nil, err
				}
				if refused != nil {
					return nil, refused
				}
				return reading("/")(s)
			},
			theirs: outcome{Value: map[string]any{"a": "v"}},
			ours: outcome{Error: "storage_invalid_txn_error: data write during commit: " +
				"a trigger may read, write in a transaction of its own"},
		},
		{
			name:   "a set becomes an empty object",
			do:     writing(storage.AddOp, "/a", ast.NewSet(ast.StringTerm("x"))),
			theirs: outcome{Value: map[string]any{"a": map[string]any{}}},
			ours:   outcome{Error: "storage_invalid_patch_error: /: set is not a JSON value"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			start := map[string]any{"a": "v"}
			if diff := cmp.Diff(tc.theirs, try(t, inmem.NewFromObject(cloned(start)), tc.do)); diff != "" {
				t.Errorf("OPA's store does not do this any more (-then +now):\n%s", diff)
			}
			if diff := cmp.Diff(tc.ours, try(t, filled(t, cloned(start)), tc.do)); diff != "" {
				t.Errorf("ours (-want +got):\n%s", diff)
			}
		})
	}
}
