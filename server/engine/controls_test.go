package engine_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"greenchannel/server/decision"
	"greenchannel/server/problem"
)

func codesOf(t *testing.T, list decision.ControlList) string {
	t.Helper()
	var codes []string
	for _, row := range list.Controls {
		var entry struct{ Code, Status string }
		if err := json.Unmarshal(row, &entry); err != nil {
			t.Fatal(err)
		}
		codes = append(codes, entry.Code+"="+entry.Status)
	}
	if list.Count != len(list.Controls) {
		t.Errorf("count = %d, but there are %d rows", list.Count, len(list.Controls))
	}
	return strings.Join(codes, " ")
}

func TestControlsAsOfADay(t *testing.T) {
	t.Parallel()
	e := started(t, smallFolder(t), time.Minute)
	day := func(text string) time.Time {
		at, err := decision.ParseAsOf(text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for _, tc := range []struct {
		day    string
		filter decision.ControlFilter
		want   string
	}{
		{"2025-04-03", decision.ControlFilter{}, "1C902.a.1=not_yet 61/1(1)=not_yet"},
		{"2025-04-04", decision.ControlFilter{}, "1C902.a.1=in_force 61/1(1)=not_yet"},
		{"2027-01-01", decision.ControlFilter{Element: "Samarium"}, "1C902.a.1=in_force"},
		{"2025-04-04", decision.ControlFilter{Status: "not_yet"}, "61/1(1)=not_yet"},
		{"2025-04-04", decision.ControlFilter{Status: "ended"}, ""},
	} {
		list, err := e.Controls(t.Context(), day(tc.day), tc.filter)
		if err != nil {
			t.Fatal(err)
		}
		if got := codesOf(t, list); got != tc.want {
			t.Errorf("%s %+v: got %q, want %q", tc.day, tc.filter, got, tc.want)
		}
		if list.AsOf != decision.Instant(day(tc.day)) || list.Policy.Name != "small" {
			t.Errorf("as of %s, by %s", list.AsOf, list.Policy.Name)
		}
	}
	list, err := e.Controls(t.Context(), instantOf, decision.ControlFilter{Element: "samarum"})
	if err != nil || len(list.Near) != 1 || list.Controls == nil {
		t.Errorf("an empty list says %v and %v (%v)", list.Near, list.Controls, err)
	}
}

func TestControlByCode(t *testing.T) {
	t.Parallel()
	e := started(t, smallFolder(t), time.Minute)
	control, err := e.Control(t.Context(), instantOf, "61/1(1)")
	if err != nil || !strings.Contains(string(control.Control), `"status":"not_yet"`) {
		t.Errorf("control = %s, err = %v", control.Control, err)
	}
	_, err = e.Control(t.Context(), instantOf, "1C902")
	if problem.Of(err).Kind != problem.NotFound || !strings.Contains(problem.Of(err).Detail, "Near: 1C902.a.1.") {
		t.Errorf("err = %v, want what is near", err)
	}
}

// An entry that the policies give no status is an error: a list with a gap would read as "not controlled".
func TestControlsHaveNoGap(t *testing.T) {
	t.Parallel()
	folder := smallFolder(t)
	edit(t, folder, "rareearth/reference/control_list/data.json", "2027-01-01T00:00:00+08:00", "2027-01-01")
	e := started(t, folder, time.Minute)
	_, err := e.Controls(t.Context(), instantOf, decision.ControlFilter{})
	wants(t, err, problem.Undecided, "parse")

	folder = smallFolder(t)
	edit(t, folder, "rareearth/reference/control_list/data.json", `"from": "2027-01-01T00:00:00+08:00"`, `"since": 1`)
	e = started(t, folder, time.Minute)
	_, err = e.Controls(t.Context(), instantOf, decision.ControlFilter{})
	wants(t, err, problem.Undecided, "61/1(1)")
	_, err = e.Control(t.Context(), instantOf, "61/1(1)")
	wants(t, err, problem.Undecided, "61/1(1)")
	if _, err := e.Control(t.Context(), instantOf, "1C902.a.1"); err != nil {
		t.Errorf("a whole entry suffers from another: %v", err)
	}
}
