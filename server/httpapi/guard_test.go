package httpapi_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"greenchannel/policies"
	"greenchannel/server/bundle"
	"greenchannel/server/httpapi"
	"greenchannel/server/identity"
	"greenchannel/server/problem"
)

// stated is a gate that believes what a test says.
type stated struct {
	caller identity.Caller
	err    error
}

func (s stated) Identify(*http.Request) (identity.Caller, error) { return s.caller, s.err }

func (s stated) Challenges(_ *http.Request, known bool) []string {
	return []string{fmt.Sprintf(`Bearer realm="test", known=%t`, known), `Basic realm="test"`}
}

func as(roles ...string) stated {
	return stated{caller: identity.Caller{Name: "acme", Roles: roles, Method: identity.ByToken}}
}

func nobody(roles ...string) stated {
	return stated{caller: identity.Caller{Name: identity.Anonymous, Roles: roles, Method: identity.ByNothing}}
}

// row is one of policies/system/authz/roles/data.yaml.
type row struct{ methods, path, except, roles []string }

func table(t testing.TB) []row {
	t.Helper()
	b, err := bundle.Load(policies.FS())
	if err != nil {
		t.Fatal(err)
	}
	var rows []row
	at := b.Data["system"].(map[string]any)["authz"].(map[string]any)["roles"].(map[string]any)
	words := func(value any) (all []string) {
		listed, _ := value.([]any)
		for _, word := range listed {
			all = append(all, word.(string))
		}
		return all
	}
	for _, entry := range at["routes"].([]any) {
		fields := entry.(map[string]any)
		rows = append(rows, row{words(fields["methods"]), words(fields["path"]), words(fields["except"]), words(fields["roles"])})
	}
	return rows
}

// fits reads a row as its comment says it is read: once more, beside the rules.
func (r row) fits(method, path string) bool {
	if method == "HEAD" {
		method = "GET"
	}
	pattern := "^/" + strings.Join(r.path, "/") + "$"
	pattern = strings.ReplaceAll(pattern, ".", `\.`)
	if r.except != nil {
		begins := strings.TrimSuffix(pattern, "**$") + "(" + strings.Join(r.except, "|") + ")(/.*)?$"
		if regexp.MustCompile(begins).MatchString(path) {
			return false
		}
		pattern = strings.ReplaceAll(pattern, "/**", "/.+")
	}
	pattern = strings.ReplaceAll(pattern, "/**", "(/.*)?")
	pattern = strings.ReplaceAll(pattern, "*$", "[^/]*$")
	pattern = strings.ReplaceAll(pattern, "/*/", "/[^/]*/")
	return slices.Contains(r.methods, method) && regexp.MustCompile(pattern).MatchString(path)
}

// below is the path of a row where it stands below that of a route, as rows of one package of policies do.
func (r row) below(route string) string {
	fixed, _, under := strings.Cut(route, "/*")
	path := "/" + strings.TrimSuffix(strings.Join(r.path, "/"), "/**")
	if !under || !strings.HasPrefix(path, fixed+"/") {
		return ""
	}
	return path
}

// Every route of the service with every role, against the table: who may, gets past the guard, and nobody else does. A
// route that no row names fails here, so that no route is opened, or closed, by forgetting.
func TestEveryRouteWithEveryRole(t *testing.T) {
	t.Parallel()
	rows := table(t)
	given := deps(t, io.Discard)
	gates := map[string]stated{"nobody": nobody(), "none": as()}
	for _, role := range identity.Roles() {
		gates[role] = as(role)
	}
	catchAll := regexp.MustCompile(`/\*[a-z]+$`)
	routes := 0
	for name, gate := range gates {
		given.Callers = gate
		handler := httpapi.New(given)
		for _, route := range handler.Routes() {
			routes++
			path := somewhere(route.Path)
			may, named := false, false
			for _, r := range rows {
				if !r.fits(route.Method, path) {
					continue
				}
				named = true
				may = may || slices.Contains(r.roles, "anyone") || slices.ContainsFunc(r.roles, gate.caller.Has)
			}
			if !named && (!anyMethod(handler, route.Path) || !slices.ContainsFunc(rows, func(r row) bool {
				return r.fits(r.methods[0], path) || r.fits(r.methods[0], catchAll.ReplaceAllString(route.Path, "/rareearth/decision"))
			})) {
				t.Errorf("%s %s has no row in policies/system/authz/roles/data.yaml", route.Method, route.Path)
				continue
			}
			if has, opas := methodsOfOPA()[route.Path]; opas && !slices.Contains(strings.Fields(has), route.Method) {
				continue // TestMethodsThatAPlaceLacks
			}
			recorder := httptest.NewRecorder()
			handler.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), route.Method, path, strings.NewReader("")))
			want := http.StatusForbidden
			if !gate.caller.Known() || ofOPA(route.Path) && (route.Path != "/" || route.Method == http.MethodPost) {
				want = http.StatusUnauthorized // OPA knows no other answer
			}
			turned := recorder.Code == http.StatusForbidden || recorder.Code == http.StatusUnauthorized
			if turned == may || turned && recorder.Code != want {
				t.Errorf("%s %s as %s: %d, want it allowed: %v", route.Method, route.Path, name, recorder.Code, may)
			}
		}
	}
	for _, r := range rows {
		if !slices.ContainsFunc(httpapi.New(given).Routes(), func(route gin.RouteInfo) bool {
			return r.fits(route.Method, somewhere(route.Path)) || r.fits(route.Method, r.below(route.Path))
		}) {
			t.Errorf("no route has the row %v %v of policies/system/authz/roles/data.yaml", r.methods, r.path)
		}
	}
	if routes < 6*6 {
		t.Errorf("only %d routes were tried", routes)
	}
}

// somewhere is a path that a route fits.
func somewhere(route string) string {
	placeholder, catchAll := regexp.MustCompile(`:[a-z]+`), regexp.MustCompile(`/\*[a-z]+$`)
	return catchAll.ReplaceAllString(placeholder.ReplaceAllString(route, "x"), "/61/1(1)")
}

// methodsOfOPA are the methods that places of OPA's REST API have, by OPA's own documentation.
func methodsOfOPA() map[string]string {
	return map[string]string{
		"/": "POST", "/v1/data": "GET POST PUT PATCH", "/v1/data/*path": "GET POST PUT PATCH DELETE", "/v0/data": "POST", "/v0/data/*path": "POST",
		"/v1/batch/data": "POST", "/v1/batch/data/*path": "POST", "/v1/policies": "GET", "/v1/policies/*path": "GET PUT DELETE",
		"/v1/query": "GET POST", "/v1/query/*path": "", "/v1/compile": "POST", "/v1/config": "GET", "/v1/status": "GET", "/health": "GET", "/health/*path": "GET",
	}
}

// Every place with every method that it lacks, also one that nobody has heard of, for every role. Whoever is known is told
// 405 and the methods that there are, whatever it may do there; so is whoever may use the place without being known. Who may
// not is asked first who it is. OPTIONS is answered likewise, but by OPA's places, which have none.
func TestMethodsThatAPlaceLacks(t *testing.T) {
	t.Parallel()
	given := deps(t, io.Discard)
	has, tried := map[string][]string{}, 0
	for _, route := range httpapi.New(given).Routes() {
		if methods, opas := methodsOfOPA()[route.Path]; opas {
			has[route.Path] = strings.Fields(methods)
			continue
		}
		has[route.Path] = append(has[route.Path], route.Method)
	}
	has["/v1/decisions/batch"] = append(has["/v1/decisions/batch"], has["/v1/decisions/:id"]...)
	rows := table(t)
	may := func(gate stated, method, path string) bool {
		return slices.ContainsFunc(rows, func(r row) bool {
			return r.fits(method, path) && (slices.Contains(r.roles, "anyone") || slices.ContainsFunc(r.roles, gate.caller.Has))
		})
	}
	allowed := func(response *http.Response, opas bool) string {
		stated := response.Header.Values("Allow")
		if len(stated) != 1 {
			return "unasked"
		}
		methods := slices.Sorted(strings.SplitSeq(stated[0], ", "))
		if !opas { // OPTIONS is answered there, and so it is named
			methods = slices.DeleteFunc(methods, func(method string) bool { return method == http.MethodOptions })
		}
		return strings.Join(methods, ", ")
	}
	for _, gate := range []stated{nobody(), nobody("client"), as(), as("client"), as("author"), as("auditor"), as("operator")} {
		given.Callers = gate
		handler := httpapi.New(given)
		for route := range has {
			path := somewhere(route)
			opas := ofOPA(path) && path != "/"
			for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "PROPFIND"} {
				if slices.Contains(has[route], method) {
					continue
				}
				tried++
				want := http.StatusMethodNotAllowed
				switch {
				case !gate.caller.Known() && !slices.ContainsFunc(has[route], func(other string) bool { return may(gate, other, path) }):
					want = http.StatusUnauthorized
				case method == http.MethodOptions && !opas:
					want = http.StatusNoContent
				}
				_, response := sent(t, handler, method, path, "")
				allow := "unasked"
				if want != http.StatusUnauthorized {
					allow = strings.Join(slices.Sorted(slices.Values(has[route])), ", ")
				}
				if got := allowed(response, opas); response.StatusCode != want || got != allow {
					t.Errorf("%s %s as %+v: %d, Allow %q, want %d, %q", method, path, gate.caller, response.StatusCode, got, want, allow)
				}
				if asked := response.Header.Get("WWW-Authenticate") != ""; asked != (want == http.StatusUnauthorized) {
					t.Errorf("%s %s as %+v: asked who calls: %v", method, path, gate.caller, asked)
				}
			}
		}
	}
	if tried < 7*40*5 {
		t.Errorf("only %d requests were tried", tried)
	}
}

// anyMethod tells of a path that is answered whatever the method, to refuse what it does not know in its own words. There,
// methods that no row names are closed to everybody.
func anyMethod(handler httpapi.Handler, path string) bool {
	return slices.ContainsFunc(handler.Routes(), func(route gin.RouteInfo) bool { return route.Path == path && route.Method == http.MethodTrace })
}

func TestTurnedAway(t *testing.T) {
	t.Parallel()
	given := deps(t, io.Discard)
	given.Callers = nobody()
	response := call(t, httpapi.New(given), "POST", "/v1/decisions", application(t))
	got := isProblem(t, response, http.StatusUnauthorized, problem.Unauthenticated)
	if challenges := response.Header.Values("WWW-Authenticate"); len(challenges) != 2 || !strings.Contains(got.Detail, "client") {
		t.Errorf("challenges %q, detail %q", challenges, got.Detail)
	}
	given.Callers = as("auditor", "root")
	response = call(t, httpapi.New(given), "POST", "/v1/decisions", application(t))
	got = isProblem(t, response, http.StatusForbidden, problem.Forbidden)
	if response.Header.Get("WWW-Authenticate") != "" || got.Detail != "This needs one of the roles client; the caller has auditor." {
		t.Errorf("detail %q", got.Detail)
	}
	given.Callers = stated{err: problem.New(problem.Unauthenticated, "The token has expired; get a new one.")}
	for _, path := range []string{"/v1/decisions", "/livez", "/nowhere"} {
		response = call(t, httpapi.New(given), "GET", path, "")
		if isProblem(t, response, http.StatusUnauthorized, problem.Unauthenticated); response.Header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: nothing says how to be known", path)
		}
	}
	given.Callers = stated{err: errors.New("secret place")}
	if got := isProblem(t, call(t, httpapi.New(given), "GET", "/v1/controls", ""), http.StatusInternalServerError, problem.Internal); strings.Contains(got.Detail, "secret") {
		t.Errorf("detail %q", got.Detail)
	}
}

// A path that the router takes for another than the policies do would be a way around them.
func TestWaysAroundThePath(t *testing.T) {
	t.Parallel()
	given := deps(t, io.Discard)
	given.Callers = as("operator") // may read controls, and may not decide
	handler := httpapi.New(given)
	for _, target := range []string{
		"/v1/decisions", "/v1%2Fdecisions", "/v1/%64ecisions", "/v1/decisions?x=/v1/controls", "/v1/decisions#/livez", "/v1/decisions;/livez",
		"/v1/controls/../decisions", "/v1/controls/%2e%2e/decisions", "/./v1/decisions", "//v1/decisions", "/v1/decisions/", "/V1/decisions", "/v1/decisions%00", "/livez/../v1/decisions",
	} {
		for _, method := range []string{"POST", "post"} {
			recorder := httptest.NewRecorder()
			request := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(application(t)))
			request.Header.Set("Content-Type", "application/json")
			request.Header.Set("X-Http-Method-Override", "GET")
			request.Header.Set("X-Original-Url", "/livez")
			request.Header.Set("X-Rewrite-Url", "/livez")
			handler.ServeHTTP(recorder, request)
			if !slices.Contains([]int{http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed}, recorder.Code) {
				t.Errorf("%s %s: %d %s", method, target, recorder.Code, recorder.Body)
			}
		}
	}
}

// doors answers for the policies.
type doors func(identity.Access) (bool, string, error)

func (d doors) Allowed(_ context.Context, access identity.Access, _ time.Time) (allowed bool, reason string, err error) {
	return d(access)
}

// What is asked of the policies, and that no failure of theirs is a yes; only the probes do without them.
func TestPoliciesAreAsked(t *testing.T) {
	t.Parallel()
	given := deps(t, io.Discard)
	given.Callers = as("client")
	var asked []identity.Access
	broken := errors.New("broken")
	given.Access = doors(func(access identity.Access) (bool, string, error) {
		asked = append(asked, access)
		return true, "", broken
	})
	handler := httpapi.New(given)
	isProblem(t, call(t, handler, "GET", "/v1/controls/61%2F1(1)?as_of=2026-01-01&form=x", ""), http.StatusInternalServerError, problem.Internal)
	asked, broken = nil, nil
	call(t, handler, "GET", "/v1/controls/61%2F1(1)?as_of=2026-01-01", "")
	if len(asked) != 1 || fmt.Sprintf("%q", asked[0].Path) != `["v1" "controls" "61/1(1)"]` {
		t.Errorf("an escaped slash is read as %+v", asked)
	}
	asked, broken = nil, errors.New("broken")
	isProblem(t, call(t, handler, "GET", "/v1/controls/61/1(1)?as_of=2026-01-01&form=x", ""), http.StatusInternalServerError, problem.Internal)
	want := identity.Access{Caller: given.Callers.(stated).caller, Method: "GET", Path: []string{"v1", "controls", "61", "1(1)"}, Query: []string{"as_of", "form"}}
	if len(asked) != 1 || fmt.Sprint(asked[0]) != fmt.Sprint(want) {
		t.Errorf("asked %+v, want %+v", asked, want)
	}
	for _, path := range []string{"/livez", "/readyz"} {
		if response := call(t, handler, "GET", path, ""); response.StatusCode != http.StatusOK || len(asked) != 1 {
			t.Errorf("%s: %d", path, response.StatusCode)
		}
	}
	isProblem(t, call(t, handler, "GET", "/nowhere", ""), http.StatusNotFound, problem.NotFound)
	if got := isProblem(t, call(t, handler, "GET", "/metrics", ""), http.StatusNotFound, problem.NotFound); !strings.Contains(got.Detail, "metrics.listen") {
		t.Errorf("metrics: %q", got.Detail)
	}
	isProblem(t, call(t, handler, "PATCH", "/v1/decisions", ""), http.StatusMethodNotAllowed, problem.MethodNotAllowed)
}

func TestTheCallerIsLogged(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	given := deps(t, &log)
	given.Callers = as("client")
	call(t, httpapi.New(given), "GET", "/v1/controls/none", "", "Authorization", "Bearer s3cret")
	if !strings.Contains(log.String(), "caller=acme") || strings.Contains(log.String(), "s3cret") {
		t.Errorf("log: %s", log.String())
	}
}

// Each caller has its own measure, is told what is left of it, and gets it back with time.
func TestLimits(t *testing.T) {
	t.Parallel()
	given := deps(t, io.Discard)
	now := day
	given.Now = func() time.Time { return now }
	given.Limits = httpapi.Limits{Rate: 0.5, Burst: 2}
	caller := as("client")
	given.Callers = &caller
	handler := httpapi.New(given)
	for _, want := range []string{`"caller";r=1;t=2`, `"caller";r=0;t=4`} {
		response := call(t, handler, "GET", "/v1/controls", "")
		if got := response.Header.Get("RateLimit"); response.StatusCode != http.StatusOK || got != want || response.Header.Get("RateLimit-Policy") != `"caller";q=2;w=4` {
			t.Errorf("%d, RateLimit %s (policy %s), want %s", response.StatusCode, got, response.Header.Get("RateLimit-Policy"), want)
		}
	}
	response := call(t, handler, "GET", "/v1/controls", "")
	if isProblem(t, response, http.StatusTooManyRequests, problem.RateLimited); response.Header.Get("Retry-After") != "2" {
		t.Errorf("Retry-After %q", response.Header.Get("Retry-After"))
	}
	if response := call(t, handler, "GET", "/livez", ""); response.StatusCode != http.StatusOK {
		t.Errorf("a probe is limited: %d", response.StatusCode)
	}
	caller.caller.Name = "other"
	if response := call(t, handler, "GET", "/v1/controls", ""); response.StatusCode != http.StatusOK {
		t.Errorf("another caller pays: %d", response.StatusCode)
	}
	caller.caller.Name = "acme"
	now = now.Add(2 * time.Second)
	if response := call(t, handler, "GET", "/v1/controls", ""); response.StatusCode != http.StatusOK {
		t.Errorf("nothing comes back: %d", response.StatusCode)
	}
	given.Limits = httpapi.Limits{}
	if response := call(t, httpapi.New(given), "GET", "/v1/controls", ""); response.Header.Get("RateLimit") != "" {
		t.Error("where there is no limit, one is told")
	}
}

// Whoever guesses is counted by the address it calls from, whatever it says of that, and is told no more.
func TestGuessesAreCounted(t *testing.T) {
	t.Parallel()
	given := deps(t, io.Discard)
	given.Limits = httpapi.Limits{Rate: 0.001, Burst: 2}
	given.Callers = stated{err: problem.New(problem.Unauthenticated, "The token is not known.")}
	handler := httpapi.New(given)
	from := func(remote string, i int) int {
		request := httptest.NewRequestWithContext(t.Context(), "GET", "/v1/controls", nil)
		request.RemoteAddr = remote
		request.Header.Set("X-Forwarded-For", fmt.Sprintf("192.0.2.%d", i))
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		return recorder.Code
	}
	for i, remote := range []string{"[2001:db8::1]:1", "[2001:db8::2]:2", "[2001:db8::3]:3", "[2001:db8:0:1::1]:1", "198.51.100.1:1", "[::ffff:198.51.100.1]:2", "198.51.100.1:3", "@"} {
		want := []int{401, 401, 429, 401, 401, 401, 429, 401}[i]
		if got := from(remote, i); got != want {
			t.Errorf("%s: %d, want %d", remote, got, want)
		}
	}
}

// A caller sees the decisions that it asked for itself; of another's it does not even learn that there is one. An auditor
// sees all.
func TestCallersSeeTheirOwnDecisions(t *testing.T) {
	t.Parallel()
	given := deps(t, io.Discard)
	through := func(name string, roles ...string) http.Handler {
		given.Callers = known{name, roles}
		return httpapi.New(given)
	}
	mine := strings.Replace(application(t), "HTTP-1", "OWN-1", 1)
	made := answer(t, call(t, through("mine", "client"), "POST", "/v1/decisions", mine))
	if made.DecisionID == "" {
		t.Fatalf("%+v", made)
	}
	listed := func(handler http.Handler) bool {
		list, err := io.ReadAll(call(t, handler, "GET", "/v1/decisions?application_id=OWN-1", "").Body)
		return err == nil && bytes.Contains(list, []byte(made.DecisionID))
	}
	await(t, func() bool { return listed(through("audit", "auditor")) }) // the tables follow the record a moment later
	for _, tc := range []struct {
		name, role string
		sees       bool
	}{{"mine", "client", true}, {"other", "client", false}, {"audit", "auditor", true}, {"mine", "auditor", true}} {
		handler := through(tc.name, tc.role)
		one := call(t, handler, "GET", "/v1/decisions/"+made.DecisionID, "")
		if (one.StatusCode == http.StatusOK) != tc.sees {
			t.Errorf("%s, %s: %d", tc.name, tc.role, one.StatusCode)
		}
		if !tc.sees {
			never := isProblem(t, call(t, handler, "GET", "/v1/decisions/never", ""), http.StatusNotFound, problem.NotFound)
			hidden := isProblem(t, one, http.StatusNotFound, problem.NotFound)
			if strings.ReplaceAll(hidden.Detail, made.DecisionID, "never") != never.Detail {
				t.Errorf("%q tells more than %q", hidden.Detail, never.Detail)
			}
		}
		if listed(handler) != tc.sees {
			t.Errorf("%s, %s: listed: %v", tc.name, tc.role, !tc.sees)
		}
	}
	replay := call(t, through("other", "author"), "POST", "/v1/decisions/"+made.DecisionID+"/replay", "")
	isProblem(t, replay, http.StatusNotFound, problem.NotFound)
}
