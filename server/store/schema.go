package store

import (
	"fmt"

	"github.com/hashicorp/go-memdb"
)

// The tables of memdb and their indexes. memdb enforces uniqueness of the id alone, so no other index claims it.
const (
	tableDocuments = "documents" // one row: the root of everything under data
	tablePolicies  = "policies"
	tableSources   = "sources" // for each filled table, the documents that it was filled from
	tableControls  = "controls"
	tableParties   = "parties"
	tableNames     = "names" // one row: how names are folded and screened

	indexID         = "id"
	indexCode       = "code"
	indexHS         = "hs"
	indexElement    = "element"
	indexInstrument = "instrument"
	indexList       = "list"
	indexName       = "name"

	byPrefix = "_prefix" // memdb's way to ask an index for a prefix
)

// documents is the one row of its table.
type documents struct{ root *node }

func schema() *memdb.DBSchema {
	return whole(
		table(tableDocuments, key(func(*documents) string { return "data" })),
		table(tablePolicies, key(func(p *policy) string { return p.id })),
		table(tableSources, key(func(s *source) string { return s.table })),
		table(tableNames, key(func(*names) string { return "names" })),
		table(tableControls, key(func(c *Control) string { return c.Key }),
			index(indexCode, func(c *Control) []string { return []string{folded(c.Key)} }),
			index(indexHS, func(c *Control) []string { return c.HSCodes }),
			index(indexElement, func(c *Control) []string { return c.elementKeys() }),
			index(indexInstrument, func(c *Control) []string { return []string{folded(c.Instrument)} })),
		table(tableParties, key(func(p *Party) string { return p.ID }),
			index(indexList, func(p *Party) []string { return p.listKeys() }),
			index(indexName, func(p *Party) []string { return p.folded })),
	)
}

func whole(tables ...*memdb.TableSchema) *memdb.DBSchema {
	s := &memdb.DBSchema{Tables: map[string]*memdb.TableSchema{}}
	for _, t := range tables {
		s.Tables[t.Name] = t
	}
	return s
}

func table(name string, indexes ...*memdb.IndexSchema) *memdb.TableSchema {
	t := &memdb.TableSchema{Name: name, Indexes: map[string]*memdb.IndexSchema{}}
	for _, i := range indexes {
		t.Indexes[i.Name] = i
	}
	return t
}

// key is the id index of a table.
func key[Row any](of func(*Row) string) *memdb.IndexSchema {
	return &memdb.IndexSchema{Name: indexID, Unique: true, Indexer: text[Row](of)}
}

// index is a further index, under which a row may stand with several values or none.
func index[Row any](name string, of func(*Row) []string) *memdb.IndexSchema {
	return &memdb.IndexSchema{Name: name, AllowMissing: true, Indexer: texts[Row](of)}
}

// text indexes rows by one text, typed, with no reflection on field names. The zero byte at the end keeps a key apart
// from longer ones that begin with it.
type text[Row any] func(*Row) string

func (of text[Row]) FromObject(row any) (bool, []byte, error) {
	return true, append([]byte(of(row.(*Row))), 0), nil
}

func (of text[Row]) FromArgs(args ...any) ([]byte, error) { return exactly(args) }

// texts indexes rows by several texts.
type texts[Row any] func(*Row) []string

func (of texts[Row]) FromObject(row any) (bool, [][]byte, error) {
	values := of(row.(*Row))
	keys := make([][]byte, len(values))
	for i, value := range values {
		keys[i] = append([]byte(value), 0)
	}
	return len(keys) > 0, keys, nil
}

func (of texts[Row]) FromArgs(args ...any) ([]byte, error) { return exactly(args) }

func (of texts[Row]) PrefixFromArgs(args ...any) ([]byte, error) {
	exact, err := exactly(args)
	if err != nil {
		return nil, err
	}
	return exact[:len(exact)-1], nil
}

func exactly(args []any) ([]byte, error) {
	if len(args) != 1 {
		return nil, fmt.Errorf("an index is asked for one text, not %d", len(args))
	}
	value, ok := args[0].(string)
	if !ok {
		return nil, fmt.Errorf("an index is asked for a text, not %T", args[0])
	}
	return append([]byte(value), 0), nil
}
