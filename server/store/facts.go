package store

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"greenchannel/server/decision"
)

// decisionFacts is what the policies want remembered of an application.
type decisionFacts struct {
	Exporter string `json:"exporter"`
	Orders   []struct {
		EndUser string         `json:"end_user"`
		Element string         `json:"element"`
		KG      jsontext.Value `json:"kg"`
	} `json:"orders"`
	Certificates []struct {
		Party    string `json:"party"`
		IssuedOn string `json:"issued_on"`
		Type     string `json:"type"`
		Contract string `json:"contract"`
	} `json:"certificates"`
	Parties []string `json:"parties"`
	Rules   []string `json:"rules"`
}

// CheckFacts says whether facts can be remembered for a record of a kind. Whoever records asks first: facts that cannot
// be read would stand in the journal for ever, and the live tables would end before them.
func CheckFacts(kind string, facts []byte) error {
	_, err := digest(&decision.Record{Kind: kind, Facts: facts})
	return err
}

// digested is what a record means to the live tables: keys, folded.
type digested struct {
	// What was read: of the record.
	id, kind, reference, exporter, outcome string
	facts                                  []byte

	application  string // exporter and reference; empty for a party
	party        string // id in the registry; empty for a decision
	orders       []order
	certificates []presented
	rows         []string // the keys of all rows that it has a part in, each once
	terms        []uint32 // what it can be searched by
}

// order is what an application orders of one element for one end user.
type order struct {
	key     string // of the orders row
	kg      mass
	unknown bool // some of it has a mass that is not known
}

// presented is a certificate with the contract that it was presented for.
type presented struct{ key, contract string }

func digest(r *decision.Record) (*digested, error) {
	d := &digested{id: r.ID, kind: r.Kind, reference: r.ApplicationID, exporter: r.Exporter, outcome: r.Outcome, facts: r.Facts}
	var err error
	switch r.Kind {
	case decision.KindDecision:
		err = d.decision(r)
	case decision.KindParty:
		err = d.registry(r)
	case decision.KindActivation: // changes which policies answer, and no row that they read
	default:
		return nil, fmt.Errorf("the kind of record %q is not known", r.Kind)
	}
	if err != nil {
		return nil, fmt.Errorf("the facts of record %q: %w", r.ID, err)
	}
	slices.Sort(d.rows)
	d.rows = slices.Compact(d.rows)
	return d, nil
}

func (d *digested) decision(r *decision.Record) error {
	var facts decisionFacts
	if len(bytes.TrimSpace(r.Facts)) > 0 { // policies that want nothing remembered state nothing
		if err := json.Unmarshal(r.Facts, &facts); err != nil {
			return err
		}
	}
	exporter := facts.Exporter
	if exporter == "" {
		exporter = r.Exporter
	}
	d.application = applicationKey(exporter, r.ApplicationID)
	for _, o := range facts.Orders {
		if err := d.order(keyOf(keyOrders, exporter, o.EndUser, o.Element), o.KG); err != nil {
			return err
		}
	}
	for _, c := range facts.Certificates {
		if c.Contract == "" {
			continue // there is nothing that could be compared with other contracts
		}
		p := presented{keyOf(keyCertificates, c.Party, c.Type, c.IssuedOn), c.Contract}
		if !slices.Contains(d.certificates, p) {
			d.certificates = append(d.certificates, p)
		}
		d.rows = append(d.rows, p.key)
	}
	d.terms = append(d.terms, termOf(termApplication, r.ApplicationID), termOf(termOutcome, r.Outcome),
		termOf(termExporter, foldKey(exporter)), termOf(termExporter, foldKey(r.Exporter)))
	for _, name := range facts.Parties {
		d.terms = append(d.terms, termOf(termParty, foldKey(name)))
	}
	for _, rule := range facts.Rules {
		d.terms = append(d.terms, termOf(termRule, rule))
	}
	slices.Sort(d.terms)
	d.terms = slices.Compact(d.terms)
	return nil
}

// order adds to what is ordered under a key; several lines of one application make one order.
func (d *digested) order(key string, stated jsontext.Value) error {
	kg, known := mass{}, false
	switch {
	case len(stated) == 0, stated.Kind() == 'n':
	case stated.Kind() == '0':
		kg, known = parseMass(string(stated))
	default:
		return fmt.Errorf("kg is %s, want a number", stated)
	}
	d.rows = append(d.rows, key, customerKey(key))
	at := slices.IndexFunc(d.orders, func(o order) bool { return o.key == key })
	if at < 0 {
		at = len(d.orders)
		d.orders = append(d.orders, order{key: key})
	}
	d.orders[at].kg = d.orders[at].kg.plus(kg)
	d.orders[at].unknown = d.orders[at].unknown || !known
	return nil
}

func (d *digested) registry(r *decision.Record) error {
	var facts decision.PartyFacts
	if err := json.Unmarshal(r.Facts, &facts); err != nil {
		return err
	}
	if facts.Party == "" {
		return errors.New("party must not be missing or empty")
	}
	d.party = facts.Party
	for _, name := range facts.Names {
		if name != "" {
			d.rows = append(d.rows, keyOf(keyRegistry, name))
		}
	}
	return nil
}
