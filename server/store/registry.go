package store

import (
	"errors"
	"fmt"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"

	"greenchannel/server/decision"
)

// Registered is a party on file, as it was last put.
type Registered struct {
	ID   string
	Seq  uint64 // of the record that put it
	Body []byte // as recorded; not to be changed

	names []string // the keys of the rows that it is found in
	row   func() (ast.Value, error)
}

func registered(d *digested, seq uint64, body []byte) *Registered {
	party := &Registered{ID: d.party, Seq: seq, Body: body, names: d.rows}
	party.row = sync.OnceValues(party.asRow)
	return party
}

// Registered finds a party on file; nil when there is none of that id.
func (v *LiveSnapshot) Registered(id string) (*Registered, error) {
	return one[Registered](v.rows, tableRegistry, id)
}

// RegisteredNamed finds the parties on file under a name or a local name, folded, by id.
func (v *LiveSnapshot) RegisteredNamed(name string) ([]*Registered, error) {
	if name == "" {
		return nil, nil
	}
	return all[Registered](v.rows, tableRegistry, indexName, keyOf(keyRegistry, name))
}

// asRow is what policies read of a party.
func (p *Registered) asRow() (ast.Value, error) {
	body, err := parsed(p.Body)
	if err != nil {
		return nil, fmt.Errorf("the party %q on file: %w", p.ID, err)
	}
	object, ok := body.(ast.Object)
	if !ok {
		return nil, fmt.Errorf("the party %q on file is %s, want an object", p.ID, ast.ValueName(body))
	}
	row := [][2]*ast.Term{ast.Item(ast.InternedTerm("id"), ast.StringTerm(p.ID))}
	for _, field := range []struct {
		name   string
		absent *ast.Term
	}{{"name", nil}, {"country", nil}, {"verifications", ast.ArrayTerm()}, {"certificates", ast.ArrayTerm()}} {
		value := member(object, field.name)
		if value == nil {
			value = field.absent
		}
		if value != nil {
			row = append(row, ast.Item(ast.InternedTerm(field.name), value))
		}
	}
	made := ast.NewObject(row...)
	return made, listed(made, nil) // it is shared; see storable
}

// registryTable is data.registry.parties[name]: the parties on file under that name, an empty array when there are none.
func registryTable() Computed {
	return Computed{
		Path:  storage.Path{"registry", "parties"},
		watch: func(name string) (watched, error) { return watched{row: keyOf(keyRegistry, name)}, nil },
		Answer: func(v *View, name string) (ast.Value, error) {
			parties, err := v.live.RegisteredNamed(name)
			if err != nil {
				return nil, err
			}
			rows := make([]*ast.Term, len(parties))
			for i, party := range parties {
				row, err := party.row()
				if err != nil {
					return nil, err
				}
				rows[i] = ast.NewTerm(row)
			}
			return ast.NewArray(rows...), nil
		},
	}
}

// put keeps a party in the place of what was on file under its id.
func (b *batch) put(d *digested, r *decision.Record) error {
	if len(r.Result) == 0 {
		return errors.New("the record of a party has no result")
	}
	if err := b.rows.Insert(tableRegistry, registered(d, r.Seq, r.Result)); err != nil {
		return fmt.Errorf("keep the party %q: %w", d.party, err)
	}
	return nil
}
