package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"greenchannel/server/httpapi"
	"greenchannel/server/httpapi/openapi"
	"greenchannel/tests/counts"
)

var update = flag.Bool("update", false, "write the answers of the examples anew")

// Every example of the document is carried out in the order in which it stands: the request is a good one by its schema
// (unless the example is of a bad one), gets the stated status, and its answer is the one that is shown.
func TestExamplesAreCarriedOut(t *testing.T) {
	t.Parallel()
	c := conforming(t)
	handler := httpapi.New(exampleDeps(t))
	answers := answersByContent(t)
	sent := 0
	for _, o := range c.description.Operations {
		if len(o.Examples) == 0 {
			t.Errorf("%s %s has no example", o.Method, o.Path)
		}
		for _, e := range o.Examples {
			name := fmt.Sprintf("%s/%s", o.ID, e.Name)
			if o.Body != nil && e.Status < 300 && e.MediaType == "" {
				body, pointer := c.at("paths", o.Template(), strings.ToLower(o.Method), "requestBody", "content", "application/json")
				if body == nil {
					t.Errorf("%s: no body is described", name)
				} else if err := c.checkJSON(pointer+"/schema", e.Body); err != nil {
					t.Errorf("%s: the body is not as the document has it: %v", name, err)
				}
			}
			sent++
			response := carryOut(t, handler, o, e)
			got := body(t, response)
			if response.StatusCode != e.Status {
				t.Errorf("%s: status %d, want %d: %.500s", name, response.StatusCode, e.Status, got)
				continue
			}
			compare(t, name, e, got, answers)
		}
	}
	counts.Hold(t, counts.Counts{Run: sent, Passed: sent})
}

// exampleDeps give the first decision, which is that of the examples, its id.
func exampleDeps(t testing.TB) httpapi.Deps {
	d := deps(t, io.Discard)
	r, err := rooms()
	if err != nil {
		t.Fatal(err)
	}
	decisions := *r.Decisions
	decisions.Now = d.Now
	fresh := decisions.NewID
	var first sync.Once
	decisions.NewID = func() string {
		id := ""
		first.Do(func() { id = "0199c0de-0000-7000-8000-000000000001" })
		if id == "" {
			id = fresh()
		}
		return id
	}
	d.Decisions, d.BaseURL, d.Bundles = &decisions, "https://greenchannel.example", revised{d.Bundles, r.Bundle.Revision}
	return d
}

// revised gives the active bundle the revision of the examples.
type revised struct {
	httpapi.Bundles
	active string
}

func (n revised) Activate(ctx context.Context, revision string) (httpapi.Bundle, error) {
	if revision == "5b1e0c7a94d2" {
		revision = n.active
	}
	return n.Bundles.Activate(ctx, revision)
}

func (n revised) Described(ctx context.Context, revision string) (httpapi.BundleDescription, error) {
	if revision == "5b1e0c7a94d2" {
		revision = n.active
	}
	return n.Bundles.Described(ctx, revision)
}

// carryOut sends the request of an example. What the live tables have to know first is awaited.
func carryOut(t testing.TB, handler http.Handler, o openapi.Operation, e openapi.Example) *http.Response {
	path := o.Template()
	for name, value := range e.Path {
		path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(value))
	}
	query := url.Values{}
	for _, pair := range e.Query {
		query.Set(pair.Name, pair.Value)
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	header := []string{"X-Request-ID", "example"}
	if e.MediaType != "" {
		header = append(header, "Content-Type", e.MediaType)
	}
	for _, pair := range e.Header {
		header = append(header, pair.Name, pair.Value)
	}
	response := call(t, handler, o.Method, path, string(e.Body), header...)
	for tries := 0; response.StatusCode != e.Status && o.Method == http.MethodGet && tries < 500; tries++ {
		time.Sleep(time.Millisecond)
		response = call(t, handler, o.Method, path, "", header...)
	}
	return response
}

// answersByContent finds the file of an answer by what stands in it.
func answersByContent(t testing.TB) map[string]string {
	files, err := filepath.Glob("examples/*.json")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found[string(text)] = file
	}
	return found
}

func compare(t testing.TB, name string, e openapi.Example, got []byte, answers map[string]string) {
	if e.Answer == nil {
		return
	}
	var shown, given any
	if err := json.Unmarshal(e.Answer, &shown); err != nil {
		t.Errorf("%s: the answer that is shown: %v", name, err)
	}
	if err := json.Unmarshal(got, &given); err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	difference := cmp.Diff(masked(shown), masked(given))
	if difference == "" {
		return
	}
	if !*update {
		t.Errorf("%s: the answer is not the one that is shown; go test ./server/httpapi -run Examples -update writes it anew (-shown +given):\n%.3000s", name, difference)
		return
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, got, "", "  "); err != nil {
		t.Fatal(err)
	}
	indented.WriteByte('\n')
	if err := os.WriteFile(answers[string(e.Answer)], indented.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// masked leaves out what differs from run to run or with every change of the policies: names and hashes.
func masked(value any) any {
	switch v := value.(type) {
	case []any:
		for i := range v {
			v[i] = masked(v[i])
		}
	case map[string]any:
		v = maps.Clone(v)
		for name := range v {
			switch name {
			case "revision", "digest", "hash", "seq", "bundle", "recorded_bundle", "kept_at", "bytes", "records", "first", "last":
				v[name] = "…"
			default:
				v[name] = masked(v[name])
			}
		}
		return v
	}
	return value
}

// Somebody else's reader of OpenAPI takes the document, with every example in it.
func TestTheDocumentIsOpenAPI(t *testing.T) {
	t.Parallel()
	text, err := conforming(t).description.Document()
	if err != nil {
		t.Fatal(err)
	}
	read, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := read.Validate(t.Context()); err != nil {
		t.Errorf("%.2000v", err)
	}
	if !read.IsOpenAPI31OrLater() || read.Paths.Len() < 15 {
		t.Errorf("OpenAPI %s with %d paths", read.OpenAPI, read.Paths.Len())
	}
	operations := 0
	for _, path := range read.Paths.Map() {
		operations += len(path.Operations())
	}
	counts.Hold(t, counts.Counts{Run: operations, Passed: operations})
}

// The document is whole: each operation has a name of its own, says what it does in both languages, and describes each
// parameter; and what it says of parameters in the URL is what the routes take.
func TestTheDocumentIsWhole(t *testing.T) {
	t.Parallel()
	c := conforming(t)
	handler := httpapi.New(deps(t, io.Discard))
	seen := map[string]bool{}
	for _, o := range c.description.Operations {
		if seen[o.ID] || o.ID == "" || o.Summary == "" || o.SummaryZH == "" || o.Tag == "" {
			t.Errorf("%s %s is not wholly described", o.Method, o.Path)
		}
		seen[o.ID] = true
		inPath := map[string]bool{}
		var query []string
		for _, p := range c.description.ParametersOf(o) {
			if p.Description == "" {
				t.Errorf("%s: nothing is said of %s", o.ID, p.Name)
			}
			inPath[p.Name] = inPath[p.Name] || p.In == openapi.InPath
			if p.In == openapi.InQuery {
				query = append(query, p.Name)
			}
		}
		for _, name := range o.PathParameters() {
			if !inPath[name] {
				t.Errorf("%s: the parameter %s of the path is not described", o.ID, name)
			}
		}
		e := o.Examples[0]
		e.Query = []openapi.Pair{{Name: "zzzzzzzzzzzz", Value: "1"}}
		var told document
		response := carryOutOnce(t, handler, o, e)
		if err := json.Unmarshal(body(t, response), &told); err != nil || response.StatusCode != http.StatusUnprocessableEntity || len(told.Errors) == 0 || told.Errors[0].Pointer != "?zzzzzzzzzzzz" {
			t.Errorf("%s takes any parameter: %d, %v", o.ID, response.StatusCode, err)
			continue
		}
		_, known, _ := strings.Cut(told.Errors[0].Detail, "known: ")
		if want := strings.Join(query, ", "); !sameWords(known, want) {
			t.Errorf("%s takes the parameters %q, the document has %q", o.ID, known, want)
		}
	}
}

func carryOutOnce(t testing.TB, handler http.Handler, o openapi.Operation, e openapi.Example) *http.Response {
	e.Status = http.StatusUnprocessableEntity
	if o.Body != nil {
		e.Body = []byte("{}")
	}
	return carryOut(t, handler, o, e)
}

func sameWords(a, b string) bool {
	count := func(text string) map[string]int {
		words := map[string]int{}
		for word := range strings.SplitSeq(text, ", ") {
			words[word]++
		}
		return words
	}
	return maps.Equal(count(a), count(b))
}

// An answer that the document does not have is found, whatever is wrong with it.
func TestUndescribedAnswersAreFound(t *testing.T) {
	t.Parallel()
	c := conforming(t)
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/livez", nil)
	answer := func(status int, body string, header ...string) *http.Response {
		h := http.Header{"X-Request-Id": {"a"}, "Content-Type": {"application/json"}}
		for i := 0; i+1 < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}
	}
	const sound = `{"status": "alive"}`
	resting := func(retry string) *http.Response {
		return answer(503, `{"type": "/problems/not-ready", "title": "t", "status": 503, "detail": "d", "instance": "/livez", "request_id": "a"}`,
			"Content-Type", "application/problem+json", "Content-Language", "en", "Retry-After", retry)
	}
	if err := c.conforms(request, resting("5")); err != nil {
		t.Errorf("a sound problem: %v", err)
	}
	if err := c.conforms(request, answer(200, sound)); err != nil {
		t.Errorf("a sound answer: %v", err)
	}
	for name, response := range map[string]*http.Response{
		"another status":     answer(201, sound),
		"another field":      answer(200, `{"status": "alive", "colour": "green"}`),
		"another word":       answer(200, `{"status": "tired"}`),
		"a missing field":    answer(200, `{}`),
		"another media type": answer(200, sound, "Content-Type", "text/plain"),
		"another header":     answer(200, sound, "X-Colour", "green"),
		"no name":            answer(200, sound, "X-Request-ID", ""),
		"a broken header":    resting("soon"),
		"an undescribed problem": answer(500, `{"type": "/problems/not-found", "title": "t", "status": 500, "detail": "d", "instance": "/livez", "request_id": "a"}`,
			"Content-Type", "application/problem+json", "Content-Language", "en"),
	} {
		if c.conforms(request, response) == nil {
			t.Errorf("%s is not found", name)
		}
	}
}

// The media types of bodies that routes take are those that are described; nothing else is read.
func TestMediaTypesAreWellFormed(t *testing.T) {
	t.Parallel()
	for _, o := range conforming(t).description.Operations {
		for _, a := range o.Answers {
			for _, content := range a.Contents {
				if _, _, err := mime.ParseMediaType(content.MediaType); err != nil {
					t.Errorf("%s: %q: %v", o.ID, content.MediaType, err)
				}
			}
		}
	}
}
