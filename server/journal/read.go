package journal

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"
)

// pageRecords is how many records are read at once.
const pageRecords = 512

// Head is the end of a journal: its size, and the signed checkpoint that states size and root.
type Head struct {
	// Size is the Seq of the last record; 0 for none.
	Size uint64
	// Root is the hash of the tree over all records up to Size.
	Root Hash
	// At is the instant of the last record, or of the journal's founding.
	At time.Time
	// Checkpoint is the signed note (sumdb/note).
	Checkpoint []byte
}

// Head gives the end of the journal as it is committed, by whichever node.
func (j *Journal) Head(ctx context.Context) (Head, error) {
	end, err := j.ledger.head(ctx)
	if err != nil {
		return Head{}, readFailure(err)
	}
	return Head{end.edge.size, end.edge.root(), instant(end.lastAt), end.note}, nil
}

// Get gives the record with an id, or an error of kind NotFound. A record that does not have its leaf hash any more is
// never given: the error is a *Damage then, here and wherever records are read.
func (j *Journal) Get(ctx context.Context, id string) (*Record, error) {
	r, err := j.ledger.byID(ctx, id)
	if errors.Is(err, errNone) {
		return nil, notFound(fmt.Sprintf("id %.100q", id))
	}
	if err != nil {
		return nil, readFailure(err)
	}
	return r.intact()
}

// BySeq gives the record at a place, or an error of kind NotFound.
func (j *Journal) BySeq(ctx context.Context, seq uint64) (*Record, error) {
	if seq == 0 {
		return nil, notFound("number 0")
	}
	page, err := j.ledger.page(ctx, seq-1, 1)
	switch {
	case err != nil:
		return nil, readFailure(err)
	case len(page) == 0 || page[0].Seq != seq:
		return nil, notFound(fmt.Sprintf("number %d", seq))
	}
	return page[0].intact()
}

// BySeqs gives the records at these places, in the order in which they are asked for; at most 512 at once. Where one is not
// there the error is of kind NotFound.
func (j *Journal) BySeqs(ctx context.Context, seqs []uint64) ([]*Record, error) {
	if len(seqs) == 0 {
		return nil, nil
	}
	if len(seqs) > pageRecords {
		return nil, fmt.Errorf("journal: %d records are asked for at once, and the most is %d", len(seqs), pageRecords)
	}
	found, err := j.ledger.at(ctx, seqs)
	if err != nil {
		return nil, readFailure(err)
	}
	bySeq := make(map[uint64]*row, len(found))
	for i := range found {
		bySeq[found[i].Seq] = &found[i]
	}
	records := make([]*Record, len(seqs))
	for i, seq := range seqs {
		r, there := bySeq[seq]
		if !there {
			return nil, notFound(fmt.Sprintf("number %d", seq))
		}
		if records[i], err = r.intact(); err != nil {
			return nil, err
		}
	}
	return records, nil
}

// Range gives the records from one place to another, both included, in order; 0 as the last means the last there is when
// Range begins. It ends after the first error.
func (j *Journal) Range(ctx context.Context, first, last uint64) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		if last == 0 {
			end, err := j.ledger.head(ctx)
			if err != nil {
				yield(nil, readFailure(err))
				return
			}
			last = end.edge.size
		}
		for after := max(first, 1) - 1; after < last; {
			page, err := j.page(ctx, after, int(min(last-after, pageRecords)))
			for _, r := range page {
				if !yield(r, nil) {
					return
				}
				after = r.Seq
			}
			if err == nil && len(page) == 0 {
				err = notFound(fmt.Sprintf("number %d", after+1))
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// Tail gives every record after a place, in order, and then each one as it is recorded, by this node or another, until
// ctx is done. An error is not the end: who goes on ranging is given the next record as soon as it can be read.
func (j *Journal) Tail(ctx context.Context, after uint64) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		const moment, longest = time.Millisecond, 2 * time.Second
		pause := time.Duration(0)
		for sleep(ctx, pause) {
			if grown := j.progress.past(after); grown != nil {
				select {
				case <-ctx.Done():
					return
				case <-grown:
				}
			}
			page, err := j.page(ctx, after, pageRecords)
			for _, r := range page {
				if !yield(r, nil) {
					return
				}
				after, pause = r.Seq, 0
			}
			if err == nil && len(page) == 0 {
				// The follower has heard of a record that this connection does not see yet, as it will in a moment.
				if pause < longest/2 {
					pause = 2*pause + moment
					continue
				}
				err = notFound(fmt.Sprintf("number %d yet", after+1))
			}
			if err != nil && ctx.Err() == nil {
				if !yield(nil, err) {
					return
				}
				pause = min(2*pause+50*time.Millisecond, longest)
			}
		}
	}
}

// page reads some of the records after a place. What could be read before an error is given with it.
func (j *Journal) page(ctx context.Context, after uint64, limit int) ([]*Record, error) {
	if page, reaches := j.recent.whole(after, limit); reaches && len(page) > 0 {
		return page, nil
	}
	page, err := j.ledger.page(ctx, after, limit)
	sound, damage := records(page, after)
	if damage != nil {
		return sound, damage
	}
	if err != nil {
		return sound, readFailure(err)
	}
	return sound, nil
}

// records checks that rows follow a place without a gap and are what was recorded.
func records(page []row, after uint64) ([]*Record, error) {
	var sound []*Record
	for i := range page {
		if want := after + uint64(i) + 1; page[i].Seq != want {
			return sound, &Damage{Seq: want, Field: "seq", Offset: -1, Detail: fmt.Sprintf("the record is missing; number %d follows", page[i].Seq)}
		}
		r, err := page[i].intact()
		if err != nil {
			return sound, err
		}
		sound = append(sound, r)
	}
	return sound, nil
}

// readFailure tells damage, and a caller who went away, from a database that cannot be reached.
func readFailure(err error) error {
	if _, damaged := errors.AsType[*Damage](err); damaged || errors.Is(err, context.Canceled) {
		return err
	}
	return unreadable(err)
}
