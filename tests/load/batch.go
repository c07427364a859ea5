package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"
)

// batchCell is how fast one evaluator decides batches. A batch is always recorded.
type batchCell struct {
	Evaluator string `json:"evaluator"`
	Items     int    `json:"items"`
	PerSecond spread `json:"per_second"`
	Processor spread `json:"server_cpu_us"` // per decision
	Aims      []aim  `json:"aims,omitempty"`
}

// batch measures batches of applications of one line, one batch at a time, the evaluators in turns.
func (h *harness) batch(ctx context.Context, all []*variant, taken *figures) error {
	made, err := h.orders()
	if err != nil {
		return err
	}
	var body bytes.Buffer
	body.WriteByte('[')
	for n := range h.batchItems {
		application, _, err := made.application(1, n)
		if err != nil {
			return err
		}
		if n > 0 {
			body.WriteByte(',')
		}
		body.Write(application)
	}
	body.WriteByte(']')
	samples := map[string][]sample{}
	for range h.rounds {
		for _, v := range all {
			if !v.recorded {
				continue
			}
			s, err := v.batches(ctx, body.Bytes(), h.batches, h.batchItems)
			if err != nil {
				return err
			}
			samples[v.evaluator] = append(samples[v.evaluator], s)
		}
	}
	for _, by := range h.evaluators {
		of := samples[by.name]
		c := batchCell{Evaluator: by.name, Items: h.batchItems, PerSecond: over(of, perSecond), Processor: over(of, processorPer)}
		if by.name == h.fastest().name {
			c.Aims = []aim{atLeast("decisions/s", 30_000, c.PerSecond.Median)}
		}
		h.say("batch, %s: %.0f decisions/s", by.name, c.PerSecond.Median)
		taken.Batches = append(taken.Batches, c)
	}
	return nil
}

// batches sends a batch so many times; the sample counts its decisions.
func (v *variant) batches(ctx context.Context, body []byte, times, items int) (sample, error) {
	c, err := dial(ctx, v.address)
	if err != nil {
		return sample{}, err
	}
	defer c.close()
	request := v.post("/v1/decisions/batch", asJSON, body)
	before, err := v.processorTime()
	if err != nil {
		return sample{}, err
	}
	began := time.Now()
	for range times {
		status, answer, err := c.ask(request)
		if err != nil || status != 200 {
			return sample{}, errors.Join(fmt.Errorf("%s answers a batch with status %d: %.1000s", v.name, status, answer), err)
		}
		if decided := bytes.Count(answer, []byte(`"outcome":`)); decided != items {
			return sample{}, fmt.Errorf("%s decides %d of %d applications of a batch", v.name, decided, items)
		}
	}
	taken := sample{requests: times * items, elapsed: time.Since(began)}
	after, err := v.processorTime()
	taken.processor = after - before
	return taken, err
}
