package store_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// Totals are kept for spans of days; wherever a window begins or ends in one, it has the days that it should.
func TestWindowsBeginAndEndAnywhere(t *testing.T) {
	const days = 300
	first := instant(t, "2025-01-01")
	var all []past
	for day := range days {
		all = append(all, past{
			at: first.AddDate(0, 0, day).Format(time.RFC3339), exporter: "X", application: fmt.Sprint(day), orders: []placed{{"Motor Works", "Dy", "1"}},
		})
	}
	s := filled(t, nil, remembered(t, all...))
	for today := -1; today < days+366; today++ {
		var want string
		for _, length := range []int{30, 90, 365} {
			n := max(0, min(today, days-1)-max(today-length+1, 0)+1)
			want += fmt.Sprintf("%d/%d/0 ", n, n)
		}
		at := first.AddDate(0, 0, today).Format(time.RFC3339)
		got := summary(t, read(t, s, at, "history", "orders", ordersOf("", "X", "Motor Works", "Dy")))
		if !strings.HasPrefix(got, want) {
			t.Fatalf("as of %s: got %s, want %s", at, got, want)
		}
	}
}

// Orders are kept in pieces; one is taken out of any piece.
func TestAnOldOrderOfManyIsTakenOut(t *testing.T) {
	var all []past
	decided := func(application int, kg json.Number) {
		all = append(all, past{at: "2026-06-01", exporter: "X", application: fmt.Sprint(application), orders: []placed{{"Motor Works", "Dy", kg}}})
	}
	for application := range 100 {
		decided(application, "1")
	}
	for application := range 95 { // all but the newest five are decided again, most of them without the order
		decided(application, "2")
		if application < 80 {
			all[len(all)-1].orders = nil
		}
	}
	s := filled(t, nil, remembered(t, all...))
	got := summary(t, read(t, s, "2026-06-30", "history", "orders", ordersOf("", "X", "Motor Works", "Dy")))
	if want := "35/20/0 35/20/0 35/20/0 ever 20 2026-06-01 94,93,92,91,90,89,88,87,86,85"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for application := 85; application < 95; application++ {
		decided(application, "2")
		all[len(all)-1].orders = nil
	}
	s = filled(t, nil, remembered(t, all...))
	got = summary(t, read(t, s, "2026-06-30", "history", "orders", ordersOf("99", "X", "Motor Works", "Dy")))
	if want := "14/9/0 14/9/0 14/9/0 ever 9 2026-06-01 84,83,82,81,80,98,97,96,95"; got != want {
		t.Errorf("fewer: got  %s\nwant %s", got, want)
	}
}
