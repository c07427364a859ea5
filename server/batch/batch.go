// Package batch decides many applications in one go: it takes a stream of them apart (Array, Lines), has each decided on
// several workers (Run), and gives the answers in the order of the questions (Writer). What it holds at a moment is bounded
// by its window, not by the length of the stream, and what is wrong with one application spoils no other. It knows neither
// how an application is read nor how one is decided nor by what transport it came.
package batch

import (
	"context"
	"fmt"
	"iter"

	"greenchannel/server/problem"
)

// Limits bound what one batch may ask for.
type Limits struct {
	// Items is how many applications one batch may have.
	Items int
	// Bytes is how long one application may be. One that is longer is told so; it is never held whole.
	Bytes int
}

// Item is one application as it arrived.
type Item struct {
	// Index is its place in the batch, from 0.
	Index int
	// Body is the application, byte for byte; nil where Err says why it could not be read.
	Body []byte
	Err  error
	// Broken says that the stream cannot be read beyond this place: the item stands for all that would have followed.
	Broken bool
}

// Answer is what came of one application: either a decision or the reason why there is none.
type Answer struct {
	Index int
	// Body is the decision as JSON; nil where Err is set.
	Body   []byte
	Err    error
	Broken bool
}

// Summary counts what came of a batch.
type Summary struct {
	Decided int
	Failed  int
}

// Whole says whether every application was decided.
func (s Summary) Whole() bool { return s.Failed == 0 }

// windowed is how many applications for each worker are under way or wait for an earlier one to be answered.
const windowed = 4

// Run decides the items of a batch on a number of workers and gives the answers to emit in the order of the items, one at
// a time. When ctx ends no further item is taken, those that were taken are answered, and the error is that of ctx; when
// emit fails the rest is called off, and the error is that of emit. decide may be called by several goroutines at once; a
// panic in it is the failure of its item alone.
func Run(ctx context.Context, workers int, items iter.Seq[Item], decide func(ctx context.Context, item Item) ([]byte, error), emit func(Answer) error) (Summary, error) {
	var sum Summary
	err := Ordered(ctx, workers, items,
		func(ctx context.Context, item Item) Answer { return answer(ctx, item, decide) },
		func(a Answer) error {
			if a.Err == nil {
				sum.Decided++
			} else {
				sum.Failed++
			}
			return emit(a)
		})
	return sum, err
}

func answer(ctx context.Context, item Item, decide func(context.Context, Item) ([]byte, error)) (a Answer) {
	a = Answer{Index: item.Index, Err: item.Err, Broken: item.Broken}
	if a.Err != nil {
		return a
	}
	defer func() {
		if cause := recover(); cause != nil { // elsewhere it would end the service
			a.Body, a.Err = nil, problem.Of(fmt.Errorf("panic: %v", cause))
		}
	}()
	a.Body, a.Err = decide(ctx, item)
	if a.Err != nil {
		a.Body = nil // no part of a failed decision
	}
	return a
}
