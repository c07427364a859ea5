package metrics_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"greenchannel/server/decision"
	"greenchannel/server/metrics"
	"greenchannel/server/problem"
)

func TestFigures(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.Sources{
		Bundle: func() (decision.PolicyRef, bool) {
			return decision.PolicyRef{Name: "n", Revision: "r", Digest: "d"}, true
		},
		Journal:   func() (uint64, uint64) { return 7, 5 },
		Evaluator: func() string { return "topdown" },
		Checks:    func() metrics.Checks { return metrics.Checks{Same: 8, Different: 1, Unknown: 2, Dropped: 3, Failed: 4} },
	})
	m.Decided("green_channel", 3)
	m.DryRun("incomplete")
	m.Screened()
	m.NotAppended(problem.Stale)
	m.NotAppended(problem.Unrecorded)
	m.Request("GET", "/v1/decisions/{id}", 200, time.Millisecond)
	m.Request("BREW", "", 405, time.Millisecond)
	text := look(t, m, "/metrics")
	for _, want := range []string{
		`greenchannel_decisions_total{outcome="green_channel"} 1`, `greenchannel_decisions_total{outcome="prohibited"} 0`,
		`greenchannel_dry_runs_total{outcome="incomplete"} 1`, `greenchannel_screening_runs_total{by="decision"} 3`,
		`greenchannel_screening_runs_total{by="api"} 1`, `greenchannel_journal_append_failures_total{problem="unrecorded"} 1`,
		`greenchannel_journal_append_stale_total 1`, `greenchannel_journal_records 7`, `greenchannel_journal_lag_records 2`,
		`greenchannel_bundle_info{digest="d",name="n",revision="r"} 1`, `greenchannel_evaluator_info{evaluator="topdown"} 1`,
		`greenchannel_evaluator_checks_total{result="same"} 8`, `greenchannel_evaluator_checks_total{result="different"} 1`,
		`greenchannel_evaluator_checks_total{result="unknown"} 2`, `greenchannel_evaluator_checks_total{result="dropped"} 3`,
		`greenchannel_evaluator_failures_total 4`,
		`greenchannel_http_request_duration_seconds_count{method="GET",route="/v1/decisions/{id}",status="200"} 1`,
		`greenchannel_http_request_duration_seconds_count{method="other",route="none",status="405"} 1`, "go_goroutines",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %s", want)
		}
	}
	faults, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range faults {
		if strings.HasPrefix(fault.Metric, "greenchannel_") {
			t.Errorf("%s: %s", fault.Metric, fault.Text)
		}
	}
	if !strings.Contains(look(t, m, "/debug/pprof/"), "goroutine") {
		t.Error("there are no profiles")
	}
}

func look(t *testing.T, m *metrics.Metrics, path string) string {
	t.Helper()
	recorder := httptest.NewRecorder()
	m.Handler(true).ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	if recorder.Code != http.StatusOK {
		t.Fatalf("%s: status %d", path, recorder.Code)
	}
	return recorder.Body.String()
}
