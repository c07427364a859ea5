package httpapi_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"greenchannel/server/decision"
	"greenchannel/server/httpapi"
	"greenchannel/server/problem"
)

// What a client has already is not sent again, and the ETag is of the very bytes.
func TestWhatTheClientHasIsNotSentAgain(t *testing.T) {
	t.Parallel()
	handler := httpapi.New(deps(t, io.Discard))
	made := call(t, handler, "POST", "/v1/decisions", named(t, "ETAG-1"))
	for _, target := range []string{
		made.Header.Get("Location"), "/v1/controls?as_of=2026-11-23&element=Dy", "/v1/controls/1C905.a.4?as_of=2026-11-23", "/openapi.json", "/docs", "/docs/style.css",
	} {
		first := call(t, handler, "GET", target, "")
		etag := first.Header.Get("ETag")
		if first.StatusCode != http.StatusOK || !strings.HasPrefix(etag, `"`) || len(etag) < 10 {
			t.Fatalf("%s: status %d, ETag %q", target, first.StatusCode, etag)
		}
		for _, condition := range []string{etag, "W/" + etag, `"other", ` + etag, "*"} {
			again := call(t, handler, "GET", target, "", "If-None-Match", condition)
			if again.StatusCode != http.StatusNotModified || again.Header.Get("ETag") != etag || len(body(t, again)) > 0 {
				t.Errorf("%s with %s: status %d, ETag %s", target, condition, again.StatusCode, again.Header.Get("ETag"))
			}
		}
		if head := call(t, handler, "HEAD", target, "", "If-None-Match", etag); head.StatusCode != http.StatusNotModified {
			t.Errorf("HEAD %s: status %d", target, head.StatusCode)
		}
		if other := call(t, handler, "GET", target, "", "If-None-Match", `"other"`); other.StatusCode != http.StatusOK || other.Header.Get("ETag") != etag {
			t.Errorf("%s: status %d, ETag %s", target, other.StatusCode, other.Header.Get("ETag"))
		}
	}
	if one, two := call(t, handler, "GET", "/v1/controls?as_of=2026-11-23", ""), call(t, handler, "GET", "/v1/controls?as_of=2026-01-15", ""); one.Header.Get("ETag") == two.Header.Get("ETag") {
		t.Error("two days have one ETag")
	}
}

// Long answers are compressed for whoever asks; their ETag is one of their own, which every condition may name.
func TestCompression(t *testing.T) {
	t.Parallel()
	handler := httpapi.New(deps(t, io.Discard))
	const target = "/v1/controls?as_of=2026-11-23"
	plain := call(t, handler, "GET", target, "")
	request := httptest.NewRequestWithContext(t.Context(), "GET", target, nil)
	request.Header.Set("Accept-Encoding", "br, gzip;q=0.5")
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	coded := recorder.Result()
	if coded.Header.Get("Content-Encoding") != "gzip" || !strings.Contains(strings.Join(coded.Header.Values("Vary"), ","), "Accept-Encoding") {
		t.Fatalf("headers %v", coded.Header)
	}
	reader, err := gzip.NewReader(coded.Body)
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := io.ReadAll(reader)
	if err != nil || !bytes.Equal(unpacked, body(t, plain)) {
		t.Errorf("not the same when unpacked: %v", err)
	}
	etag := coded.Header.Get("ETag")
	if etag == plain.Header.Get("ETag") || etag == "" {
		t.Errorf("ETag %s of other bytes", etag)
	}
	again := call(t, handler, "GET", target, "", "If-None-Match", etag, "Accept-Encoding", "gzip")
	if again.StatusCode != http.StatusNotModified || again.Header.Get("ETag") != etag {
		t.Errorf("status %d, ETag %s, want %s", again.StatusCode, again.Header.Get("ETag"), etag)
	}
	if short := call(t, handler, "GET", "/livez", "", "Accept-Encoding", "gzip"); short.Header.Get("Content-Encoding") != "" {
		t.Error("a short answer was compressed")
	}
	if refused := call(t, handler, "GET", target, "", "Accept-Encoding", "gzip;q=0"); refused.Header.Get("Content-Encoding") != "" {
		t.Error("compressed for one who refuses it")
	}
	call(t, handler, "PUT", "/v1/registry/parties/packed-1", party, "If-None-Match", "*")
	await(t, func() bool {
		return call(t, handler, "GET", "/v1/registry/parties/packed-1", "").StatusCode == http.StatusOK
	})
	kept := call(t, handler, "GET", "/v1/registry/parties/packed-1", "").Header.Get("ETag")
	changed := call(t, handler, "PUT", "/v1/registry/parties/packed-1", party, "If-Match", strings.TrimSuffix(kept, `"`)+`-gzip"`)
	if changed.StatusCode != http.StatusOK {
		t.Errorf("a change that names the ETag of the compressed state: %d", changed.StatusCode)
	}
}

func TestOptionsNamesTheMethods(t *testing.T) {
	t.Parallel()
	handler := httpapi.New(deps(t, io.Discard))
	for target, want := range map[string]string{"/v1/decisions": "GET, HEAD, OPTIONS, POST", "/v1/decisions/x": "GET, HEAD, OPTIONS", "/docs": "GET, HEAD, OPTIONS"} {
		response := call(t, handler, "OPTIONS", target, "")
		if got := response.Header.Get("Allow"); response.StatusCode != http.StatusNoContent || !sameWords(got, want) {
			t.Errorf("%s: status %d, Allow %q, want %q", target, response.StatusCode, got, want)
		}
	}
	isProblem(t, call(t, handler, "OPTIONS", "/nothing", ""), 404, problem.NotFound)
}

// Texts of problems come in the language that is preferred; the type is the same in any.
func TestProblemsInTwoLanguages(t *testing.T) {
	t.Parallel()
	handler := httpapi.New(deps(t, io.Discard))
	for accept, chinese := range map[string]bool{
		"": false, "en": false, "zh": true, "zh-CN,zh;q=0.9,en;q=0.8": true, "zh-Hant-TW": true, "de, zh;q=0.5": true, "en;q=0.9, zh;q=0.2": false, "fr": false, "\x00": false,
		"zh;q=0, en": false, "en;q=0, zh": true, "en, zh": false, "zh, en": true, "fr, *;q=0.1": false, "zh;q=0.001, de": true, "zh-CN;q=0.8, en-GB;q=0.9": false,
		"en;q=0.5, zh;q=0.5": false,
	} {
		response := call(t, handler, "GET", "/v1/decisions/nothing", "", "Accept-Language", accept)
		got := isProblem(t, response, 404, problem.NotFound)
		language := response.Header.Get("Content-Language")
		if (got.Title == "该名称下没有内容") != chinese || (got.Detail == `没有标识为 "nothing" 的判定。`) != chinese || strings.HasPrefix(language, "zh") != chinese {
			t.Errorf("%q: %s in %s", accept, got.Title, language)
		}
		if !strings.Contains(strings.Join(response.Header.Values("Vary"), ","), "Accept-Language") {
			t.Error("caches do not learn that it varies")
		}
	}
}

// What was sent is repeated as it was sent, and what is put in is Chinese as well where it can be.
func TestFaultsInChinese(t *testing.T) {
	t.Parallel()
	handler := httpapi.New(deps(t, io.Discard))
	got := isProblem(t, call(t, handler, "POST", "/v1/dry-runs", `{"id": 7, "destination": "a or b", "transit": {}}`, "Accept-Language", "zh"), 422, problem.Invalid)
	told := map[string]string{}
	for _, fault := range got.Errors {
		told[fault.Pointer] = fault.Detail
	}
	if !strings.HasPrefix(got.Detail, "申请有 ") || told["/id"] != "为数，但须为文本；请加引号" || told["/transit"] != "为对象，但须为列表" ||
		!strings.HasPrefix(told["/destination"], `"a or b" 不`) || !strings.HasPrefix(told["/exporter"], `缺少必填字段 "exporter"`) {
		t.Errorf("%s %v", got.Detail, told)
	}
	response := call(t, handler, "POST", "/v1/decisions/batch", `[{"id": 7}]`, "Accept-Language", "zh")
	var items []struct {
		Problem struct{ Title, Detail string }
	}
	if err := json.Unmarshal(body(t, response), &items); err != nil || len(items) != 1 {
		t.Fatal(items, err)
	}
	if said := items[0].Problem; said.Title != "请求不符合约定" || !strings.HasPrefix(said.Detail, "申请有 ") || !slices.Contains(response.Header.Values("Vary"), "Accept-Language") {
		t.Errorf("%+v %v", said, response.Header)
	}
}

// The trace of the client is continued into the log and into problem documents; what is no trace is left alone.
func TestTraces(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	handler := httpapi.New(deps(t, &log))
	const id = "0af7651916cd43dd8448eb211c80319c"
	told := body(t, call(t, handler, "GET", "/v1/decisions/nothing", "", "traceparent", "00-"+id+"-b7ad6b7169203331-01"))
	if !strings.Contains(string(told), `"trace_id":"`+id+`"`) || !strings.Contains(log.String(), "trace_id="+id) {
		t.Errorf("%s\n%s", told, log.String())
	}
	for _, odd := range []string{"", "x", "00-00000000000000000000000000000000-b7ad6b7169203331-01", "ff-" + id + "-b7ad6b7169203331-01"} {
		if told := body(t, call(t, handler, "GET", "/v1/decisions/nothing", "", "traceparent", odd)); strings.Contains(string(told), "trace_id") {
			t.Errorf("%q: %s", odd, told)
		}
	}
}

// Who may try again is told when.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	stopping := deps(t, io.Discard)
	stopping.Ready = func() (decision.PolicyRef, error) {
		return decision.PolicyRef{}, problem.New(problem.NotReady, "Stopping.")
	}
	handler := httpapi.New(stopping)
	if again := call(t, handler, "GET", "/readyz", "").Header.Get("Retry-After"); again == "" {
		t.Error("503 does not say when to try again")
	}
	if again := call(t, handler, "GET", "/nothing", "").Header.Get("Retry-After"); again != "" {
		t.Errorf("404 says to try again in %s", again)
	}
}

// The page holds no script, loads nothing from elsewhere, and is allowed nothing else.
func TestTheReferenceStandsAlone(t *testing.T) {
	t.Parallel()
	handler := httpapi.New(deps(t, io.Discard))
	response := call(t, handler, "GET", "/docs", "")
	text := string(body(t, response))
	for _, banned := range []string{"<script", "<style", " style=", "src=", `href="http`, "@import"} {
		if at := strings.Index(text, banned); at >= 0 {
			t.Errorf("the page has %q: %.100s", banned, text[at:])
		}
	}
	if csp := response.Header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'; style-src 'self';") {
		t.Errorf("CSP %q", csp)
	}
	for _, o := range conforming(t).description.Operations {
		if !strings.Contains(text, `id="op-`+o.ID+`"`) || !strings.Contains(text, o.SummaryZH) {
			t.Errorf("%s is not on the page", o.ID)
		}
	}
	for _, c := range conforming(t).description.Components {
		if !strings.Contains(text, `id="schema-`+c.Name+`"`) {
			t.Errorf("the schema %s is not on the page", c.Name)
		}
	}
	for rest := text; ; {
		_, after, more := strings.Cut(rest, `href="#`)
		if !more {
			break
		}
		place, _, _ := strings.Cut(after, `"`)
		if !strings.Contains(text, `id="`+place+`"`) {
			t.Errorf("a link leads to %s, which is not there", place)
		}
		rest = after
	}
}

// What is no UTF-8 is refused, and never ends in an answer without a body.
func TestQueriesAreUTF8(t *testing.T) {
	t.Parallel()
	handler := httpapi.New(deps(t, io.Discard))
	for _, target := range []string{
		"/v1/controls?%FF=1", "/v1/controls?element=%FF", "/v1/dry-runs?as_of=%FF", "/v1/journal/inclusion?seq=1&%82ize=1", "/v1/registry/parties?name=%C3", "/v1/decisions?cursor=%FF",
	} {
		method := "GET"
		if strings.HasPrefix(target, "/v1/dry-runs") {
			method = "POST"
		}
		isProblem(t, call(t, handler, method, target, ""), 400, problem.Malformed)
	}
	isProblem(t, call(t, handler, "GET", "/v1/controls/%FF", ""), 404, problem.NotFound)
	isProblem(t, call(t, handler, "GET", "/v1/decisions/%FF", ""), 404, problem.NotFound)
	if got := call(t, handler, "GET", "/health/%FF", ""); len(body(t, got)) == 0 {
		t.Error("the probe says nothing")
	}
}
