package server

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"greenchannel/server/config"
)

// get reads one answer in full.
func get(t *testing.T, method, url, body string, header ...string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	transport := &http.Transport{DisableKeepAlives: true}
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// What the service did is shown on the listener of the metrics, and there alone.
func TestMetricsStandOnTheirOwnListener(t *testing.T) {
	t.Parallel()
	r := start(t, Config{Metrics: config.Metrics{Listen: "127.0.0.1:0", Pprof: true}})
	figures := regexp.MustCompile(`metrics address=(\S+)`).FindStringSubmatch(r.log.String())
	if figures == nil {
		t.Fatalf("the log does not say where the metrics are:\n%s", r.log)
	}
	const jsonHeader = "application/json"
	if status, body := get(t, "POST", "http://"+r.addr+"/v1/decisions", shortest, "Content-Type", jsonHeader); status != http.StatusCreated {
		t.Fatalf("decide: %d %s", status, body)
	}
	get(t, "POST", "http://"+r.addr+"/v1/dry-runs", shortest, "Content-Type", jsonHeader)
	get(t, "GET", "http://"+r.addr+"/v1/parties?name=general+dynamics", "")
	_, text := get(t, "GET", "http://"+figures[1]+"/metrics", "")
	for _, want := range []string{
		`greenchannel_decisions_total{outcome="classification_needed"} 1`, `greenchannel_dry_runs_total{outcome="classification_needed"} 1`,
		`greenchannel_screening_runs_total{by="decision"} 2`, `greenchannel_screening_runs_total{by="api"} 1`, "greenchannel_journal_records 1",
		"greenchannel_bundle_info{", `route="/v1/decisions",status="201"} 1`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %s in\n%s", want, text)
		}
	}
	if status, _ := get(t, "GET", "http://"+r.addr+"/metrics", ""); status != http.StatusNotFound {
		t.Errorf("the metrics stand among the routes: %d", status)
	}
	if err := r.end(); err != nil {
		t.Error(err)
	}
}

// Profiles are for this machine alone.
func TestMetricsAreNotReachedFromElsewhere(t *testing.T) {
	t.Parallel()
	err := Run(t.Context(), Config{Listen: "127.0.0.1:0", Metrics: config.Metrics{Listen: "0.0.0.0:0"}, Record: RecordConfig{Data: t.TempDir()}})
	if err == nil || !strings.Contains(err.Error(), "choose an address of this machine") {
		t.Errorf("listening everywhere: %v", err)
	}
}

// With an endpoint, each request is a span of the client's trace; its name is the route.
func TestTracesAreSent(t *testing.T) {
	t.Parallel()
	sent := make(chan string, 10)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		sent <- string(body)
	}))
	t.Cleanup(collector.Close)
	r := start(t, Config{Tracing: config.Tracing{Endpoint: collector.URL + "/v1/traces", Ratio: 1}})
	get(t, "GET", "http://"+r.addr+"/v1/controls/1C905.a.4", "", "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	if err := r.end(); err != nil {
		t.Error(err)
	}
	wait, done := context.WithTimeout(t.Context(), 10*time.Second)
	defer done()
	select {
	case span := <-sent:
		if !strings.Contains(span, "GET /v1/controls/") || !strings.Contains(span, "\x0a\xf7\x65\x19\x16\xcd\x43\xdd") {
			t.Errorf("the span is not that of the request: %q", span)
		}
	case <-wait.Done():
		t.Error("no span was sent")
	}
	if !strings.Contains(r.log.String(), "trace_id=0af7651916cd43dd8448eb211c80319c") {
		t.Errorf("the log does not name the trace:\n%s", r.log)
	}
}
