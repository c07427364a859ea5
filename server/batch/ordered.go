package batch

import (
	"context"
	"iter"
	"sync"
)

// Ordered does something with each of many things on a number of workers and gives the results to emit in the order of the
// things, one at a time. No more than a few things for each worker are held at once. When ctx ends no further thing is
// taken, what was taken is done and emitted, and the error is that of ctx. When emit fails its error is returned; the
// context that do was given is ended then.
//
// Things are taken by a goroutine of its own. Ordered waits for it, so a sequence that waits for something has to end its
// wait when ctx ends.
func Ordered[In, Out any](ctx context.Context, workers int, things iter.Seq[In], do func(context.Context, In) Out, emit func(Out) error) error {
	workers = max(workers, 1)
	doing, callOff := context.WithCancel(ctx)
	defer callOff()

	type job struct {
		thing In
		done  chan Out
	}
	jobs := make(chan job)
	queue := make(chan chan Out, windowed*workers) // results, in order; its length is the window
	var under sync.WaitGroup

	under.Go(func() {
		defer close(jobs)
		defer close(queue)
		for thing := range things {
			j := job{thing, make(chan Out, 1)}
			select {
			case <-doing.Done():
				return
			case queue <- j.done:
			}
			jobs <- j // a worker takes it: none of them waits for anything but jobs
		}
	})
	for range workers {
		under.Go(func() {
			for j := range jobs {
				j.done <- do(doing, j.thing)
			}
		})
	}

	var failed error
	for done := range queue {
		out := <-done
		if failed != nil {
			continue // only to let those end that are under way
		}
		if failed = emit(out); failed != nil {
			callOff()
		}
	}
	under.Wait()
	if failed != nil {
		return failed
	}
	return ctx.Err()
}
