package store_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// weighed is the window of one order with that mass.
func weighed(t testing.TB, kg ...string) string {
	var orders []placed
	for _, some := range kg {
		orders = append(orders, placed{"M", "Dy", json.Number(some)})
	}
	s := filled(t, nil, remembered(t, past{at: "2026-06-01", exporter: "X", application: "A-1", orders: orders}))
	row := summary(t, read(t, s, "2026-06-30", "history", "orders", ordersOf("", "X", "M", "Dy")))
	return strings.Fields(row)[0]
}

func TestMassesAreReadExactly(t *testing.T) {
	for kg, want := range map[string]string{
		"0": "0/1/0", "-0": "0/1/0", "0e999": "0/1/1", "1": "1/1/0", "1.50": "1.5/1/0", "1e2": "100/1/0", "1.25E+1": "12.5/1/0", "1e-3": "0.001/1/0",
		"0.000000000001":                "0.000000000001/1/0",
		"0.0000000000004":               "0/1/0",
		"0.0000000000005":               "0.000000000001/1/0",
		"0.9999999999995":               "1/1/0",
		"0.33333333333333333333":        "0.333333333333/1/0",
		"1e-400":                        "0/1/0",
		"1e-99999999999999999999":       "0/1/1",
		"1e99999999999999999999":        "0/1/1",
		"1e26":                          "0/1/1",
		"999999999999999.999999999999":  "999999999999999.999999999999/1/0",
		"1000000000000000":              "0/1/1",
		"-1":                            "0/1/1",
		"-0.5":                          "0/1/1",
		"0.000000000000000000000000001": "0/1/0",
	} {
		if got := weighed(t, kg); got != want {
			t.Errorf("%s kg: %s, want %s", kg, got, want)
		}
	}
	if got := weighed(t, "999999999999999.999999999999", "999999999999999.999999999999", "0.000000000002"); got != "2000000000000000/1/0" {
		t.Errorf("sum beyond 64 bits: %s", got)
	}
}

func TestMassesAddUpExactly(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		sum, stated := new(big.Rat), []string{}
		for range rapid.IntRange(1, 20).Draw(rt, "orders") {
			kg := fmt.Sprintf("%d.%012d", rapid.Uint64Range(0, 999_999_999_999_999).Draw(rt, "kg"), rapid.Uint64Range(0, 999_999_999_999).Draw(rt, "fraction"))
			r, _ := new(big.Rat).SetString(kg)
			sum.Add(sum, r)
			stated = append(stated, kg)
		}
		if got, want := weighed(t, stated...), decimal(sum)+"/1/0"; got != want {
			rt.Fatalf("%v: %s, want %s", stated, got, want)
		}
	})
}
