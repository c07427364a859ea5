package engine_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"greenchannel/policies"
)

// magnets is a whole application for n lines of dysprosium magnets to Germany.
func magnets(b testing.TB, n int) string {
	b.Helper()
	type object = map[string]any
	var items []any
	for line := range n {
		items = append(items, object{
			"line": line + 1, "description": "Sintered NdFeB magnets grade 42SH with dysprosium", "hs_code": "8505111000",
			"control_code": "1C905.a.4", "form": "magnet", "assay": "complete",
			"composition": []any{object{"element": "Nd", "wt_pct": 29}, object{"element": "Dy", "wt_pct": 1.9}, object{"element": "Fe", "wt_pct": 68}},
			"quantity":    object{"value": 10, "unit": "KGM"}, "value": object{"amount": 800, "currency": "EUR"}, "origin": "CN",
		})
	}
	body, err := json.Marshal(object{
		"id": "BENCH-1", "accepted_on": "2026-06-01", "destination": "DE", "items": items,
		"exporter": object{"name": "Ningbo Example Magnetics Co., Ltd.", "uscc": "91330206MA2AXXXX1K"},
		"parties": []any{
			object{"role": "end_user", "name": "Beispiel Motoren GmbH", "country": "DE", "business": "manufacturer"},
			object{"role": "importer", "name": "Beispiel Handel GmbH", "country": "DE", "business": "trader"},
		},
		"end_use":  object{"statement": "Rotor magnets for the traction motor SA-210", "sector": "new_energy_vehicles", "military": false},
		"contract": object{"number": "SA-1", "signed_on": "2026-04-20"},
	})
	if err != nil {
		b.Fatal(err)
	}
	return string(body)
}

func BenchmarkEvaluate(b *testing.B) {
	e := started(b, policies.FS(), time.Minute)
	for _, n := range []int{1, 5, 100} {
		b.Run(fmt.Sprintf("items=%d", n), func(b *testing.B) {
			app := application(b, e, magnets(b, n))
			b.ReportAllocs()
			for b.Loop() {
				decided, err := decide(b, e, app, instantOf)
				if err != nil || len(decided.Items) != n || decided.Items[n-1].Status != "listed" {
					b.Fatal(err, len(decided.Items)) // a fast wrong answer is not a result
				}
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	e := started(b, policies.FS(), time.Minute)
	for _, n := range []int{1, 100} {
		body := []byte(magnets(b, n))
		b.Run(fmt.Sprintf("items=%d", n), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if _, err := e.Read(body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
