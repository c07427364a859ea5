package engine

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/open-policy-agent/opa/v1/storage"

	"greenchannel/server/decision"
	"greenchannel/server/store"
)

// Difference is one decision on which the executor and topdown did not agree.
type Difference struct {
	Policy decision.PolicyRef
	// Clock is the instant that the rules were asked about, Input the application as received.
	Clock time.Time
	Input []byte
	// Reads are the rows that the executor read, as in a record. Topdown was given these and no others.
	Reads []byte
	// Executor and Topdown are what each answered, {decision, facts}; TopdownReads the rows that topdown read.
	Executor, Topdown, TopdownReads []byte
	// Failure is why topdown has no answer, where it has none.
	Failure string
}

// Checks counts what was decided a second time.
type Checks struct {
	// Done are the decisions that topdown made again, Dropped those chosen for it that had to be let go, since others waited.
	Done, Dropped uint64
	// Unknown are those of them that topdown did not decide in time; Different those on which the two did not agree.
	Unknown, Different uint64
	// Failed are evaluations in which the executor failed, so that topdown was asked at once.
	Failed uint64
}

// waiting is how many decisions may wait to be made again. Each holds its application, its answer and its rows.
const waiting = 64

// checks decides a share of all decisions again by topdown, beside the requests.
type checks struct {
	share atomic.Pointer[float64] // nil for none
	queue chan *second
	tell  func(Difference)

	done, dropped, unknown, different, failed atomic.Uint64
}

// second is a decision that is to be made a second time. Its bytes do not change any more.
type second struct {
	generation    *Generation
	about         about
	reads, answer []byte
}

// Check lets topdown decide a share of all decisions again, from 0 to 1, beside the requests and one at a time. When it
// decides otherwise, it evaluates that bundle from then on, and tell is told, once for each difference. It is called once,
// before the first evaluation; stop waits for the decision that is being made again, and lets those that wait go.
func (e *Engine) Check(share float64, tell func(Difference)) (stop func()) {
	c := &e.trust.checks
	c.queue, c.tell = make(chan *second, waiting), tell
	c.share.Store(&share)
	ctx, cancel := context.WithCancel(context.Background())
	var working sync.WaitGroup
	working.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case s := <-c.queue:
				e.again(ctx, s)
			}
		}
	})
	return func() {
		c.share.Store(nil)
		cancel()
		working.Wait()
	}
}

// Checks counts what was decided a second time.
func (e *Engine) Checks() Checks {
	c := &e.trust.checks
	return Checks{
		Done: c.done.Load(), Dropped: c.dropped.Load(), Unknown: c.unknown.Load(), Different: c.different.Load(), Failed: c.failed.Load(),
	}
}

// check chooses whether a decision is made again, and lets it wait. It never waits itself.
func (e *Engine) check(g *Generation, about about, reads, answer []byte) {
	c := &e.trust.checks
	share := c.share.Load()
	if share == nil || rand.Float64() >= *share { //nolint:gosec // nobody gains from knowing which one is chosen
		return
	}
	select {
	case c.queue <- &second{g, about, reads, answer}:
	default:
		c.dropped.Add(1)
	}
}

// again makes a decision again by topdown, from what would stand in its record, and compares to the byte.
func (e *Engine) again(ctx context.Context, s *second) {
	c := &e.trust.checks
	found, err := e.compare(ctx, s)
	switch {
	case ctx.Err() != nil:
		return
	case err != nil:
		c.unknown.Add(1)
		return
	}
	c.done.Add(1)
	if found == nil {
		return
	}
	c.different.Add(1)
	e.trust.deceived.Store(found.Policy.Digest, fmt.Sprintf(
		"The executor decided an application otherwise than topdown on %s; topdown serves this bundle from then on.", decision.Instant(time.Now())))
	c.tell(*found)
}

// compare gives the difference between what topdown decides and what the executor did; nil for none. An error says that
// topdown did not come to an end.
func (e *Engine) compare(ctx context.Context, s *second) (*Difference, error) {
	recorded, err := store.ParseReads(s.reads)
	if err != nil {
		return nil, err
	}
	reads := &store.ReadSet{}
	evidence := store.AnswerFrom(store.AsOf(store.NoteReads(nil, reads), s.about.at), recorded)
	var answer []byte
	var failure error
	err = e.limited(ctx, func(ctx context.Context) error {
		return s.generation.reading(ctx, evidence, func(txn storage.Transaction) error {
			answer, failure = s.generation.decision.topdown.answer(ctx, txn, s.about)
			return ctx.Err()
		})
	})
	if err != nil {
		return nil, err
	}
	seen, err := reads.JSON()
	if err != nil {
		return nil, err
	}
	if failure == nil && bytes.Equal(answer, s.answer) && bytes.Equal(seen, s.reads) {
		return nil, nil
	}
	difference := Difference{
		Policy: s.generation.policy, Clock: s.about.at, Input: s.about.body,
		Reads: s.reads, Executor: s.answer, Topdown: answer, TopdownReads: seen,
	}
	if failure != nil {
		difference.Failure = failure.Error()
	}
	return &difference, nil
}
