package httpapi_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"greenchannel/server/httpapi"
	"greenchannel/server/problem"
)

// await waits until something is so; the test's own deadline ends the wait.
func await(t testing.TB, so func() bool) {
	t.Helper()
	for !so() {
		select {
		case <-t.Context().Done():
			t.Fatal("it never was so")
		case <-time.After(time.Millisecond):
		}
	}
}

const party = `{"name": "Prüfling Motoren GmbH", "country": "DE", "verifications": [{"result": "failed", "on": "2026-03-01"}]}`

func TestPartiesAreChangedOnlyByWhoKnowsThem(t *testing.T) {
	t.Parallel()
	handler := httpapi.New(deps(t, io.Discard))
	const place = "/v1/registry/parties/pruefling-1"
	isProblem(t, call(t, handler, "GET", place, ""), 404, problem.NotFound)
	isProblem(t, call(t, handler, "PUT", place, party, "If-Match", `"1"`), 412, problem.PreconditionFailed)
	made := call(t, handler, "PUT", place, party, "If-None-Match", "*")
	if made.StatusCode != http.StatusCreated || made.Header.Get("ETag") == "" {
		t.Fatalf("status %d: %s", made.StatusCode, body(t, made))
	}
	await(t, func() bool { return call(t, handler, "GET", place, "").StatusCode == http.StatusOK })
	found := call(t, handler, "GET", place, "")
	var kept struct {
		ID    string
		Party json.RawMessage
	}
	if err := json.Unmarshal(body(t, found), &kept); err != nil || kept.ID != "pruefling-1" || !strings.Contains(string(kept.Party), "failed") {
		t.Errorf("kept %+v, %v", kept, err)
	}
	if found.Header.Get("ETag") != made.Header.Get("ETag") {
		t.Errorf("ETag %s, was given as %s", found.Header.Get("ETag"), made.Header.Get("ETag"))
	}

	changed := strings.Replace(party, "failed", "passed", 1)
	isProblem(t, call(t, handler, "PUT", place, changed), 428, problem.PreconditionRequired)
	isProblem(t, call(t, handler, "PUT", place, changed, "If-None-Match", "*"), 412, problem.PreconditionFailed)
	for _, stale := range []string{`"99999"`, `W/"1"`, "*", "1", `""`} {
		isProblem(t, call(t, handler, "PUT", place, changed, "If-Match", stale), 412, problem.PreconditionFailed)
	}
	isProblem(t, call(t, handler, "PUT", place, changed, "If-Match", `"1"`, "If-None-Match", "*"), 400, problem.Malformed)
	after := call(t, handler, "PUT", place, changed, "If-Match", made.Header.Get("ETag"))
	if after.StatusCode != http.StatusOK || after.Header.Get("ETag") == made.Header.Get("ETag") {
		t.Errorf("status %d, ETag %s: %s", after.StatusCode, after.Header.Get("ETag"), body(t, after))
	}
	isProblem(t, call(t, handler, "PUT", place, changed, "If-Match", made.Header.Get("ETag")), 412, problem.PreconditionFailed)

	named := call(t, handler, "GET", "/v1/registry/parties?name=PR%C3%9CFLING+MOTOREN+GMBH", "")
	if text := string(body(t, named)); !strings.Contains(text, "pruefling-1") || !strings.Contains(text, "passed") {
		t.Errorf("by name: %s", text)
	}
}

func TestPartiesAreReadStrictly(t *testing.T) {
	t.Parallel()
	handler := httpapi.New(deps(t, io.Discard))
	got := isProblem(t, call(t, handler, "PUT", "/v1/registry/parties/x", `{"nam": "A", "country": "EU"}`), 422, problem.Invalid)
	if len(got.Errors) < 2 || !strings.Contains(got.Detail, "The party has") {
		t.Errorf("%+v", got)
	}
	isProblem(t, call(t, handler, "PUT", "/v1/registry/parties/..", party), 422, problem.Invalid)
	isProblem(t, call(t, handler, "PUT", "/v1/registry/parties/a%20b", party), 422, problem.Invalid)
	isProblem(t, call(t, handler, "PUT", "/v1/registry/parties/x", "{"), 400, problem.Malformed)
	isProblem(t, call(t, handler, "GET", "/v1/registry/parties", ""), 422, problem.Invalid)
}
