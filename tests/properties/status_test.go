package properties

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

type window struct {
	From      string  `json:"from"`
	Until     *string `json:"until"`
	Kind      string  `json:"kind"`
	Confirmed bool    `json:"confirmed"`
}

type row struct {
	From    string   `json:"effective_from"`
	Until   *string  `json:"effective_until,omitempty"`
	Windows []window `json:"suspended"`
	Resumed []notice `json:"resumed"`
}

type notice struct {
	From      string `json:"from"`
	Confirmed bool   `json:"confirmed"`
}

// The contract, "One status function over dates", sentence by sentence, on real instants instead of text. That no later
// notice is confirmed goes for both of its cases of doubt: a notice that the measure lives answers an announcement of a
// suspension that nobody confirmed, from the day of that announcement on, and a confirmed suspension from its end on.
func contractStatus(r row, when time.Time) string {
	if when.Before(start(r.From)) {
		return "not_yet"
	}
	if r.Until != nil && !when.Before(start(*r.Until)) {
		return "ended"
	}
	paused, doubted, over := false, false, len(r.Windows) > 0
	var last time.Time
	for _, w := range r.Windows {
		inside := !when.Before(start(w.From)) && (w.Until == nil || when.Before(start(*w.Until)))
		if inside && w.Kind == "stopped" {
			return "ended"
		}
		paused = paused || inside && w.Confirmed
		doubted = doubted || inside && !w.Confirmed && !resumed(r, start(w.From), when)
		if w.Until == nil || when.Before(start(*w.Until)) {
			over = false
			continue
		}
		if settled := start(map[bool]string{true: *w.Until, false: w.From}[w.Confirmed]); settled.After(last) {
			last = settled
		}
	}
	switch {
	case paused:
		return "suspended"
	case doubted, over && !resumed(r, last, when):
		return "lapsed_unverified"
	}
	return "in_force"
}

func resumed(r row, since, when time.Time) bool {
	for _, n := range r.Resumed {
		if from := start(n.From); n.Confirmed && !from.Before(since) && !from.After(when) {
			return true
		}
	}
	return false
}

// start is the first instant of a day in Beijing.
func start(day string) time.Time {
	at, err := time.ParseInLocation(time.DateOnly, day, beijing())
	if err != nil {
		panic(err) // the generator below makes days only
	}
	return at
}

func beijing() *time.Location { return time.FixedZone("Beijing", 8*60*60) }

func day(t *rapid.T, name string) string {
	return start("2025-01-01").AddDate(0, 0, rapid.IntRange(0, 60).Draw(t, name)).Format(time.DateOnly)
}

func maybeDay(t *rapid.T, name string) *string {
	if !rapid.Bool().Draw(t, name+" is stated") {
		return nil
	}
	d := day(t, name)
	return &d
}

func TestStatusIsWhatTheContractSays(t *testing.T) {
	status := asked(t, "data.rareearth.lib.status.at(input.row, input.when)")
	rapid.Check(t, func(t *rapid.T) {
		r := row{From: day(t, "from"), Until: maybeDay(t, "until"), Windows: []window{}, Resumed: []notice{}}
		for range rapid.IntRange(0, 3).Draw(t, "windows") {
			r.Windows = append(r.Windows, window{
				From:      day(t, "window from"),
				Until:     maybeDay(t, "window until"),
				Kind:      rapid.SampledFrom([]string{"suspended", "suspended", "stopped"}).Draw(t, "kind"),
				Confirmed: rapid.Bool().Draw(t, "confirmed"),
			})
		}
		for range rapid.IntRange(0, 1).Draw(t, "notices") {
			r.Resumed = append(r.Resumed, notice{From: day(t, "resumed"), Confirmed: rapid.Bool().Draw(t, "notice confirmed")})
		}
		// On midnight, a nanosecond before it, and at any other time of the day.
		offset := rapid.SampledFrom([]time.Duration{0, -1, 12*time.Hour + 1, 24*time.Hour - 1}).Draw(t, "offset")
		when := start(day(t, "when")).Add(offset)
		got, defined := status(map[string]any{"row": r, "when": when.Format("2006-01-02T15:04:05.999999999+08:00")})
		if want := contractStatus(r, when); !defined || got != want {
			t.Fatalf("status of %+v at %s is %v, want %s", r, when, got, want)
		}
	})
}
