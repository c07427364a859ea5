package conformance

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"greenchannel/tests/counts"
)

func zipped(t testing.TB, text string) string {
	t.Helper()
	var out bytes.Buffer
	writer := gzip.NewWriter(&out)
	if _, err := writer.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestOptions asks both servers with every parameter and every way to write a body that OPA's REST API has.
func TestOptions(t *testing.T) {
	t.Parallel()
	both := onOurBundle(t, false)
	const status = "/v1/data/rareearth/lib/status"
	app := applications(t)["magnet_to_germany"]
	var requests []request
	get := func(target string) { requests = append(requests, request{method: "GET", target: target}) }
	post := func(target, body string, header ...string) {
		requests = append(requests, request{"POST", target, body, header})
	}
	for _, explain := range []string{"notes", "fails", "full", "debug", "off", "loud", "notes&explain=full"} {
		for _, pretty := range []string{"", "&pretty"} {
			get("/v1/data/rareearth/outcome/order?explain=" + explain + pretty)
			post("/v1/data/rareearth/licensing/exporter/findings?explain="+explain+pretty, `{"input": {"items": []}}`)
			post("/v1/data/nowhere?explain="+explain+pretty, `{"input": 1}`)
			get("/v1/query?q=x%20%3D%20data.rareearth.outcome.order%5B_%5D&explain=" + explain + pretty)
		}
	}
	for _, flag := range []string{"pretty", "metrics", "instrument", "strict-builtin-errors", "rule_labels"} {
		for _, value := range []string{"", "=", "=true", "=TRUE", "=false", "=1", "=false&" + flag + "=true", "=&" + flag + "="} {
			get(status + "?" + flag + value)
			post(status+"?"+flag+value, `{"input": {}}`)
			post("/v0/data/rareearth/outcome/order?"+flag+value, `{}`)
		}
	}
	for _, body := range []string{
		"", " ", "null", "{}", "[]", `"text"`, "1", "{", `{"input"}`, `{"input": null}`, `{"input": nul}`, `{"INPUT": 1}`, `{"input": 1, "input": 2}`,
		`{"input": 1} trailing`, `{"other": 1}`, "\xff", `{"input": "\ud800"}`, `{"input": 1e400}`, `{"input": 12345678901234567890.10}`, `{"input": 1e800001}`,
		"input: {a: 1}", "input: [", "a: &a [*a]", "- 1\n- 2",
	} {
		for _, target := range []string{status, "/v1/data/nowhere", "/v0/data/nowhere", "/v0/data/rareearth/outcome/order", "/", "/v1/query", "/v1/compile"} {
			post(target, body)
			post(target, body, "Content-Type", "application/x-yaml")
			post(target, zipped(t, body), "Content-Encoding", "gzip")
		}
	}
	for _, input := range []string{"", "=", "=1", "={}", "=%7B", "=%22", "=1&input=2", "=%00", "=null"} {
		get(status + "?input" + input)
	}
	for _, coding := range []string{"gzip", "zstd, gzip", "identity", "gzip;q=0", "*", "br"} {
		requests = append(requests, request{"GET", "/v1/data/rareearth/reference", "", []string{"Accept-Encoding", coding}})
		post("/v1/data/rareearth/outcome/order", `{"input": {}}`, "Accept-Encoding", coding)
		post("/v1/compile", `{"query": "data.rareearth.decision = x", "unknowns": ["input"]}`, "Accept-Encoding", coding)
	}
	post("/v1/compile?metrics&pretty", `{"query": "data.rareearth.outcome.order[_] = input.x", "unknowns": ["input.x"], "options": {"disableInlining": ["data"]}}`)
	post("/v1/query?pretty&metrics", `{"query": "data.rareearth.decision = x", "input": `+app+`}`)
	post("/v1/query", `{"query": "x := time.now_ns()"}`)
	post("/v1/query", `{"query": "1 / 0"}`)
	post("/v1/query", `{"query": "x = 1; x = 2"}`)
	get("/v1/query?q=not%20a%20query")
	for _, query := range []string{"p { true }", "p := 1", "package p", "import data.p", "data.p; q contains 1", "# nothing", "x = .5", "x = {.5: 1}", "1 > .5"} {
		get("/v1/query?q=" + url.QueryEscape(query))
		post("/v1/query", fmt.Sprintf(`{"query": %q}`, query))
		post("/v1/compile", fmt.Sprintf(`{"query": %q}`, query))
	}
	get("/v1/query")
	get("/v1/policies?pretty")
	get("/v1/policies/rareearth/outcome/outcome.rego")
	get("/v1/policies/rareearth%2Foutcome%2Foutcome.rego?pretty")
	get("/v1/policies/nothing.rego")
	atOnce(t, func(t *testing.T) { both.compared(t, requests) })
}

// TestBodiesThatAreNoGzip sends what is declared as gzip and is none. Ours answers 400. OPA does so too when its pool has a
// reader that was used before, and panics otherwise; which of the two is up to chance, so that differences are not counted.
func TestBodiesThatAreNoGzip(t *testing.T) {
	t.Parallel()
	both := onOurBundle(t, false)
	var got counts.Counts
	for _, target := range []string{"/v1/data/rareearth/lib/status", "/v0/data", "/", "/v1/query", "/v1/compile"} {
		for _, body := range []string{"not gzip", "", "\x1f\x8b", zipped(t, `{"input": {}}`)[:15]} {
			got.Run++
			r := request{"POST", target, body, []string{"Content-Encoding", "gzip"}}
			if ours := read(t, r.sendTo(t, both.ours)); ours.Status != http.StatusBadRequest {
				t.Errorf("POST %s %q: %d %s", target, body, ours.Status, ours.Body)
				continue
			}
			if diff, _ := differ(t, both.theirs, both.ours, r); diff != "" {
				t.Errorf("POST %s %q (-OPA +ours):\n%s", target, body, diff)
				continue
			}
			got.Passed++
		}
	}
	counts.Hold(t, got)
}

// TestPaths asks both servers for hostile paths.
func TestPaths(t *testing.T) {
	t.Parallel()
	both := onOurBundle(t, false)
	var requests []request
	for _, root := range []string{"/v1/data", "/v0/data", "/v1/policies"} {
		for _, path := range []string{
			"", "/", "//", "/.", "/..", "/../data", "/./rareearth", "/rareearth/../rareearth", "/rareearth/./outcome/order", "//rareearth//outcome",
			"/%2e%2e/rareearth", "/%2e", "/rareearth%2Foutcome", "/rareearth%2foutcome%2forder", "/rareearth/%2F/outcome", "/rareearth/outcome/order/0",
			"/rareearth/outcome/order/00", "/rareearth/outcome/order/-1", "/rareearth/outcome/order/1e0", "/rareearth/outcome/order/99999999999999999999",
			"/rareearth/outcome/order/", "/rareearth/outcome/order%2F", "/rareearth/outcome%2Forder/", "/a%22b", "/a'b", "/a%5Bb", "/a%00b", "/%E4%B8%AD", "/%ff", "/a;b",
			"/a%25b", "/a%252Fb", "/a+b", "/a%20b", "/a%5Cb", "/input", "/data", "/%24", "/rareearth%3Bx", "/rareearth?", "/%0a", "/%7f",
		} {
			requests = append(requests, request{method: "GET", target: root + path}, request{method: "POST", target: root + path, body: "{}"})
		}
	}
	requests = append(requests,
		request{method: "GET", target: "/v1%2Fdata/rareearth/outcome/order"},
		request{method: "GET", target: "/v1/%64ata/rareearth/outcome/order"},
		request{method: "GET", target: "/v1/data%2Frareearth"},
		request{method: "GET", target: "/v1/policies/../data/rareearth/outcome/order"},
	)
	for _, method := range reading() {
		for _, path := range []string{
			"/v1/data", "/v1/data/a", "/v0/data", "/v0/data/a", "/v1/policies", "/v1/policies/a", "/v1/query", "/v1/query/a", "/v1/data/", "/v0/data/a/",
			"/v1/policies/", "/v1/query/", "//v1/data", "/./v1//data/", "/v1/data//a", "/v1/config/", "/v1/status/", "/v1//config", "//v1/status", "/v1/nothing",
		} {
			requests = append(requests, request{method: method, target: path})
		}
	}
	for _, method := range []string{"PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"} { // nobody may write there
		for _, path := range []string{"/v1/compile", "/v1/config", "/v1/status", "/v0/data/", "/v0/data", "/v1/query/", "//v0/data/"} {
			requests = append(requests, request{method: method, target: path})
		}
	}
	atOnce(t, func(t *testing.T) { both.compared(t, requests) })
}

// TestWritesAreRefused compares what both answer to a write, where the bundle owns everything.
func TestWritesAreRefused(t *testing.T) {
	t.Parallel()
	both := onOurBundle(t, true)
	requests := []request{
		{method: "PUT", target: "/v1/data", body: "{}"},
		{method: "PUT", target: "/v1/data/rareearth/outcome", body: "{}"},
		{method: "PUT", target: "/v1/data/elsewhere", body: "1"},
		{method: "PATCH", target: "/v1/data", body: `[{"op": "add", "path": "/", "value": {}}]`},
		{method: "PATCH", target: "/v1/data/elsewhere", body: `[{"op": "add", "path": "/", "value": {}}]`},
		{method: "DELETE", target: "/v1/data/rareearth"},
		{method: "DELETE", target: "/v1/data"},
		{method: "PUT", target: "/v1/policies/new.rego", body: "package elsewhere"},
		{method: "PUT", target: "/v1/policies/rareearth/outcome/outcome.rego", body: "package rareearth.outcome"},
		{method: "DELETE", target: "/v1/policies/rareearth/outcome/outcome.rego"},
		{method: "GET", target: "/v1/data/rareearth/outcome/order?provenance"},
		{method: "POST", target: "/v1/data/rareearth/outcome/order?provenance=true&pretty", body: "{}"},
	}
	atOnce(t, func(t *testing.T) { both.compared(t, requests) })
}

// TestHealth asks both servers whether they are well. OPA asks its plugins, for which no clock may stand still.
func TestHealth(t *testing.T) {
	t.Parallel()
	policy := map[string]string{"health.rego": `package system.health
live := true
ready if input.plugins_ready
odd := "yes"
`}
	theirs := newOracle(t, nil)
	theirs.publish(t, policy)
	both := twins{theirs: theirs.handler, ours: theirs.ours(t)}
	var requests []request
	for _, path := range []string{
		"", "?bundles", "?bundle=true&plugins", "?plugins&exclude-plugin=status&exclude-plugin=bundle", "?plugins=false", "/live", "/ready?pretty", "/odd",
		"/nothing", "/a%22b", "/", "/live/",
	} {
		requests = append(requests, request{method: "GET", target: "/health" + path}, request{method: "HEAD", target: "/health" + path})
	}
	for _, method := range slices.Concat(reading(), []string{"PUT", "PATCH", "DELETE"}) { // nobody may write there
		for _, path := range []string{"/health", "/health/", "/health/a", "/health/a/", "/health//", "/health/./a", "/health//a/", "//health", "/../health/", "//health/"} {
			requests = append(requests, request{method: method, target: path})
		}
	}
	both.compared(t, requests)
}
