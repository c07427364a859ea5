package store

import (
	"slices"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
)

// ReadSet gathers the rows that reading transactions took from computed tables: what a decision rested on beyond its
// input and its bundle. Documents are not noted, as the bundle's digest stands for them. The zero value is ready.
type ReadSet struct {
	mu   sync.Mutex
	rows []ReadRow
	seen map[string]struct{}
}

// ReadRow is one row that was read.
type ReadRow struct {
	Path  storage.Path // of the row, under data
	Value ast.Value    // nil: there was no such row
}

// readSetKey is how a ReadSet is found in a storage.Context.
type readSetKey struct{}

// NoteReads makes the transactions that are opened with c, or with the new context returned for nil, note their reads.
func NoteReads(c *storage.Context, in *ReadSet) *storage.Context {
	if c == nil {
		c = storage.NewContext()
	}
	c.Put(readSetKey{}, in)
	return c
}

func readSetOf(c *storage.Context) *ReadSet {
	reads, _ := c.Get(readSetKey{}).(*ReadSet)
	return reads
}

// Rows returns the rows in the order of their first reading, each once.
func (r *ReadSet) Rows() []ReadRow {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.rows)
}

func (r *ReadSet) note(path storage.Path, value ast.Value) {
	key := path.String()
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, again := r.seen[key]; again {
		return // one snapshot has one answer, so the first reading says it all
	}
	if r.seen == nil {
		r.seen = map[string]struct{}{}
	}
	r.seen[key] = struct{}{}
	r.rows = append(r.rows, ReadRow{Path: slices.Clone(path), Value: value})
}
