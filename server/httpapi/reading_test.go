package httpapi_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"greenchannel/server/decision/query"
	"greenchannel/server/httpapi"
	"greenchannel/server/identity"
	"greenchannel/server/problem"
)

// lookedUp are documents that note what they are asked for.
type lookedUp struct {
	httpapi.Documents
	paths *[][]string
}

func (l lookedUp) note(_ context.Context, q query.Question) query.Answer {
	*l.paths = append(*l.paths, q.Path)
	return query.Answer{Status: http.StatusOK, Body: []byte("{}\n")}
}

func (l lookedUp) Data(ctx context.Context, q query.Question) query.Answer     { return l.note(ctx, q) }
func (l lookedUp) Document(ctx context.Context, q query.Question) query.Answer { return l.note(ctx, q) }
func (l lookedUp) Batch(ctx context.Context, q query.Question) query.Answer    { return l.note(ctx, q) }
func (l lookedUp) Policy(ctx context.Context, q query.Question) query.Answer   { return l.note(ctx, q) }
func (l lookedUp) Owned(ctx context.Context, q query.Question) query.Answer    { return l.note(ctx, q) }

// What the policies are asked about is what is looked up, however a path is written: escaped slashes, dots, letters that
// need no escaping, and any of it in any order. Whatever is looked up was asked about.
func TestOneReadingOfAPath(t *testing.T) {
	t.Parallel()
	given := deps(t, io.Discard)
	given.Callers = as("client")
	var asked, found [][]string
	given.Access = doors(func(access identity.Access) (bool, string, error) {
		asked = append(asked, access.Path)
		return true, "", nil
	})
	given.OPA = lookedUp{given.OPA, &found}
	handler := httpapi.New(given)
	piece := rapid.SampledFrom([]string{
		"a", "b", "v1", "data", "rareearth", "decision", "policies", "%2F", "%2f", "%2e", "%2E%2e", ".", "..", "/", "/", "/", "//", "%252F", "%00", "+", "%2B", "%20", ";",
		"%3F", "%C3%A9", "%64ata", "(1)", "%25", "*", ":id", "%ff", "\"",
	})
	reached := 0
	rapid.Check(t, func(t *rapid.T) {
		fixed := rapid.SampledFrom([]string{"v1/data", "v0/data", "v1/batch/data", "v1/policies", "v1/%64ata", "%76%31/data"}).Draw(t, "fixed")
		method := rapid.SampledFrom([]string{"GET", "POST", "PUT", "DELETE", "PATCH"}).Draw(t, "method")
		target := "/" + fixed + "/" + strings.Join(rapid.SliceOfN(piece, 1, 8).Draw(t, "pieces"), "")
		asked, found = nil, nil
		request, err := http.NewRequestWithContext(context.Background(), method, "http://greenchannel.example"+target, http.NoBody)
		if err != nil {
			return
		}
		handler.ServeHTTP(httptest.NewRecorder(), request)
		if len(found) == 0 {
			return
		}
		reached++
		if len(found) != 1 || len(asked) != 1 {
			t.Fatalf("%s %s: asked about %q, looked up %q", method, target, asked, found)
		}
		fixedParts := strings.Count(fixed, "/") + 1
		want, got := asked[0][fixedParts:], found[0]
		if asked[0][1] == "policies" { // an id of a policy has slashes
			want, got = []string{strings.Join(want, "/")}, []string{strings.Join(got, "/")}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s %s: -asked about +looked up:\n%s", method, target, diff)
		}
	})
	if reached < 10 {
		t.Errorf("only %d paths led to a document", reached)
	}
}

// A name that holds an escaped slash is one name at the routes of the service as well.
func TestNamesWithSlashes(t *testing.T) {
	t.Parallel()
	given := deps(t, io.Discard)
	given.Callers = as("client")
	var asked [][]string
	given.Access = doors(func(access identity.Access) (bool, string, error) {
		asked = append(asked, access.Path)
		return true, "", nil
	})
	handler := httpapi.New(given)
	for target, want := range map[string]string{
		"/v1/decisions/a%2Fb": "a/b", "/v1/decisions/a+b": "a+b", "/v1/decisions/%2e%2E": "..", "/v1/%64ecisions/a%252Fb": "a%2Fb", "/v1/decisions/%E4%B8%AD": "中",
	} {
		asked = nil
		got := isProblem(t, call(t, handler, "GET", target, ""), http.StatusNotFound, problem.NotFound)
		if len(asked) != 1 || !slices.Equal(asked[0], []string{"v1", "decisions", want}) || !strings.Contains(got.Detail, strconv.Quote(want)) {
			t.Errorf("%s: asked about %q, looked up: %s", target, asked, got.Detail)
		}
	}
}

// Whoever may not use the door of OPA clients is told so as OPA tells it.
func TestOPAClientsAreTurnedAwayAsByOPA(t *testing.T) {
	t.Parallel()
	given := deps(t, io.Discard)
	for name, tc := range map[string]struct {
		callers stated
		message string
		known   bool
	}{
		"nobody":       {nobody(), "This needs one of the roles client; the caller has none. Say who you are, as WWW-Authenticate asks.", false},
		"another role": {as("operator"), "This needs one of the roles client; the caller has operator.", true},
		"a bad token":  {stated{err: problem.New(problem.Unauthenticated, "The token is not known.")}, "The token is not known.", false},
	} {
		given.Callers = tc.callers
		handler := httpapi.New(given)
		for _, target := range []string{"/v1/data/rareearth/decision", "/v0/data/rareearth/decision", "/v1/batch/data/rareearth/decision", "/"} {
			response := call(t, handler, "POST", target, "{}")
			got := asOPA(t, response, http.StatusUnauthorized)
			if got.Code != "unauthorized" || got.Message != tc.message || len(response.Header.Values("WWW-Authenticate")) != 2 ||
				!strings.HasSuffix(response.Header.Get("WWW-Authenticate"), fmt.Sprintf("known=%t", tc.known)) {
				t.Errorf("%s at %s: %+v %v", name, target, got, response.Header)
			}
		}
		if page := call(t, handler, "GET", "/v1/decisions/x", ""); page.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s elsewhere: %s", name, page.Header.Get("Content-Type"))
		}
	}
	given.Callers = as("client")
	given.Limits = httpapi.Limits{Rate: 0.001, Burst: 1}
	handler := httpapi.New(given)
	asOPA(t, call(t, handler, "GET", "/v1/data/rareearth/outcome/order", ""), http.StatusOK)
	limited := call(t, handler, "GET", "/v1/data/rareearth/outcome/order", "")
	if got := asOPA(t, limited, http.StatusTooManyRequests); got.Code != "too_many_requests" || limited.Header.Get("Retry-After") == "" {
		t.Errorf("%+v", got)
	}
}

// All that is wrong with a query is told at once: parameters that are not known, and values that cannot be read.
func TestAllFaultsOfAQueryAreTold(t *testing.T) {
	t.Parallel()
	handler := httpapi.New(deps(t, io.Discard))
	for _, tc := range []struct {
		method, target string
		want           []string
	}{
		{"GET", "/v1/decisions?colour=green&limit=0&outcome=fine&from=x&to=y&cursor=z", []string{"?colour", "?outcome", "?from", "?to", "?limit", "?cursor"}},
		{"POST", "/v1/dry-runs?colour=green&as_of=yesterday&revision=", []string{"?colour", "?revision", "?as_of"}},
		{"POST", "/v1/dry-runs?colour=green&as_of=yesterday&revision=0000000000&explain=RF-99,,why,RF-14", []string{"?colour", "?as_of", "?revision", "?explain", "?explain"}},
		{"POST", "/v1/dry-runs?explain=RF-99&revision=odd", []string{"?revision", "?explain"}},
		{"POST", "/v1/dry-runs?explain=RF-99&as_of=yesterday", []string{"?as_of", "?explain"}},
		{"POST", "/v1/dry-runs?explain=RF-14,why&revision=odd", []string{"?revision"}},
		{"POST", "/v1/decisions/0199/replay?colour=green&revision=odd", []string{"?colour", "?revision"}},
		{"GET", "/v1/controls?colour=green&as_of=yesterday", []string{"?colour", "?as_of"}},
		{"GET", "/v1/controls/1C905.a.4?colour=green&as_of=yesterday", []string{"?colour", "?as_of"}},
		{"GET", "/v1/parties?colour=green&as_of=yesterday", []string{"?colour", "?as_of", "?name"}},
		{"GET", "/v1/parties?name=", []string{"?name"}},
		{"GET", "/v1/registry/parties?colour=green", []string{"?colour", "?name"}},
		{"GET", "/v1/journal/inclusion?colour=green&size=0", []string{"?colour", "?seq", "?size"}},
		{"GET", "/v1/journal/inclusion?seq=", []string{"?seq"}},
		{"GET", "/v1/shadow?colour=green&limit=0&cursor=z", []string{"?colour", "?limit", "?cursor"}},
	} {
		var got []string
		for _, fault := range isProblem(t, call(t, handler, tc.method, tc.target, "{}"), http.StatusUnprocessableEntity, problem.Invalid).Errors {
			got = append(got, fault.Pointer)
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s %s: %q, want %q", tc.method, tc.target, got, tc.want)
		}
	}
}
