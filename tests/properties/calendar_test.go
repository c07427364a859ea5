package properties

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// year is how the announced calendar of a year stands in the reference data.
type year struct {
	Off             [][2]string `json:"off"`
	WorkingWeekends []string    `json:"working_weekends"`
}

func calendars(t *testing.T) map[string]year {
	t.Helper()
	table, defined := asked(t, "data.rareearth.reference.calendar.years")(nil)
	if !defined {
		t.Fatal("there is no calendar")
	}
	text, err := json.Marshal(table)
	if err != nil {
		t.Fatal(err)
	}
	years := map[string]year{}
	if err := json.Unmarshal(text, &years); err != nil {
		t.Fatal(err)
	}
	return years
}

// working says of one day what the announcement of its year says, without any index.
func working(years map[string]year, at time.Time) bool {
	date := at.Format(time.DateOnly)
	announced := years[date[:4]]
	if slices.Contains(announced.WorkingWeekends, date) {
		return true
	}
	for _, span := range announced.Off {
		if span[0] <= date && date <= span[1] {
			return false
		}
	}
	return at.Weekday() != time.Saturday && at.Weekday() != time.Sunday
}

type stop struct {
	From  string `json:"from"`
	Until string `json:"until"`
}

func TestATimeLimitEndsWhereCountingDayByDayEnds(t *testing.T) {
	years := calendars(t)
	due := asked(t, "data.rareearth.lib.calendar.due(input.start, input.length, input.stops)")
	first, last := start("2025-01-01"), start("2026-12-31")
	rapid.Check(t, func(t *rapid.T) {
		begin := first.AddDate(0, 0, rapid.IntRange(0, 729).Draw(t, "start"))
		length := rapid.IntRange(1, 60).Draw(t, "length")
		stops := []stop{}
		for range rapid.IntRange(0, 2).Draw(t, "stops") {
			from := begin.AddDate(0, 0, rapid.IntRange(1, 40).Draw(t, "stop from"))
			until := from.AddDate(0, 0, rapid.IntRange(0, 30).Draw(t, "stop length"))
			if until.After(last) {
				return // the calendar does not reach; the Rego beside it has tests for that
			}
			stops = append(stops, stop{From: from.Format(time.DateOnly), Until: until.Format(time.DateOnly)})
		}
		want := ""
		for at, counted := begin.AddDate(0, 0, 1), 0; !at.After(last) && want == ""; at = at.AddDate(0, 0, 1) {
			if working(years, at) && !stopped(stops, at) {
				counted++
			}
			if counted == length {
				want = at.Format(time.DateOnly)
			}
		}
		got, defined := due(map[string]any{"start": begin.Format(time.DateOnly), "length": length, "stops": stops})
		if defined != (want != "") || defined && got != want {
			t.Fatalf("%d working days after %s with stops %v end on %v, want %q", length, begin.Format(time.DateOnly), stops, got, want)
		}
	})
}

func stopped(stops []stop, at time.Time) bool {
	date := at.Format(time.DateOnly)
	return slices.ContainsFunc(stops, func(s stop) bool { return s.From <= date && date <= s.Until })
}
