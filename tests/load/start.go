package main

import "context"

// startCell is how long the service takes until it is ready, on the embedded bundle.
type startCell struct {
	Name      string `json:"name"`
	Starts    int    `json:"starts"`
	Ready     spread `json:"ready_ms"`
	Processor spread `json:"cpu_ms"`
	Aims      []aim  `json:"aims,omitempty"`
}

// started starts the service again and again: on an empty data folder, and on one in which it has been before.
func (h *harness) started(ctx context.Context, taken *figures) error {
	h.say("starting the service %d times", 2*h.starts)
	times := map[bool][2][]float64{}
	for range h.starts {
		data, err := h.emptyData()
		if err != nil {
			return err
		}
		for _, again := range []bool{false, true} {
			p, err := h.serve(ctx, "the service", h.fastest(), data)
			if err != nil {
				return err
			}
			if err := p.stop(); err != nil {
				return err
			}
			t := times[again]
			t[0], t[1] = append(t[0], p.readyAt.Seconds()*1e3), append(t[1], p.readyOn.Seconds()*1e3)
			times[again] = t
		}
	}
	for _, again := range []bool{false, true} {
		c := startCell{
			Name: h.fastest().name + ", empty data folder", Starts: h.starts,
			Ready: spreadOf(times[again][0]), Processor: spreadOf(times[again][1]),
		}
		if again {
			c.Name = h.fastest().name + ", data folder of before"
		}
		c.Aims = []aim{atMost("ms until ready", 300, c.Ready.Median)}
		taken.Starts = append(taken.Starts, c)
	}
	return nil
}
