package store

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
)

// Computed is a table under data whose rows are found when a policy asks for them, one key at a time.
//
// THE WHOLE OF IT CANNOT BE READ. Only Path with a key has a value: data.screening.matches[name] is answered, while
// data.screening.matches, data.screening and an iteration over either are undefined, as in an OPA that has no such table.
// A policy that needs to know whether the table is there asks for a key. Nothing can be written at, below or over Path.
type Computed struct {
	Path storage.Path
	// Answer finds the row of a key in a snapshot. A nil value means that there is no such row: the reader sees it as
	// undefined. It may be called from several goroutines. The value must be JSON and belongs to the reader.
	Answer func(v *View, key string) (ast.Value, error)

	// watch tells for a key which live row is read, so that a later record can be asked whether it changes that; nil for a
	// table that no record changes.
	watch func(key string) (watched, error)
}

// watched is a live row, and the application that is left out of it and hence cannot change it; empty for none.
type watched struct{ row, but string }

// View is what a computed table is answered from: one state of the documents and of the live tables, and one instant.
type View struct {
	*Snapshot
	AsOf time.Time // the instant of the evaluation; zero where the transaction was given none

	watched watched // what the table watches for the key
}

// asOfKey is how the instant is found in a storage.Context.
type asOfKey struct{}

// AsOf gives the transactions that are opened with c, or with the new context returned for nil, the instant of their
// evaluation. Without one, nothing under data.history can be read.
func AsOf(c *storage.Context, at time.Time) *storage.Context { return put(c, asOfKey{}, at) }

func asOf(c *storage.Context) time.Time {
	at, _ := c.Get(asOfKey{}).(time.Time)
	return at
}

// unrecordedKey is how it is found in a storage.Context that nothing was recorded.
type unrecordedKey struct{}

// Unrecorded lets the transactions that are opened with c, or with the new context returned for nil, see the live tables as
// they were before the first record.
func Unrecorded(c *storage.Context) *storage.Context { return put(c, unrecordedKey{}, true) }

func unrecorded(c *storage.Context) bool {
	stated, _ := c.Get(unrecordedKey{}).(bool)
	return stated
}

func put(c *storage.Context, key, value any) *storage.Context {
	if c == nil {
		c = storage.NewContext()
	}
	c.Put(key, value)
	return c
}

func (c Computed) attach(to *Store) { to.computed = append(to.computed, c) }

// RowPaths are the paths of the tables that are answered by key.
func (s *Store) RowPaths() []storage.Path {
	paths := make([]storage.Path, 0, len(s.computed))
	for _, c := range s.computed {
		paths = append(paths, slices.Clone(c.Path))
	}
	return paths
}

// computedAt finds the computed table that path is at or inside of.
func (s *Store) computedAt(path storage.Path) *Computed {
	for i := range s.computed {
		if path.HasPrefix(s.computed[i].Path) {
			return &s.computed[i]
		}
	}
	return nil
}

// readComputed answers a path at or below a computed table. The row is noted as a whole, also when only a part of it was
// asked for, and also when there is none: that a row was absent is part of what was seen.
func (t *transaction) readComputed(c *Computed, path storage.Path) (any, error) {
	depth := len(c.Path)
	if len(path) == depth {
		return nil, absent
	}
	if t.writes {
		if err := t.settle(); err != nil { // the snapshot must hold what this transaction wrote
			return nil, err
		}
	}
	var attended watched
	if c.watch != nil && t.recorded == nil {
		var err error
		if attended, err = c.watch(path[depth]); err != nil {
			return nil, fmt.Errorf("data.%s: %w", strings.Join(c.Path, "."), err)
		}
	}
	row, err := t.answer(c, path[:depth+1], attended)
	if err != nil {
		return nil, err
	}
	if t.reads != nil {
		t.reads.note(t, path[:depth+1], row, attended)
	}
	if row == nil {
		return nil, absent
	}
	return descend(row, path, depth+1)
}

// answer finds the row at path; nil when there is none.
func (t *transaction) answer(c *Computed, path storage.Path, attended watched) (ast.Value, error) {
	if t.recorded != nil {
		return t.recorded.row(path)
	}
	return c.Answer(&View{Snapshot: t.snapshot(), AsOf: t.asOf, watched: attended}, path[len(path)-1])
}

// shadowing finds a computed table that a document just written at path would hide, by standing in its place or by not
// being an object above it.
func (s *Store) shadowing(root *node, path storage.Path) *Computed {
	for i, c := range s.computed {
		if !c.Path.HasPrefix(path) {
			continue
		}
		for depth := range c.Path {
			value, err := root.read(c.Path[:depth+1])
			if err != nil {
				break
			}
			if _, object := value.(ast.Object); !object || depth == len(c.Path)-1 {
				return &s.computed[i]
			}
		}
	}
	return nil
}
