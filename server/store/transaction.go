package store

import (
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-memdb"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
)

// transaction is a view of the store: one memdb transaction, and the root of the documents as this transaction sees it.
type transaction struct {
	store   *Store
	id      uint64
	context *storage.Context
	rows    *memdb.Txn
	root    *node
	live    *LiveSnapshot // nil in a store without live tables
	asOf    time.Time     // zero when none was given
	reads   *ReadSet      // nil when nobody asked
	ended   atomic.Bool

	// recorded answers in the place of the computed tables when a record is decided again; nil else.
	recorded *Recorded

	// The rest is for a transaction that writes.
	writes     bool
	committing bool                // its triggers are running
	filledFrom *node               // the root that the typed tables in rows were last filled from
	touched    []storage.Path      // where documents changed, no path inside another
	policies   map[string]struct{} // ids of policies written or deleted
}

// ID tells transactions of one store apart.
func (t *transaction) ID() uint64 { return t.id }

// end gives back what the transaction holds. After a commit the rows are kept and Abort does nothing to them.
func (t *transaction) end() {
	t.ended.Store(true)
	if t.writes {
		t.rows.Abort()
		<-t.store.writer
	}
}

func (t *transaction) snapshot() *Snapshot { return &Snapshot{rows: t.rows, live: t.live} }

func (t *transaction) read(path storage.Path) (any, error) {
	if c := t.store.computedAt(path); c != nil {
		return t.readComputed(c, path)
	}
	return t.root.read(path)
}

func (t *transaction) write(op storage.PatchOp, path storage.Path, value any) error {
	if err := t.mayWrite("data"); err != nil {
		return err
	}
	if c := t.store.computedAt(path); c != nil {
		return failure(storage.WritesNotSupportedErr, "%s is computed by the store and cannot be written", c.Path)
	}
	root, touched, err := patch(t.root, op, path, value)
	if err != nil {
		return err
	}
	if c := t.store.shadowing(root, path); c != nil {
		return failure(storage.WritesNotSupportedErr,
			"a document at %s would hide %s, which is computed by the store: leave it out", path, c.Path)
	}
	t.root = root
	t.touch(touched)
	return nil
}

// mayWrite refuses writes in a transaction that reads, and in triggers: those run when the typed tables have been
// filled, and what they wrote would be told to nobody.
func (t *transaction) mayWrite(what string) error {
	if !t.writes {
		return failure(storage.InvalidTransactionErr, "%s write during read transaction", what)
	}
	if t.committing {
		return failure(storage.InvalidTransactionErr, "%s write during commit: a trigger may read, write in a transaction of its own", what)
	}
	return nil
}

// touch remembers that the document at path changed. A path inside another says nothing new and is dropped.
func (t *transaction) touch(path storage.Path) {
	if slices.ContainsFunc(t.touched, path.HasPrefix) {
		return
	}
	t.touched = slices.DeleteFunc(t.touched, func(below storage.Path) bool { return below.HasPrefix(path) })
	t.touched = append(t.touched, slices.Clone(path)) // the caller may reuse its path
}

func (t *transaction) makeDir(path storage.Path) error {
	if len(path) == 0 {
		return nil
	}
	node, err := t.read(path)
	switch {
	case err == nil:
		if _, ok := node.(ast.Object); ok {
			return nil
		}
		return failure(storage.WriteConflictErr, "%s", path)
	case !storage.IsNotFound(err):
		return err
	}
	if err := t.makeDir(path[:len(path)-1]); err != nil {
		return err
	}
	return t.write(storage.AddOp, path, ast.NewObject())
}

// settle brings the rows up to the root: the documents themselves and every table that is filled from them. It runs
// before a commit, and before a transaction that wrote reads a computed table.
func (t *transaction) settle() error {
	if t.root == t.filledFrom {
		return nil
	}
	if err := t.rows.Insert(tableDocuments, &documents{root: t.root}); err != nil {
		return fmt.Errorf("keep the documents: %w", err)
	}
	if err := fillAll(t.rows, t.root); err != nil {
		return err
	}
	t.filledFrom = t.root
	return nil
}
