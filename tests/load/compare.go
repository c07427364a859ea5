package main

import (
	"context"
	"math/rand/v2"
	"slices"
)

// compared measures everything but growth and the soak: the table of the servers, batches, starts, activation.
func (h *harness) compared(ctx context.Context, taken *figures) error {
	learnt, err := h.learn(ctx, h.lines)
	if err != nil {
		return err
	}
	all, err := h.variants(ctx, learnt)
	if err != nil {
		return err
	}
	for _, lines := range h.lines {
		questions := learnt.questions[lines]
		for _, v := range all {
			h.say("%d lines: every decision of %s is compared", lines, v.name)
			if err := v.verify(ctx, questions); err != nil {
				return err
			}
		}
		for _, connections := range h.connections {
			samples, err := h.inTurns(ctx, all, questions, connections)
			if err != nil {
				return err
			}
			taken.Cells = append(taken.Cells, h.cells(all, samples, lines, connections)...)
		}
	}
	if err := h.held(all, taken); err != nil {
		return err
	}
	if err := h.batch(ctx, all, taken); err != nil {
		return err
	}
	for _, v := range all { // the rest is about one server at a time
		if err := v.stop(); err != nil {
			return err
		}
	}
	if err := h.started(ctx, taken); err != nil {
		return err
	}
	return h.activated(ctx, taken)
}

// variants starts every server, all of them at once: those that are not asked do nothing.
func (h *harness) variants(ctx context.Context, learnt *lesson) ([]*variant, error) {
	folder, err := h.bundleForOPA(learnt)
	if err != nil {
		return nil, err
	}
	h.say("starting the servers")
	opa, err := h.opa(ctx, folder)
	if err != nil {
		return nil, err
	}
	floor, err := h.floor(ctx, learnt.answer)
	if err != nil {
		return nil, err
	}
	all := []*variant{opa}
	for _, by := range h.evaluators {
		both, err := h.service(ctx, by)
		if err != nil {
			return nil, err
		}
		all = append(all, both...)
	}
	return append(all, floor), nil
}

// inTurns measures all variants round by round, in another order each time, so that whatever else the machine does falls
// on all of them alike.
func (h *harness) inTurns(ctx context.Context, all []*variant, questions []*question, connections int) (map[*variant][]sample, error) {
	shuffle := rand.New(rand.NewPCG(h.seed, uint64(connections)))
	samples := map[*variant][]sample{}
	order := slices.Clone(all)
	for range h.rounds {
		shuffle.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, v := range order {
			taken, err := v.measure(ctx, questions, connections, h.round)
			if err != nil {
				return nil, err
			}
			samples[v] = append(samples[v], taken)
			if err := v.forget(); err != nil {
				return nil, err
			}
		}
	}
	return samples, nil
}

// cell is one line of the table.
type cell struct {
	Variant     string `json:"variant"`
	Evaluator   string `json:"evaluator,omitempty"`
	Recorded    bool   `json:"recorded"`
	Lines       int    `json:"lines"`
	Connections int    `json:"connections"`
	Answers     int    `json:"answers"` // in all rounds

	PerSecond spread `json:"per_second"`
	P50       spread `json:"p50_us"`
	P99       spread `json:"p99_us"`
	Processor spread `json:"server_cpu_us"` // per answer

	// In relation to OPA in the same round. Faster, and ProcessorRatio, are better when they are greater, LateRatio when it
	// is smaller.
	Faster         spread `json:"times_opa_per_second"`
	ProcessorRatio spread `json:"times_less_cpu_than_opa"`
	LateRatio      spread `json:"p99_to_opa"`

	Aims []aim `json:"aims,omitempty"`
}

func (h *harness) cells(all []*variant, samples map[*variant][]sample, lines, connections int) []cell {
	reference := samples[all[0]]
	var made []cell
	for _, v := range all {
		of := samples[v]
		c := cell{
			Variant: v.name, Evaluator: v.evaluator, Recorded: v.recorded, Lines: lines, Connections: connections,
			PerSecond: over(of, perSecond), P50: over(of, median), P99: over(of, late), Processor: over(of, processorPer),
			Faster: ratios(of, reference, perSecond), ProcessorRatio: ratios(reference, of, processorPer), LateRatio: ratios(of, reference, late),
		}
		for _, s := range of {
			c.Answers += s.requests
		}
		if v.evaluator == h.fastest().name {
			c.Aims = aimsOf(c)
		}
		h.say("%3d lines, %2d connections, %-24s %7.0f/s, %5.2f times OPA", lines, connections, v.name, c.PerSecond.Median, c.Faster.Median)
		made = append(made, c)
	}
	return made
}

// aimsOf holds a cell to the aims that there are for it.
func aimsOf(c cell) []aim {
	var aims []aim
	switch {
	case !c.Recorded && c.Connections == 8:
		aims = append(aims, atLeast("requests/s, times OPA", 10, c.Faster.Median))
	case c.Recorded && c.Connections == 8:
		aims = append(aims, atLeast("requests/s, times OPA", 5, c.Faster.Median))
	case c.Recorded && c.Connections == 64:
		aims = append(aims, atLeast("requests/s, times OPA", 8, c.Faster.Median))
	}
	return append(aims, atMost("p99, of OPA's", 0.25, c.LateRatio.Median))
}

// held looks at the memory of the servers after the load.
func (h *harness) held(all []*variant, taken *figures) error {
	for _, v := range all {
		has, err := v.memory()
		if err != nil {
			return err
		}
		m := memory{Variant: v.name, Now: megabytes(has.now), Own: megabytes(has.own), Most: megabytes(has.most)}
		if v.evaluator == h.fastest().name {
			m.Aims = []aim{atMost("RSS under load, MB", 100, m.Now)}
		}
		taken.Memory = append(taken.Memory, m)
	}
	return nil
}

type memory struct {
	Variant string  `json:"variant"`
	Now     float64 `json:"rss_mb"`
	Own     float64 `json:"rss_without_files_mb"`
	Most    float64 `json:"rss_most_mb"`
	Aims    []aim   `json:"aims,omitempty"`
}

func megabytes(bytes int64) float64 { return float64(bytes) / 1e6 }
