package impact_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"greenchannel/server/decision"
	"greenchannel/server/impact"
	"greenchannel/server/problem"
)

const (
	bundleThen = "sha256:1111"
	bundleNow  = "sha256:2222"
)

// verdict is what the policies of a bundle say, always the same.
func verdict(bundle string) decision.Verdict {
	return decision.Verdict{
		Decision: written(decision.Decision{
			ApplicationID: "APP-1", AsOf: "2026-11-23T00:00:00+08:00", Outcome: "standard_review",
			Reasons: []decision.Reason{{Rule: "RF-13"}},
			Policy:  decision.PolicyRef{Name: "rareearth", Revision: bundle[7:], Digest: bundle},
		}),
		Facts: []byte(`{"exporter":"E"}`), Reads: []byte(`[]`),
	}
}

func written(decided decision.Decision) decision.Written {
	w, err := decision.Write(decided)
	if err != nil {
		panic(err) // there is nothing in it that could not be written
	}
	return w
}

// changed changes the decision of a verdict.
func changed(v *decision.Verdict, change func(*decision.Decision)) {
	decided, err := v.Decision.Decision()
	if err != nil {
		panic(err)
	}
	change(&decided)
	v.Decision = written(decided)
}

// record is the record of that verdict.
func record(t *testing.T) decision.Record {
	t.Helper()
	said := verdict(bundleThen)
	decided, err := said.Decision.Decision()
	if err != nil {
		t.Fatal(err)
	}
	decided.DecisionID, decided.DecidedAt = "0190-id", "2026-11-23T00:00:00.123+08:00"
	result, err := decision.Encode(decided)
	if err != nil {
		t.Fatal(err)
	}
	return decision.Record{
		Seq: 7, ID: "0190-id", Kind: decision.KindDecision, At: time.Now(), Bundle: bundleThen, ApplicationID: "APP-1",
		Facts: said.Facts, Reads: said.Reads, Result: result,
	}
}

func says(said decision.Verdict, err error) func(context.Context, decision.Record) (decision.Verdict, error) {
	return func(context.Context, decision.Record) (decision.Verdict, error) { return said, err }
}

func TestReplayIsIdentical(t *testing.T) {
	t.Parallel()
	for name, bundle := range map[string]string{"under its bundle": bundleThen, "under one that decides the same": bundleNow} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report, err := impact.Replay(t.Context(), record(t), bundle, says(verdict(bundle), nil))
			want := impact.Report{
				DecisionID: "0190-id", Seq: 7, ApplicationID: "APP-1", RecordedBundle: bundleThen, Bundle: bundle,
				Identical: true, Differences: []impact.Difference{},
			}
			if diff := cmp.Diff(want, report); err != nil || diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
			if text := report.Text(); text != "record 7, decision 0190-id, application APP-1: identical\n" {
				t.Errorf("text = %q", text)
			}
		})
	}
}

func TestReplayNamesWhatDiffers(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		bundle string
		change func(*decision.Record, *decision.Verdict)
		want   string
	}{
		{"the outcome", bundleThen, func(_ *decision.Record, v *decision.Verdict) {
			changed(v, func(d *decision.Decision) { d.Outcome = "green_channel" })
		}, "/result/outcome"},
		{"the record was changed", bundleThen, func(r *decision.Record, _ *decision.Verdict) {
			r.Result = []byte(strings.Replace(string(r.Result), "standard_review", "green_channel", 1))
		}, "/result/outcome"},
		{"the id was changed", bundleThen, func(r *decision.Record, _ *decision.Verdict) { r.ID = "0190-other" }, "/result/decision_id"},
		{"the record names another bundle than its result", bundleNow, func(r *decision.Record, v *decision.Verdict) {
			r.Bundle = bundleNow
			changed(v, func(d *decision.Decision) { d.Policy = verdict(bundleNow).Decision.Policy })
		}, "/result/policy/revision"},
		{"facts", bundleThen, func(_ *decision.Record, v *decision.Verdict) { v.Facts = []byte(`{"exporter":"F"}`) }, "/facts/exporter"},
		{"reads", bundleNow, func(_ *decision.Record, v *decision.Verdict) { v.Reads = []byte(`[{"path":["a"]}]`) }, "/reads/0"},
		{"no result at all", bundleThen, func(r *decision.Record, _ *decision.Verdict) { r.Result = nil }, "/result"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			recorded, said := record(t), verdict(tc.bundle)
			tc.change(&recorded, &said)
			report, err := impact.Replay(t.Context(), recorded, tc.bundle, says(said, nil))
			if err != nil || report.Identical || len(report.Differences) == 0 || report.Differences[0].Pointer != tc.want {
				t.Fatalf("%+v, %v; want a difference at %s", report, err, tc.want)
			}
			if text := report.Text(); !strings.Contains(text, "\n  "+tc.want) || strings.Contains(text, "identical") {
				t.Errorf("text = %q", text)
			}
		})
	}
}

func TestReplaySaysWhyItCannotBe(t *testing.T) {
	t.Parallel()
	row := []string{"history", "orders", `{"element":"Dy"}`}
	for _, tc := range []struct {
		name string
		err  error
		path []string
		text string
	}{
		{"a row that is not recorded", problem.Wrap(&impact.NotRecordedError{Path: row}, problem.Undecided, "nothing"), row,
			`the row: data["history"]["orders"]["{\"element\":\"Dy\"}"]`},
		{"an application that is not taken", problem.New(problem.Invalid, "One fault.", problem.Fault{Pointer: "/id", Detail: "is too long"}), nil, "/id: is too long"},
		{"no decision", problem.Wrap(errors.New("eval_conflict_error"), problem.Undecided, "No valid decision."), nil, "cause: undecided: No valid decision. (cause: eval_conflict_error)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			report, err := impact.Replay(t.Context(), record(t), bundleNow, says(decision.Verdict{}, tc.err))
			if err != nil || report.Identical || report.Unavailable == nil || report.Bundle != bundleNow {
				t.Fatalf("%+v, %v; want a report that says why", report, err)
			}
			if diff := cmp.Diff(tc.path, report.Unavailable.Path); diff != "" {
				t.Error(diff)
			}
			if text := report.Text(); !strings.Contains(text, "cannot be decided again") || !strings.Contains(text, tc.text) {
				t.Errorf("text = %q", text)
			}
			if body, err := json.Marshal(report); err != nil || strings.Contains(string(body), "eval_conflict") {
				t.Errorf("the cause is for the operator alone: %s (%v)", body, err)
			}
		})
	}
}

func TestReplayFailsWhereNothingIsKnown(t *testing.T) {
	t.Parallel()
	late := problem.New(problem.Deadline, "late")
	if _, err := impact.Replay(t.Context(), record(t), bundleThen, says(decision.Verdict{}, late)); !errors.Is(err, late) {
		t.Errorf("err = %v, want the deadline", err)
	}
	party := decision.Record{Seq: 3, Kind: decision.KindParty}
	_, err := impact.Replay(t.Context(), party, bundleThen, says(verdict(bundleThen), nil))
	if err == nil || problem.Of(err).Kind != problem.Invalid || !strings.Contains(err.Error(), "not a decision") {
		t.Errorf("err = %v, want it to say that a party is no decision", err)
	}
}

func TestReportHasOneFormInJSON(t *testing.T) {
	t.Parallel()
	said := verdict(bundleNow)
	changed(&said, func(d *decision.Decision) { d.Outcome = "green_channel" })
	report, err := impact.Replay(t.Context(), record(t), bundleNow, says(said, nil))
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(report)
	want := `{"decision_id":"0190-id","seq":7,"application_id":"APP-1","recorded_bundle":"sha256:1111","bundle":"sha256:2222",` +
		`"identical":false,"differences":[{"pointer":"/result/outcome","recorded":"standard_review","replayed":"green_channel"}]}`
	if err != nil || string(body) != want {
		t.Errorf("%s (%v)\nwant\n%s", body, err, want)
	}
}

// A long value is cut in the text, and a line break of an applicant begins no line of its own.
func TestTextKeepsItsLines(t *testing.T) {
	t.Parallel()
	said := verdict(bundleThen)
	changed(&said, func(d *decision.Decision) { d.Reasons[0].Title = strings.Repeat("稀土\n", 400) })
	report, err := impact.Replay(t.Context(), record(t), bundleThen, says(said, nil))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(report.Text()) {
		if len([]rune(line)) > 300 || strings.HasPrefix(line, "稀土") {
			t.Errorf("line %q", line)
		}
	}
	if !strings.Contains(report.Text(), "… (") {
		t.Errorf("text = %s", report.Text())
	}
}
