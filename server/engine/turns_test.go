package engine_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"greenchannel/server/engine"
	"greenchannel/server/problem"
)

// Only so many decisions are evaluated at once. The others wait in the order in which they came; who is called off while it
// waits, or waits too long, is told so, and its place goes to the next.
func TestDecisionsTakeTurns(t *testing.T) {
	t.Parallel()
	const patience = 10 * time.Second
	g := generation(t, smallFolder(t))
	synctest.Test(t, func(t *testing.T) {
		e := engine.New(patience)
		e.Activate(g)
		app := application(t, e, magnets(t, 1))
		evaluated, hold, ended := 0, make(chan struct{}), make(chan int, 1000)
		g.Corrupt(func(answer []byte, err error) ([]byte, error) {
			evaluated++ // one after the other: each has begun before the next is sent
			<-hold
			return answer, err
		})
		errs := make([]error, engine.Places()+3)
		send := func(ctx context.Context, n int) {
			go func() {
				_, errs[n] = e.Evaluate(ctx, app, instantOf)
				ended <- n
			}()
			synctest.Wait()
		}
		places := engine.Places()
		for n := range places {
			send(t.Context(), n)
		}
		called, callOff := context.WithCancel(t.Context())
		send(t.Context(), places)
		send(called, places+1)
		send(t.Context(), places+2)
		if evaluated != places {
			t.Errorf("%d are evaluated at once, want %d", evaluated, places)
		}
		callOff()
		if n := <-ended; n != places+1 || problem.Of(errs[n]).Kind != problem.Cancelled {
			t.Errorf("%d ended with %v, want the one that was called off", n, errs[n])
		}
		for want := range places + 1 { // the first of those that wait begins when one has ended
			hold <- struct{}{}
			synctest.Wait()
			if got := <-ended; want < places && got >= places || want == places && evaluated != places+2 {
				t.Errorf("after %d had ended, %d ended, and %d were evaluated", want, got, evaluated)
			}
		}
		hold <- struct{}{}
		<-ended
		if evaluated != places+2 {
			t.Errorf("%d were evaluated, want all but the one that was called off", evaluated)
		}

		for n := range places {
			send(t.Context(), n)
		}
		evaluated = 0
		send(t.Context(), places)
		time.Sleep(patience)
		synctest.Wait()
		if n := <-ended; n != places || problem.Of(errs[n]).Kind != problem.Deadline || evaluated != 0 {
			t.Errorf("%d ended with %v, and %d were evaluated; want the one that waited too long", n, errs[n], evaluated)
		}
		close(hold)
		var rest []int
		for range places {
			rest = append(rest, <-ended)
		}
		slices.Sort(rest)
		for i, n := range rest {
			if i != n {
				t.Fatalf("of those that had a place, %v ended", rest)
			}
		}
	})
}
