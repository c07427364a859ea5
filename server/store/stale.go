package store

import (
	"bytes"
	"errors"
	"slices"
	"sync/atomic"

	"greenchannel/server/decision"
)

// Touches says whether a record that was made after the rows were read changes one of them, so that the rows have to be
// read again. It errs to that side: also for a record that cannot be understood. It is quick enough to be asked of every
// waiting entry and every record of a group commit, inside the lock that gives records their place.
func (r *ReadSet) Touches(later decision.Record) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.live == nil {
		return false
	}
	d, err := r.live.live.digests.of(&later)
	if err != nil {
		return true
	}
	if slices.ContainsFunc(d.rows, func(row string) bool { return r.reads(row, d.application) }) {
		return true
	}
	gone, err := r.live.replacedBy(d)
	return err != nil || slices.ContainsFunc(gone, func(row string) bool { return r.reads(row, d.application) })
}

// reads says whether a row was read and an application can change it.
func (r *ReadSet) reads(row, application string) bool {
	but, watched := r.watch[row]
	return watched && (but == "" || but != application)
}

// replacedBy lists the rows that lose what a record replaces: the application's decision before, the party's names before. What
// was recorded between the snapshot and that record does not matter here: it was asked about itself.
func (v *LiveSnapshot) replacedBy(d *digested) ([]string, error) {
	if d.party != "" {
		party, err := v.Registered(d.party)
		if err != nil || party == nil {
			return nil, err
		}
		return party.names, nil
	}
	old, err := lookUp[*application](v.rows, tableApplications, d.application)
	if err != nil || old == nil {
		return nil, err
	}
	rows := old.customers()
	for _, o := range old.orders {
		rows = append(rows, o.key)
	}
	for _, c := range old.certificates {
		rows = append(rows, c.key)
	}
	return rows, nil
}

// digests remembers what the newest records mean, so that each is read once and not by all who wait for it.
type digests struct {
	slots [1024]atomic.Pointer[digested]
}

func (m *digests) of(r *decision.Record) (*digested, error) {
	if r.ID == "" {
		return nil, errors.New("a record without an id")
	}
	slot := &m.slots[r.Seq%uint64(len(m.slots))]
	if d := slot.Load(); d != nil && d.of(r) { // a Seq may come again after a commit that failed
		return d, nil
	}
	d, err := digest(r)
	if err == nil {
		slot.Store(d)
	}
	return d, err
}

func (d *digested) of(r *decision.Record) bool {
	return d.id == r.ID && d.kind == r.Kind && d.reference == r.ApplicationID && d.exporter == r.Exporter &&
		d.outcome == r.Outcome && bytes.Equal(d.facts, r.Facts)
}
