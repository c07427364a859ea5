package store

import (
	"slices"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
)

// ReadSet gathers the rows that a reading transaction took from computed and live tables: what a decision rested on
// beyond its input and its bundle. Documents are not noted, as the bundle's digest stands for them. The zero value is
// ready; it is for one transaction.
type ReadSet struct {
	mu    sync.Mutex
	rows  []ReadRow
	seen  map[string]struct{}
	watch map[string]string // live rows by key, with the application that is left out of them; empty for none
	live  *LiveSnapshot     // that they were read from
}

// ReadRow is one row that was read.
type ReadRow struct {
	Path  storage.Path // of the row, under data
	Value ast.Value    // nil: there was no such row

	place int // in the record that it was read from; 0 for all that was read from tables
}

// readSetKey is how a ReadSet is found in a storage.Context.
type readSetKey struct{}

// NoteReads makes the transactions that are opened with c, or with the new context returned for nil, note their reads.
func NoteReads(c *storage.Context, in *ReadSet) *storage.Context { return put(c, readSetKey{}, in) }

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

// Forget makes the set as it was at first, for an evaluation that begins again on the same transaction.
func (r *ReadSet) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rows, r.seen, r.watch, r.live = nil, nil, nil, nil
}

// note keeps a row, and what live row it rests on.
func (r *ReadSet) note(t *transaction, path storage.Path, value ast.Value, attended watched) {
	key := path.String()
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, again := r.seen[key]; again {
		return // one snapshot has one answer, so the first reading says it all
	}
	if attended.row != "" && t.live != nil {
		r.attend(attended, t.live)
	}
	if r.seen == nil {
		r.seen = map[string]struct{}{}
	}
	r.seen[key] = struct{}{}
	r.rows = append(r.rows, ReadRow{Path: slices.Clone(path), Value: value, place: t.recorded.place(key)})
}

// attend notes a live row, so that later records can be asked about it.
func (r *ReadSet) attend(w watched, live *LiveSnapshot) {
	if r.watch == nil {
		r.watch = map[string]string{}
	}
	if but, again := r.watch[w.row]; again && but != w.but {
		w.but = "" // read twice with different applications left out: each of them may change it
	}
	r.watch[w.row] = w.but
	if r.live == nil || live.seq < r.live.seq {
		r.live = live
	}
}
