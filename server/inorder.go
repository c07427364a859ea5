package server

import (
	"context"
	"iter"
	"runtime"
	"sync"
)

// inOrder does the work for each item on all processors, and hands on what came of it in the order of the items. The
// first error ends everything; nothing is under way any more when it returns.
func inOrder[In, Out any](
	ctx context.Context, items iter.Seq2[In, error],
	work func(context.Context, In) (Out, error), each func(Out) error,
) error {
	type outcome struct {
		value Out
		err   error
	}
	type task struct {
		item In
		done chan outcome
	}
	ctx, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()

	workers := runtime.GOMAXPROCS(0)
	tasks := make(chan task)
	inTurn := make(chan chan outcome, 4*workers) // bounds how far the work runs ahead of the first that is not done
	running.Go(func() {
		defer close(inTurn)
		defer close(tasks)
		for item, err := range items {
			t := task{item, make(chan outcome, 1)}
			if err != nil {
				t.done <- outcome{err: err}
			}
			select {
			case inTurn <- t.done:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
			select {
			case tasks <- t:
			case <-ctx.Done():
				return
			}
		}
	})
	for range workers {
		running.Go(func() {
			for t := range tasks {
				value, err := work(ctx, t.item)
				t.done <- outcome{value, err}
			}
		})
	}
	for next := range inTurn {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case got := <-next:
			if got.err != nil {
				return got.err
			}
			if err := each(got.value); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}
