package server

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"greenchannel/policies"
	"greenchannel/server/decision"
	"greenchannel/server/httpapi"
	"greenchannel/server/impact"
	"greenchannel/server/problem"
)

// separate is an application with a reference, an exporter and an end user of its own, so that none bears on another.
func separate(t *testing.T, n int) []byte {
	t.Helper()
	body := read(t, "../tests/cases/applications/magnet_to_germany.json")
	for _, own := range [][2]string{
		{"APP-2026-0001", fmt.Sprintf("APP-%d", n)},
		{"Schwarzwald Antriebe GmbH", fmt.Sprintf("Schwarzwald Antriebe %d GmbH", n)},
		{"91330206MA2AXXXX1K", fmt.Sprintf("91330206MA2A%04d1K", n)},
	} {
		body = bytes.ReplaceAll(body, []byte(own[0]), []byte(own[1]))
	}
	return body
}

// decideAll decides so many applications, many at once, and gives their results by reference, without what no two share.
func decideAll(t *testing.T, rooms *Rooms, many int) map[string]string {
	t.Helper()
	at, err := decision.ParseAsOf("2026-06-02")
	if err != nil {
		t.Fatal(err)
	}
	rooms.Decisions.Now = func() time.Time { return at }
	var mu sync.Mutex
	var deciding sync.WaitGroup
	results := map[string]string{}
	for n := range many {
		body := separate(t, n)
		deciding.Go(func() {
			app, err := rooms.Engine.Read(body)
			if err != nil {
				t.Error(err)
				return
			}
			record, err := rooms.Decisions.Decide(context.Background(), decision.Request{App: app, Caller: "tester"})
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			results[record.ApplicationID] = strings.Replace(string(record.Result), record.ID, "ID", 1) + string(record.Facts) + string(record.Reads)
		})
	}
	deciding.Wait()
	return results
}

// Under load, what is answered and recorded is the same to the byte with a candidate that decides otherwise, with one that
// panics, with one that never ends, and with none.
func TestNoAnswerIsChangedByTheShadow(t *testing.T) {
	t.Parallel()
	const many = 24
	plain, _ := recordedRooms(t)
	want := decideAll(t, plain, many)
	for name, again := range map[string]func(context.Context, decision.Record) (decision.Verdict, error){
		"panics": func(context.Context, decision.Record) (decision.Verdict, error) { panic("broken") },
		"never ends": func(ctx context.Context, _ decision.Record) (decision.Verdict, error) {
			<-ctx.Done()
			return decision.Verdict{}, ctx.Err()
		},
		"decides otherwise": func(context.Context, decision.Record) (decision.Verdict, error) {
			written, err := decision.Write(decision.Decision{Outcome: decision.NoLicenceRequired})
			return decision.Verdict{Decision: written, Facts: []byte(`{}`)}, err
		},
	} {
		rooms, _ := recordedRooms(t)
		shadow := impact.NewShadow(impact.ShadowSettings{Bundle: "sha256:00", Rate: 1, Budget: 1}, time.Now(), again, func(impact.ShadowEvent) {})
		rooms.shadows.start(shadow, "sha256:00")
		got := decideAll(t, rooms, many)
		if len(got) != many {
			t.Errorf("%s: %d decisions, want %d", name, len(got), many)
		}
		for application, result := range got {
			if result != want[application] {
				t.Errorf("%s: %s is answered otherwise: %s", name, application, cmp.Diff(want[application], result))
			}
		}
		if state := shadow.State(0, 0); state.Counts.Offered != many {
			t.Errorf("%s: %d were offered, want %d", name, state.Counts.Offered, many)
		}
	}
}

// A kept candidate decides what is recorded, from the record's own rows, and what it makes otherwise is told.
func TestAKeptBundleDecidesInTheShadow(t *testing.T) {
	t.Parallel()
	rooms, _ := recordedRooms(t)
	revision := kept(t, rooms, otherPolicies(t, "rareearth/reference/settings/data.yaml",
		`{value: 6, unit: "months of documented consumption", source: ["GC-P08", "RF-12"]`, `{value: 3, unit: "months of documented consumption", source: ["GC-P08", "RF-12"]`))
	ctx := t.Context()
	if state, err := rooms.shadows.State(ctx, 0, 10); err != nil || state.Running {
		t.Fatalf("%+v, %v", state, err)
	}
	state, err := rooms.shadows.Begin(ctx, httpapi.ShadowRequest{Revision: revision, Rate: 1, Budget: 1})
	if err != nil || !state.Running || state.Revision != revision {
		t.Fatalf("%+v, %v", state, err)
	}
	at, _ := decision.ParseAsOf("2026-06-02")
	rooms.Decisions.Now = func() time.Time { return at }
	record := decided(t, rooms, read(t, "../tests/cases/applications/magnet_to_germany.json"))
	registered(t, rooms) // is no decision
	state = awaitShadow(t, rooms, 1)
	if c := state.Counts; c.Offered != 1 || c.Different != 1 || len(state.Differences) != 1 || c.Classes[0] != (httpapi.ShadowClass{Class: "stricter", Count: 1}) {
		t.Fatalf("%+v", state)
	}
	if d := state.Differences[0]; d.DecisionID != record.ID || d.Old != "green_channel" || d.New != "standard_review" || d.Came[0].Rule != "GC-P08" {
		t.Errorf("%+v", d)
	}
	last, err := rooms.shadows.End(ctx)
	if err != nil || last.Running || last.Counts.Different != 1 {
		t.Errorf("%+v, %v", last, err)
	}
	decided(t, rooms, read(t, "../tests/cases/applications/minimal.json"))
	if state, err := rooms.shadows.State(ctx, 0, 10); err != nil || state.Running || state.Counts.Offered != 0 {
		t.Errorf("%+v, %v", state, err)
	}
	// Under the active bundle itself everything is equal.
	if _, err = rooms.shadows.Begin(ctx, httpapi.ShadowRequest{Revision: rooms.Bundle.Revision, Rate: 1, Budget: 1}); err != nil {
		t.Fatal(err)
	}
	decided(t, rooms, read(t, "../tests/cases/applications/motor_to_poland.json"))
	if state := awaitShadow(t, rooms, 1); state.Counts.Equal != 1 {
		t.Errorf("%+v", state)
	}
	if _, err := rooms.shadows.Begin(ctx, httpapi.ShadowRequest{Revision: "000000000000", Rate: 1, Budget: 1}); problem.Of(err).Kind != problem.Invalid || problem.Of(err).Faults[0].Pointer != "/revision" {
		t.Errorf("a bundle that is not kept: %v", err)
	}
}

// awaitShadow waits until so many decisions were made again.
func awaitShadow(t *testing.T, rooms *Rooms, evaluated uint64) httpapi.Shadow {
	t.Helper()
	for deadline := time.Now().Add(noHurry); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if state, err := rooms.shadows.State(t.Context(), 0, 10); err != nil || state.Counts.Evaluated >= evaluated {
			return state
		}
	}
	t.Fatal("nothing is decided in the shadow")
	return httpapi.Shadow{}
}

// What is recorded is compared with what other policies make of it, from the record's own rows; a row that it lacks is told,
// and never guessed.
func TestRecordedDecisionsAreCompared(t *testing.T) {
	t.Parallel()
	rooms, config := recordedRooms(t)
	at, _ := decision.ParseAsOf("2026-06-02")
	rooms.Decisions.Now = func() time.Time { return at }
	record := decided(t, rooms, read(t, "../tests/cases/applications/magnet_to_germany.json"))
	registered(t, rooms)
	decided(t, rooms, read(t, "../tests/cases/applications/minimal.json"))
	curious := kept(t, rooms, otherPolicies(t, "rareearth/lib/history/history.rego",
		"names contains certificate.party", "names contains \"Nobody Ltd\"\n\nnames contains certificate.party"))
	stricter := kept(t, rooms, otherPolicies(t, "rareearth/reference/settings/data.yaml",
		`{value: 6, unit: "months of documented consumption", source: ["GC-P08", "RF-12"]`, `{value: 3, unit: "months of documented consumption", source: ["GC-P08", "RF-12"]`))
	reading, err := OpenComparing(t.Context(), &config, noHurry)
	if err != nil {
		t.Fatal(err)
	}
	defer reading.Close()
	compare := func(asked Comparison) impact.Effect {
		asked.Record, asked.Most = true, 10
		var last uint64
		effect, err := reading.Compare(t.Context(), policies.FS(), asked, func(done, _ uint64) { last = done })
		if err != nil {
			t.Fatal(err)
		}
		if total := uint64(3); asked.Since.IsZero() && last != total {
			t.Errorf("%d of %d are told as done", last, total)
		}
		return effect
	}
	same := compare(Comparison{Old: Terms{Bundle: Active}, New: Terms{Bundle: record.Bundle}})
	if same.Decided != 2 || same.Changed != 0 {
		t.Errorf("%+v", same)
	}
	changed := compare(Comparison{Old: Terms{Bundle: Active}, New: Terms{Bundle: stricter}})
	if changed.Decided != 2 || changed.Changes[0].Class != impact.Stricter || changed.Changes[0].DecisionID != record.ID || changed.Stopped == 0 {
		t.Errorf("%+v", changed)
	}
	lacking := compare(Comparison{Old: Terms{Bundle: Active}, New: Terms{Bundle: curious}})
	if c := lacking.Changes[0]; c.Class != impact.NeedsRows || c.Of != "new" || c.New != "" || !bytes.Contains([]byte(strings.Join(c.Missing.Path, " ")), []byte("Nobody Ltd")) {
		t.Errorf("%+v", lacking)
	}
	if none := compare(Comparison{Old: Terms{Bundle: Active}, New: Terms{Bundle: stricter}, Since: time.Now().AddDate(1, 0, 0)}); none.Decided != 0 {
		t.Errorf("%+v", none)
	}
	if _, err := reading.Compare(t.Context(), policies.FS(), Comparison{Old: Terms{Bundle: "ffff"}, New: Terms{Bundle: "nowhere"}, Record: true}, nil); err == nil ||
		!strings.Contains(err.Error(), "ffff") || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("bundles that are not there: %v", err)
	}
}
