package store

import (
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
	Answer func(v *Snapshot, key string) (ast.Value, error)
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
	row, err := c.Answer(&Snapshot{rows: t.rows}, path[depth])
	if err != nil {
		return nil, err
	}
	if t.reads != nil {
		t.reads.note(path[:depth+1], row)
	}
	if row == nil {
		return nil, absent
	}
	return descend(row, path, depth+1)
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
