package plan_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"greenchannel/server/store"
)

var day = time.Date(2026, 11, 23, 9, 0, 0, 123_000_000, time.FixedZone("", 8*60*60))

// magnets is the application of the cases with its line repeated.
func magnets(tb testing.TB, lines int) []byte {
	tb.Helper()
	raw, err := os.ReadFile("../../tests/cases/applications/magnet_to_germany.json")
	if err != nil {
		tb.Fatal(err)
	}
	var app map[string]any
	if err := json.Unmarshal(raw, &app); err != nil {
		tb.Fatal(err)
	}
	first := app["items"].([]any)[0].(map[string]any)
	var items []any
	for i := range lines {
		item := map[string]any{}
		for k, v := range first {
			item[k] = v
		}
		item["line"] = i + 1
		items = append(items, item)
	}
	app["items"] = items
	body, err := json.Marshal(app)
	if err != nil {
		tb.Fatal(err)
	}
	return body
}

// BenchmarkDecide measures both evaluators on the same applications, from the body to the bytes of the answer.
func BenchmarkDecide(b *testing.B) {
	p := bundleWith(b, remembered(store.Screening()))
	for _, lines := range []int{1, 5, 100} {
		body := magnets(b, lines)
		txn, _ := p.reading(b, day)
		want, err := p.byTopdown(b.Context(), txn, body, day)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("topdown/lines=%d", lines), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if got, err := p.byTopdown(b.Context(), txn, body, day); err != nil || len(got) != len(want) {
					b.Fatal(err, len(got), len(want))
				}
			}
		})
		b.Run(fmt.Sprintf("plan/lines=%d", lines), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if got, err := p.byPlan(b.Context(), txn, body, day); err != nil || string(got) != string(want) {
					b.Fatal(err, firstDifference(want, got)) // a fast wrong answer is not a result
				}
			}
		})
	}
}

// BenchmarkRatio measures how many times less processor time the executor takes than topdown. Both take turns, so that what
// else the machine does weighs on both alike, and the median of the turns is told. The clock on the wall tells nothing on
// a machine that others use.
func BenchmarkRatio(b *testing.B) {
	for _, screening := range []struct {
		name string
		store.Computed
	}{{"screened", store.Screening()}, {"remembered", remembered(store.Screening())}} {
		p := bundleWith(b, screening.Computed)
		for _, lines := range []int{1, 5, 100} {
			body := magnets(b, lines)
			b.Run(fmt.Sprintf("%s/lines=%d", screening.name, lines), func(b *testing.B) { p.ratio(b, lines, body) })
		}
	}
}

func (p *pair) ratio(b *testing.B, lines int, body []byte) {
	txn, _ := p.reading(b, day)
	var ratios, slow, fast []float64
	for b.Loop() {
		s := processor(b, 200/(lines+9), func() error { _, err := p.byTopdown(b.Context(), txn, body, day); return err })
		f := processor(b, 2000/(lines+9), func() error { _, err := p.byPlan(b.Context(), txn, body, day); return err })
		ratios, slow, fast = append(ratios, s/f), append(slow, s), append(fast, f)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(slow), "topdown-µs")
	b.ReportMetric(median(fast), "plan-µs")
	b.ReportMetric(median(ratios), "ratio")
}

// processor is the processor time in microseconds that one of n calls takes, garbage collection included.
func processor(b *testing.B, n int, do func() error) float64 {
	used := func() int64 {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return u.Utime.Nano() + u.Stime.Nano()
	}
	before := used()
	for range n {
		if err := do(); err != nil {
			b.Fatal(err)
		}
	}
	return float64(used()-before) / float64(n) / 1000
}

func median(of []float64) float64 {
	slices.Sort(of)
	return of[len(of)/2]
}
