package server

import (
	"bytes"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"greenchannel/policies"
	"greenchannel/server/config"
	"greenchannel/server/httpapi"
	"greenchannel/server/impact"
)

// shadowed is a service with candidates at hand, and the place of its figures.
type shadowed struct {
	*running
	figures string
}

// newShadowed keeps other policies beside a record and starts a service on it. The revisions are in the order of the folders.
func newShadowed(t *testing.T, changes ...[3]string) (s shadowed, revisions []string) {
	t.Helper()
	record := RecordConfig{Data: t.TempDir(), Log: slog.New(slog.DiscardHandler)}
	rooms, err := OpenRecorded(t.Context(), policies.FS(), noHurry, record)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range changes {
		revisions = append(revisions, kept(t, rooms, otherPolicies(t, c[0], c[1], c[2])))
	}
	if err := rooms.Close(); err != nil {
		t.Fatal(err)
	}
	s.running = start(t, Config{Record: record, EvalTimeout: time.Hour, Metrics: config.Metrics{Listen: "127.0.0.1:0"}})
	s.figures = "http://" + regexp.MustCompile(`metrics address=(\S+)`).FindStringSubmatch(s.log.String())[1] + "/metrics"
	return s, revisions
}

// decide posts an application and gives the answer without what no two answers share.
func (r *running) decide(t *testing.T, body []byte) (id, answer string) {
	t.Helper()
	status, text := get(t, http.MethodPost, "http://"+r.addr+"/v1/decisions", string(body), "Content-Type", "application/json")
	if status != http.StatusCreated {
		t.Fatalf("status %d: %s", status, text)
	}
	var decided map[string]any
	if err := json.Unmarshal([]byte(text), &decided); err != nil {
		t.Fatal(err)
	}
	id, _ = decided["decision_id"].(string)
	for _, own := range []string{"decision_id", "decided_at", "as_of", "record"} {
		if _, there := decided[own]; !there {
			t.Fatalf("the answer has no %s: %s", own, text)
		}
		delete(decided, own)
	}
	plain, err := json.Marshal(decided, json.Deterministic(true))
	if err != nil {
		t.Fatal(err)
	}
	return id, string(plain)
}

// shadow asks how the candidate stands, or changes that.
func (s shadowed) shadow(t *testing.T, method, query, body string) httpapi.Shadow {
	t.Helper()
	status, text := get(t, method, "http://"+s.addr+"/v1/shadow"+query, body, "Content-Type", "application/json")
	var state httpapi.Shadow
	if err := json.Unmarshal([]byte(text), &state); err != nil || status >= http.StatusMultipleChoices {
		t.Fatalf("status %d, %v: %s", status, err, text)
	}
	return state
}

// begin lets a candidate decide.
func (s shadowed) begin(t *testing.T, revision string, rate, budget float64) {
	t.Helper()
	if state := s.shadow(t, http.MethodPost, "", fmt.Sprintf(`{"revision": %q, "rate": %g, "budget": %g}`, revision, rate, budget)); !state.Running || state.Revision != revision {
		t.Fatalf("%+v", state)
	}
}

// differences are all that are listed, page by page.
func (s shadowed) differences(t *testing.T) []httpapi.ShadowDifference {
	t.Helper()
	var all []httpapi.ShadowDifference
	for query := "?limit=3"; ; {
		page := s.shadow(t, http.MethodGet, query, "")
		all = append(all, page.Differences...)
		if page.Next == "" {
			return all
		}
		query = "?limit=3&cursor=" + page.Next
	}
}

// counted are the figures of the shadow at the place of the metrics, by name and labels.
func (s shadowed) counted(t *testing.T) map[string]uint64 {
	t.Helper()
	_, text := get(t, http.MethodGet, s.figures, "")
	found := map[string]uint64{}
	for _, line := range regexp.MustCompile(`(?m)^greenchannel_shadow_(\S+) (\d+)$`).FindAllStringSubmatch(text, -1) {
		n, err := strconv.ParseUint(line[2], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		found[line[1]] = n
	}
	return found
}

// A candidate that decides a share of live traffic changes no answer; what is counted over HTTP, what is listed there and the
// figures of the metrics are one.
func TestTheShadowIsToldOverHTTPAndByMetrics(t *testing.T) {
	t.Parallel()
	s, revisions := newShadowed(t, [3]string{"rareearth/controls/controls.rego", "title: Line that cannot be classified", "title: Of the candidate"})
	plain := start(t, Config{})
	const many, budget = 40, 0.5
	began := time.Now()
	s.begin(t, revisions[0], 0.5, budget)
	otherwise := map[string]bool{} // ids of what the candidate makes otherwise
	for n := range many {
		body := separate(t, n)
		if n%2 == 0 { // its only line cannot be classified
			body = bytes.ReplaceAll([]byte(shortest), []byte("RUN-1"), []byte(fmt.Sprintf("RUN-%d", n)))
		}
		id, got := s.decide(t, body)
		if _, want := plain.decide(t, body); got != want {
			t.Errorf("application %d is answered otherwise beside a candidate: %s", n, cmp.Diff(want, got))
		}
		otherwise[id] = n%2 == 0
	}
	var busy float64
	state := s.shadow(t, http.MethodGet, "", "")
	for ; state.Counts.Evaluated < state.Counts.Sampled; state = s.shadow(t, http.MethodGet, "", "") {
		busy = state.Counts.BusySeconds
		time.Sleep(time.Millisecond)
	}
	if took := time.Since(began).Seconds(); busy > took*budget { // it rested after each but the last
		t.Errorf("busy for %f s of %f s, with a budget of %f", busy, took, budget)
	}
	c := state.Counts
	if c.Offered != many || c.Sampled == 0 || c.Sampled == many || c.Dropped != 0 || c.Failed != 0 || c.Evaluated != c.Equal+c.Different || c.Different == 0 || c.Equal == 0 {
		t.Errorf("%+v", c)
	}

	// What is listed is what is counted, and what is counted is what the metrics say.
	want := map[string]uint64{
		"dropped_total": 0, `evaluations_total{result="equal"}`: c.Equal, `evaluations_total{result="different"}`: c.Different, `evaluations_total{result="failed"}`: 0,
	}
	classes := map[string]uint64{}
	for _, d := range s.differences(t) {
		want[fmt.Sprintf("differences_total{class=%q,new=%q,old=%q}", d.Class, d.New, d.Old)]++
		classes[d.Class]++
		if !otherwise[d.DecisionID] {
			t.Errorf("%+v is none of those that the candidate makes otherwise", d)
		}
		delete(otherwise, d.DecisionID) // each once
	}
	if got := s.counted(t); !maps.Equal(got, want) {
		t.Errorf("the metrics differ from what is told over HTTP: %s", cmp.Diff(want, got))
	}
	told := map[string]uint64{}
	for _, class := range c.Classes {
		told[class.Class] = class.Count
	}
	if !maps.Equal(told, classes) {
		t.Errorf("counted by class %v, listed %v", told, classes)
	}
	for _, r := range []*running{s.running, plain} {
		if err := r.end(); err != nil {
			t.Error(err)
		}
	}
}

// A candidate that does not come to an end delays no answer: all come while it is at its first decision, and what cannot wait for
// it is dropped and counted.
func TestNoAnswerWaitsForTheShadow(t *testing.T) {
	t.Parallel()
	s, revisions := newShadowed(t, [3]string{
		"rareearth/decision/decision.rego", "package rareearth.decision\n",
		"package rareearth.decision\n\n_endless := count([1 | some i in numbers.range(1, 100000); some j in numbers.range(1, 100000); i * j == 0 - count(input.id)])\n",
	})
	s.begin(t, revisions[0], 1, 1)
	const many = impact.ShadowQueue + 10
	lines := make([]string, 0, many)
	for n := range many {
		lines = append(lines, strings.Join(strings.Fields(strings.ReplaceAll(shortest, "RUN-1", fmt.Sprintf("RUN-%d", n))), " "))
	}
	status, text := get(t, http.MethodPost, "http://"+s.addr+"/v1/decisions/batch", strings.Join(lines, "\n"), "Content-Type", "application/x-ndjson")
	if status != http.StatusOK || strings.Count(text, `"decision_id"`) != many {
		t.Fatalf("status %d: %.500s", status, text)
	}
	c := s.shadow(t, http.MethodGet, "", "").Counts
	if c.Offered != many || c.Sampled != many || c.Evaluated != 0 || c.Dropped < many-impact.ShadowQueue-1 || c.Dropped > many-impact.ShadowQueue {
		t.Errorf("%+v", c)
	}
	if dropped := s.counted(t)["dropped_total"]; dropped != c.Dropped {
		t.Errorf("%d were dropped by the metrics, %d over HTTP", dropped, c.Dropped)
	}
	if last := s.shadow(t, http.MethodDelete, "", ""); last.Running || last.Counts.Evaluated != 0 {
		t.Errorf("%+v", last)
	}
	if err := s.end(); err != nil {
		t.Error(err)
	}
}
