package httpapi_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
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
type door struct {
	method, start string
	group         doorGroup
}

// doorGroup are the doors that one function fuzzes.
type doorGroup string

const (
	decisionDoors doorGroup = "decisions"
	batchDoors    doorGroup = "batches"
	recordDoors   doorGroup = "records"
	listDoors     doorGroup = "lists" // what everybody looks up: lists, parties, the documents about the service
	bundleDoors   doorGroup = "bundles"
	authZENDoors  doorGroup = "AuthZEN"
	opaDoors      doorGroup = "OPA clients"
)

// fuzzedDoors are all that can be asked. Seeds that are kept name them by their number within the group, so new ones go to
// the end.
func fuzzedDoors() []door {
	return []door{
		{"POST", "/v1/decisions", decisionDoors},
		{"POST", "/v1/decisions/batch", batchDoors},
		{"POST", "/v1/dry-runs", decisionDoors},
		{"PUT", "/v1/registry/parties/", listDoors},
		{"GET", "/v1/registry/parties/", listDoors},
		{"GET", "/v1/registry/parties", listDoors},
		{"GET", "/v1/parties", listDoors},
		{"GET", "/v1/controls/", listDoors},
		{"GET", "/v1/controls", listDoors},
		{"GET", "/v1/decisions/", recordDoors},
		{"GET", "/v1/decisions", recordDoors},
		{"POST", "/v1/decisions/", recordDoors},
		{"GET", "/v1/journal/inclusion", recordDoors},
		{"GET", "/v1/journal/consistency", recordDoors},
		{"GET", "/v1/journal/checkpoint", recordDoors},
		{"GET", "/v1/journal/key", recordDoors},
		{"GET", "/v1/journal/records/", recordDoors},
		{"POST", "/access/v1/evaluation", authZENDoors},
		{"POST", "/access/v1/evaluations", authZENDoors},
		{"GET", "/.well-known/authzen-configuration", authZENDoors},
		{"GET", "/docs", listDoors},
		{"GET", "/docs/style.css", listDoors},
		{"GET", "/openapi.json", listDoors},
		{"GET", "/livez", listDoors},
		{"GET", "/readyz", listDoors},
		{"GET", "/v1/data", opaDoors},
		{"POST", "/v1/data", opaDoors},
		{"POST", "/v0/data", opaDoors},
		{"POST", "/v1/batch/data", opaDoors},
		{"GET", "/v1/policies", opaDoors},
		{"GET", "/v1/query", opaDoors},
		{"POST", "/v1/query", opaDoors},
		{"POST", "/v1/compile", opaDoors},
		{"PATCH", "/v1/data", opaDoors},
		{"GET", "/health", opaDoors},
		{"POST", "/", opaDoors},
		{"GET", "/", listDoors},
		{"HEAD", "/", listDoors},
		{"OPTIONS", "/", listDoors},
		{"DELETE", "/", listDoors},
		{"GET", "/v1/config", opaDoors},
		{"GET", "/v1/status", opaDoors},
		{"GET", "/v1/bundles", bundleDoors},
		{"POST", "/v1/bundles", bundleDoors},
		{"POST", "/v1/bundles/", bundleDoors},
		{"GET", "/v1/bundles/", bundleDoors},
	}
}

func doorsOf(group doorGroup) []door {
	return slices.DeleteFunc(fuzzedDoors(), func(d door) bool { return d.group != group })
}

func FuzzDecisions(f *testing.F)  { fuzzDoors(f, decisionDoors) }
func FuzzBatches(f *testing.F)    { fuzzDoors(f, batchDoors) }
func FuzzRecords(f *testing.F)    { fuzzDoors(f, recordDoors) }
func FuzzLists(f *testing.F)      { fuzzDoors(f, listDoors) }
func FuzzBundles(f *testing.F)    { fuzzDoors(f, bundleDoors) }
func FuzzAuthZEN(f *testing.F)    { fuzzDoors(f, authZENDoors) }
func FuzzOPAClients(f *testing.F) { fuzzDoors(f, opaDoors) }

// markup is sent at a place that the fuzzer chooses, and must not stand in any page.
const markup = `<img src=x onerror='gc("1")'>`

// fuzzDoors sends anything to the doors of a group. Nothing panics, nothing is the fault of the service, every answer is as
// it is described, no page repeats what was sent, and nothing is left behind but what was recorded.
func fuzzDoors(f *testing.F, group doorGroup) {
	f.Helper()
	seedDoors(f, group)
	doors := doorsOf(group)
	var log safeBuffer
	handler := httpapi.New(deps(f, &log))
	page := string(body(f, call(f, handler, "GET", "/docs", "")))
	var grown growth
	f.Fuzz(func(t *testing.T, at uint8, rest, header string, sent []byte, marked uint8, edits []byte) {
		request, texts := doorRequest(t, doors[int(at)%len(doors)], rest, header, edited(sent, edits), marked)
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

// doorRequest is the request as the server of net/http would hand it on, and what of it the client wrote; nil where that
// would refuse it.
func doorRequest(t *testing.T, d door, rest, header string, sent []byte, marked uint8) (*http.Request, []string) {
	const longest = 32 << 10
	if len(sent) > longest || len(rest) > 2<<10 || len(header) > 2<<10 {
		return nil, nil
	}
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
	case response.StatusCode >= 400 && !strings.HasSuffix(mediaType, "json") && !ofMultiplexer(response, text):
		return "the error is of the media type " + mediaType
	}
	return ""
}

// ofMultiplexer says whether an answer is the one that OPA's multiplexer gives to a method that is not allowed.
func ofMultiplexer(response *http.Response, text []byte) bool {
	return response.StatusCode == http.StatusMethodNotAllowed && string(text) == "Method Not Allowed\n"
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
		path, query, _ := strings.Cut(tc.target, "?")
		request, texts := doorRequest(t, door{"GET", path, listDoors}, "?"+query, "", nil, 0)
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

// Every group is given to a fuzz function.
func TestEveryGroupIsFuzzed(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("fuzz_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var fuzzed, wanted []string
	for _, call := range regexp.MustCompile(`(?m)^func Fuzz\w+\(f \*testing\.F\) +\{ fuzzDoors\(f, (\w+)\) \}$`).FindAllSubmatch(source, -1) {
		fuzzed = append(fuzzed, string(call[1]))
	}
	for _, declared := range regexp.MustCompile(`(?m)^\t(\w+) +doorGroup = "`).FindAllSubmatch(source, -1) {
		wanted = append(wanted, string(declared[1]))
	}
	if diff := cmp.Diff(wanted, fuzzed); len(wanted) == 0 || diff != "" {
		t.Errorf("declare a fuzz function for each group, in their order (-groups +functions):\n%s", diff)
	}
	for _, d := range fuzzedDoors() {
		if d.group == "" {
			t.Errorf("%s %s is in no group", d.method, d.start)
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
