package journal

import (
	"context"
	"time"
)

// patience is how long Append waits for a commit that is under way after its caller has gone.
const patience = 5 * time.Second

// Append records an entry. When it returns without an error the record is on disk; when it returns with one, nothing may
// be answered, and nothing was recorded unless the error is ErrUncertain. Errors are ErrStale or whatever Check gave,
// ErrRecorded, ErrKeyReused, ErrBundleMissing, ErrClosed, and otherwise of kind Unrecorded: the disk is full, the database
// is gone. The journal keeps the entry's slices; they must not be changed any more.
func (j *Journal) Append(ctx context.Context, e Entry) (Receipt, error) {
	if j.writer == nil {
		return Receipt{}, ErrReadOnly
	}
	if err := e.sound(); err != nil {
		return Receipt{}, err
	}
	w := &waiting{entry: &e, draft: newDraft(&e), done: make(chan outcome, 1)}
	select {
	case <-j.closing:
		return Receipt{}, ErrClosed
	default:
	}
	select {
	case j.queue <- w:
	case <-j.closing:
		return Receipt{}, ErrClosed
	case <-ctx.Done():
		return Receipt{}, unrecorded(ctx.Err())
	}
	select {
	case o := <-w.done:
		return o.receipt, o.err
	case <-j.writer.stopped:
		// The writer may have taken it just before it stopped.
		return w.end(ErrClosed)
	case <-ctx.Done():
		return w.end(unrecorded(ctx.Err()))
	}
}

// end gives an entry up for a reason, unless the writer has it: then its answer counts, if it comes in time.
func (w *waiting) end(reason error) (Receipt, error) {
	if w.state.CompareAndSwap(0, givenUp) {
		return Receipt{}, reason
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case o := <-w.done:
		return o.receipt, o.err
	case <-timer.C:
		return Receipt{}, uncertain(reason)
	}
}
