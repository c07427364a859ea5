package engine

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
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

// second is a decision that is to be made a second time.
type second struct {
	generation *Generation
	app        decision.Application
	at         time.Time
	verdict    decision.Verdict
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
func (e *Engine) check(g *Generation, app decision.Application, at time.Time, verdict decision.Verdict) {
	c := &e.trust.checks
	share := c.share.Load()
	if share == nil || rand.Float64() >= *share { //nolint:gosec // nobody gains from knowing which one is chosen
		return
	}
	select {
	case c.queue <- &second{g, app, at, verdict}:
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
	e.Distrust(found.Policy.Digest, fmt.Sprintf(
		"The executor decided an application otherwise than topdown on %s; topdown serves this bundle from then on.", decision.Instant(time.Now())))
	c.tell(*found)
}

// compare gives the difference between what topdown decides and what the executor did; nil for none. An error says that
// topdown did not come to an end.
func (e *Engine) compare(ctx context.Context, s *second) (*Difference, error) {
	recorded, err := store.ParseReads(s.verdict.Reads)
	if err != nil {
		return nil, err
	}
	reads := &store.ReadSet{}
	evidence := store.AnswerFrom(store.AsOf(store.NoteReads(nil, reads), s.at), recorded)
	var slow decision.Verdict
	var failure error
	err = e.limited(ctx, func(ctx context.Context) error {
		return s.generation.reading(ctx, evidence, func(txn storage.Transaction) error {
			var answer []byte
			if answer, failure = s.generation.decision.topdown.answer(ctx, txn, about{body: s.app.Shared(), at: s.at}); failure == nil {
				slow, failure = s.generation.verdict(answer, s.app, s.at)
			}
			return ctx.Err()
		})
	})
	if err != nil {
		return nil, err
	}
	if slow.Reads, err = reads.JSON(); err != nil {
		return nil, err
	}
	if failure == nil && slow.Decision.Equal(s.verdict.Decision) && bytes.Equal(slow.Facts, s.verdict.Facts) && bytes.Equal(slow.Reads, s.verdict.Reads) {
		return nil, nil
	}
	difference := Difference{
		Policy: s.generation.policy, Clock: s.at, Input: s.app.Bytes(),
		Executor: answerOf(s.verdict), Reads: s.verdict.Reads, TopdownReads: slow.Reads,
	}
	if failure != nil {
		difference.Failure = failure.Error()
	} else {
		difference.Topdown = answerOf(slow)
	}
	return &difference, nil
}

// answerOf is what a verdict came from.
func answerOf(v decision.Verdict) []byte {
	return slices.Concat([]byte(answerBegins), v.Decision.JSON(), []byte(answerGoesOn), v.Facts, []byte(answerEnds))
}
