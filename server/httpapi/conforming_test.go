package httpapi_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"greenchannel/policies"
	"greenchannel/server/decision"
	"greenchannel/server/httpapi"
	"greenchannel/server/httpapi/openapi"
	"greenchannel/server/problem/chinese"
	"greenchannel/tests/counts"
)

// contract is that of the embedded policies.
func contract() (decision.Contract, error) {
	var made decision.Contract
	for file, into := range map[string]*[]byte{
		policies.ApplicationSchema: &made.Application, policies.DecisionSchema: &made.Decision, policies.PartySchema: &made.Party,
	} {
		text, err := fs.ReadFile(policies.FS(), file)
		if err != nil {
			return made, err
		}
		*into = text
	}
	return made, nil
}

// conformity is the OpenAPI document as something that answers can be held against.
type conformity struct {
	description *openapi.Description
	document    map[string]any
	compiler    *jsonschema.Compiler
	chinese     chinese.Texts
	mu          sync.Mutex // the compiler keeps what it compiled

	counting sync.Mutex
	held     map[string]bool // the answers that tests saw: operation and status, each told whether it was as described
}

// count remembers what came of holding an answer. How often a place is asked hangs on the clock, since tests wait for
// tables; which answers there are does not.
func (c *conformity) count(request *http.Request, response *http.Response, fault error) {
	operation, known := c.operation(request)
	if !known {
		return
	}
	c.counting.Lock()
	defer c.counting.Unlock()
	answer := operation.ID + " " + strconv.Itoa(response.StatusCode)
	before, seen := c.held[answer]
	c.held[answer] = fault == nil && (before || !seen)
}

// counted are the answers that were held.
func (c *conformity) counted() counts.Counts {
	got := counts.Counts{Run: len(c.held)}
	for _, asDescribed := range c.held {
		if asDescribed {
			got.Passed++
		}
	}
	return got
}

const documentURL = "urn:greenchannel:openapi"

var described = sync.OnceValues(func() (*conformity, error) {
	schemas, err := contract()
	if err != nil {
		return nil, err
	}
	description, err := httpapi.Describe(schemas)
	if err != nil {
		return nil, err
	}
	text, err := description.Document()
	if err != nil {
		return nil, err
	}
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	compiler.DefaultDraft(jsonschema.Draft2020)
	if err := compiler.AddResource(documentURL, parsed); err != nil {
		return nil, err
	}
	return &conformity{description: description, document: parsed.(map[string]any), compiler: compiler, chinese: chinese.New(), held: map[string]bool{}}, nil
})

func conforming(t testing.TB) *conformity {
	t.Helper()
	c, err := described()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// at finds a part of the document.
func (c *conformity) at(path ...string) (any, string) {
	var part any = c.document
	pointer := "#"
	for _, step := range path {
		members, _ := part.(map[string]any)
		part = members[step]
		pointer += "/" + url.PathEscape(strings.NewReplacer("~", "~0", "/", "~1").Replace(step))
	}
	return part, pointer
}

// check holds a value against the schema at a pointer of the document.
func (c *conformity) check(pointer string, value any) error {
	c.mu.Lock()
	schema, err := c.compiler.Compile(documentURL + pointer)
	c.mu.Unlock()
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

func (c *conformity) checkJSON(pointer string, body []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	return c.check(pointer, value)
}

// everywhere are the headers that every answer may have; they are described in the introduction of the document.
func everywhere() []string {
	return []string{
		"Content-Type", "Content-Length", "Cache-Control", "X-Content-Type-Options", "Content-Security-Policy", "Referrer-Policy", "Vary",
		"Content-Encoding",
	}
}

// unzipped is the body of an answer before it was compressed.
func unzipped(response *http.Response, body []byte) ([]byte, error) {
	if response.Header.Get("Content-Encoding") != "gzip" || len(body) == 0 {
		return body, nil
	}
	plain, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(plain)
}

// conforms holds an answer against the document: its status, its headers, its media type and its body have to be
// described there. Where there is no such place or no such method, the answer is a problem document.
func (c *conformity) conforms(request *http.Request, response *http.Response) error {
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	if body, err = unzipped(response, body); err != nil {
		return err
	}
	operation, known := c.operation(request)
	if !known && ofOPA(request.URL.Path) {
		return nil
	}
	if !known {
		return c.elsewhere(request, response, body)
	}
	place := []string{"paths", operation.Template(), strings.ToLower(operation.Method), "responses", strconv.Itoa(response.StatusCode)}
	described, _ := c.at(place...)
	if described == nil {
		return fmt.Errorf("the status %d is not described", response.StatusCode)
	}
	if err := c.headers(place, response.Header); err != nil {
		return err
	}
	contents, _ := c.at(append(place, "content")...)
	if contents == nil || request.Method == http.MethodHead {
		if len(body) > 0 {
			return fmt.Errorf("there is a body, and none is described: %.200s", body)
		}
		return nil
	}
	mediaType, _, err := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	content, pointer := c.at(append(place, "content", mediaType)...)
	if content == nil {
		return fmt.Errorf("the media type %s is not described", mediaType)
	}
	if strings.HasSuffix(mediaType, "ndjson") {
		for line := range bytes.Lines(body) {
			if err := c.checkJSON(pointer+"/schema", line); err != nil {
				return err
			}
		}
		return nil
	}
	if !strings.HasSuffix(mediaType, "json") {
		return c.check(pointer+"/schema", string(body))
	}
	return c.checkJSON(pointer+"/schema", body)
}

// ofOPA says whether a path is behind the door of OPA clients: what is answered there is described by OPA, and
// tests/conformance holds it to OPA's own handler.
func ofOPA(path string) bool {
	return path == "/" || slices.ContainsFunc([]string{
		"/v1/data", "/v0/data", "/v1/batch", "/v1/policies", "/v1/query", "/v1/compile", "/v1/config", "/v1/status", "/health",
	}, func(prefix string) bool { return path == prefix || strings.HasPrefix(path, prefix+"/") })
}

func (c *conformity) operation(request *http.Request) (openapi.Operation, bool) {
	method := request.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	at := slices.IndexFunc(c.description.Operations, func(o openapi.Operation) bool {
		return o.Method == method && o.Fits(request.URL.EscapedPath())
	})
	if at < 0 {
		return openapi.Operation{}, false
	}
	return c.description.Operations[at], true
}

func (c *conformity) elsewhere(request *http.Request, response *http.Response, body []byte) error {
	switch response.StatusCode {
	case http.StatusNoContent:
		if request.Method != http.MethodOptions || response.Header.Get("Allow") == "" || len(body) > 0 {
			return fmt.Errorf("204 to %s, Allow %q", request.Method, response.Header.Get("Allow"))
		}
		return nil
	case http.StatusMethodNotAllowed:
		if response.Header.Get("Allow") == "" {
			return fmt.Errorf("405 without Allow")
		}
	case http.StatusNotFound, http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests:
	default:
		return fmt.Errorf("the status %d at a place that is not described", response.StatusCode)
	}
	if request.Method == http.MethodHead {
		return nil
	}
	return c.checkJSON("#/components/schemas/Problem", body)
}

func (c *conformity) headers(place []string, header http.Header) error {
	part, _ := c.at(append(place, "headers")...)
	described, _ := part.(map[string]any)
	canonical := map[string]string{}
	for name, said := range described {
		canonical[http.CanonicalHeaderKey(name)] = name
		if needed, _ := said.(map[string]any)["required"].(bool); needed && header.Get(name) == "" {
			return fmt.Errorf("the header %s is missing", name)
		}
	}
	for name := range header {
		if slices.Contains(everywhere(), name) {
			continue
		}
		said, ok := canonical[name]
		if !ok {
			return fmt.Errorf("the header %s is not described", name)
		}
		var value any = header.Get(name)
		schema, pointer := c.at(append(place, "headers", said, "schema")...)
		if schema.(map[string]any)["type"] == "integer" {
			number, err := strconv.Atoi(header.Get(name))
			if err != nil {
				return fmt.Errorf("the header %s: %w", name, err)
			}
			value = number
		}
		if err := c.check(pointer, value); err != nil {
			return fmt.Errorf("the header %s: %w", name, err)
		}
	}
	return nil
}
