package store_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"greenchannel/server/decision"
	"greenchannel/server/store"
)

// Pages of decisions begin, fill, and are passed over; what is found is what a list would give, page borders or not.
func TestSearchAcrossPages(t *testing.T) {
	const many = 2*512 + 300
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	decisions := func(seq int) past {
		return past{
			seq: uint64(seq), at: begin.Add(time.Duration(seq) * time.Hour).Format(time.RFC3339), exporter: fmt.Sprintf("Exporter %d", seq%7),
			application: fmt.Sprintf("A-%d", seq/2), outcome: []string{"green_channel", "standard_review"}[seq%2],
			parties: []string{fmt.Sprintf("Party %d", seq%500), fmt.Sprintf("Exporter %d", seq%7)}, rules: []string{fmt.Sprintf("RF-%d", seq%11)},
		}
	}
	registers := func(seq int) bool { return seq%100 == 0 || seq > 512 && seq <= 530 }
	var records []decision.Record
	for seq := 1; seq <= many; seq++ {
		if registers(seq) {
			records = append(records, registration(t, uint64(seq), "P", `{"name":"P"}`, "P"))
			continue
		}
		records = append(records, decisions(seq).record(t))
	}
	live := oneByOne(t, records)
	var file bytes.Buffer
	if err := live.Snapshot().Save(&file, store.Stamp{Seq: many}); err != nil {
		t.Fatal(err)
	}
	restored, _, err := store.Restore(&file)
	if err != nil {
		t.Fatal(err)
	}
	whole := store.NewLive()
	if err := whole.Apply(records...); err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]store.Filter{
		"all": {}, "application": {ApplicationID: "A-300"}, "exporter": {Exporter: "EXPORTER-3"}, "party": {Party: "party 77"},
		"exporter as a party": {Party: "Exporter 5"}, "outcome": {Outcome: "green_channel"}, "rule": {Rule: "RF-4"},
		"nothing": {Rule: "RF-99"}, "from": {From: begin.Add(1000 * time.Hour)}, "to": {To: begin.Add(600 * time.Hour)},
		"a span": {From: begin.Add(511 * time.Hour), To: begin.Add(513 * time.Hour)}, "several": {Exporter: "Exporter 3", Outcome: "green_channel", Rule: "RF-4"},
	} {
		var want []uint64
		for seq := many; seq >= 1; seq-- {
			d := decisions(seq)
			if !registers(seq) && (f.ApplicationID == "" || f.ApplicationID == d.application) && (f.Outcome == "" || f.Outcome == d.outcome) &&
				(f.Exporter == "" || d.exporter == "Exporter 3") && (f.Rule == "" || f.Rule == d.rules[0]) &&
				(f.Party == "" || f.Party == "party 77" && d.parties[0] == "Party 77" || f.Party == "Exporter 5" && d.exporter == f.Party) &&
				!instant(t, d.at).Before(f.From) && (f.To.IsZero() || instant(t, d.at).Before(f.To)) {
				want = append(want, uint64(seq))
			}
		}
		for _, live := range []*store.Live{live, whole, restored} {
			if got := paged(t, live, f, 100); !slices.Equal(got, want) {
				t.Errorf("%s: found %d, want %d: %v", name, len(got), len(want), got)
			}
		}
	}
	if found, err := live.Snapshot().Decisions(store.Filter{}, many+9, 1); err != nil || len(found) != 1 ||
		found[0] != (store.DecisionRef{Seq: many, ID: fmt.Sprintf("decision-%d", many), At: begin.Add(many * time.Hour)}) {
		t.Errorf("the newest is %+v, %v", found, err)
	}
	if found, err := store.NewLive().Snapshot().Decisions(store.Filter{}, 0, 5); found != nil || err != nil {
		t.Errorf("nothing decided, found %v, %v", found, err)
	}
}

// paged asks for one page after the other, as a client with a cursor does.
func paged(t *testing.T, live *store.Live, f store.Filter, limit int) []uint64 {
	t.Helper()
	var all []uint64
	for before := uint64(0); ; {
		found, err := live.Snapshot().Decisions(f, before, limit)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, ids(found)...)
		if len(found) < limit {
			return all
		}
		before = all[len(all)-1]
	}
}
