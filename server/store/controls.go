package store

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/go-memdb"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
)

// controlEntries is the document that the controls table is filled from.
var controlEntries = storage.Path{"rareearth", "reference", "control_list", "entries"}

// Control is an entry of the dual-use control list: what the API looks entries up by, and JSON for all the rest.
type Control struct {
	Key             string // the control code, or a key of its own where the code is not established
	CodeEstablished bool
	Instrument      string // id of the announcement
	InstrumentName  string // the announcement as printed
	Element         string // the element's name, or what stands in its place
	Symbols         []string
	Item            string
	Form            string
	HSCodes         []string // 8 or 10 digits
	EffectiveFrom   string   // day or instant in Beijing time
	EffectiveUntil  string   // empty while open
	Suspended       []Window

	row ast.Value
}

// JSON is the whole row as the reference data states it.
func (c *Control) JSON() (json.RawMessage, error) { return rowJSON(c.row) }

func (c *Control) elementKeys() []string {
	keys := []string{folded(c.Element)}
	for _, symbol := range c.Symbols {
		keys = append(keys, folded(symbol))
	}
	return slices.DeleteFunc(keys, func(k string) bool { return k == "" })
}

func fillControls(rows *memdb.Txn, old, now []ast.Value) error {
	return fillRows(rows, tableControls, controlEntries, old[0], now[0], false, func(f *fields) *Control {
		c := &Control{
			Key: f.key, CodeEstablished: f.flag("code_established", true),
			Instrument: f.required("instrument"), InstrumentName: f.text("instrument_name"),
			Element: f.text("element"), Symbols: f.texts("symbols"), Item: f.text("item"), Form: f.text("form"),
			HSCodes: f.texts("hs_codes"), EffectiveFrom: f.text("effective_from"), EffectiveUntil: f.text("effective_until"),
			Suspended: f.windows("suspended"), row: f.object,
		}
		if code := f.text("code"); code != "" && code != f.key {
			f.faults = append(f.faults, fmt.Errorf("%s: is %q, but the row stands under %q: make them equal", f.at("code"), code, f.key))
		}
		return c
	})
}

// Control finds an entry by its key; nil when the list has none.
func (v *Snapshot) Control(key string) (*Control, error) {
	return one[Control](v.rows, tableControls, key)
}

// Controls lists all entries by key.
func (v *Snapshot) Controls() ([]*Control, error) {
	return all[Control](v.rows, tableControls, indexID)
}

// ControlsByCode lists the entries whose key begins with prefix, whatever its case: "1C902.b" has all of "1C902.b.1",
// "1C902.b.2" and so on.
func (v *Snapshot) ControlsByCode(prefix string) ([]*Control, error) {
	return all[Control](v.rows, tableControls, indexCode+byPrefix, folded(prefix))
}

// ControlsByElement lists the entries of an element, by its English name or its chemical symbol, whatever the case.
func (v *Snapshot) ControlsByElement(element string) ([]*Control, error) {
	return all[Control](v.rows, tableControls, indexElement, folded(element))
}

// ControlsByInstrument lists the entries of an announcement, by its id.
func (v *Snapshot) ControlsByInstrument(id string) ([]*Control, error) {
	return all[Control](v.rows, tableControls, indexInstrument, folded(id))
}

// ControlsByHS lists the entries that print an HS code which begins with hs, and those that print one with which hs
// begins: an entry under 28469011 covers a declaration of 2846901100, and asking for 2846 shows what lies below.
func (v *Snapshot) ControlsByHS(hs string) ([]*Control, error) {
	found, err := all[Control](v.rows, tableControls, indexHS+byPrefix, hs)
	if err != nil {
		return nil, err
	}
	for length := shortestHS; length < len(hs); length++ {
		wider, err := all[Control](v.rows, tableControls, indexHS, hs[:length])
		if err != nil {
			return nil, err
		}
		found = append(found, wider...)
	}
	slices.SortFunc(found, func(a, b *Control) int { return strings.Compare(a.Key, b.Key) })
	return slices.Compact(found), nil
}

// shortestHS is the shortest code of the harmonised system: a chapter.
const shortestHS = 2
