package server

import (
	"compress/gzip"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"greenchannel/server/config"
)

// receiver takes decision logs as OPA's clients send them, and fails when it is told to.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	paths  map[string]int
	events []received
	failed int
	status int // what it answers in place of 204; 0 for nothing else
	most   int // events that it takes at once; 0 for any number
}

type received struct {
	DecisionID string                    `json:"decision_id"`
	Path       string                    `json:"path"`
	Labels     map[string]string         `json:"labels"`
	Bundles    map[string]map[string]any `json:"bundles"`
	Input      map[string]any            `json:"input"`
	Result     map[string]any            `json:"result"`
	Custom     struct{ Seq uint64 }      `json:"custom"`
}

func receive(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{paths: map[string]int{}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		var events []received
		packed, err := gzip.NewReader(request.Body)
		if err == nil {
			err = json.NewDecoder(packed).Decode(&events)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.paths[request.Method+" "+request.URL.Path+" "+request.Header.Get("Content-Type")+" "+request.Header.Get("Content-Encoding")]++
		switch {
		case err != nil:
			t.Errorf("no gzipped array of events: %v", err)
			w.WriteHeader(http.StatusBadRequest)
		case r.status != 0:
			r.failed++
			w.WriteHeader(r.status)
		case r.most != 0 && len(events) > r.most:
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		default:
			r.events = append(r.events, events...)
			w.WriteHeader(http.StatusNoContent)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

// await waits until so many events have come; the test's own deadline ends the wait.
func (r *receiver) await(t *testing.T, number int) []received {
	t.Helper()
	for {
		r.mu.Lock()
		events := r.events
		r.mu.Unlock()
		if len(events) >= number {
			return events
		}
		select {
		case <-t.Context().Done():
			t.Fatalf("%d events came, want %d", len(events), number)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (r *receiver) answers(status, most int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status, r.most = status, most
}

func (r *receiver) failures() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

// Records are sent in order, each one, although the server fails at times and the service ends in between.
func TestDecisionLogsAreSent(t *testing.T) {
	t.Parallel()
	to := receive(t)
	s := &shop{Server: to.Server}
	following := s.following(t, "decision_logs: {service: shop, partition_name: north, console: true, reporting: {min_delay_seconds: 0, max_delay_seconds: 0}}\nlabels: {region: north}\n")
	data := t.TempDir()
	run := func() *running {
		return start(t, Config{Following: following, Record: RecordConfig{Data: data}, Metrics: config.Metrics{Listen: "127.0.0.1:0"}})
	}
	r := run()
	posted(t, r, "/v1/decisions")
	first := to.await(t, 1)[0]
	if first.Path != DecisionPath || first.Custom.Seq != 1 || first.Labels["region"] != "north" || first.Labels["id"] == "" || first.DecisionID == "" ||
		first.Input["id"] != "RUN-1" || first.Result["outcome"] == nil || first.Bundles["rareearth"]["revision"] == nil {
		t.Errorf("sent: %+v", first)
	}
	r.log.await(t, `msg="Decision Log"`)

	to.answers(http.StatusServiceUnavailable, 0)
	for range 3 { // none waits for the logs
		if body := posted(t, r, "/v1/decisions"); !strings.Contains(body, `"decision_id"`) {
			t.Errorf("not decided while the logs are not taken: %s", body)
		}
	}
	for to.failures() < 2 {
		time.Sleep(5 * time.Millisecond)
	}
	r.log.await(t, "decision logs are not sent")
	if figures := metricsOf(t, r); !strings.Contains(figures, "greenchannel_decision_log_lag_records 3") || strings.Contains(figures, "greenchannel_decision_log_failures_total 0") {
		t.Errorf("metrics:\n%s", figures)
	}
	if err := r.end(); err != nil {
		t.Fatal(err)
	}

	to.answers(0, 1)
	r = run()
	posted(t, r, "/v1/decisions")
	var seqs []uint64
	for _, event := range to.await(t, 5) {
		seqs = append(seqs, event.Custom.Seq)
	}
	for i, seq := range seqs {
		if seq != uint64(i+1) {
			t.Errorf("the records came as %d", seqs)
			break
		}
	}
	eventuallyMetric(t, r, "greenchannel_decision_log_lag_records 0")
	if err := r.end(); err != nil {
		t.Fatal(err)
	}
	to.mu.Lock()
	defer to.mu.Unlock()
	if len(to.paths) != 1 || to.paths["POST /logs/north application/json gzip"] == 0 {
		t.Errorf("sent as %v", to.paths)
	}
}

func eventuallyMetric(t *testing.T, r *running, line string) {
	t.Helper()
	for !strings.Contains(metricsOf(t, r), line) {
		select {
		case <-t.Context().Done():
			t.Fatalf("the metrics never say %s", line)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// A chunk is no longer than is configured, unless one record alone is.
func TestChunksAreBounded(t *testing.T) {
	t.Parallel()
	to := receive(t)
	s := &shop{Server: to.Server}
	following := s.following(t, "decision_logs: {service: shop, reporting: {min_delay_seconds: 0, max_delay_seconds: 0, upload_size_limit_bytes: 100}}\n")
	r := start(t, Config{Following: following})
	for range 3 {
		posted(t, r, "/v1/decisions")
	}
	to.await(t, 3)
	to.mu.Lock()
	if to.paths["POST /logs application/json gzip"] != 3 {
		t.Errorf("sent as %v", to.paths)
	}
	to.mu.Unlock()
	if err := r.end(); err != nil {
		t.Fatal(err)
	}
}
