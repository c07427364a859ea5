package store

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/go-memdb"
)

// Restore reads what Save wrote: live tables that hold the records up to Stamp.Seq. It refuses what is damaged, cut short,
// or of another form; the tables can always be built anew from the journal. Whether the stamp belongs to the journal is for
// the caller to see. Pages are those of NewLiveIn.
func Restore(r io.Reader, pages PageFile) (*Live, Stamp, error) {
	live, stamp, err := restore(r, pages)
	if err != nil {
		return nil, Stamp{}, fmt.Errorf("restore the live tables: %w", err)
	}
	return live, stamp, nil
}

func restore(from io.Reader, pages PageFile) (*Live, Stamp, error) {
	blocks, err := readBlocks(from)
	if err != nil {
		return nil, Stamp{}, err
	}
	var head saved
	if more, err := blocks.next(&head); err != nil || !more || head.Stamp == nil {
		return nil, Stamp{}, errors.Join(errDamaged, err)
	}
	stamp := *head.Stamp
	if stamp.Form != SavedForm || head.Unicode != unicodeVersions() {
		return nil, Stamp{}, fmt.Errorf("its form is %d with Unicode %s, and this program reads %d with %s",
			stamp.Form, head.Unicode, SavedForm, unicodeVersions())
	}
	live := NewLiveIn(pages)
	b := &building{
		live: live, histories: map[string]*history{}, certificates: map[string]*certificate{}, rows: live.db.Txn(true),
	}
	defer b.rows.Abort()
	for {
		var block saved
		more, err := blocks.next(&block)
		if err != nil {
			return nil, Stamp{}, err
		}
		if !more {
			break
		}
		if err := b.take(&block); err != nil {
			return nil, Stamp{}, err
		}
	}
	if err := b.keep(); err != nil {
		return nil, Stamp{}, err
	}
	b.rows.Commit()
	live.publish(stamp.Seq)
	return live, stamp, nil
}

// building is a state on its way up. Nobody else holds its rows yet, so they are changed in place.
type building struct {
	live         *Live
	rows         *memdb.Txn
	texts        []string // of all blocks
	applications []*application
	histories    map[string]*history
	certificates map[string]*certificate
}

func (b *building) take(block *saved) error {
	for _, p := range block.Pages {
		if err := b.rows.Insert(tablePages, b.live.shelve(p.Number, p.Words)); err != nil {
			return err
		}
	}
	if n := block.Newest; n != nil {
		newest := &page{number: n.Number, places: n.Places, at: n.At, terms: n.Terms, ends: n.Ends}
		if err := b.rows.Insert(tablePages, newest); err != nil {
			return err
		}
	}
	if block.Applications != nil {
		b.texts = append(b.texts, block.Applications.Texts...)
		block.Applications.each(b.texts, b.addApplication)
	}
	for _, p := range block.Parties {
		d := &digested{party: p.ID, rows: p.Names}
		if err := b.rows.Insert(tableRegistry, registered(d, p.Seq, p.Body)); err != nil {
			return err
		}
	}
	return nil
}

// each makes the applications anew, by Seq.
func (s *savedApplications) each(texts []string, do func(*application)) {
	orders, certificates := 0, 0
	for i := range s.Keys {
		a := &application{
			key: texts[s.Keys[i]], seq: s.Seqs[i], day: s.Days[i], id: decisionIDOf(s.IDs[i]), outcome: texts[s.Outcomes[i]],
		}
		if n := int(s.Orders[i]); n > 0 {
			a.orders = make([]order, n)
		}
		for j := range a.orders {
			a.orders[j] = order{key: texts[s.OrderKeys[orders]], kg: mass{s.High[orders], s.Low[orders]}, unknown: s.Unknown[orders]}
			orders++
		}
		if n := int(s.Certificates[i]); n > 0 {
			a.certificates = make([]presented, n)
		}
		for j := range a.certificates {
			a.certificates[j] = presented{texts[s.Presented[certificates]], texts[s.Contracts[certificates]]}
			certificates++
		}
		do(a)
	}
}

func (b *building) addApplication(a *application) {
	b.applications = append(b.applications, a)
	for _, o := range a.orders {
		b.history(o.key).add(a.countedAs(o), true)
	}
	for _, key := range a.customers() {
		b.history(key).add(a.customer(key), false)
	}
	for _, p := range a.certificates {
		c := b.certificates[p.key]
		if c == nil {
			c = &certificate{key: p.key}
			b.certificates[p.key] = c
		}
		c.add(p.contract, 1)
	}
}

func (b *building) history(key string) *history {
	h := b.histories[key]
	if h == nil {
		h = &history{key: key}
		b.histories[key] = h
	}
	return h
}

func (b *building) keep() error {
	return errors.Join(
		keepShards(b.rows, tableApplications, slices.Values(b.applications)),
		keepShards(b.rows, tableHistories, maps.Values(b.histories)),
		keepShards(b.rows, tableCertificates, maps.Values(b.certificates)),
	)
}

// keepShards fills an empty sharded table.
func keepShards[Row keyed](rows *memdb.Txn, table string, all func(func(Row) bool)) error {
	shards := make([][]Row, shardCount)
	for row := range all {
		number := shardOf(row.rowKey())
		shards[number] = append(shards[number], row)
	}
	var faults []error
	for number, some := range shards {
		if len(some) == 0 {
			continue
		}
		slices.SortFunc(some, func(a, b Row) int { return strings.Compare(a.rowKey(), b.rowKey()) })
		faults = append(faults, rows.Insert(table, &shard[Row]{number: uint16(number), rows: slices.Clip(some)}))
	}
	return errors.Join(faults...)
}
