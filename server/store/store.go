// Package store keeps what policies read under data, and answers the same tables to the service: OPA's storage.Store
// over go-memdb. A read transaction is one immutable memdb snapshot, taken without a lock and never changed by later
// writes; a write transaction sees its own writes, runs alone, and commits everything at once or nothing.
//
// Behind data stand three kinds of table. The documents are an immutable tree of OPA values, one row of memdb, copied on
// write along the written path only, so that a policy that reads a path pays neither a conversion nor a look-up in
// memdb. Computed tables answer one key at a time from a function (Computed); they can be neither listed nor written.
// Live tables (Live) are computed tables over a memdb of their own, which holds what was decided and registered before:
// a projection of the journal that all stores share, and of which each transaction sees the state at its opening.
// Beside data, memdb keeps the typed tables of controls and parties for look-ups that a path cannot express; they are
// filled from the documents inside the same commit.
//
// It is not a database: what outlives the process is the journal, and a saved state only spares reading all of it. It
// evaluates no policy, knows no HTTP, has no clock, and judges no date: whether a row is in force is said by the policies.
package store

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/hashicorp/go-memdb"
	"github.com/open-policy-agent/opa/v1/storage"
)

// Store is a storage.Store. All methods may be called from several goroutines; a transaction that writes belongs to one
// goroutine, a transaction that reads may be shared by many.
type Store struct {
	db       *memdb.MemDB
	writer   chan struct{} // holds one token while a write transaction is open; a channel, so that waiting heeds a context
	lastID   atomic.Uint64
	computed []Computed
	live     *Live      // nil for none
	triggers []*trigger // guarded by writer: only a write transaction registers, unregisters and runs them
}

var (
	_ storage.Store     = (*Store)(nil)
	_ storage.MakeDirer = (*Store)(nil)
)

// Tables is what New puts behind data beside the documents: a Computed table, or the tables of a Live.
type Tables interface{ attach(to *Store) }

// New returns a store that holds data (JSON values, as a bundle carries them; nil for none) and answers the tables. It
// refuses data that a typed table cannot be filled from, naming each row and field at fault, and tables whose paths are
// empty or lie inside each other.
func New(data map[string]any, tables ...Tables) (*Store, error) {
	db, err := memdb.NewMemDB(schema())
	if err != nil {
		return nil, fmt.Errorf("lay out the tables: %w", err)
	}
	s := &Store{db: db, writer: make(chan struct{}, 1)}
	for _, t := range tables {
		t.attach(s)
	}
	if err := checkPaths(s.computed); err != nil {
		return nil, err
	}
	ctx := context.Background()
	txn, err := s.NewTransaction(ctx, storage.WriteParams)
	if err != nil {
		return nil, err
	}
	if data == nil {
		data = map[string]any{}
	}
	if err := s.Write(ctx, txn, storage.AddOp, storage.RootPath, data); err != nil {
		s.Abort(ctx, txn)
		return nil, err
	}
	if err := s.Commit(ctx, txn); err != nil {
		return nil, err
	}
	return s, nil
}

// NewTransaction opens a transaction. Opening one that reads never waits. One that writes waits until the one before it
// has ended, or until ctx is done.
func (s *Store) NewTransaction(ctx context.Context, params ...storage.TransactionParams) (storage.Transaction, error) {
	t := &transaction{store: s, id: s.lastID.Add(1)}
	if len(params) > 0 {
		t.writes, t.context = params[0].Write, params[0].Context
	}
	if t.writes {
		if err := s.awaitTurn(ctx); err != nil {
			return nil, err
		}
	} else {
		if t.recorded = recordedOf(t.context); t.recorded != nil {
			if err := t.recorded.fits(s); err != nil {
				return nil, err
			}
		}
		t.reads = readSetOf(t.context)
	}
	t.live, t.asOf = s.liveSnapshot(), asOf(t.context)
	if t.live != nil && unrecorded(t.context) {
		t.live = NewLive().Snapshot()
	}
	t.rows = s.db.Txn(t.writes)
	root, err := rootOf(t.rows)
	if err != nil {
		t.end()
		return nil, err
	}
	t.root, t.filledFrom = root, root
	return t, nil
}

func (s *Store) awaitTurn(ctx context.Context) error {
	select {
	case s.writer <- struct{}{}: // a turn that is free is taken even under a context that is done
		return nil
	default:
	}
	select {
	case s.writer <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for the write transaction before this one: %w", context.Cause(ctx))
	}
}

// Read returns the document at path as an ast.Value, shared and not to be changed.
func (s *Store) Read(_ context.Context, txn storage.Transaction, path storage.Path) (any, error) {
	t, err := s.own(txn)
	if err != nil {
		return nil, err
	}
	return t.read(path)
}

// Write changes the document at path as a JSON patch operation would. The value may be any JSON value in Go's types or
// an ast.Value; it belongs to the store from then on.
func (s *Store) Write(_ context.Context, txn storage.Transaction, op storage.PatchOp, path storage.Path, value any) error {
	t, err := s.own(txn)
	if err != nil {
		return err
	}
	return t.write(op, path, value)
}

// MakeDir puts an empty object at path, and at each place above it, unless objects stand there already.
func (s *Store) MakeDir(_ context.Context, txn storage.Transaction, path storage.Path) error {
	t, err := s.own(txn)
	if err != nil {
		return err
	}
	return t.makeDir(path)
}

// Commit ends a transaction. What it wrote becomes visible at once and as a whole, after the triggers have seen it. If
// the typed tables cannot be filled from what was written, nothing is kept, no trigger runs, and the error says why.
func (s *Store) Commit(ctx context.Context, txn storage.Transaction) error {
	t, err := s.own(txn)
	if err != nil {
		return err
	}
	defer t.end()
	if !t.writes {
		return nil
	}
	if err := t.settle(); err != nil {
		return err
	}
	t.committing = true
	if err := s.notify(ctx, t); err != nil {
		return err
	}
	t.rows.Commit()
	return nil
}

// Abort ends a transaction without a trace. Like OPA's own store it panics when the transaction has ended already.
func (s *Store) Abort(_ context.Context, txn storage.Transaction) {
	t, err := s.own(txn)
	if err != nil {
		panic(err)
	}
	t.end()
}

// own finds our transaction in txn, and refuses strangers and transactions that have ended.
func (s *Store) own(txn storage.Transaction) (*transaction, error) {
	t, ok := txn.(*transaction)
	switch {
	case !ok:
		return nil, failure(storage.InvalidTransactionErr, "unexpected transaction type %T", txn)
	case t.store != s:
		return nil, failure(storage.InvalidTransactionErr, "unknown transaction")
	case t.ended.Load():
		return nil, failure(storage.InvalidTransactionErr, "stale transaction")
	}
	return t, nil
}

// rootOf reads the documents of a snapshot; nil in a store that New has not filled yet.
func rootOf(rows *memdb.Txn) (*node, error) {
	found, err := rows.First(tableDocuments, indexID)
	if err != nil {
		return nil, fmt.Errorf("read the documents: %w", err)
	}
	if found == nil {
		return nil, nil
	}
	return found.(*documents).root, nil
}

// failure is an error in the words and codes that OPA expects of a store.
func failure(code, format string, args ...any) *storage.Error {
	return &storage.Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// checkPaths refuses computed tables that could not be told apart.
func checkPaths(computed []Computed) error {
	var faults []error
	for i, c := range computed {
		if len(c.Path) == 0 {
			faults = append(faults, errors.New("a computed table has no path: give it one below the root"))
		}
		for _, other := range computed[:i] {
			if c.Path.HasPrefix(other.Path) || other.Path.HasPrefix(c.Path) {
				faults = append(faults, fmt.Errorf("the computed tables %s and %s overlap: give them paths apart", other.Path, c.Path))
			}
		}
	}
	return errors.Join(faults...)
}
