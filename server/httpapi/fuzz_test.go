package httpapi_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"greenchannel/server/httpapi"
)

// door is a method and the start of a target; the fuzzer writes the rest of the target, the headers and the body.
type door struct{ method, start string }

// fuzzedDoors are all that can be asked. Seeds that are kept name them by their number, so new ones go to the end.
func fuzzedDoors() []door {
	return []door{
		{"POST", "/v1/decisions"},
		{"POST", "/v1/decisions/batch"},
		{"POST", "/v1/dry-runs"},
		{"PUT", "/v1/registry/parties/"},
		{"GET", "/v1/registry/parties/"},
		{"GET", "/v1/registry/parties"},
		{"GET", "/v1/parties"},
		{"GET", "/v1/controls/"},
		{"GET", "/v1/controls"},
		{"GET", "/v1/decisions/"},
		{"GET", "/v1/decisions"},
		{"POST", "/v1/decisions/"},
		{"GET", "/v1/journal/inclusion"},
		{"GET", "/v1/journal/consistency"},
		{"GET", "/v1/journal/checkpoint"},
		{"GET", "/v1/journal/key"},
		{"GET", "/v1/journal/records/"},
		{"POST", "/access/v1/evaluation"},
		{"POST", "/access/v1/evaluations"},
		{"GET", "/.well-known/authzen-configuration"},
		{"GET", "/docs"},
		{"GET", "/docs/style.css"},
		{"GET", "/openapi.json"},
		{"GET", "/livez"},
		{"GET", "/readyz"},
		{"GET", "/v1/data"},
		{"POST", "/v1/data"},
		{"POST", "/v0/data"},
		{"POST", "/v1/batch/data"},
		{"GET", "/v1/policies"},
		{"GET", "/v1/query"},
		{"POST", "/v1/query"},
		{"POST", "/v1/compile"},
		{"PATCH", "/v1/data"},
		{"GET", "/health"},
		{"POST", "/"},
		{"GET", "/"},
		{"HEAD", "/"},
		{"OPTIONS", "/"},
		{"DELETE", "/"},
		{"GET", "/v1/config"},
		{"GET", "/v1/status"},
		{"GET", "/v1/bundles"},
		{"POST", "/v1/bundles"},
		{"POST", "/v1/bundles/"},
		{"GET", "/v1/bundles/"},
	}
}

// markup is sent at a place that the fuzzer chooses, and must not stand in any page.
const markup = `<img src=x onerror='gc("1")'>`

// FuzzDoors sends anything to every door. Nothing panics, nothing is the fault of the service, every answer is as it is
// described, no page repeats what was sent, and nothing is left behind but what was recorded.
func FuzzDoors(f *testing.F) {
	seedDoors(f)
	var log safeBuffer
	handler := httpapi.New(deps(f, &log))
	page := string(body(f, call(f, handler, "GET", "/docs", "")))
	var grown growth
	f.Fuzz(func(t *testing.T, at uint8, rest, header string, sent []byte, marked uint8, edits []byte) {
		request, texts := doorRequest(t, at, rest, header, edited(sent, edits), marked)
		if request == nil {
			return // no request of HTTP, or longer than is worth it
		}
		log.Reset()
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		response := recorder.Result()
		if fault := doorFault(conforming(t), request, response, texts, page); fault != "" {
			t.Fatalf("%s %s\n%v\n%s\nstatus %d %v\n%.3000s\n%s\nlog: %.3000s", request.Method, request.RequestURI, request.Header, fault,
				response.StatusCode, response.Header, recorder.Body, fault, log.String())
		}
		grown.check(t, request, response)
	})
}

// seedDoors gives the fuzzer what is good: every example of the document, every application of the cases at each door that
// takes one, and requests of OPA and AuthZEN clients; and some of what is odd.
func seedDoors(f *testing.F) {
	f.Helper()
	all := fuzzedDoors()
	number := func(method, target string) (uint8, string) {
		best := -1
		for i, d := range all {
			if d.method == method && strings.HasPrefix(target, d.start) && (best < 0 || len(d.start) > len(all[best].start)) {
				best = i
			}
		}
		if best < 0 {
			f.Fatalf("%s %s is behind no door: add it", method, target)
		}
		return uint8(best), target[len(all[best].start):]
	}
	add := func(method, target, body string, marked uint8, header ...string) {
		at, rest := number(method, target)
		var lines strings.Builder
		for i := 0; i+1 < len(header); i += 2 {
			fmt.Fprintf(&lines, "%s: %s\n", header[i], header[i+1])
		}
		f.Add(at, rest, lines.String(), []byte(body), marked, []byte(nil))
	}
	const asJSON, asLines = "application/json", "application/x-ndjson"
	for _, o := range conforming(f).description.Operations {
		for _, e := range o.Examples {
			path, query, header := o.Template(), url.Values{}, []string{"Content-Type", asJSON}
			if e.MediaType != "" {
				header[1] = e.MediaType
			}
			for name, value := range e.Path {
				path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(value))
			}
			for _, pair := range e.Query {
				query.Set(pair.Name, pair.Value)
			}
			if len(query) > 0 {
				path += "?" + query.Encode()
			}
			for _, pair := range e.Header {
				header = append(header, pair.Name, pair.Value)
			}
			add(o.Method, path, string(e.Body), 0, header...)
		}
	}
	files, err := filepath.Glob("../../tests/cases/applications/*.json")
	if err != nil || len(files) < 10 {
		f.Fatalf("%d applications, %v", len(files), err)
	}
	for i, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, text); err != nil {
			f.Fatal(err)
		}
		app := compact.String()
		switch i % 5 {
		case 0:
			add("POST", "/v1/decisions", app, 0, "Content-Type", asJSON, "Idempotency-Key", "key", "Accept-Language", "zh")
		case 1:
			add("POST", "/v1/dry-runs?as_of=2026-01-15", app, 0, "Content-Type", asJSON)
		case 2:
			add("POST", "/v1/decisions/batch", "["+app+","+app+"]", 0, "Content-Type", asJSON)
		case 3:
			add("POST", "/v1/decisions/batch", app+"\n{}\n"+app+"\n", 0, "Content-Type", asLines, "Idempotency-Key", `"k"`)
		case 4:
			add("POST", "/v1/data/greenchannel/decision?pretty&metrics&provenance", `{"input":`+app+`}`, 0, "Content-Type", asJSON)
		}
	}
	zen := question(f, "FUZZ-1")
	add("POST", "/access/v1/evaluation", written(f, zen), 0, "Content-Type", asJSON, "X-Request-ID", "zen")
	zen["evaluations"] = []any{map[string]any{}, permitted(f, "FUZZ-2"), map[string]any{"action": map[string]any{"name": "read"}}}
	for _, semantic := range []string{"execute_all", "deny_on_first_deny", "permit_on_first_permit"} {
		zen["options"] = map[string]any{"evaluations_semantic": semantic}
		add("POST", "/access/v1/evaluations", written(f, zen), 0, "Content-Type", asJSON)
	}
	for i, target := range []string{
		"/v1/data?pretty=true", "/v1/data/greenchannel/decision?input={\"a\":1}", "/v1/data/greenchannel/a%2Fb/%2e%2e?explain=full", "/v1/query?q=x=1",
		"/v1/policies/x?pretty", "/health?bundles&plugins", "/health/x", "/docs/", "/docs?x=1", "/livez/", "//docs", "/v1/journal/records/1/leaf",
		"/v1/journal/inclusion?seq=1&size=1", "/v1/journal/inclusion?seq=18446744073709551616", "/v1/journal/consistency?old=1&new=1", "/v1/parties?name=Wassenaar&country=NL",
		"/v1/decisions?limit=1&cursor=AAAA", "/v1/controls?element=Dy&hs_code=2846&form=magnet", "/v1/registry/parties?name=%E6%B1%9F%E8%A5%BF",
	} {
		for _, marked := range []uint8{0, uint8(i%4) + 1} {
			add("GET", target, "", marked, "Accept", "text/html", "Accept-Encoding", "gzip", "If-None-Match", "*")
		}
	}
	add("PUT", "/v1/registry/parties/fuzzed", party, 0, "Content-Type", asJSON, "If-None-Match", "*")
	add("PUT", "/v1/registry/parties/fuzzed", party, 0, "Content-Type", asJSON, "If-Match", `"1"`)
	add("PATCH", "/v1/data/x", `[{"op":"add","path":"/","value":1}]`, 0, "Content-Type", "application/json-patch+json")
	add("POST", "/v1/batch/data/greenchannel/decision", `{"inputs":{"a":{},"b":1}}`, 0, "Content-Type", asJSON)
	add("POST", "/v1/query", `{"query":"x := data.greenchannel.decision","input":{}}`, 0, "Content-Type", asJSON)
	add("POST", "/v1/compile", `{"query":"input.x = 1","unknowns":["input"]}`, 0, "Content-Type", asJSON)
	add("POST", "/v1/data/greenchannel/decision", "input:\n  id: &a [1]", 0, "Content-Type", "application/x-yaml")
	add("POST", "/v0/data/greenchannel/decision", "{}", 3, "Content-Type", asJSON, "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	add("POST", "/v1/dry-runs", "", 4, "Content-Type", "text/html; charset=gb18030", "Content-Encoding", "gzip")
	add("GET", "/", "", 1)
	add("HEAD", "/", "", 1)
	add("OPTIONS", "/", "", 1)
	add("DELETE", "/", "", 1)
	add("POST", "/", "{}", 0, "Content-Type", asJSON)
}

// odd are values that stand where others are meant.
func odd() []any {
	return []any{
		nil, true, 0, -1, 1e300, 0.1, json.Number("1.0000000000000000001"), json.Number("1e999"), "", " ", markup, "\u0000", "\u202e", "\ufeff", "９", "é", "e\u0301",
		"2026-02-30", "9999-12-31", "0000-01-01", "2026-11-23T09:00:00+08:00", "CN", "ZZ", "none", strings.Repeat("x", 5000), strings.Repeat("有限公司", 100),
		[]any{}, []any{nil}, map[string]any{}, map[string]any{"": nil}, map[string]any{"a/b~c": []any{}}, make([]any, 300),
	}
}

// edited is a JSON document in which values were replaced: each pair of edits is a place and what is put there. A blind
// change of bytes seldom leaves JSON, and never reaches far behind the reading of it.
func edited(text, edits []byte) []byte {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if len(edits) < 2 || len(edits) > 16 || decoder.Decode(&value) != nil || decoder.More() {
		return text
	}
	for pair := range slices.Chunk(edits, 2) {
		if len(pair) < 2 {
			break
		}
		var places []func(any)
		placed(value, &places)
		if len(places) > 0 {
			values := odd() // made anew each time: a list that was put into itself would have no end
			places[int(pair[0])%len(places)](values[int(pair[1])%len(values)])
		}
	}
	changed, err := json.Marshal(value)
	if err != nil {
		return text // a number that is none
	}
	return changed
}

// placed gathers a setter for each value within a value, in a fixed order.
func placed(value any, places *[]func(any)) {
	switch v := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			*places = append(*places, func(with any) { v[name] = with })
			placed(v[name], places)
		}
	case []any:
		for i := range v {
			*places = append(*places, func(with any) { v[i] = with })
			placed(v[i], places)
		}
	}
}

// doorRequest is the request as the server of net/http would hand it on, and what of it the client wrote; nil where that
// would refuse it.
func doorRequest(t *testing.T, at uint8, rest, header string, sent []byte, marked uint8) (*http.Request, []string) {
	const longest = 32 << 10
	if len(sent) > longest || len(rest) > 2<<10 || len(header) > 2<<10 {
		return nil, nil
	}
	d := fuzzedDoors()[int(at)%len(fuzzedDoors())]
	target := d.start + rest
	switch marked % 5 {
	case 1:
		path, query, _ := strings.Cut(target, "?")
		target = path + "/" + url.PathEscape(markup) + "?" + query
	case 2:
		path, query, _ := strings.Cut(target, "?")
		target = path + "?" + url.QueryEscape(markup) + "=" + url.QueryEscape(markup) + "&" + query
	case 3:
		header += "\nX-Request-ID: " + markup + "\nAccept-Language: " + markup + "\nIf-None-Match: \"" + markup + "\""
	case 4:
		sent = append([]byte(markup), sent...)
	}
	control := func(r rune) bool { return r < ' ' && r != '\t' && r != '\n' || r == 0x7f }
	if strings.ContainsAny(target, " \r\n\t") || strings.ContainsFunc(header, control) {
		return nil, nil
	}
	lines := []string{d.method + " " + target + " HTTP/1.1", "Host: greenchannel.example"}
	for line := range strings.SplitSeq(header, "\n") {
		name, _, stated := strings.Cut(line, ":")
		if stated && !slices.Contains([]string{"host", "content-length", "transfer-encoding", "expect", "connection"}, strings.ToLower(strings.TrimSpace(name))) {
			lines = append(lines, line)
		}
	}
	request, err := http.ReadRequest(bufio.NewReader(strings.NewReader(strings.Join(lines, "\r\n") + "\r\n\r\n")))
	if err != nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	t.Cleanup(cancel)
	request = request.WithContext(ctx)
	request.RemoteAddr = "127.0.0.1:1"
	request.Body, request.ContentLength = io.NopCloser(bytes.NewReader(sent)), int64(len(sent))
	unescaped, _ := url.QueryUnescape(target)
	return request, []string{target, unescaped, request.URL.Path, header, string(sent)}
}

// opened is a piece of a text that would be markup in a page.
var opened = regexp.MustCompile(`<[A-Za-z!/?][^<]*`)

// doorFault says what is wrong with an answer.
func doorFault(c *conformity, request *http.Request, response *http.Response, texts []string, page string) string {
	if err := c.conforms(request, response); err != nil {
		return fmt.Sprintf("the answer is not as the OpenAPI document has it: %v", err)
	}
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err.Error()
	}
	if response.StatusCode >= 500 && !pardoned(response.StatusCode, request.URL.Path, text) {
		return "the fault is of the service"
	}
	if response.Header.Get("X-Content-Type-Options") != "nosniff" {
		return "browsers may take the answer for what it is not"
	}
	mediaType, _, err := mime.ParseMediaType(response.Header.Get("Content-Type"))
	switch {
	case len(text) == 0:
	case err != nil:
		return "there is a body without a media type"
	case response.Header.Get("Content-Encoding") != "":
	case strings.Contains(mediaType, "html") || strings.Contains(mediaType, "xml"):
		for _, sent := range texts {
			for _, piece := range opened.FindAllString(sent, -1) {
				if strings.Contains(string(text), piece) && !strings.Contains(page, piece) {
					return fmt.Sprintf("the page repeats %q", piece)
				}
			}
		}
	case strings.HasSuffix(mediaType, "json") && !strings.HasSuffix(mediaType, "ndjson") && !json.Valid(text):
		return "the answer is no JSON"
	case response.StatusCode >= 400 && !ofOPA(request.URL.Path) && mediaType != "application/problem+json":
		return "the problem is of the media type " + mediaType
	case response.StatusCode >= 400 && !strings.HasSuffix(mediaType, "json"):
		return "the error is of the media type " + mediaType
	}
	return ""
}

// pardoned are the answers of 500 and above that are no fault: an evaluation that took too long, and a probe of OPA's that
// says by its status that a policy does not hold.
func pardoned(status int, path string, text []byte) bool {
	if status == http.StatusServiceUnavailable {
		return bytes.Contains(text, []byte("/problems/deadline")) || bytes.Contains(text, []byte("/problems/cancelled")) || ofOPA(path)
	}
	return status == http.StatusInternalServerError && strings.HasPrefix(path, "/health/") && bytes.Contains(text, []byte(`"health check (`))
}

// growth looks at the process now and then.
type growth struct {
	mu             sync.Mutex
	asked, written int
	heap           uint64
	goroutines     int
}

func (g *growth) check(t *testing.T, request *http.Request, response *http.Response) {
	const often, warm, each, most, threads = 500, 500, 128 << 10, 256 << 20, 200
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked++
	if request.Method != http.MethodGet && response.StatusCode < 300 {
		g.written++ // is on record, and the tables know it
		if strings.HasSuffix(request.URL.Path, "/batch") || strings.HasSuffix(request.URL.Path, "/evaluations") {
			g.written += 20
		}
	}
	if g.asked%often != 0 {
		return
	}
	runtime.GC()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	running := runtime.NumGoroutine()
	if g.asked == warm {
		g.heap, g.goroutines, g.written = memory.HeapAlloc, running, 0
		return
	}
	if memory.HeapAlloc > g.heap+most+uint64(g.written)*each || running > g.goroutines+threads {
		t.Errorf("after %d requests, %d of them recorded: heap of %d MiB, was %d; %d goroutines, were %d",
			g.asked, g.written, memory.HeapAlloc>>20, g.heap>>20, running, g.goroutines)
	}
}

// safeBuffer is a log that is written from several goroutines.
type safeBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.text.Len() > 1<<20 {
		return len(p), nil
	}
	return s.text.Write(p)
}

func (s *safeBuffer) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text.Reset()
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// The fuzzer finds what it is to find.
func TestFaultsOfDoorsAreFound(t *testing.T) {
	t.Parallel()
	handler := httpapi.New(deps(t, io.Discard))
	page := string(body(t, call(t, handler, "GET", "/docs", "")))
	for name, tc := range map[string]struct {
		target, more, without, want string
		status                      int
	}{
		"all is well":        {"/docs?x=" + url.QueryEscape("<main>"), "", "", "", 200},
		"a page that echoes": {"/docs?x=" + url.QueryEscape(markup), "<p>" + markup, "", "the page repeats", 200},
		"a guess at types":   {"/docs", "", "X-Content-Type-Options", "browsers may take", 200},
		"a fault of ours":    {"/docs", "", "", "not described", 502},
		"an odd status":      {"/v1/data", "", "", "the fault is of the service", 500},
	} {
		at := slices.Index(fuzzedDoors(), door{"GET", strings.SplitN(tc.target, "?", 2)[0]})
		request, texts := doorRequest(t, uint8(at), tc.target[len(fuzzedDoors()[at].start):], "", nil, 0)
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), "GET", "/docs", http.NoBody))
		response := recorder.Result()
		response.StatusCode = tc.status
		response.Body = io.NopCloser(strings.NewReader(page + tc.more))
		response.Header.Del(tc.without)
		if got := doorFault(conforming(t), request, response, texts, page); (got == "") != (tc.want == "") || !strings.Contains(got, tc.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// Every route that is open is behind a door of the fuzzer.
func TestEveryRouteIsFuzzed(t *testing.T) {
	t.Parallel()
	var missing []string
	for _, route := range httpapi.New(deps(t, io.Discard)).Routes() {
		path, _, _ := strings.Cut(route.Path, ":")
		path, _, _ = strings.Cut(path, "*")
		known := slices.ContainsFunc(fuzzedDoors(), func(d door) bool { // routes of OPA clients take any method, to refuse it
			return (d.method == route.Method || ofOPA(path)) && d.start != "/" && strings.HasPrefix(path+"/", strings.TrimSuffix(d.start, "/")+"/")
		})
		if !known && path != "/" && route.Method != http.MethodHead {
			missing = append(missing, route.Method+" "+route.Path)
		}
	}
	if diff := cmp.Diff([]string(nil), missing); diff != "" {
		t.Errorf("add these to fuzzedDoors (-want +got):\n%s", diff)
	}
}
