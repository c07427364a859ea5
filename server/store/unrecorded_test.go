package store_test

import (
	"testing"

	"github.com/open-policy-agent/opa/v1/storage"

	"greenchannel/server/store"
)

// A transaction can see the live tables as before the first record, beside others that see all of them.
func TestUnrecorded(t *testing.T) {
	t.Parallel()
	live := remembered(t, past{at: "2026-06-01", exporter: "X", application: "A-1", orders: []placed{{"Motor Works", "Dy", "1.5"}}})
	if err := live.Apply(registration(t, 2, "P-1", `{"name":"Motor Works"}`, "Motor Works")); err != nil {
		t.Fatal(err)
	}
	s, empty := filled(t, nil, live), filled(t, nil, store.NewLive())
	const at = "2026-06-30"
	for _, path := range []storage.Path{
		{"history", "orders", ordersOf("A-2", "X", "Motor Works", "Dy")},
		{"history", "customers", keyText(map[string]string{"but": "A-2", "end_user": "Motor Works", "exporter": "X"})},
		{"registry", "parties", "Motor Works"},
	} {
		want, recorded := read(t, empty, at, path...), read(t, s, at, path...)
		if recorded == want {
			t.Fatalf("%s is the same with records and without: %s", path, want)
		}
		if got := readIn(t, s, store.Unrecorded(store.AsOf(nil, instant(t, at))), path); got != want {
			t.Errorf("%s unrecorded: got %s, want %s", path, got, want)
		}
	}
}
