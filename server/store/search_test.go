package store_test

import (
	"testing"
	"time"

	"greenchannel/server/decision"
	"greenchannel/server/store"
)

func TestHoldsConfirmsWordForWord(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC)
	record := decision.Record{
		Kind: decision.KindDecision, At: at, ApplicationID: "A-1", Exporter: "Ningbo Example Co., Ltd.", Outcome: "green_channel",
		Facts: []byte(`{"exporter":"91330206MA2AXXXX1K","parties":["Beispiel GmbH"],"rules":["RF-12"],"more":1}`),
	}
	for _, tc := range []struct {
		name   string
		filter store.Filter
		holds  bool
	}{
		{"nothing", store.Filter{}, true},
		{"application", store.Filter{ApplicationID: "A-1"}, true},
		{"another application", store.Filter{ApplicationID: "a-1"}, false},
		{"exporter by code", store.Filter{Exporter: "91330206ma2axxxx1k"}, true},
		{"exporter by name", store.Filter{Exporter: "NINGBO EXAMPLE CO LTD"}, true},
		{"another exporter", store.Filter{Exporter: "Ningbo"}, false},
		{"party", store.Filter{Party: "beispiel gmbh"}, true},
		{"another party", store.Filter{Party: "Beispiel"}, false},
		{"outcome", store.Filter{Outcome: "green_channel"}, true},
		{"another outcome", store.Filter{Outcome: "prohibited"}, false},
		{"rule", store.Filter{Rule: "RF-12"}, true},
		{"another rule", store.Filter{Rule: "RF-1"}, false},
		{"from then", store.Filter{From: at}, true},
		{"later", store.Filter{From: at.Add(1)}, false},
		{"until then", store.Filter{To: at}, false},
		{"until later", store.Filter{To: at.Add(1)}, true},
		{"all but one", store.Filter{ApplicationID: "A-1", Rule: "RF-12", Party: "Nobody"}, false},
	} {
		if holds, err := tc.filter.Holds(record); err != nil || holds != tc.holds {
			t.Errorf("%s: %v, %v, want %v", tc.name, holds, err, tc.holds)
		}
	}
	record.Facts = []byte("{")
	if holds, err := (store.Filter{}).Holds(record); err == nil || holds {
		t.Error("facts that cannot be read were taken for none")
	}
}
