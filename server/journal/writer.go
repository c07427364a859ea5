package journal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync/atomic"
	"time"
)

// Limits of one group commit.
const (
	groupRecords = 512
	groupBytes   = 16 << 20
	// queueLength is how many entries may wait for the writer before Append waits to be let in.
	queueLength = 4096
	// checkReach is how many later records an entry may be checked against. Nobody else can record meanwhile, so one that
	// has seen less than that is told to look again.
	checkReach = 10_000
)

// waiting is an entry on its way to the writer and back.
type waiting struct {
	entry *Entry
	draft *draft
	// state is 0 while it waits; whoever changes it first decides: the writer takes it or its caller gives it up.
	state atomic.Int32
	done  chan outcome
}

const (
	taken   = 1
	givenUp = 2
)

type outcome struct {
	receipt Receipt
	err     error
}

func (w *waiting) answer(receipt Receipt, err error) { w.done <- outcome{receipt, err} }

// writer is the one goroutine of this process that appends: it takes what is waiting, commits it as one transaction, and
// answers all of it after that.
type writer struct {
	ledger   ledger
	origin   string
	signer   signer
	now      func() time.Time
	every    uint64 // a checkpoint is kept whenever the size passes a multiple of this
	log      *slog.Logger
	queue    chan *waiting
	closing  chan struct{} // closed when no more entries are let in
	stopped  chan struct{} // closed when the last one is answered
	recent   *recent
	progress *progress
	witness  func([]byte) error
	counts   counts
	warned   time.Time // when the clock was last complained of
}

// counts are the writer's own figures.
type counts struct {
	records, groups, failures, clamped atomic.Uint64
}

func (w *writer) run() {
	defer close(w.stopped)
	for {
		select {
		case first := <-w.queue:
			w.commit(w.gather(first))
		case <-w.closing:
			for {
				select {
				case first := <-w.queue:
					w.commit(w.gather(first))
				default:
					return
				}
			}
		}
	}
}

// gather takes what is waiting, up to a limit.
func (w *writer) gather(first *waiting) []*waiting {
	// Those who were just answered may be about to bring their next entry: let them.
	runtime.Gosched()
	var group []*waiting
	size := 0
	for next := first; ; {
		if next.state.CompareAndSwap(0, taken) {
			group = append(group, next)
			size += weight(&next.draft.record)
		}
		if len(group) >= groupRecords || size >= groupBytes {
			return group
		}
		select {
		case next = <-w.queue:
		default:
			return group
		}
	}
}

// accepted is an entry that has its place in the group.
type accepted struct {
	*waiting
	receipt Receipt
}

// commit records a group: all of it that is not refused, in one transaction, or nothing.
func (w *writer) commit(group []*waiting) {
	if len(group) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*postgresPatience)
	defer cancel()
	drafts := make([]*draft, len(group))
	for i, g := range group {
		drafts[i] = g.draft
	}
	tx, err := w.ledger.begin(ctx, drafts)
	if err != nil {
		w.fail(group, err)
		return
	}
	start := tx.head()
	end := start
	var placed []accepted
	var rest []*waiting // those that are not answered yet, for a failure
	for i, g := range group {
		receipt, err := w.place(ctx, tx, &end, g, placed)
		switch refusal, isRefusal := errors.AsType[refused](err); {
		case err == nil:
			placed, rest = append(placed, accepted{g, receipt}), append(rest, g)
		case isRefusal:
			g.answer(Receipt{}, refusal.reason)
		default:
			tx.rollback()
			w.fail(append(rest, group[i:]...), err)
			return
		}
	}
	if len(placed) == 0 {
		tx.rollback()
		return
	}
	keep := start.edge.size/w.every != end.edge.size/w.every
	end.note, err = w.signer.sign(checkpoint{w.origin, end.edge.size, end.edge.root()})
	if err != nil {
		tx.rollback()
	} else {
		err = tx.commit(ctx, end, keep)
	}
	if err != nil {
		w.fail(rest, err)
		return
	}
	w.publish(end, placed, keep)
}

// refused is the refusal of one entry; the others of its group go on.
type refused struct{ reason error }

func (r refused) Error() string { return r.reason.Error() }

// place gives an entry its place in the group.
func (w *writer) place(ctx context.Context, tx batch, end *head, g *waiting, before []accepted) (Receipt, error) {
	if bundle := g.entry.Bundle; bundle != "" {
		// Inside the lock, so that none is pruned between the question and the record that names it.
		switch kept, err := tx.keeps(ctx, bundle); {
		case err != nil:
			return Receipt{}, err
		case !kept:
			return Receipt{}, refused{fmt.Errorf("bundle %s: %w", bundle, ErrBundleMissing)}
		}
	}
	if err := w.check(ctx, tx, end.edge.size, g.entry, before); err != nil {
		return Receipt{}, err
	}
	seq, at := end.edge.size+1, w.now().UnixNano()
	receipt := Receipt{Seq: seq, Clamped: at < end.lastAt}
	if at <= end.lastAt {
		at = end.lastAt + 1
	}
	// Whether the id and the key are free is known before anything is hashed: a draft is sealed once.
	receipt.Hash = g.draft.seal(seq, at)
	receipt.At = instant(at)
	edge, stored, err := end.edge.grow(receipt.Hash)
	if err != nil {
		return Receipt{}, err
	}
	err = tx.put(ctx, &row{Record: g.draft.record, tree: joined(stored), sums: g.draft.sums})
	if errors.Is(err, errTaken) {
		return Receipt{}, w.whyTaken(ctx, tx, g.entry, g.draft)
	}
	if err != nil {
		return Receipt{}, err
	}
	end.edge, end.lastAt = edge, at
	return receipt, nil
}

// whyTaken says which of the two is taken: the idempotency key, or the id.
func (w *writer) whyTaken(ctx context.Context, tx batch, e *Entry, d *draft) error {
	if e.IdempotencyKey != "" {
		switch r, err := tx.byKey(ctx, e.Caller, e.IdempotencyKey); {
		case err == nil && r.RequestHash == d.record.RequestHash:
			return refused{ErrRecorded}
		case err == nil:
			return refused{ErrKeyReused}
		case !errors.Is(err, errNone):
			return err
		}
	}
	return refused{fmt.Errorf("journal: the id %s stands in the journal already", e.ID)}
}

// check shows an entry every record that it has not seen.
func (w *writer) check(ctx context.Context, tx batch, size uint64, e *Entry, before []accepted) error {
	if e.Check == nil {
		return nil
	}
	committed := size - uint64(len(before))
	if e.Snapshot > size || size-e.Snapshot > checkReach {
		return refused{fmt.Errorf("journal: the snapshot %d is not near the end %d: %w", e.Snapshot, size, ErrStale)}
	}
	for seen := e.Snapshot; seen < committed; {
		later, err := w.later(ctx, tx, seen, committed)
		if err != nil {
			return err
		}
		for _, r := range later {
			if err := ask(e.Check, r); err != nil {
				return err
			}
		}
		seen += uint64(len(later))
	}
	for _, a := range before {
		if a.receipt.Seq > e.Snapshot {
			if err := ask(e.Check, &a.draft.record); err != nil {
				return err
			}
		}
	}
	return nil
}

// later gives some of the records after a place, at least one, for a check.
func (w *writer) later(ctx context.Context, tx batch, after, end uint64) ([]*Record, error) {
	limit := int(min(end-after, pageRecords))
	if records, reaches := w.recent.toCheck(after, limit); reaches && len(records) > 0 {
		return records, nil
	}
	page, err := tx.page(ctx, after, limit)
	if err == nil && len(page) == 0 {
		err = &Damage{Seq: after + 1, Field: "seq", Offset: -1, Detail: "the record is missing"}
	}
	if err != nil {
		return nil, err
	}
	return records(page, after)
}

// ask calls a check. One that breaks refuses its own entry and harms no other.
func ask(check func(*Record) error, r *Record) (err error) {
	defer func() {
		if broken := recover(); broken != nil {
			err = refused{fmt.Errorf("journal: the check of an entry broke: %v", broken)}
		}
	}()
	if err := check(r); err != nil {
		return refused{err}
	}
	return nil
}

// publish tells everybody of a group that is durable.
func (w *writer) publish(end head, placed []accepted, keep bool) {
	fresh := make([]*Record, len(placed))
	for i, a := range placed {
		fresh[i] = &a.draft.record
	}
	w.recent.add(fresh)
	w.progress.reached(end.edge.size)
	w.counts.groups.Add(1)
	w.counts.records.Add(uint64(len(placed)))
	for _, a := range placed {
		if a.receipt.Clamped {
			w.clamped(a.receipt)
		}
		a.answer(a.receipt, nil)
	}
	if keep {
		w.witnessed(end.note)
	}
}

// clamped notes that a record was dated by the one before it. Two nodes whose clocks differ would say so at every record.
func (w *writer) clamped(r Receipt) {
	w.counts.clamped.Add(1)
	if now := time.Now(); now.Sub(w.warned) > time.Minute {
		w.warned = now
		w.log.Warn("the clock stands before the last record, so records are dated after it", "seq", r.Seq, "at", r.At)
	}
}

// witnessed keeps a checkpoint outside the database as well. That it cannot is no reason not to record.
func (w *writer) witnessed(note []byte) {
	if err := w.witness(note); err != nil {
		w.log.Warn("the checkpoint could not be kept beside the journal", "err", err)
	}
}

// fail answers a group of which nothing was recorded.
func (w *writer) fail(group []*waiting, cause error) {
	w.counts.failures.Add(1)
	w.log.Error("nothing could be recorded", "entries", len(group), "err", cause)
	err := unrecorded(cause)
	if errors.Is(cause, ErrUncertain) {
		err = uncertain(cause)
	}
	for _, g := range group {
		g.answer(Receipt{}, err)
	}
}
