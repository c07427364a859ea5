package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/go-memdb"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"

	"greenchannel/server/screening"
)

// The documents that the parties table is filled from: the rows, the table that folds names, and how names are screened.
var (
	partyRows         = storage.Path{"rareearth", "reference", "parties", "rows"}
	foldingTable      = storage.Path{"rareearth", "reference", "folding"}
	screeningSettings = storage.Path{"rareearth", "reference", "screening"}
)

// Party is a designation of a party on one of the lists. One party may have several.
type Party struct {
	ID            string // list, year and number of the notice, running number in it: CL-2025-1-01
	Name          string // as printed
	NameZH        string // as printed; may be empty
	Country       string // empty where the notice prints none
	List          string // "export-control", "watch", "unreliable-entity"
	ListCode      string // CL, WL, UEL
	Instrument    string
	ListedOn      string // day in Beijing time
	EffectiveFrom string // day or instant in Beijing time
	Suspended     []Window
	Note, Source  string

	folded []string
	row    ast.Value
}

// JSON is the whole row as the reference data states it.
func (p *Party) JSON() (json.RawMessage, error) { return rowJSON(p.row) }

func (p *Party) listKeys() []string {
	keys := []string{folded(p.List), folded(p.ListCode)}
	return slices.DeleteFunc(keys, func(k string) bool { return k == "" })
}

// names is the one row of its table: what folds a name, and what screens it.
type names struct {
	folder *screening.Folder
	index  *screening.Index // nil while a document that screening needs is absent
	found  found
}

func fillParties(rows *memdb.Txn, old, now []ast.Value) error {
	folding, foldingErr := decodeFolding(now[1])
	settings, settingsErr := decodeScreening(now[2])
	if err := errors.Join(foldingErr, settingsErr); err != nil {
		return err
	}
	folder := screening.NewFolder(folding)
	if err := fillRows(rows, tableParties, partyRows, old[0], now[0], old[1] != now[1], func(f *fields) *Party {
		return decodeParty(f, folder)
	}); err != nil {
		return err
	}
	row := &names{folder: folder}
	if !slices.Contains(now, nil) {
		listed, err := all[Party](rows, tableParties, indexID)
		if err != nil {
			return err
		}
		row.index = screening.NewIndex(entries(listed), folder, settings) // now, as nobody's decision shall wait for a long list
	}
	if err := rows.Insert(tableNames, row); err != nil {
		return fmt.Errorf("keep how names are folded: %w", err)
	}
	return nil
}

func decodeParty(f *fields, folder *screening.Folder) *Party {
	p := &Party{
		ID: f.key, Name: f.required("name"), NameZH: f.text("name_zh"), Country: f.text("country"),
		List: f.required("list"), ListCode: f.text("list_code"), Instrument: f.text("instrument"),
		ListedOn: f.text("listed_on"), EffectiveFrom: f.text("effective_from"), Suspended: f.windows("suspended"),
		Note: f.text("note"), Source: f.text("source"), row: f.object,
	}
	for _, name := range []string{p.Name, p.NameZH} {
		if key := folder.Key(name); key != "" {
			p.folded = append(p.folded, key)
		}
	}
	return p
}

// entries are the names to screen against: each row under its English and its Chinese name.
func entries(parties []*Party) []screening.Entry {
	var listed []screening.Entry
	for _, p := range parties {
		for _, name := range []string{p.Name, p.NameZH} {
			if name != "" {
				listed = append(listed, screening.Entry{Row: p.ID, Name: name, List: p.List})
			}
		}
	}
	return listed
}

// Party finds a row by its id; nil when there is none.
func (v *Snapshot) Party(id string) (*Party, error) { return one[Party](v.rows, tableParties, id) }

// Parties lists all rows by id.
func (v *Snapshot) Parties() ([]*Party, error) { return all[Party](v.rows, tableParties, indexID) }

// PartiesByList lists the rows of a list, by its name ("watch") or its code ("WL").
func (v *Snapshot) PartiesByList(list string) ([]*Party, error) {
	return all[Party](v.rows, tableParties, indexList, folded(list))
}

// PartiesNamed lists the rows whose name, English or Chinese, is this one but for spelling: case, width, punctuation,
// invisible characters, accents, the way a legal form is written. Likeness is for Matches.
func (v *Snapshot) PartiesNamed(name string) ([]*Party, error) {
	row, err := v.names()
	if err != nil {
		return nil, err
	}
	key := row.folder.Key(name)
	if key == "" {
		return nil, nil // a name without a letter or digit is the name of nobody
	}
	return all[Party](v.rows, tableParties, indexName, key)
}
