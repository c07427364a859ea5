package store

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/go-json-experiment/json"

	"greenchannel/server/decision"
)

// Filter says which decisions are wanted; an empty field says nothing. ApplicationID, Outcome and Rule are compared as they
// are; Exporter (registration code, or name where none was stated) and Party (a name in any role, exporter and owners
// included) by their folded form.
type Filter struct {
	ApplicationID, Exporter, Party, Outcome, Rule string
	From, To                                      time.Time // recorded at From or later, and before To
}

// Decisions finds decisions before a Seq (0: from the newest on), and gives the Seq of each, the newest first, at most limit
// of them. Words are compared by a hash of 32 bits, so that in rare cases it finds one too many and never one too few:
// whoever shows the decisions confirms each against its record.
func (v *LiveSnapshot) Decisions(wanted Filter, before uint64, limit int) ([]uint64, error) {
	if before == 0 || before > v.seq {
		before = v.seq + 1
	}
	if before == 1 || limit <= 0 {
		return nil, nil
	}
	pages, err := v.rows.ReverseLowerBound(tablePages, indexID, pageOf(before-1))
	if err != nil {
		return nil, fmt.Errorf("search the decisions: %w", err)
	}
	q := wanted.query()
	var found []uint64
	for row := pages.Next(); row != nil; row = pages.Next() {
		some, err := q.in(row)
		if err != nil {
			return nil, fmt.Errorf("search the decisions: %w", err)
		}
		for place, there := some.takeLast(); there; place, there = some.takeLast() {
			seq := row.(placed).place()*pageRecords + uint64(place) + 1
			if seq >= before {
				continue
			}
			if found = append(found, seq); len(found) == limit {
				return found, nil
			}
		}
	}
	return found, nil
}

// Holds confirms a decision against its record: whether all that the filter asks for stands there, word for word.
func (f Filter) Holds(r decision.Record) (bool, error) {
	var facts decisionFacts
	if len(bytes.TrimSpace(r.Facts)) > 0 {
		if err := json.Unmarshal(r.Facts, &facts); err != nil {
			return false, fmt.Errorf("the facts of record %q: %w", r.ID, err)
		}
	}
	named := func(wanted string, names ...string) bool {
		return wanted == "" || slices.ContainsFunc(names, func(name string) bool { return foldKey(name) == foldKey(wanted) })
	}
	return (f.ApplicationID == "" || f.ApplicationID == r.ApplicationID) &&
		(f.Outcome == "" || f.Outcome == r.Outcome) &&
		(f.Rule == "" || slices.Contains(facts.Rules, f.Rule)) &&
		named(f.Exporter, facts.Exporter, r.Exporter) && named(f.Party, facts.Parties...) &&
		(f.From.IsZero() || !r.At.Before(f.From)) && (f.To.IsZero() || r.At.Before(f.To)), nil
}

// query is a Filter, hashed.
type query struct {
	terms    []uint32
	from, to int64  // to is not included
	buffer   []byte // to read pages into, one after the other
}

func (f Filter) query() *query {
	q := &query{from: math.MinInt64, to: math.MaxInt64}
	if !f.From.IsZero() {
		q.from = f.From.UnixNano()
	}
	if !f.To.IsZero() {
		q.to = f.To.UnixNano()
	}
	for kind, word := range map[string]string{
		termApplication: f.ApplicationID, termOutcome: f.Outcome, termRule: f.Rule,
		termExporter: foldKey(f.Exporter), termParty: foldKey(f.Party),
	} {
		if word != "" {
			q.terms = append(q.terms, termOf(kind, word))
		}
	}
	return q
}

// in finds what is asked for in a row of the table of pages.
func (q *query) in(row any) (marks, error) {
	switch p := row.(type) {
	case *page:
		return p.find(q), nil
	case *fullPage:
		return p.find(q)
	default:
		return marks{}, fmt.Errorf("%T is no page", row)
	}
}

// covers says whether an instant is asked for.
func (q *query) covers(at int64) bool { return at >= q.from && at < q.to }

func (q *query) mayFind(p *fullPage) bool {
	return p.last >= q.from && p.first < q.to &&
		!slices.ContainsFunc(q.terms, func(term uint32) bool { return !p.skip.mayHold(term) })
}
