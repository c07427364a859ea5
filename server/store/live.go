package store

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/go-memdb"

	"greenchannel/server/decision"
)

// Live is what was decided and registered before, as the tables data.history and data.registry and for searching: a
// projection of the journal, applied record by record. It is a memdb of its own, shared by the stores of all bundles, so that
// a new bundle finds the history of the old. What it answers follows from the records and their order alone. All methods
// may be called from several goroutines.
type Live struct {
	db       *memdb.MemDB
	applying sync.Mutex
	words    map[string]string // outcomes, each text kept once; guarded by applying
	shelf    shelf             // guarded by applying
	current  atomic.Pointer[LiveSnapshot]
	digests  digests
}

// LiveSnapshot is the state of a Live after one record. It costs nothing to keep and needs no closing; what it returns is
// shared and not to be changed.
type LiveSnapshot struct {
	live *Live
	rows *memdb.Txn
	seq  uint64
}

// NewLive returns live tables that know of no record, and keep all that they will know in memory.
func NewLive() *Live { return NewLiveIn(nil) }

// NewLiveIn returns live tables that know of no record. They put what only a search reads into a file; nil is for memory.
func NewLiveIn(pages PageFile) *Live {
	db, err := memdb.NewMemDB(liveSchema())
	if err != nil {
		panic(fmt.Sprintf("lay out the live tables: %v", err)) // the layout is constant
	}
	l := &Live{db: db, words: map[string]string{}, shelf: shelf{file: pages}}
	l.publish(0)
	return l
}

func (l *Live) publish(seq uint64) {
	l.current.Store(&LiveSnapshot{live: l, rows: l.db.Txn(false), seq: seq})
}

// Snapshot returns the state after the last record applied.
func (l *Live) Snapshot() *LiveSnapshot { return l.current.Load() }

// Seq is the record that was applied last; 0 for none.
func (l *Live) Seq() uint64 { return l.Snapshot().seq }

// Seq is the last record that the snapshot holds; 0 for none.
func (v *LiveSnapshot) Seq() uint64 { return v.seq }

// Apply takes in records, of which the first follows the last one applied, and the others follow without a gap. Either all of
// them are seen, at once, or none. Input, Facts and Result of a record may be kept and are not to be changed.
func (l *Live) Apply(records ...decision.Record) error {
	if len(records) == 0 {
		return nil
	}
	l.applying.Lock()
	defer l.applying.Unlock()
	b := &batch{live: l, rows: l.db.Txn(true)}
	defer b.rows.Abort()
	b.memory = remembering(b.rows)
	seq := l.Seq()
	for i := range records {
		seq++
		if records[i].Seq != seq {
			return fmt.Errorf("apply record %d to the live tables: record %d comes next", records[i].Seq, seq)
		}
		if err := b.add(&records[i]); err != nil {
			return fmt.Errorf("apply record %d to the live tables: %w", seq, err)
		}
	}
	if err := b.keep(); err != nil {
		return fmt.Errorf("apply the records up to %d to the live tables: %w", seq, err)
	}
	b.rows.Commit()
	l.publish(seq)
	return nil
}

// The tables of a Live.
const (
	tableApplications = "applications" // sharded: the newest decision on each
	tableHistories    = "histories"    // sharded: orders by exporter, end user, element; applications by exporter, end user
	tableCertificates = "certificates" // sharded: contracts by certificate
	tablePages        = "pages"        // decisions by Seq
	tableRegistry     = "registry"     // parties on file
)

func liveSchema() *memdb.DBSchema {
	numbered := func() *memdb.IndexSchema { return &memdb.IndexSchema{Name: indexID, Unique: true, Indexer: number{}} }
	return whole(
		table(tableApplications, numbered()),
		table(tableHistories, numbered()),
		table(tableCertificates, numbered()),
		table(tablePages, numbered()),
		table(tableRegistry, key(func(p *Registered) string { return p.ID }),
			index(indexName, func(p *Registered) []string { return p.names })),
	)
}

// batch is one call of Apply.
type batch struct {
	live   *Live
	rows   *memdb.Txn
	memory *memory
	page   *page // the newest; nil before the first decision of the batch
}

func (b *batch) add(r *decision.Record) error {
	d, err := b.live.digests.of(r)
	if err != nil {
		return err
	}
	switch {
	case d.party != "":
		return b.put(d, r)
	case d.kind != decision.KindDecision:
		return nil
	}
	if err := b.list(d, r); err != nil {
		return err
	}
	return b.memory.remember(&application{
		key: d.application, seq: r.Seq, day: dayOf(r.At), id: decisionIDOf(r.ID), outcome: b.live.word(r.Outcome),
		orders: append([]order(nil), d.orders...), certificates: d.certificates,
	})
}

// list adds a decision to the newest page.
func (b *batch) list(d *digested, r *decision.Record) error {
	if b.page == nil {
		last, err := b.rows.Last(tablePages, indexID)
		if err != nil {
			return fmt.Errorf("read the newest page of decisions: %w", err)
		}
		b.page, _ = last.(*page)
	}
	if b.page != nil && b.page.number != pageOf(r.Seq) {
		if err := b.rows.Insert(tablePages, b.live.shelve(b.page.number, b.page.concordance())); err != nil {
			return fmt.Errorf("close a page of decisions: %w", err)
		}
		b.page = nil
	}
	if b.page == nil {
		b.page = &page{number: pageOf(r.Seq)}
	}
	b.page = b.page.with(r.Seq, r.At.UnixNano(), d.terms)
	return nil
}

// keep puts what was gathered into the transaction.
func (b *batch) keep() error {
	if b.page != nil {
		if err := b.rows.Insert(tablePages, b.page); err != nil {
			return fmt.Errorf("keep a page of decisions: %w", err)
		}
	}
	return b.memory.keep()
}

func (l *Live) word(text string) string {
	if kept, known := l.words[text]; known {
		return kept
	}
	l.words[text] = text
	return text
}
