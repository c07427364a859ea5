package store

import (
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/go-memdb"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
)

// filling says how one table of memdb is filled from documents. It runs inside the commit that changed one of them, so a
// snapshot never holds documents and tables of different ages.
type filling struct {
	table string
	from  []storage.Path
	// fill changes the rows from those of the old documents to those of the new. A document that is absent is nil.
	fill func(rows *memdb.Txn, old, now []ast.Value) error
}

// source remembers which documents a table was filled from. Documents are immutable, so the same pointer means that
// nothing below it has changed.
type source struct {
	table string
	from  []ast.Value
}

// fillings are all tables that are filled from documents.
func fillings() []filling {
	return []filling{
		{table: tableControls, from: []storage.Path{controlEntries}, fill: fillControls},
		{table: tableParties, from: []storage.Path{partyRows, foldingTable, screeningSettings}, fill: fillParties},
	}
}

// fillAll fills every table whose documents changed. All faults are told at once, and leave the rows half filled: the
// caller must abort.
func fillAll(rows *memdb.Txn, root *node) error {
	var faults []error
	for _, f := range fillings() {
		if err := f.run(rows, root); err != nil {
			faults = append(faults, err)
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return failure(storage.InvalidPatchErr, "nothing was committed: %v", errors.Join(faults...))
}

func (f filling) run(rows *memdb.Txn, root *node) error {
	now := make([]ast.Value, len(f.from))
	for i, path := range f.from {
		found, err := root.read(path)
		if err != nil && !storage.IsNotFound(err) {
			return err
		}
		if err == nil {
			now[i] = found
		}
	}
	old := make([]ast.Value, len(f.from))
	filled, err := rows.First(tableSources, indexID, f.table)
	if err != nil {
		return fmt.Errorf("read what %s was filled from: %w", f.table, err)
	}
	if filled != nil {
		old = filled.(*source).from
		if slices.Equal(old, now) {
			return nil
		}
	}
	if err := f.fill(rows, old, now); err != nil {
		return err
	}
	if err := rows.Insert(tableSources, &source{table: f.table, from: now}); err != nil {
		return fmt.Errorf("note what %s was filled from: %w", f.table, err)
	}
	return nil
}

// fillRows makes a table hold one row for each member of the object at path. Members whose value is the same as before
// keep their row, unless all are to be made anew.
func fillRows[Row any](rows *memdb.Txn, table string, path storage.Path, old, now ast.Value, anew bool, decode func(*fields) *Row) error {
	before, err := objectAt(path, old)
	if err != nil {
		return err
	}
	after, err := objectAt(path, now)
	if err != nil {
		return err
	}
	var faults []error
	f := &fields{path: path}
	for _, change := range changes(before, after) {
		key := string(change.key.Value.(ast.String))
		if change.now == nil {
			if _, err := rows.DeleteAll(table, indexID, key); err != nil {
				faults = append(faults, fmt.Errorf("drop %s/%s: %w", path, key, err))
			}
			continue
		}
		if change.same && !anew {
			continue
		}
		f.key, f.faults = key, nil
		f.of(change.now.Value)
		row := decode(f)
		if len(f.faults) > 0 {
			faults = append(faults, f.faults...)
			continue
		}
		if err := rows.Insert(table, row); err != nil {
			faults = append(faults, fmt.Errorf("keep %s: %w", f.at(""), err))
		}
	}
	return errors.Join(faults...)
}

// change is a member of an object, before and now.
type change struct {
	key  *ast.Term
	now  *ast.Term // nil when the member is gone
	same bool
}

// changes walks two objects side by side in the order of their keys. What a write left alone has the very terms of before.
func changes(before, after ast.Object) []change {
	var all []change
	old := members(before)
	for _, now := range members(after) {
		for len(old) > 0 && old[0].key.Value.Compare(now.key.Value) < 0 {
			all = append(all, change{key: old[0].key})
			old = old[1:]
		}
		if len(old) > 0 && old[0].key.Value.Compare(now.key.Value) == 0 {
			now.same = old[0].now == now.now
			old = old[1:]
		}
		all = append(all, now)
	}
	for _, gone := range old {
		all = append(all, change{key: gone.key})
	}
	return all
}

func members(of ast.Object) []change {
	all := make([]change, 0, of.Len())
	of.Foreach(func(k, v *ast.Term) { all = append(all, change{key: k, now: v}) })
	return all
}

// objectAt takes a document for an object of rows. An absent one has no rows.
func objectAt(path storage.Path, value ast.Value) (ast.Object, error) {
	if value == nil {
		return ast.NewObject(), nil
	}
	object, ok := value.(ast.Object)
	if !ok {
		return nil, fmt.Errorf("%s: want an object of rows, found %s", path, ast.ValueName(value))
	}
	return object, nil
}
