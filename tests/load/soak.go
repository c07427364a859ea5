package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"
)

// soakCurve is the memory of a service that decides without a pause.
type soakCurve struct {
	Name        string    `json:"name"`
	Connections int       `json:"connections"`
	Seconds     float64   `json:"seconds"`
	Decisions   int       `json:"decisions"`
	Limit       string    `json:"gomemlimit"`
	RSS         []float64 `json:"rss_mb"` // one after the other, at equal distances
	Least       float64   `json:"least_mb"`
	Most        float64   `json:"most_mb"`
	Second      float64   `json:"mean_second_quarter_mb"`
	Last        float64   `json:"mean_last_quarter_mb"`
	Aims        []aim     `json:"aims"`
}

// soaked lets the service decide for as long as was asked, first without and then with the record, and samples its memory. With the record
// the live tables grow by what they remember of each decision; these are decided again and again, so that only the pages of
// the search grow, which lie in a file.
func (h *harness) soaked(ctx context.Context, taken *figures) error {
	learnt, err := h.learn(ctx, []int{1})
	if err != nil {
		return err
	}
	by := h.fastest()
	limit := h.memoryLimit
	if limit != "" {
		by.env = append(by.env, "GOMEMLIMIT="+limit)
	} else if limit = os.Getenv("GOMEMLIMIT"); limit == "" {
		limit = "not set"
	}
	both, err := h.service(ctx, by)
	if err != nil {
		return err
	}
	for _, v := range both {
		if err := v.verify(ctx, learnt.questions[1]); err != nil {
			return err
		}
		h.say("%s: for %s", v.name, h.soak)
		curve, err := h.soakOne(ctx, v, learnt.questions[1])
		if err != nil {
			return err
		}
		curve.Limit = limit
		taken.Soaks = append(taken.Soaks, curve)
		if err := v.stop(); err != nil {
			return err
		}
	}
	return nil
}

func (h *harness) soakOne(ctx context.Context, v *variant, questions []*question) (soakCurve, error) {
	curve := soakCurve{Name: v.name, Connections: h.soakConnections, Seconds: h.soak.Seconds()}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	var watch sync.WaitGroup
	var fault error
	watch.Go(func() { fault = curve.follow(watching, v, h.soakSampling) })
	// In pieces, so that neither latencies nor the access log pile up.
	until := time.Now().Add(h.soak)
	for left := h.soak; left > 0; left = time.Until(until) {
		taken, err := v.measure(ctx, questions, h.soakConnections, min(left, 10*time.Second))
		if err != nil {
			return curve, err
		}
		curve.Decisions += taken.requests
		if err := v.forget(); err != nil {
			return curve, err
		}
	}
	stop()
	watch.Wait()
	if fault != nil || len(curve.RSS) < 4 {
		return curve, fmt.Errorf("%s: only %d samples of its memory were taken: %w", v.name, len(curve.RSS), fault)
	}
	n := len(curve.RSS)
	curve.Least, curve.Most = spreadOf(curve.RSS).Min, spreadOf(curve.RSS).Max
	curve.Second, curve.Last = mean(curve.RSS[n/4:n/2]), mean(curve.RSS[3*n/4:])
	curve.Aims = []aim{atMost("RSS, MB", 100, curve.Most), atMost("last quarter, times the second", 1.1, curve.Last/curve.Second)}
	return curve, nil
}

// follow samples the memory until ctx ends.
func (c *soakCurve) follow(ctx context.Context, v *variant, every time.Duration) error {
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	for {
		has, err := v.memory()
		if err != nil {
			return err
		}
		c.RSS = append(c.RSS, megabytes(has.now))
		select {
		case <-ctx.Done():
			return nil
		case <-ticks.C:
		}
	}
}

func mean(values []float64) float64 {
	var sum float64
	for _, v := range values {
		sum += v
	}
	return sum / float64(max(len(values), 1))
}

// sparkline draws the curve in a line of at most eighty columns, from nothing to its peak.
func (c soakCurve) sparkline() string {
	levels := []rune("▁▂▃▄▅▆▇█")
	columns := min(80, len(c.RSS))
	line := make([]rune, columns)
	for i := range line {
		part := c.RSS[i*len(c.RSS)/columns : (i+1)*len(c.RSS)/columns]
		line[i] = levels[min(int(mean(part)/c.Most*float64(len(levels))), len(levels)-1)]
	}
	return string(line)
}
