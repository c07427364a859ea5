package conformance

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/plugins"
	opaserver "github.com/open-policy-agent/opa/v1/server"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"

	"greenchannel/server/decision"
	"greenchannel/server/engine"
	"greenchannel/server/httpapi"
	"greenchannel/server/store"
)

// entry is the default decision of the oracle and of ours.
const entry = "data.rareearth.decision"

// oracle is OPA's own server over a store of its own.
type oracle struct {
	handler http.Handler
	store   storage.Store
	manager *plugins.Manager
}

func newOracle(t testing.TB, data map[string]any) *oracle {
	t.Helper()
	if data == nil {
		data = map[string]any{}
	}
	documents := inmem.NewFromObject(data)
	manager, err := plugins.New([]byte(`{"default_decision": "rareearth/decision"}`), "oracle", documents,
		plugins.WithParserOptions(ast.ParserOptions{ProcessAnnotation: true, RegoVersion: ast.RegoV1}))
	if err != nil {
		t.Fatal(err)
	}
	if err := manager.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { manager.Stop(context.WithoutCancel(t.Context())) })
	server, err := opaserver.New().WithStore(documents).WithManager(manager).Init(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return &oracle{server.Handler, documents, manager}
}

// publish gives the oracle policies, as a bundle would.
func (o *oracle) publish(t testing.TB, sources map[string]string) {
	t.Helper()
	err := storage.Txn(t.Context(), o.store, storage.WriteParams, func(txn storage.Transaction) error {
		for id, source := range sources {
			if err := o.store.UpsertPolicy(t.Context(), txn, id, []byte(source)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// ours is our handler over what the oracle holds at this moment: the same policies, compiled by us, and the same data, in
// our store.
func (o *oracle) ours(t testing.TB) http.Handler {
	t.Helper()
	sources, modules := map[string]string{}, map[string]*ast.Module{}
	var data map[string]any
	err := storage.Txn(t.Context(), o.store, storage.TransactionParams{}, func(txn storage.Transaction) error {
		root, err := o.store.Read(t.Context(), txn, storage.RootPath)
		if err != nil {
			return err
		}
		if data, err = copied(root); err != nil {
			return err
		}
		ids, err := o.store.ListPolicies(t.Context(), txn)
		if err != nil {
			return err
		}
		for _, id := range ids {
			source, err := o.store.GetPolicy(t.Context(), txn, id)
			if err != nil {
				return err
			}
			sources[id] = string(source)
			if modules[id], err = ast.ParseModuleWithOpts(id, string(source), o.manager.ParserOptions()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	compiler := ast.NewCompiler()
	if compiler.Compile(modules); compiler.Failed() {
		t.Fatal(compiler.Errors)
	}
	kept, err := store.New(data)
	if err != nil {
		t.Fatal(err)
	}
	door, err := engine.NewDoor(engine.Published{Compiler: compiler, Store: kept, Entry: entry, Sources: sources}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return httpapi.New(httpapi.Deps{
		OPA:   door,
		Ready: func() (decision.PolicyRef, error) { return decision.PolicyRef{}, nil },
		Now:   time.Now,
		Log:   slog.New(slog.DiscardHandler),
	})
}

// copied is data in values that nobody else holds.
func copied(root any) (map[string]any, error) {
	text, err := json.Marshal(root)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var data map[string]any
	return data, decoder.Decode(&data)
}

// request is one request, to be sent to both.
type request struct {
	method, target, body string
	header               []string // name, value, …
}

func (r request) sendTo(t testing.TB, handler http.Handler) *http.Response {
	t.Helper()
	parsed, err := http.NewRequestWithContext(t.Context(), r.method, "http://opa.example"+r.target, strings.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(r.header); i += 2 {
		parsed.Header.Set(r.header[i], r.header[i+1])
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, parsed)
	return recorder.Result()
}

// An answer is what is compared of one.
type answer struct {
	Status                   int
	MediaType, Coding, Place string
	Document                 any    // the body, if it is JSON, without what changes with every request
	Text                     string // the body as it came, if nothing of it changes with every request
	raw                      string
}

func read(t testing.TB, response *http.Response) answer {
	t.Helper()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Fatal(err)
	}
	got := answer{
		Status: response.StatusCode, MediaType: response.Header.Get("Content-Type"), Coding: response.Header.Get("Content-Encoding"),
	}
	if at, err := url.Parse(response.Header.Get("Location")); err == nil {
		got.Place = at.Path
	}
	if response.StatusCode/100 == 3 {
		return got // the text of a redirect is for people
	}
	if got.Coding == "gzip" {
		plain, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if body, err = io.ReadAll(plain); err != nil {
			t.Fatal(err)
		}
	}
	got.raw = string(body)
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(&got.Document); err != nil {
		got.Document = nil
	}
	got.settle()
	return got
}

// settle takes out what differs from one request to the next, also of OPA itself: timings, of which the names stay, and
// the order of what OPA keeps in maps. Where there was none of that, the text is compared to the byte.
func (a *answer) settle() {
	fields, _ := a.Document.(map[string]any)
	a.Text = a.raw
	if measured, ok := fields["metrics"].(map[string]any); ok {
		a.Text = ""
		for name := range measured {
			measured[name] = "measured"
		}
	}
	if errors, ok := fields["errors"].([]any); ok && len(errors) > 1 {
		a.Text = ""
		inOrder(errors)
	}
	if events, ok := fields["explanation"].([]any); ok {
		a.Text = ""
		for _, event := range events {
			if of, ok := event.(map[string]any); ok {
				locals, _ := of["locals"].([]any)
				inOrder(locals)
			}
		}
	}
}

func inOrder(list []any) {
	slices.SortFunc(list, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
}

// differ compares what both answer; empty when they agree.
func differ(t testing.TB, theirs, ours http.Handler, r request) string {
	t.Helper()
	want, got := read(t, r.sendTo(t, theirs)), read(t, r.sendTo(t, ours))
	if reason := onPurpose(r, want, got); reason != "" {
		return ""
	}
	return cmp.Diff(want, got, cmp.FilterPath(func(p cmp.Path) bool {
		field, ok := p.Last().(cmp.StructField)
		return ok && strings.ToLower(field.Name()[:1]) == field.Name()[:1]
	}, cmp.Ignore()))
}
