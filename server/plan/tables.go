package plan

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
)

// Rows finds the row of a table under data that is not part of the data document, such as data.screening.matches[name].
// A nil value means that there is no such row.
type Rows func(ctx context.Context, path storage.Path) (ast.Value, error)

// Data is the base document of a generation, converted once and read by any number of evaluations.
type Data struct {
	root   value
	tables []storage.Path
}

// NewData converts a base document. The tables are the paths under which rows are asked for one by one at evaluation; they
// are undefined as a whole, as in the store.
func NewData(document ast.Object, tables ...storage.Path) (*Data, error) {
	var shared *arena
	root, err := shared.convert(document)
	if err != nil {
		return nil, fmt.Errorf("convert the data: %w", err)
	}
	root.markStored()
	for _, path := range tables {
		if len(path) == 0 {
			return nil, fmt.Errorf("a table needs a path")
		}
		root.object().mount(path, path)
	}
	return &Data{root: root, tables: tables}, nil
}

// markStored notes that a value stands in a document of the store, where OPA looks things up by paths of texts.
func (v value) markStored() {
	switch v.kind() {
	case kindArray:
		v.array().stored = true
		for _, item := range v.array().items {
			item.markStored()
		}
	case kindObject:
		v.object().stored = true
		for _, p := range v.object().pairs {
			p.value.markStored()
		}
	}
}

// table is a place under data where a table stands, or that leads to one.
type table struct {
	name  string
	path  storage.Path
	rows  bool // the table itself: any key below it is asked for
	below []*table
}

// mount puts a table below an object that is still being made.
func (o *object) mount(whole, rest storage.Path) {
	if i := o.find(text(rest[0])); i >= 0 && len(rest) > 1 && o.pairs[i].value.kind() == kindObject {
		o.pairs[i].value.object().mount(whole, rest[1:])
		return
	}
	o.tables = mounted(o.tables, whole, rest)
}

func mounted(list []*table, whole, rest storage.Path) []*table {
	i := slices.IndexFunc(list, func(t *table) bool { return t.name == rest[0] })
	if i < 0 {
		i = len(list)
		list = append(list, &table{name: rest[0], path: whole[:len(whole)-len(rest)+1]})
	}
	if len(rest) == 1 {
		list[i].rows = true
		return list
	}
	list[i].below = mounted(list[i].below, whole, rest[1:])
	return list
}

func named(list []*table, name string) *table {
	for _, t := range list {
		if t.name == name {
			return t
		}
	}
	return nil
}

// inData is what stands in a place under data: a member, or what a table has there.
func (m *machine) inData(v, key value) value {
	if v.kind() == kindTable {
		return m.dotTable(v.table(), key)
	}
	at := inPath(v, key)
	found := v.member(at)
	if !found.defined() && v.kind() == kindObject && at.kind() == kindString {
		if t := named(v.object().tables, at.string()); t != nil {
			return tableOf(t)
		}
	}
	return found
}

func (m *machine) dotTable(t *table, key value) value {
	var name string
	switch {
	case key.kind() == kindString:
		name = key.string()
	case key.isNumber():
		name = string(number(key)) // a path of the store is made of texts
	default:
		return value{}
	}
	if !t.rows {
		if below := named(t.below, name); below != nil {
			return tableOf(below)
		}
		return value{}
	}
	return m.row(t, name)
}

// row asks for a row once per evaluation.
func (m *machine) row(t *table, name string) value {
	at := rowKey{t, name}
	if v, ok := m.rows[at]; ok {
		return v
	}
	if m.input.Rows == nil || m.err != nil {
		return value{}
	}
	name = strings.Clone(name)
	found, err := m.input.Rows(m.ctx, append(slices.Clone(t.path), name))
	var v value
	if err == nil && found != nil {
		v, err = m.memory.convert(found)
		v.markStored()
	}
	if err != nil {
		m.err = fmt.Errorf("read %s: %w", append(slices.Clone(t.path), name), err)
		return value{}
	}
	if m.rows == nil {
		m.rows = map[rowKey]value{}
	}
	m.rows[rowKey{t, name}] = v
	return v
}

type rowKey struct {
	table *table
	name  string
}
