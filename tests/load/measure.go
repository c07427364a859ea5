package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"time"
)

// sample is what one variant did in one round.
type sample struct {
	requests  int
	elapsed   time.Duration
	processor time.Duration   // of the server
	latencies []time.Duration // in order
}

func (s sample) perSecond() float64 { return float64(s.requests) / s.elapsed.Seconds() }

// processorPer is the processor time that one answer took the server.
func (s sample) processorPer() time.Duration {
	return time.Duration(float64(s.processor) / float64(max(s.requests, 1)))
}

// at is the latency that a share of the answers did not exceed.
func (s sample) at(share float64) time.Duration {
	if len(s.latencies) == 0 {
		return 0
	}
	return s.latencies[min(int(share*float64(len(s.latencies))), len(s.latencies)-1)]
}

// verify asks a variant every question once, and holds each answer to the decision that is right, field by field. It is also what
// warms the variant up.
func (v *variant) verify(ctx context.Context, questions []*question) error {
	if v.floor {
		return nil
	}
	c, err := dial(ctx, v.address)
	if err != nil {
		return err
	}
	defer c.close()
	for _, q := range questions {
		status, answer, err := c.ask(v.request(q))
		if err != nil || status != v.status {
			return errors.Join(fmt.Errorf("%s answers %s with status %d: %.1000s", v.name, q.id, status, answer), err)
		}
		decided, err := decisionOf(answer, v.opa)
		if err != nil {
			return fmt.Errorf("%s on %s: %w", v.name, q.id, err)
		}
		for name, want := range q.decided {
			if !reflect.DeepEqual(decided[name], want) {
				return fmt.Errorf("%s decides %s otherwise: %s is %.500v, not %.500v", v.name, q.id, name, decided[name], want)
			}
		}
		if len(decided) != len(q.decided) {
			return fmt.Errorf("%s decides %s with %d fields, not %d", v.name, q.id, len(decided), len(q.decided))
		}
	}
	return nil
}

// right looks at one answer while it is measured: status, application, outcome.
func (v *variant) right(q *question, status int, answer []byte) error {
	if status == v.status && (v.floor || bytes.Contains(answer, q.named) && bytes.Contains(answer, q.outcome)) {
		return nil
	}
	return fmt.Errorf("%s answers %s with status %d: %.1000s", v.name, q.id, status, answer)
}

// measure lets a variant answer over so many connections for a while. No two connections send the same application, as no two exporters do.
func (v *variant) measure(ctx context.Context, questions []*question, connections int, while time.Duration) (sample, error) {
	if connections > len(questions) {
		return sample{}, fmt.Errorf("%d connections have only %d applications between them", connections, len(questions))
	}
	clients := make([]*client, connections)
	for i := range clients {
		c, err := dial(ctx, v.address)
		if err != nil {
			return sample{}, err
		}
		defer c.close()
		clients[i] = &client{variant: v, connection: c}
	}
	for i, q := range questions {
		c := clients[i%len(clients)]
		c.questions, c.requests = append(c.questions, q), append(c.requests, v.request(q))
	}
	before, err := v.processorTime()
	if err != nil {
		return sample{}, err
	}
	began := time.Now()
	var all sync.WaitGroup
	for _, c := range clients {
		all.Go(func() { c.err = c.run(ctx, began.Add(while)) })
	}
	all.Wait()
	taken := sample{elapsed: time.Since(began)}
	after, err := v.processorTime()
	if err != nil {
		return sample{}, err
	}
	taken.processor = after - before
	var faults []error
	for _, c := range clients {
		faults = append(faults, c.err)
		taken.latencies = append(taken.latencies, c.latencies...)
	}
	slices.Sort(taken.latencies)
	taken.requests = len(taken.latencies)
	return taken, errors.Join(faults...)
}

// client is one connection at work.
type client struct {
	*variant
	*connection
	questions []*question
	requests  [][]byte
	latencies []time.Duration
	err       error
}

// run asks one question after the other until the time is over, at least one.
func (c *client) run(ctx context.Context, until time.Time) error {
	for i := 0; ; i++ {
		at := i % len(c.requests)
		began := time.Now()
		status, answer, err := c.ask(c.requests[at])
		now := time.Now()
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		if err := c.right(c.questions[at], status, answer); err != nil {
			return err
		}
		c.latencies = append(c.latencies, now.Sub(began))
		if now.After(until) || ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
}
