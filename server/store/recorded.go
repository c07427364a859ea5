package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
)

// Recorded is the rows that a record has read: all that is left of the computed and live tables of its moment.
type Recorded struct {
	rows   map[string]ast.Value // by path; nil where there was no such row
	places map[string]int       // by path: where the row stands in the record
	tables []storage.Path
}

// NotRecordedError is what a transaction says of a row that the record has not read: the policies read something else
// now, and what stood there is not known any more. It is never taken for an absent row.
type NotRecordedError struct{ Path storage.Path }

func (e *NotRecordedError) Error() string {
	return fmt.Sprintf("the record has not read %s, so it cannot be said what stood there", e.Path)
}

// ParseReads reads what ReadSet.JSON wrote. No bytes are no rows.
func ParseReads(reads []byte) (*Recorded, error) {
	r := &Recorded{rows: map[string]ast.Value{}, places: map[string]int{}}
	if len(reads) == 0 {
		return r, nil
	}
	var rows []struct {
		Path  []string       `json:"path"`
		Value jsontext.Value `json:"value"`
	}
	if err := json.Unmarshal(reads, &rows, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("read the rows of a record: %w", err)
	}
	for _, row := range rows {
		if err := r.add(row.Path, row.Value); err != nil {
			return nil, fmt.Errorf("read the rows of a record: %s: %w", storage.Path(row.Path), err)
		}
	}
	return r, nil
}

func (r *Recorded) add(at storage.Path, stated []byte) error {
	if len(at) < 2 {
		return errors.New("no path of a row")
	}
	key := at.String()
	if _, again := r.rows[key]; again {
		return errors.New("stands there twice")
	}
	var value ast.Value
	if len(stated) > 0 {
		var err error
		if value, err = parsed(stated); err != nil {
			return err
		}
	}
	r.rows[key], r.places[key] = value, len(r.places)
	if table := at[:len(at)-1]; !slices.ContainsFunc(r.tables, table.Equal) {
		r.tables = append(r.tables, table)
	}
	return nil
}

// parsed reads JSON into a value that may be shared.
func parsed(text []byte) (ast.Value, error) {
	value, err := ast.ValueFromReader(bytes.NewReader(text))
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return value, listed(value, nil)
}

// row finds a row by its path; nil where the record saw none.
func (r *Recorded) row(at storage.Path) (ast.Value, error) {
	value, noted := r.rows[at.String()]
	if !noted {
		return nil, &NotRecordedError{Path: slices.Clone(at)}
	}
	return value, nil
}

// place is where a row stands in the record; 0 where there is no record.
func (r *Recorded) place(key string) int {
	if r == nil {
		return 0
	}
	return r.places[key]
}

// fits refuses to answer in a store that lacks a table of the record: its rows would silently be undefined.
func (r *Recorded) fits(s *Store) error {
	for _, table := range r.tables {
		if !slices.ContainsFunc(s.computed, func(c Computed) bool { return c.Path.Equal(table) }) {
			return fmt.Errorf("the record has read %s, which this store has no table for", table)
		}
	}
	return nil
}

// recordedKey is how a Recorded is found in a storage.Context.
type recordedKey struct{}

// AnswerFrom makes the transactions that are opened with c, or with the new context returned for nil, answer computed and
// live tables from a record alone; from nil they answer as always.
func AnswerFrom(c *storage.Context, from *Recorded) *storage.Context {
	return put(c, recordedKey{}, from)
}

func recordedOf(c *storage.Context) *Recorded {
	from, _ := c.Get(recordedKey{}).(*Recorded)
	return from
}
