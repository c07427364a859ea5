package httpapi_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"greenchannel/server/httpapi"
)

// The list as the law had it on the days that matter.
func TestControlsOverTime(t *testing.T) {
	t.Parallel()
	handler := httpapi.New(deps(t, io.Discard))
	for _, tc := range []struct{ code, day, status string }{
		{"1C905.a.4", "2025-04-03", "not_yet"},
		{"1C905.a.4", "2025-04-04", "in_force"},
		{"1C905.a.4", "2026-11-23", "in_force"},
		{"1C909.b", "2026-01-15", "suspended"},
		{"1C909.b", "2026-11-23", "lapsed_unverified"},
		{"61/1(1)", "2026-01-15", "suspended"},
		{"61%2F1(1)", "2026-01-15", "suspended"},
		{"61%2F1%281%29", "2026-11-23", "lapsed_unverified"},
		{"62/catch-all", "2026-11-23", "lapsed_unverified"},
	} {
		response := call(t, handler, "GET", "/v1/controls/"+tc.code+"?as_of="+tc.day, "")
		got := answer(t, response)
		if response.StatusCode != http.StatusOK || got.Control["status"] != tc.status {
			t.Errorf("%s on %s: %d %v, want %s", tc.code, tc.day, response.StatusCode, got.Control["status"], tc.status)
		}
		if !strings.HasPrefix(got.AsOf, tc.day) || got.Policy.Digest == "" {
			t.Errorf("as of %q by %+v", got.AsOf, got.Policy)
		}
	}
}

func TestControlsAreFiltered(t *testing.T) {
	t.Parallel()
	handler := httpapi.New(deps(t, io.Discard))
	list := func(query string) document {
		response := call(t, handler, "GET", "/v1/controls"+query, "")
		got := answer(t, response)
		if response.StatusCode != http.StatusOK || got.Count != len(got.Controls) {
			t.Fatalf("%s: status %d, count %d of %d: %s", query, response.StatusCode, got.Count, len(got.Controls), got.Detail)
		}
		return got
	}
	if all := list(""); all.Count != 156 {
		t.Errorf("the list has %d entries, want all 156", all.Count)
	}
	every := func(query, what string, holds func(row map[string]any) bool) {
		t.Helper()
		got := list(query)
		if got.Count == 0 || got.Count == 156 {
			t.Errorf("%s gives %d entries", query, got.Count)
		}
		for _, row := range got.Controls {
			if !holds(row) {
				t.Errorf("%s gives %v, which is not %s", query, row["code"], what)
			}
		}
	}
	every("?element=dysprosium", "of dysprosium", func(row map[string]any) bool { return row["symbol"] == "Dy" })
	every("?element=Dy", "of dysprosium", func(row map[string]any) bool { return row["element"] == "dysprosium" })
	every("?form=magnet", "a magnet", func(row map[string]any) bool { return row["form"] == "magnet" })
	every("?instrument=ANN-2025-18", "of announcement 18", func(row map[string]any) bool { return row["instrument"] == "ANN-2025-18" })
	every("?status=lapsed_unverified", "lapsed", func(row map[string]any) bool { return row["status"] == "lapsed_unverified" })
	every("?hs_code=2846", "under 2846", func(row map[string]any) bool {
		return slices.ContainsFunc(row["hs_codes"].([]any), func(hs any) bool { return strings.HasPrefix(hs.(string), "2846") })
	})
	every("?hs_code=8505111000&element=Dy&form=magnet&status=in_force", "the dysprosium magnet", func(row map[string]any) bool {
		return row["code"] == "1C905.a.4"
	})
	if got := list("?element=Dy&instrument=ANN-2025-57"); got.Count != 0 || len(got.Near) != 0 {
		t.Errorf("dysprosium by announcement 57: %+v", got)
	}
	for element, near := range map[string]string{"dysprosum": "dysprosium", "graphite": "carbon (graphite)"} {
		if got := list("?element=" + element); got.Count != 0 || !slices.Contains(got.Near, near) {
			t.Errorf("%s: %d entries, near %v, want %s", element, got.Count, got.Near, near)
		}
	}
}

func TestUnknownCodesNameNearOnes(t *testing.T) {
	t.Parallel()
	handler := httpapi.New(deps(t, io.Discard))
	for code, near := range map[string]string{
		"1C905": "1C905.a.", "1C905.a.9": "1C905.a.4", "1c905.a.4": "1C905.a.4", "61/1": "61/1(1)", "IC905.a.4": "1C905.a.4",
		strings.Repeat("9", 5000): "no entry",
	} {
		response := call(t, handler, "GET", "/v1/controls/"+code, "")
		if got := isProblem(t, response, http.StatusNotFound, "not-found"); !strings.Contains(got.Detail, near) {
			t.Errorf("%.20s: %q does not name %s", code, got.Detail, near)
		}
	}
}
