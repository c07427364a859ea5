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
	"reflect"
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
	return o.oursFor(t, tester{})
}

// oursFor is ours for whoever the policies of access allow.
func (o *oracle) oursFor(t testing.TB, access httpapi.Authorizer) http.Handler {
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
		Callers: tester{}, Access: access,
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
	if panics(func() { handler.ServeHTTP(recorder, parsed) }) {
		return &http.Response{StatusCode: dropped, Body: http.NoBody}
	}
	return recorder.Result()
}

// dropped stands for the status of a connection that net/http drops because its handler panics.
const dropped = 0

func panics(do func()) (broken bool) {
	defer func() { broken = recover() != nil }()
	do()
	return false
}

// An answer is what is compared of one.
type answer struct {
	Status                   int
	MediaType, Coding, Place string
	Body                     string
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
	got.Body = alike().Replace(string(body))
	return got
}

// alike takes out of both what tells nothing: the slash in front of the names of files, which a bundle has and policies
// that are put one by one have not, and a time of building that is not known, which we leave out.
func alike() *strings.Replacer {
	return strings.NewReplacer(`"file":"/`, `"file":"`, `"file": "/`, `"file": "`,
		`"build_timestamp":"",`, "", "\"build_timestamp\": \"\",\n    ", "")
}

// differ compares what both answer, to the byte but for what changes with every request; both texts are empty when they
// agree. Of a difference on purpose it gives the reason in place of the difference.
func differ(t testing.TB, theirs, ours http.Handler, r request) (diff, purpose string) {
	t.Helper()
	want, got := read(t, r.sendTo(t, theirs)), read(t, r.sendTo(t, ours))
	if want == got {
		return "", ""
	}
	if reason := onPurpose(r, want, got); reason != "" {
		return "", reason
	}
	wanted, given := settled(want.Body), settled(got.Body)
	want.Body, got.Body = "", ""
	if want == got && reflect.DeepEqual(wanted, given) {
		return "", ""
	}
	return cmp.Diff(want, got) + cmp.Diff(wanted, given), ""
}

// settled is a body without what differs from one request to the next, also of OPA itself: timings, of which the names
// stay, the order of what OPA keeps in maps, which of more errors than are told these are, and the column in which a step of
// an explanation stands. A body without such parts stays as it is.
func settled(body string) any {
	decoder := json.NewDecoder(strings.NewReader(body))
	decoder.UseNumber()
	var document any
	fields, ok := map[string]any(nil), false
	if decoder.Decode(&document) == nil {
		fields, ok = document.(map[string]any)
	}
	if !ok {
		return body
	}
	changing := false
	if measured, ok := fields["metrics"].(map[string]any); ok {
		changing = true
		for name := range measured {
			measured[name] = "measured"
		}
	}
	if errors, ok := fields["errors"].([]any); ok && len(errors) > 1 {
		changing = true
		inOrder(errors)
		if slices.ContainsFunc(errors, moreThanTold) {
			fields["errors"] = len(errors)
		}
	}
	if policies, ok := fields["result"].([]any); ok && len(policies) > 1 && isPolicy(policies[0]) {
		changing = true
		inOrder(policies)
	}
	events, ok := fields["explanation"].([]any)
	for i := range events {
		switch of := events[i].(type) {
		case map[string]any:
			locals, _ := of["locals"].([]any)
			inOrder(locals)
		case string:
			where, what, _ := strings.Cut(of, " ")
			events[i] = strings.TrimPrefix(where, "/") + " " + strings.TrimLeft(what, " ")
		}
	}
	if changing || ok {
		return document
	}
	return body
}

// moreThanTold says whether an entry of a list of errors tells that there are more.
func moreThanTold(entry any) bool {
	fields, _ := entry.(map[string]any)
	return fields["message"] == "error limit reached"
}

func inOrder(list []any) {
	slices.SortFunc(list, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
}

func isPolicy(listed any) bool {
	fields, _ := listed.(map[string]any)
	_, written := fields["raw"]
	return written
}
