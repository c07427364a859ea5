package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/go-memdb"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
)

// Snapshot is one state of the store, for the typed look-ups. It costs nothing to keep, needs no closing, and may be
// shared; its rows are shared too and must not be changed.
type Snapshot struct {
	rows *memdb.Txn
	live *LiveSnapshot // nil in a store without live tables
}

// Snapshot returns the state after the last commit, and of the live tables after the last record.
func (s *Store) Snapshot() *Snapshot { return &Snapshot{rows: s.db.Txn(false), live: s.liveSnapshot()} }

func (s *Store) liveSnapshot() *LiveSnapshot {
	if s.live == nil {
		return nil
	}
	return s.live.Snapshot()
}

// SnapshotOf returns the state that a reading transaction sees, so that a request can look up rows in the very state
// that its decision was made on.
func (s *Store) SnapshotOf(txn storage.Transaction) (*Snapshot, error) {
	t, err := s.own(txn)
	if err != nil {
		return nil, err
	}
	if t.writes {
		return nil, failure(storage.InvalidTransactionErr, "a transaction that writes has no snapshot: commit it first")
	}
	return t.snapshot(), nil
}

// LiveOf returns the live tables as a transaction sees them, so that what was decided on them can be checked against the
// records after.
func (s *Store) LiveOf(txn storage.Transaction) (*LiveSnapshot, error) {
	t, err := s.own(txn)
	if err != nil {
		return nil, err
	}
	if t.live == nil {
		return nil, errors.New("this store has no live tables: make it with a Live")
	}
	return t.live, nil
}

// one finds a row by its id; nil when the table has none.
func one[Row any](rows *memdb.Txn, table, id string) (*Row, error) {
	found, err := rows.First(table, indexID, id)
	if err != nil {
		return nil, fmt.Errorf("look up %q in %s: %w", id, table, err)
	}
	row, _ := found.(*Row)
	return row, nil
}

// all lists the rows that an index has for args, each once; every index of ours orders the rows of one value by id.
func all[Row any](rows *memdb.Txn, table, index string, args ...any) ([]*Row, error) {
	found, err := rows.Get(table, index, args...)
	if err != nil {
		return nil, fmt.Errorf("look up %v in %s by %s: %w", args, table, index, err)
	}
	var listed []*Row
	for row := found.Next(); row != nil; row = found.Next() {
		listed = append(listed, row.(*Row))
	}
	return listed, nil
}

func rowJSON(row ast.Value) (json.RawMessage, error) {
	value, err := ast.JSON(row)
	if err != nil {
		return nil, fmt.Errorf("write a row as JSON: %w", err)
	}
	return json.Marshal(value)
}

// folded is the form in which codes and short names are compared: without case and outer space.
func folded(text string) string { return strings.ToLower(strings.TrimSpace(text)) }
