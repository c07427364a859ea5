package plan_test

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"
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
	p := ourBundle(b)
	for _, lines := range []int{1, 5, 100} {
		body := magnets(b, lines)
		txn, _ := p.reading(b)
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
