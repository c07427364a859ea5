package casefile

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"greenchannel/server/decision"
)

func TestSetAndUnset(t *testing.T) {
	const app = `{"a": {"b": [10, 20, 30, {"c": 1}]}, "x/y": 1, "m~n": 2}`
	for _, tc := range []struct {
		name    string
		change  [][2]string // pointer, JSON value
		without []string
		want    string
		err     string
	}{
		{name: "replace a field", change: [][2]string{{"/a", `1`}}, want: `{"a": 1, "x/y": 1, "m~n": 2}`},
		{name: "add a field", change: [][2]string{{"/z", `null`}}, want: `{"a": {"b": [10, 20, 30, {"c": 1}]}, "x/y": 1, "m~n": 2, "z": null}`},
		{name: "replace an element", change: [][2]string{{"/a/b/1", `21`}}, want: `{"a": {"b": [10, 21, 30, {"c": 1}]}, "x/y": 1, "m~n": 2}`},
		{name: "add an element, then change it", change: [][2]string{{"/a/b/-", `{}`}, {"/a/b/4/d", `5`}}, want: `{"a": {"b": [10, 20, 30, {"c": 1}, {"d": 5}]}, "x/y": 1, "m~n": 2}`},
		{name: "escaped names", change: [][2]string{{"/x~1y", `3`}, {"/m~0n", `4`}}, want: `{"a": {"b": [10, 20, 30, {"c": 1}]}, "x/y": 3, "m~n": 4}`},
		{name: "leave out by indices as they were", without: []string{"/a/b/0", "/a/b/2"}, want: `{"a": {"b": [20, {"c": 1}]}, "x/y": 1, "m~n": 2}`},
		{name: "leave out an element and what is in a later one", without: []string{"/a/b/0", "/a/b/3/c"}, want: `{"a": {"b": [20, 30, {}]}, "x/y": 1, "m~n": 2}`},
		{name: "leave out after the change", change: [][2]string{{"/a/b/-", `50`}}, without: []string{"/a/b/4"}, want: `{"a": {"b": [10, 20, 30, {"c": 1}]}, "x/y": 1, "m~n": 2}`},
		{name: "no pointer", change: [][2]string{{"a", `1`}}, err: "no JSON pointer"},
		{name: "a misspelt parent", change: [][2]string{{"/A/b", `1`}}, err: `"A" is not there`},
		{name: "below a number", change: [][2]string{{"/a/b/0/x", `1`}}, err: "nothing to put"},
		{name: "an index past the end", change: [][2]string{{"/a/b/4", `1`}}, err: "the list has 4 elements"},
		{name: "an index with a leading zero", change: [][2]string{{"/a/b/01", `1`}}, err: "none of them"},
		{name: "leave out what is not there", without: []string{"/need"}, err: "is not there, so it cannot be left out"},
		{name: "leave out the same element twice", without: []string{"/a/b/3", "/a/b/3"}, err: "none of them"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := parse(t, app)
			var err error
			for _, change := range tc.change {
				if got, err = set(got, change[0], parse(t, change[1])); err != nil {
					break
				}
			}
			if err == nil {
				got, err = unset(got, tc.without)
			}
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("error %v, want one that says %q", err, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(parse(t, tc.want), got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

const soundCase = `- case: one
  why: because
  application: app
  change: {/destination: NO, /parties/0/founded_on: 2025-04-04, /items/0/share: 12.50}
  without: [/need]
  as_of: [2026-11-23, "2026-11-10T00:00:00+08:00"]
  want: {outcome: green_channel, reasons: [RF-28]}
  want_on:
    2026-11-23: {outcome: standard_review}
`

func TestLoad(t *testing.T) {
	for _, tc := range []struct {
		name   string
		old    string // what of the sound case is replaced
		new    string
		faults []string // nothing: it is read
	}{
		{name: "sound"},
		{name: "no list", old: soundCase, new: "case: one\n", faults: []string{"one.yaml:1: a case file is a list of cases"}},
		{name: "no YAML", old: "- case: one", new: "- case: [one", faults: []string{"one.yaml: yaml: line"}},
		{name: "unknown key", old: "  application:", new: "  aplication:", faults: []string{`one.yaml:3: unknown key "aplication"; did you mean "application"?`}},
		{name: "unknown key of want", old: "reasons: [", new: "reason: [", faults: []string{`one.yaml:7: unknown key "reason"; did you mean "reasons"?`}},
		{name: "the same key twice", old: "{/destination: NO, ", new: "{/destination: NO, /destination: SE, ", faults: []string{`one.yaml:4: the key "/destination" stands here twice`}},
		{name: "no reason for the case", old: "  why: because\n", faults: []string{"why is missing"}},
		{name: "days of want_on alone", old: "  as_of: [2026-11-23, \"2026-11-10T00:00:00+08:00\"]\n"},
		{name: "no day", old: "as_of: [2026-11-23, \"2026-11-10T00:00:00+08:00\"]\n", new: "as_of: []\n", faults: []string{"as_of is missing"}},
		{name: "impossible day", old: "[2026-11-23,", new: "[2026-02-30, 2026-11-23,", faults: []string{`"2026-02-30" is neither a day nor an instant`}},
		{name: "the same day twice", old: "[2026-11-23,", new: "[2026-11-23, 2026-11-23,", faults: []string{"asks about 2026-11-23 twice"}},
		{name: "a day that is not asked about", old: "    2026-11-23:", new: "    2026-11-24:", faults: []string{"want_on names 2026-11-24"}},
		{name: "nothing wanted", old: "  want: {outcome: green_channel, reasons: [RF-28]}\n", faults: []string{"as of 2026-11-10T00:00:00+08:00: nothing is wanted"}},
		{name: "an empty wish", old: "{outcome: green_channel, reasons: [RF-28]}", new: "{}", faults: []string{"as of 2026-11-10T00:00:00+08:00: nothing is wanted"}},
		{name: "unknown outcome", old: "green_channel", new: "approved", faults: []string{`"approved" is no outcome`}},
		{name: "want that is no mapping", old: "{outcome: green_channel, reasons: [RF-28]}", new: "green_channel", faults: []string{"keys and values are wanted here"}},
		{name: "wanted and not wanted", old: "reasons: [RF-28]", new: "reasons: [RF-28], no_reasons: [RF-28]", faults: []string{"RF-28 is wanted and not wanted"}},
		{name: "all reasons and some", old: "reasons: [RF-28]", new: "reasons: [RF-28], only_reasons: [RF-28]", faults: []string{"only_reasons says it all"}},
		{name: "all that is missing and some", old: "reasons: [RF-28]", new: "missing: [], missing_has: [contract]", faults: []string{"missing says it all"}},
		{name: "unknown screening", old: "  want:", new: "  screening: later\n  want:", faults: []string{"screening is run, not_run, or what it says"}},
		{name: "tables", old: "  want:", new: "  screening: not_run\n  history: [{on: 2026-05-01, end_user: B, orders: {Dy: 1.5, Tb: null}}]\n  registry: {B: []}\n  want:"},
		{name: "history by name", old: "  want:", new: "  history: {B: []}\n  want:", faults: []string{"history is run, not_run, or what it says"}},
		{name: "unknown key of the history", old: "  want:", new: "  history: [{on: 2026-05-01, order: {Dy: 1}}]\n  want:", faults: []string{`unknown key "order"; did you mean "orders"?`}},
		{name: "history without a day", old: "  want:", new: "  history: [{end_user: B, orders: {Dy: 1}}]\n  want:", faults: []string{"on is the day of the decision"}},
		{name: "orders of nobody", old: "  want:", new: "  history: [{on: 2026-05-01, orders: {Dy: 1}}]\n  want:", faults: []string{"orders and end_user go together"}},
		{name: "wrong type", old: "without: [/need]", new: "without: {/need: 1}", faults: []string{"cannot unmarshal"}},
		{name: "unknown application", old: "application: app", new: "application: other", faults: []string{"applications/app.json: no case uses it"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.old != "" && !strings.Contains(soundCase, tc.old) {
				t.Fatalf("%q is no part of the sound case", tc.old)
			}
			dir := folder(t, strings.Replace(soundCase, tc.old, tc.new, 1))
			cases, err := Load(os.DirFS(dir))
			if len(tc.faults) == 0 && (err != nil || len(cases) != 1) {
				t.Fatalf("%d cases, error %v", len(cases), err)
			}
			for _, fault := range tc.faults {
				if err == nil || !strings.Contains(err.Error(), fault) {
					t.Errorf("error %v, want one that says %q", err, fault)
				}
			}
		})
	}
}

func TestLoadTellsOfNamesakes(t *testing.T) {
	_, err := Load(os.DirFS(folder(t, soundCase+soundCase)))
	if err == nil || !strings.Contains(err.Error(), `one.yaml:10: the case "one" is already told at one.yaml:1`) {
		t.Errorf("error %v", err)
	}
}

func TestBody(t *testing.T) {
	dir := folder(t, soundCase)
	cases, err := Load(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	got, err := cases[0].Body(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	// NO is Norway, a date is text, and a number keeps its digits.
	want := `{"destination":"NO","items":[{"share":12.50}],"parties":[{"founded_on":"2025-04-04"}]}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if days := cases[0].Days; len(days) != 2 || days[0].Want.Outcome != decision.StandardReview || days[1].Want.Outcome != decision.GreenChannelReview {
		t.Errorf("the days are %v; the first has an outcome of its own, the second that of all", days)
	}
}

func decided() decision.Decision {
	until := "2026-11-27T00:00:00+08:00"
	channel := "EU"
	text := decision.Text{EN: "So it is.", ZH: "如此。"}
	d := decision.Decision{
		AsOf:    "2026-11-23T00:00:00+08:00",
		Outcome: decision.GreenChannelReview,
		Items:   []decision.Line{{Line: 1, Status: "listed", Entries: []decision.Entry{{Code: "1C905.a.4", Status: "in_force"}}}},
		Reasons: []decision.Reason{
			{Rule: "RF-28", Severity: "high", Text: text, Remedy: text},
			{Rule: "RF-12", Severity: "medium", Text: text, Remedy: text},
			{Rule: "RF-12", Severity: "high", Text: text, Remedy: text},
		},
		GreenChannel: decision.GreenChannel{Channel: &channel, Failed: []string{"GC-P09", "GC-P04"}},
		Missing:      []string{"contract", "/need"},
		Obligations:  []decision.Obligation{{ID: "REG792-27", Text: text}},
		Clock:        &decision.Clock{ID: "CLK-1", WorkingDays: 45, StartsOn: "2026-06-01", DueOn: "2026-08-04"},
		ValidUntil:   &until,
		NotAssessed:  []decision.NotAssessed{{ID: "RF-13", Reason: text}},
	}
	for range 10 {
		d.GreenChannel.Conditions = append(d.GreenChannel.Conditions, decision.Condition{ID: "GC-P01", Text: text})
	}
	return d
}

func TestDiffer(t *testing.T) {
	for _, tc := range []struct {
		want string
		diff string // part of the difference; empty: none
	}{
		{want: "{outcome: green_channel}"},
		{want: "{outcome: standard_review}", diff: "standard_review"},
		{want: "{outcome: green_channel, items: {1: listed}, entries: {1: {1C905.a.4: in_force}}}"},
		{want: "{outcome: green_channel, items: {1: conflict}}", diff: "items, line 1"},
		{want: "{outcome: green_channel, items: {2: listed}}", diff: "(no such line)"},
		{want: "{outcome: green_channel, entries: {1: {1C905.a.5: in_force}}}", diff: "(no such entry)"},
		{want: "{outcome: green_channel, reasons: [RF-12, RF-28]}"},
		{want: "{outcome: green_channel, reasons: [RF-13]}", diff: "RF-13"},
		{want: "{outcome: green_channel, no_reasons: [RF-13]}"},
		{want: "{outcome: green_channel, no_reasons: [RF-13, RF-12]}", diff: "reasons that must not be there"},
		{want: "{outcome: green_channel, only_reasons: [RF-28, RF-12]}"},
		{want: "{outcome: green_channel, only_reasons: [RF-28]}", diff: "reasons, all of them"},
		{want: "{outcome: green_channel, only_reasons: []}", diff: "reasons, all of them"},
		{want: "{outcome: green_channel, severity: {RF-28: high}}"},
		{want: "{outcome: green_channel, severity: {RF-28: low}}", diff: "severity of RF-28"},
		{want: "{outcome: green_channel, severity: {RF-12: high}}", diff: "high and medium"},
		{want: "{outcome: green_channel, severity: {RF-13: high}}", diff: "severity of RF-13"},
		{want: "{outcome: green_channel, failed: [GC-P04, GC-P09]}"},
		{want: "{outcome: green_channel, failed: [GC-P04]}", diff: "failed conditions"},
		{want: "{outcome: green_channel, failed: []}", diff: "failed conditions"},
		{want: "{outcome: green_channel, missing: [/need, contract]}"},
		{want: "{outcome: green_channel, missing: []}", diff: "missing"},
		{want: "{outcome: green_channel, missing_has: [contract]}"},
		{want: "{outcome: green_channel, missing_has: [identity]}", diff: "missing, among others"},
		{want: "{outcome: green_channel, not_assessed_has: [RF-13]}"},
		{want: "{outcome: green_channel, not_assessed_has: [RF-14]}", diff: "not assessed"},
		{want: "{outcome: green_channel, obligations_has: [REG792-27]}"},
		{want: "{outcome: green_channel, obligations_has: [REG792-28]}", diff: "obligations"},
		{want: "{outcome: green_channel, clock: {id: CLK-1, due_on: 2026-08-04, working_days: 45}}"},
		{want: "{outcome: green_channel, clock: {id: CLK-1, due_on: 2026-08-03}}", diff: "2026-08-03"},
		{want: "{outcome: green_channel, clock: {error: calendar_missing}}", diff: "calendar_missing"},
		{want: "{outcome: green_channel, clock: null}", diff: "clock"},
		{want: `{outcome: green_channel, valid_until: "2026-11-27T00:00:00+08:00", channel: EU}`},
		{want: "{outcome: green_channel, valid_until: null}", diff: "valid_until"},
		{want: "{outcome: green_channel, channel: null}", diff: "channel"},
	} {
		var w Want
		if err := yaml.Unmarshal([]byte(tc.want), &w); err != nil {
			t.Fatal(err)
		}
		if faults := w.faults(); len(faults) > 0 {
			t.Fatalf("%s: %v", tc.want, faults)
		}
		differences, err := w.Differ(decided())
		if err != nil {
			t.Fatal(err)
		}
		diff := differences.String()
		if (diff == "") != (tc.diff == "") || !strings.Contains(diff, tc.diff) {
			t.Errorf("%s: the difference is\n%s\nwant one that says %q", tc.want, diff, tc.diff)
		}
	}
}

func TestFlaws(t *testing.T) {
	if found := Flaws(decided()); len(found) > 0 {
		t.Errorf("a sound decision has the flaws %v", found)
	}
	for name, spoil := range map[string]func(*decision.Decision){
		"not filled in":        func(d *decision.Decision) { d.Reasons[0].Text.EN = "{name} is listed." },
		"text (zh) is empty":   func(d *decision.Decision) { d.Reasons[0].Remedy.ZH = " " },
		"has 9 conditions":     func(d *decision.Decision) { d.GreenChannel.Conditions = d.GreenChannel.Conditions[:9] },
		"eligible is true":     func(d *decision.Decision) { d.GreenChannel.Eligible = true },
		"does not lie after":   func(d *decision.Decision) { d.ValidUntil = &d.AsOf },
		"not assessed RF-13":   func(d *decision.Decision) { d.NotAssessed[0].Reason.EN = "{missing}" },
		"condition GC-P01":     func(d *decision.Decision) { d.GreenChannel.Conditions[3].Text.EN = "" },
		"obligation REG792-27": func(d *decision.Decision) { d.Obligations[0].Text.ZH = "" },
	} {
		d := decided()
		spoil(&d)
		if found := Flaws(d); len(found) != 1 || !strings.Contains(found[0], name) {
			t.Errorf("flaws are %q, want one that says %q", found, name)
		}
	}
}

func TestTablesSpeakOfEveryName(t *testing.T) {
	body := []byte(`{"id": "1", "exporter": {"name": "A", "name_local": "甲"}, "parties": [{"name": "B", "owners": [{"name": "C"}]}],
		"end_use": {"oem": "D"}, "documents": [{"party": "E"}]}`)
	given := map[string]any{"B": []any{"a row"}, "C": nil}
	got, err := Tables{screening: given, registry: given}.Rows(body, time.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"A": []any{}, "甲": []any{}, "B": []any{"a row"}}
	if diff := cmp.Diff(map[string]any{"matches": want}, got["screening"]); diff != "" {
		t.Errorf("screening, -want +got:\n%s", diff)
	}
	want["E"] = []any{}
	if diff := cmp.Diff(map[string]any{"parties": want}, got["registry"]); diff != "" {
		t.Errorf("registry, -want +got:\n%s", diff)
	}
	for _, wrong := range []Tables{{screening: map[string]any{"D": nil}}, {registry: map[string]any{"D": nil}}} {
		if _, err := wrong.Rows(body, time.Now(), nil); err == nil {
			t.Error("what is said of a name that nobody bears is no error")
		}
	}
	none, err := Tables{notRun: map[string]bool{"screening": true, "history": true, "registry": true}}.Rows(body, time.Now(), nil)
	if err != nil || len(none) > 0 {
		t.Errorf("tables that were not run are there: %v, %v", none, err)
	}
}

func TestBefore(t *testing.T) {
	var app application
	body := `{"id": "N", "exporter": {"name": "X & Co."}, "documents": [{"type": "end_user_certificate", "party": "B", "issued_on": "2026-01-02"}]}`
	if err := json.Unmarshal([]byte(body), &app); err != nil {
		t.Fatal(err)
	}
	kg := func(n float64) *float64 { return &n }
	told := []earlier{
		{On: "2026-05-01", Application: "1", EndUser: "B", Orders: map[string]*float64{"Dy": kg(99)}},
		{On: "2026-05-02", Application: "1", EndUser: "b.", Orders: map[string]*float64{"Dy": kg(1), "Tb": kg(7)}}, // again
		{On: "2026-03-03", Application: "2", EndUser: "B", Orders: map[string]*float64{"Dy": nil}},
		{On: "2026-03-02", Application: "3", EndUser: "B", Orders: map[string]*float64{"Dy": kg(4)}},
		{On: "2025-06-01", Application: "4", EndUser: "B", Orders: map[string]*float64{"Dy": kg(8)}},
		{On: "2026-05-01", Application: "N", EndUser: "B", Orders: map[string]*float64{"Dy": kg(50)}},                    // itself
		{On: "2026-05-01", Application: "5", EndUser: "C", Orders: map[string]*float64{"Dy": kg(50)}},                    // for another
		{On: "2026-05-01", Application: "N", EndUser: "B", Orders: map[string]*float64{"Dy": kg(50)}, Exporter: "Other"}, // by another
		{On: "2026-06-01", Application: "6", EndUser: "B", Orders: map[string]*float64{"Dy": kg(50)}},                    // not yet
		{On: "2026-05-01", Application: "7", Exporter: "Other", Certificates: []earlierCertificate{
			{Party: "B", IssuedOn: "2026-01-02", Contract: "C-2"}, {Party: "B", IssuedOn: "2026-01-03", Contract: "C-3"},
		}},
	}
	at := time.Date(2026, 5, 30, 16, 0, 0, 0, time.UTC) // the 31st in Beijing
	got, err := generic(app.before(map[string]bool{"B": true}, []string{"Dy"}, told, at))
	if err != nil {
		t.Fatal(err)
	}
	// json.marshal of a policy writes the ampersand so.
	const exporter = `"exporter":"X \u0026 Co."`
	want := map[string]any{
		"orders": map[string]any{`{"but":"N","element":"Dy","end_user":"B",` + exporter + `}`: map[string]any{
			"days_30":  map[string]any{"kg": json.Number("1"), "count": json.Number("1"), "unknown": json.Number("0")},
			"days_90":  map[string]any{"kg": json.Number("1"), "count": json.Number("2"), "unknown": json.Number("1")},
			"days_365": map[string]any{"kg": json.Number("13"), "count": json.Number("4"), "unknown": json.Number("1")},
			"ever":     map[string]any{"count": json.Number("4"), "first_on": "2025-06-01"},
			"previous": []any{
				map[string]any{"application_id": "1", "decision_id": "", "decided_on": "2026-05-02", "outcome": "", "kg": json.Number("1")},
				map[string]any{"application_id": "2", "decision_id": "", "decided_on": "2026-03-03", "outcome": ""},
				map[string]any{"application_id": "3", "decision_id": "", "decided_on": "2026-03-02", "outcome": "", "kg": json.Number("4")},
				map[string]any{"application_id": "4", "decision_id": "", "decided_on": "2025-06-01", "outcome": "", "kg": json.Number("8")},
			},
		}},
		"customers": map[string]any{`{"but":"N","end_user":"B",` + exporter + `}`: map[string]any{
			"count": json.Number("4"), "first_on": "2025-06-01", "last_on": "2026-05-02",
		}},
		"certificates": map[string]any{
			`{"but":"N",` + exporter + `,"issued_on":"2026-01-02","party":"B","type":"end_user_certificate"}`: map[string]any{
				"contracts": []any{"C-2"}, "count": json.Number("1"),
			},
		},
	}
	if diff := cmp.Diff(any(want), got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// folder lays out one case file and one application.
func folder(t *testing.T, cases string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "applications"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string]string{
		"one.yaml":              cases,
		"applications/app.json": `{"destination": "DE", "parties": [{"founded_on": "1987-05-04"}], "items": [{}], "need": {}}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func parse(t *testing.T, text string) any {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	return value
}
