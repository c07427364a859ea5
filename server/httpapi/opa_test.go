package httpapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"greenchannel/server/decision"
	"greenchannel/server/httpapi"
	"greenchannel/server/problem"
)

// told is any answer of the door of OPA clients.
type told struct {
	DecisionID  string `json:"decision_id"`
	Result      any
	Explanation []any
	Code        string
	Message     string
	Errors      []struct{ Code, Message string }
	Warning     struct{ Code string }
	Responses   map[string]struct {
		HTTPStatusCode string `json:"http_status_code"`
		DecisionID     string `json:"decision_id"`
		Result         any
		Code, Message  string
		Errors         []struct{ Code, Message string }
	}
	Error string
}

// asOPA checks the status of an answer and reads it.
func asOPA(t testing.TB, response *http.Response, status int) told {
	t.Helper()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != status || response.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("status %d, %s, want %d: %.2000s", response.StatusCode, response.Header.Get("Content-Type"), status, body)
	}
	var got told
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return got
}

// recording are dependencies that record into inputs what they were asked to decide.
func recording(t testing.TB, inputs *[]string, err error) httpapi.Deps {
	t.Helper()
	d := deps(t, io.Discard)
	d.Access = everybody{} // these tests are about the door, not about who may use it
	d.Recorded = func(_ context.Context, input []byte, _ string) ([]byte, string, error) {
		*inputs = append(*inputs, string(input))
		return []byte(`{"outcome": "recorded", "<": 1.50}`), "the-id", err
	}
	return d
}

func TestEntryPointIsRecorded(t *testing.T) {
	t.Parallel()
	const input = `{"id": "A-1",  "quantity": 0.10, "twice": 1, "twice": 2}` // exactly these bytes are recorded
	for _, row := range []struct {
		name, method, target, body string
		header                     []string
		recorded                   bool
	}{
		{name: "POST", method: "POST", target: "/v1/data/rareearth/decision", body: `{"input":` + input + `}`, recorded: true},
		{name: "GET", method: "GET", target: "/v1/data/rareearth/decision?input=" + url.QueryEscape(input), recorded: true},
		{name: "with options", method: "POST", target: "/v1/data/rareearth/decision?metrics&pretty&explain=notes", body: `{"input":` + input + `}`, recorded: true},
		{name: "escaped letters", method: "POST", target: "/v1/data/rareearth/%64ecision", body: `{"input":` + input + `}`, recorded: true},
		{name: "YAML", method: "POST", target: "/v1/data/rareearth/decision", body: "input: " + input, header: []string{"Content-Type", "text/yaml"}, recorded: true},
		{name: "escaped slash", method: "POST", target: "/v1/data/rareearth%2Fdecision", body: `{"input":` + input + `}`},
		{name: "a part of it", method: "POST", target: "/v1/data/rareearth/decision/outcome", body: `{"input":` + input + `}`},
		{name: "above it", method: "POST", target: "/v1/data/rareearth/lib", body: `{"input":` + input + `}`},
		{name: "nothing to decide", method: "POST", target: "/v1/data/rareearth/decision", body: `{}`},
		{name: "null", method: "POST", target: "/v1/data/rareearth/decision", body: `{"input": null}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var inputs []string
			response := call(t, httpapi.New(recording(t, &inputs, nil)), row.method, row.target, row.body, row.header...)
			got := asOPA(t, response, http.StatusOK)
			if !row.recorded {
				if len(inputs) > 0 || got.DecisionID != "" {
					t.Errorf("recorded %q, id %q; want neither", inputs, got.DecisionID)
				}
				return
			}
			want := input
			if row.name == "YAML" {
				want = `{"id":"A-1","quantity":0.1,"twice":2}` // there are no exact bytes of JSON
			}
			if diff := cmp.Diff([]string{want}, inputs); diff != "" {
				t.Errorf("-want +recorded:\n%s", diff)
			}
			if want := any(map[string]any{"outcome": "recorded", "<": 1.5}); got.DecisionID != "the-id" || !cmp.Equal(want, got.Result) {
				t.Errorf("id %q, result %v", got.DecisionID, got.Result)
			}
		})
	}
}

func TestDefaultDecisionIsRecorded(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"/", "/?pretty", "/v0/data/rareearth/decision"} {
		var inputs []string
		response := call(t, httpapi.New(recording(t, &inputs, nil)), "POST", target, `{"id": "A-1"}`)
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != http.StatusOK || !strings.Contains(string(body), `"outcome"`) || !cmp.Equal(inputs, []string{`{"id": "A-1"}`}) {
			t.Errorf("%s: status %d, recorded %q: %s", target, response.StatusCode, inputs, body)
		}
	}
}

func TestRefusalsOfRecording(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		err     error
		status  int
		code    string
		message string
		errors  []struct{ Code, Message string }
	}{
		{
			problem.New(problem.Invalid, "The application has one fault.", problem.Fault{Pointer: "/items", Detail: "is missing"}),
			400, "invalid_parameter", "The application has one fault.", []struct{ Code, Message string }{{"invalid_parameter", "/items: is missing"}},
		},
		{problem.New(problem.Deadline, "Too late."), 503, "internal_error", "Too late.", nil},
		{problem.New(problem.KeyReused, "Used."), 400, "invalid_parameter", "Used.", nil},
		{problem.New(problem.InFlight, "Wait."), 409, "resource_conflict", "Wait.", nil},
		{problem.New(problem.NotReady, "Not yet."), 503, "internal_error", "Not yet.", nil},
		{errors.New("disk full at sector 7"), 500, "internal_error", problem.Of(errors.New("")).Detail, nil},
	} {
		var inputs []string
		got := asOPA(t, call(t, httpapi.New(recording(t, &inputs, row.err)), "POST", "/v1/data/rareearth/decision", `{"input": {}}`), row.status)
		if got.Code != row.code || got.Message != row.message || !cmp.Equal(got.Errors, row.errors) || got.Result != nil || got.DecisionID != "" {
			t.Errorf("%v: %+v", row.err, got)
		}
	}
}

func TestOPABatch(t *testing.T) {
	t.Parallel()
	var inputs []string
	handler := httpapi.New(recording(t, &inputs, nil))
	got := asOPA(t, call(t, handler, "POST", "/v1/batch/data/rareearth/decision", `{"inputs": {"a": {"id": "1"}}, "common_input": {"kind": "single", "id": "0"}}`), http.StatusOK)
	if a := got.Responses["a"]; a.DecisionID != "the-id" || a.HTTPStatusCode != "" || a.Result == nil {
		t.Errorf("a recorded item: %+v", a)
	}
	if want := []string{`{"id":"1","kind":"single"}`}; !cmp.Equal(want, inputs) {
		t.Errorf("recorded %q, want %q", inputs, want)
	}

	inputs = nil
	refusing := httpapi.New(recording(t, &inputs, problem.New(problem.Invalid, "No.")))
	got = asOPA(t, call(t, refusing, "POST", "/v1/batch/data/rareearth/decision", `{"inputs": {"a": {"id": "1"}}}`), http.StatusInternalServerError)
	if a := got.Responses["a"]; a.Code != "invalid_parameter" || a.Message != "No." {
		t.Errorf("a refused item: %+v", a)
	}

	for _, row := range []struct {
		target, body string
		status       int
		code, warned string
	}{
		{"/v1/batch/data/rareearth/outcome/order", `{"inputs": {"a": null, "b": 1}}`, 200, "", ""},
		{"/v1/batch/data/rareearth/outcome/order", `{}`, 200, "", "api_usage_warning"},
		{"/v1/batch/data", `{"inputs": {}}`, 200, "", ""},
		{"/v1/batch/data/x", `{"inputs": []}`, 400, "invalid_parameter", ""},
		{"/v1/batch/data/x", `{"inputs"`, 400, "invalid_parameter", ""},
		{"/v1/batch/data/a%22b", `{"inputs": {"a": 1}}`, 400, "invalid_parameter", ""},
		{"/v1/batch/data/x", `{"inputs": {` + many(10_001) + `}}`, 400, "invalid_parameter", ""},
	} {
		got := asOPA(t, call(t, handler, "POST", row.target, row.body), row.status)
		if got.Code != row.code || got.Warning.Code != row.warned {
			t.Errorf("%s %.40s: %+v", row.target, row.body, got)
		}
	}
	if response := call(t, handler, "GET", "/v1/batch/data/x", ""); response.StatusCode != http.StatusMethodNotAllowed || response.Header.Get("Allow") != "POST" {
		t.Errorf("GET: status %d, allowed %q", response.StatusCode, response.Header.Get("Allow"))
	}
}

// many are n members of an object.
func many(n int) string {
	var all strings.Builder
	for i := range n {
		if i > 0 {
			all.WriteByte(',')
		}
		fmt.Fprintf(&all, `"a%d":1`, i)
	}
	return all.String()
}

func TestOPAKeepsOut(t *testing.T) {
	t.Parallel()
	d := deps(t, io.Discard)
	d.Access = everybody{}
	handler := httpapi.New(d)
	for _, row := range []struct {
		name, method, target, body string
		header                     []string
		status                     int
		says                       string
	}{
		{"a form of another site", "POST", "/v1/data/rareearth/decision", `{"input": {}}`, []string{"Content-Type", "text/plain", "Sec-Fetch-Site", "cross-site"}, 403, "another site"},
		{"an image of another site", "GET", "/v1/data/rareearth/decision?input={}", "", []string{"Sec-Fetch-Site", "cross-site"}, 403, "another site"},
		{"an origin that is not ours", "POST", "/", "{}", []string{"Origin", "http://elsewhere.example"}, 403, "another site"},
		{"a body that is too long", "POST", "/v1/data/x", strings.Repeat(" ", decision.MaxBytes+1), nil, 400, "request body too large"},
		{"a bomb", "POST", "/v1/data/x", bomb(t), []string{"Content-Encoding", "gzip"}, 400, "request body too large"},
		{"the network", "POST", "/v1/query", `{"query": "http.send({\"method\": \"get\", \"url\": \"http://127.0.0.1\"}, x)"}`, nil, 400, "compiling query"},
		{"the process", "POST", "/v1/query", `{"query": "opa.runtime(x)"}`, nil, 400, "compiling query"},
		{"chance", "POST", "/v1/query", `{"query": "rand.intn(\"a\", 9, x)"}`, nil, 400, "compiling query"},
		{"numbers of Rego alone", "POST", "/v1/query", `{"query": "x = .5; y = .25; z = 0.5"}`, nil, 400, `invalid number literal ".5", ".25"; write numbers as JSON does`},
		{"the network, partly", "POST", "/v1/compile", `{"query": "http.send({\"url\": input.x}, x)", "unknowns": ["input"]}`, nil, 400, "compiling"},
		{"an explanation without end", "POST", "/v1/data/rareearth/controls?explain=full", `{"input": {"items": []}}`, nil, 400, "explanation is longer"},
		{"a write", "PUT", "/v1/data/rareearth/outcome", `{}`, nil, 400, "owned by bundle"},
		{"a new policy", "PUT", "/v1/policies/x.rego", `package x`, nil, 400, "owned by bundle"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got := asOPA(t, call(t, handler, row.method, row.target, row.body, row.header...), row.status)
			if got.Code == "" || !strings.Contains(got.Message, row.says) {
				t.Errorf("code %q, message %q; want one that says %q", got.Code, got.Message, row.says)
			}
		})
	}
}

// What an OPA client sends again under its Idempotency-Key is recorded once, and so is each input of a batch.
func TestOPAClientsMaySendAgain(t *testing.T) {
	t.Parallel()
	var keys []string
	var mu sync.Mutex
	d := deps(t, io.Discard)
	d.Access = everybody{}
	d.Recorded = func(_ context.Context, input []byte, key string) ([]byte, string, error) {
		mu.Lock()
		defer mu.Unlock()
		keys = append(keys, string(input)+" "+key)
		return []byte(`{}`), "the-id", nil
	}
	handler := httpapi.New(d)
	sent := func(target, body string, header ...string) []string {
		keys = nil
		asOPA(t, call(t, handler, "POST", target, body, header...), http.StatusOK)
		slices.Sort(keys)
		return keys
	}
	const entry, batch = "/v1/data/rareearth/decision", "/v1/batch/data/rareearth/decision"
	for target, body := range map[string]string{entry: `{"input": {"a":1}}`, "/v0/data/rareearth/decision": `{"a":1}`, "/": `{"a":1}`} {
		if got := sent(target, body, "Idempotency-Key", `"k-1"`); !slices.Equal(got, []string{`{"a":1} k-1`}) {
			t.Errorf("%s: %q", target, got)
		}
	}
	if got := sent(entry, `{"input": {"a":1}}`); !slices.Equal(got, []string{`{"a":1} `}) {
		t.Errorf("without a key: %q", got)
	}
	first := sent(batch, `{"inputs": {"x": {"a":1}, "y": {"a":2}}}`, "Idempotency-Key", "k-1")
	again := sent(batch, `{"inputs": {"q": {"a":2}, "r": {"a":1}}}`, "Idempotency-Key", "k-1")
	other := sent(batch, `{"inputs": {"x": {"a":1}, "y": {"a":2}}}`, "Idempotency-Key", "k-2")
	if !slices.Equal(first, again) || slices.Equal(first, other) || len(first) != 2 || first[0][len(`{"a":1}`):] == first[1][len(`{"a":1}`):] {
		t.Errorf("%q, again %q, under another key %q", first, again, other)
	}
	refused := asOPA(t, call(t, handler, "POST", entry, `{"input": {}}`, "Idempotency-Key", "two words"), http.StatusBadRequest)
	if refused.Code != "invalid_parameter" || !strings.Contains(refused.Message, "Idempotency-Key") {
		t.Errorf("%+v", refused)
	}
}

// A path that is one of OPA's only when it is unescaped as a whole is none.
func TestAnEscapedSlashPartsNothing(t *testing.T) {
	t.Parallel()
	handler := httpapi.New(deps(t, io.Discard))
	for _, target := range []string{"/v1%2Fdata/rareearth", "/v1/data%2Frareearth", "/health%2F"} {
		isProblem(t, call(t, handler, "GET", target, ""), http.StatusNotFound, problem.NotFound)
	}
}

func bomb(t testing.TB) string {
	t.Helper()
	return packedText(t, string(make([]byte, 8*decision.MaxBytes)))
}

func TestOPAHealth(t *testing.T) {
	t.Parallel()
	d := deps(t, io.Discard)
	d.Access = everybody{} // these tests are about the door, not about who may use it
	d.Ready = func() (decision.PolicyRef, error) {
		return decision.PolicyRef{}, problem.New(problem.NotReady, "Stopping.")
	}
	handler := httpapi.New(d)
	for target, want := range map[string]string{
		"/health":                               "",
		"/health?bundles":                       "one or more bundles are not activated",
		"/health?bundle":                        "one or more bundles are not activated",
		"/health?plugins":                       "one or more plugins are not up",
		"/health?plugins&exclude-plugin=bundle": "",
		"/health?plugins&exclude-plugin=status": "one or more plugins are not up",
		"/health/live":                          "health check (data.system.health.live) was undefined",
	} {
		status := http.StatusOK
		if want != "" {
			status = http.StatusInternalServerError
		}
		if got := asOPA(t, call(t, handler, "GET", target, ""), status); got.Error != want {
			t.Errorf("%s: %q, want %q", target, got.Error, want)
		}
	}
}

func TestOPAAbout(t *testing.T) {
	t.Parallel()
	d := deps(t, io.Discard)
	d.Access = everybody{}
	handler := httpapi.New(d)
	for target, want := range map[string][]string{
		"/v1/config":   {"bundles", "default_decision", "labels"},
		"/v1/status":   {"bundles", "labels", "plugins"},
		"/v1/policies": nil,
	} {
		got := asOPA(t, call(t, handler, "GET", target, ""), http.StatusOK)
		if fields, _ := got.Result.(map[string]any); want != nil && len(fields) != len(want) {
			t.Errorf("%s: %v, want %v", target, fields, want)
		}
	}
}
