package conformance

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"
)

// fuzzed are policies that are quick to ask, with every kind of document: the two servers stay the same, however long the
// fuzzing.
const fuzzed = `package fuzzed

import data.base

partial contains x if some x in input
complete := input.x
object[k] := v if some k, v in input.o
nested.deep[input.k] := 1
fails := 1 / input.divisor
conflict := 1 if input.a
conflict := 2 if input.b
large := count(json.marshal(input))
function(x) := x
from_base := base.list[input.i]
`

// fuzzedData has keys that are hard to ask for.
func fuzzedData() map[string]any {
	return map[string]any{"base": map[string]any{
		"list": []any{"a", "b", map[string]any{"c": nil}},
		"a/b":  map[string]any{"": 1, ".": 2, "..": 3, "0": 4, "%2F": 5, "é": 6, "a b": 7, "x.y": 8, "[0]": 9, "-1": 10},
		"0":    "zero", "01": "one", "data": true, "input": false,
	}}
}

func forFuzzing(f *testing.F) twins {
	f.Helper()
	theirs := newOracle(f, fuzzedData())
	theirs.publish(f, map[string]string{"fuzzed.rego": fuzzed})
	return twins{theirs: theirs.handler, ours: theirs.ours(f)}
}

// disagree is in what both answer differently, also when they are asked again: which of many thousand queries each has kept
// prepared shows in the metrics of the first answer.
func (both twins) disagree(t *testing.T, r request) (diff string) {
	t.Helper()
	for range 2 {
		if diff, _ = differ(t, both.theirs, both.ours, r); diff == "" {
			return ""
		}
	}
	return diff
}

// reading are the methods that change nothing, those that OPA has no handler for included.
func reading() []string { return []string{"GET", "POST", "HEAD", "OPTIONS", "TRACE", "CONNECT"} }

// FuzzOPAPath asks both for any path, by any method of those that read.
func FuzzOPAPath(f *testing.F) {
	both := forFuzzing(f)
	for _, path := range []string{
		"/v1/data", "/v1/data/base/list/0", "/v1/data/base/a%2Fb/%2e%2e", "/v1/data/base/a%2fb/%252F", "/v1/data/base//list", "/v1/data/./base/../fuzzed",
		"/v0/data/base/0", "/v1/data/fuzzed/complete/", "/v1/policies/fuzzed.rego", "/v1/data/base/01", "/v1/data/%62ase", "/v1%2Fdata/base", "/health/x",
		"/v1/data/base/a%2Fb/?pretty", "/v1/data/fuzzed/object?input={\"o\":{\"a\":1}}&pretty&explain=full", "/v1/query?q=data.base[x]&pretty=true",
		"/v1/data/fuzzed/function?metrics", "/v1/data/base/list/-1", "/v1/data/base/a%2Fb/%C3%A9?provenance", "/health/", "/health//x", "//v1/data/./base",
		"/./health", "/../v1/data/base/", "/health/./", "/v1/query/", "/v1/policies/",
	} {
		for method := range reading() {
			f.Add(path, uint8(method))
		}
	}
	f.Fuzz(func(t *testing.T, target string, method uint8) {
		r := request{method: reading()[int(method)%len(reading())], target: target}
		if r.method == http.MethodPost {
			r.body = "{}"
		}
		if !askable(r) {
			return // no request of HTTP, or nothing of what is compared
		}
		if diff := both.disagree(t, r); diff != "" {
			t.Errorf("%s %q (-OPA +ours):\n%s", r.method, r.target, diff)
		}
	})
}

// FuzzOPABody sends both any body, as JSON and as YAML.
func FuzzOPABody(f *testing.F) {
	both := forFuzzing(f)
	targets := []string{
		"/v1/data/fuzzed", "/v1/data/fuzzed/conflict", "/v1/data/fuzzed/fails?strict-builtin-errors", "/v0/data/fuzzed/complete",
		"/v1/data/fuzzed/object?pretty&explain=notes", "/v1/query", "/v1/compile", "/v1/data/fuzzed/nested?rule_labels",
	}
	for i := range targets {
		for _, body := range []string{
			`{"input": {"x": 1, "o": {"a": [1, "b"]}, "k": "<&>", "i": 2}}`, `{"input": {"a": 1, "b": 1}}`, `{"input": {"divisor": 0}}`,
			`{"query": "data.fuzzed.complete = x", "input": {"x": 1e3}, "unknowns": ["input"]}`, "input:\n  x: &a [1, *a]", `{"input": 1.0000000000000000001}`, `{`, ``,
			`{"x": "\u0000\ud83d\ude00"}`, `{"query": "x = 1; y = input.o[x]"}`,
		} {
			f.Add(uint8(i), body, false)
			f.Add(uint8(i), body, true)
		}
	}
	f.Fuzz(func(t *testing.T, at uint8, body string, yaml bool) {
		r := request{method: http.MethodPost, target: targets[int(at)%len(targets)], body: body}
		if yaml {
			r.header = []string{"Content-Type", "application/yaml"}
		}
		if len(body) > 4<<10 || outside(body) {
			return // longer than is worth it, or about what the two servers have of their own
		}
		if diff := both.disagree(t, r); diff != "" {
			t.Errorf("%s %q (-OPA +ours):\n%s", r.target, r.body, diff)
		}
	})
}

// outside says whether a query looks outside of input and data: at the clock, at chance, at the process or the network.
// Two servers may see different things there, and none shall be looked at for a test.
func outside(text string) bool {
	for _, word := range []string{"time.", "rand", "uuid", "opa", "http", "net.", "now", "trace", "print", "walk", "numbers", "crypto", "future"} {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

// askable says whether a target can be sent, and is of a kind that both servers have.
func askable(r request) bool {
	if !strings.HasPrefix(r.target, "/") || strings.Contains(r.target, "#") || len(r.target) > 1000 {
		return false
	}
	parsed, err := http.NewRequest(r.method, "http://opa.example"+r.target, http.NoBody)
	if err != nil || outside(parsed.URL.RawQuery) {
		return false
	}
	query, err := url.QueryUnescape(parsed.URL.RawQuery)
	if err != nil || outside(query) {
		return false
	}
	escaped := parsed.URL.EscapedPath()
	for _, nowhere := range []string{"//", "/./", "/../"} { // at the start, where no door of ours is
		if strings.HasPrefix(escaped, nowhere) {
			escaped = path.Clean(escaped)
		}
	}
	for _, ours := range []string{"/v1/data", "/v0/data", "/v1/policies", "/v1/query", "/health"} {
		if escaped == ours || strings.HasPrefix(escaped, ours+"/") {
			return true
		}
	}
	return false
}
