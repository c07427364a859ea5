package httpapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"greenchannel/policies"
	"greenchannel/server"
	"greenchannel/server/decision"
	"greenchannel/server/httpapi"
	"greenchannel/server/identity"
	"greenchannel/server/problem"
	"greenchannel/tests/counts"
)

// rooms are the real rooms on the real policies, with a real record; opened once, since compiling takes longer than any test.
var rooms = sync.OnceValues(func() (*server.Rooms, error) {
	return server.OpenRecorded(context.Background(), policies.FS(), time.Minute,
		server.RecordConfig{Data: folder, Log: slog.New(slog.DiscardHandler)})
})

// folder holds the record of all tests.
var folder string

func TestMain(m *testing.M) {
	var err error
	if folder, err = os.MkdirTemp("", "httpapi"); err != nil {
		panic(err)
	}
	code := m.Run()
	if r, err := rooms(); err == nil {
		if err := r.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	if err := os.RemoveAll(folder); err != nil {
		code = 1
	}
	if c, err := described(); err == nil && code == 0 && counts.Whole() {
		if err := counts.Check("TestUndescribedAnswersAreFound", c.counted()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// day is what the clock of these tests says.
var day = time.Date(2026, 11, 23, 9, 0, 0, 0, decision.Beijing())

func deps(t testing.TB, log io.Writer) httpapi.Deps {
	t.Helper()
	r, err := rooms()
	if err != nil {
		t.Fatal(err)
	}
	d := r.Doors()
	now := func() time.Time { return day }
	decisions := *r.Decisions
	decisions.Now = now
	d.Callers = known{"tester", identity.Roles()}
	d.Decisions, d.Now, d.Log = &decisions, now, slog.New(slog.NewTextHandler(log, nil))
	return d
}

// known is a gate that believes every request to be of one caller.
type known struct {
	name  string
	roles []string
}

func (k known) Identify(*http.Request) (identity.Caller, error) {
	return identity.Caller{Name: k.name, Roles: k.roles, Method: identity.ByToken}, nil
}

func (k known) Challenges(*http.Request, bool) []string { return nil }

// application is one that the policies can decide.
func application(t testing.TB) string {
	t.Helper()
	body, err := os.ReadFile("testdata/application.json")
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// call sends one request to the handler.
func call(t testing.TB, handler http.Handler, method, target, body string, header ...string) *http.Response {
	t.Helper()
	request, response := sent(t, handler, method, target, body, header...)
	err := conforming(t).conforms(request, response)
	conforming(t).count(request, response, err)
	if err != nil {
		t.Errorf("%s %.100s, %d: the answer is not as the OpenAPI document has it: %v", method, target, response.StatusCode, err)
	}
	return response
}

// sent sends one request to a handler whose answers are made up, so that no document describes them.
func sent(t testing.TB, handler http.Handler, method, target, body string, header ...string) (*http.Request, *http.Response) {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return request, recorder.Result()
}

// document is any answer: a problem document, a decision or a list.
type document struct {
	Type, Title, Detail, Instance string
	Status                        int
	RequestID                     string `json:"request_id"`
	Errors                        []problem.Fault
	DecisionID                    string `json:"decision_id"`
	ApplicationID                 string `json:"application_id"`
	AsOf                          string `json:"as_of"`
	DecidedAt                     string `json:"decided_at"`
	Outcome                       string
	Policy                        decision.PolicyRef
	Count                         int
	Controls                      []map[string]any
	Control                       map[string]any
	Near                          []string
	Record                        json.RawMessage
}

func answer(t testing.TB, response *http.Response) document {
	t.Helper()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		document
		Status any // a number in a problem, a word in a probe
	}
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatalf("%s: %s", err, body)
	}
	if status, ok := got.Status.(float64); ok {
		got.document.Status = int(status)
	}
	return got.document
}

// isProblem checks that an answer is a problem document of a kind, whole and of the right media type.
func isProblem(t testing.TB, response *http.Response, status int, kind problem.Kind) document {
	t.Helper()
	got := answer(t, response)
	if response.StatusCode != status || got.Status != status || got.Type != "/problems/"+string(kind) {
		t.Errorf("status %d (%d in the document), type %q, want %d and %s; detail %q", response.StatusCode, got.Status, got.Type, status, kind, got.Detail)
	}
	if mediaType := response.Header.Get("Content-Type"); mediaType != "application/problem+json" {
		t.Errorf("media type = %q", mediaType)
	}
	passes := slices.Contains([]problem.Kind{problem.Stale, problem.InFlight, problem.Unrecorded, problem.NotReady, problem.Deadline, problem.Cancelled, problem.RateLimited}, kind)
	if again := response.Header.Get("Retry-After"); (again != "") != passes {
		t.Errorf("Retry-After is %q for %s", again, kind)
	}
	if got.Title == "" || got.Detail == "" || got.Instance == "" || got.RequestID != response.Header.Get("X-Request-ID") {
		t.Errorf("a problem with gaps: %+v", got)
	}
	return got
}

func TestDecide(t *testing.T) {
	t.Parallel()
	handler := httpapi.New(deps(t, io.Discard))
	response := call(t, handler, "POST", "/v1/decisions", application(t), "Content-Type", "application/json; charset=UTF-8")
	got := answer(t, response)
	if response.StatusCode != http.StatusCreated || got.Outcome == "" || got.ApplicationID != "HTTP-1" {
		t.Fatalf("status %d: %+v", response.StatusCode, got)
	}
	if got.DecisionID == "" || got.DecidedAt == "" || got.AsOf != "2026-11-23T09:00:00+08:00" || got.Record == nil {
		t.Errorf("id %q, decided at %q, as of %q, record %s", got.DecisionID, got.DecidedAt, got.AsOf, got.Record)
	}
	for header, want := range map[string]string{
		"Location":      "/v1/decisions/" + got.DecisionID,
		"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Content-Type": "application/json",
	} {
		if response.Header.Get(header) != want {
			t.Errorf("%s: %q, want %q", header, response.Header.Get(header), want)
		}
	}
}

func TestDryRun(t *testing.T) {
	t.Parallel()
	handler := httpapi.New(deps(t, io.Discard))
	for query, asOf := range map[string]string{
		"":                              "2026-11-23T09:00:00+08:00",
		"?as_of=2025-04-03":             "2025-04-03T00:00:00+08:00",
		"?as_of=2025-04-03T16%3A00:00Z": "2025-04-04T00:00:00+08:00",
	} {
		response := call(t, handler, "POST", "/v1/dry-runs"+query, application(t))
		got := answer(t, response)
		if response.StatusCode != http.StatusOK || got.AsOf != asOf || got.DecisionID != "" || got.DecidedAt != "" {
			t.Errorf("%s: status %d, %+v", query, response.StatusCode, got)
		}
	}
}

// smallest is an application with what has to be stated and nothing else.
const smallest = `{"id": "A-1", "exporter": {"name": "E"}, "items": [{"line": 1}], "destination": "DE", "parties": [{"role": "end_user", "name": "U"}]}`

func TestRequestsThatAreRefused(t *testing.T) {
	t.Parallel()
	handler := httpapi.New(deps(t, io.Discard))
	for _, tc := range []struct {
		name, method, target, body string
		header                     []string
		status                     int
		kind                       problem.Kind
		want                       string // in the detail or in one of the errors
	}{
		{"no such place", "GET", "/v1/nothing", "", nil, 404, problem.NotFound, "/v1/nothing"},
		{"slash at the end", "POST", "/v1/decisions/", "{}", nil, 404, problem.NotFound, "/v1/decisions/"},
		{"wrong method", "PUT", "/v1/decisions", "", nil, 405, problem.MethodNotAllowed, "GET"},
		{"deleting a list", "DELETE", "/v1/controls", "", nil, 405, problem.MethodNotAllowed, "GET"},
		{"no media type", "POST", "/v1/decisions", "{}", []string{"Content-Type", ""}, 415, problem.UnsupportedMedia, "send application/json"},
		{"a form", "POST", "/v1/decisions", "{}", []string{"Content-Type", "text/plain"}, 415, problem.UnsupportedMedia, "text/plain"},
		{"another charset", "POST", "/v1/decisions", "{}", []string{"Content-Type", "application/json; charset=gbk"}, 415, problem.UnsupportedMedia, "send UTF-8"},
		{"no gzip", "POST", "/v1/decisions", "{}", []string{"Content-Encoding", "gzip"}, 400, problem.Malformed, "send it plain"},
		{"compressed otherwise", "POST", "/v1/decisions", "{}", []string{"Content-Encoding", "br"}, 415, problem.UnsupportedMedia, "send it plain or as gzip"},
		{"too long", "POST", "/v1/decisions", `"` + strings.Repeat("x", decision.MaxBytes) + `"`, nil, 413, problem.TooLarge, "1048576"},
		{"no JSON", "POST", "/v1/decisions", "{\n\"id\": }", nil, 400, problem.Malformed, "line 2"},
		{"empty", "POST", "/v1/decisions", " ", nil, 400, problem.Malformed, "empty"},
		{"a shadow with a field that is none", "POST", "/v1/shadow", `{"revision": "0000", "rate": 1, "budget": 1, "colour": 1}`, nil, 400, problem.Malformed, `"/colour": there is no such field.`},
		{"a shadow with a word for a number", "POST", "/v1/shadow", `{"revision": "0000", "rate": "all", "budget": 1}`, nil, 400, problem.Malformed, `"/rate": the type of the value is not the one wanted there.`},
		{"as_of of a decision", "POST", "/v1/decisions?as_of=2025-04-03", "{}", nil, 422, problem.Invalid, "?as_of: is not for a decision"},
		{"a rule that is none", "POST", "/v1/dry-runs?explain=RF-14,RF-99", smallest, nil, 422, problem.Invalid, `?explain: there is no rule "RF-99"; the nearest ids are RF-0`},
		{"misspelt parameter", "POST", "/v1/dry-runs?asof=2025-04-03", "{}", nil, 422, problem.Invalid, `?asof: is no parameter of this route; did you mean "as_of"?`},
		{"unknown parameter", "GET", "/v1/controls?colour=green", "", nil, 422, problem.Invalid, "?colour: is no parameter of this route; known: as_of, element"},
		{"parameter twice", "POST", "/v1/dry-runs?as_of=2025-04-03&as_of=2025-04-04", "{}", nil, 422, problem.Invalid, "?as_of: is stated 2 times"},
		{"parameter without value", "GET", "/v1/controls?element=", "", nil, 422, problem.Invalid, "?element: is empty"},
		{"a day that is none", "POST", "/v1/dry-runs?as_of=2025-02-30", "{}", nil, 422, problem.Invalid, "?as_of: \"2025-02-30\" is neither a day"},
		{"a plus sign that became a space", "POST", "/v1/dry-runs?as_of=2025-02-03T00:00:00+08:00", "{}", nil, 422, problem.Invalid, "?as_of"},
		{"broken query", "GET", "/v1/controls?element=%zz", "", nil, 400, problem.Malformed, "percent-encoded"},
		{"parameter of a probe", "GET", "/readyz?x=1", "", nil, 422, problem.Invalid, "?x"},
		{"status of no entry", "GET", "/v1/controls?status=inforce&form=soup&instrument=ANN-2025-19&hs_code=85.05", "", nil, 422, problem.Invalid, `?status: "inforce" is not one of in_force`},
		{"announcement that is none", "GET", "/v1/controls?status=inforce&form=soup&instrument=ANN-2025-19&hs_code=85.05", "", nil, 422, problem.Invalid, `did you mean "ANN-2025-10"?`},
		{"HS code with dots", "GET", "/v1/controls?status=inforce&form=soup&instrument=ANN-2025-19&hs_code=85.05", "", nil, 422, problem.Invalid, `?hs_code: "85.05" is not the beginning`},
		{"unknown code", "GET", "/v1/controls/1C905", "", nil, 404, problem.NotFound, "1C905.a.4"},
		{"no code", "GET", "/v1/controls/", "", nil, 404, problem.NotFound, `nothing at "/v1/controls/"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := isProblem(t, call(t, handler, tc.method, tc.target, tc.body, tc.header...), tc.status, tc.kind)
			words := []string{got.Detail}
			for _, fault := range got.Errors {
				words = append(words, fault.String())
			}
			if !slices.ContainsFunc(words, func(word string) bool { return strings.Contains(word, tc.want) }) {
				t.Errorf("%q does not say %q", words, tc.want)
			}
		})
	}
}

// All faults of an application come in one answer, with pointers.
func TestFaultsComeTogether(t *testing.T) {
	t.Parallel()
	handler := httpapi.New(deps(t, io.Discard))
	got := isProblem(t, call(t, handler, "POST", "/v1/decisions", `{"id": "", "id": "x", "items": [], "colour": 1}`), 422, problem.Invalid)
	var pointers []string
	for _, fault := range got.Errors {
		pointers = append(pointers, fault.Pointer)
	}
	want := []string{"/destination", "/exporter", "/id", "/parties", "/id", "/items", "/colour"}
	slices.Sort(pointers)
	slices.Sort(want)
	for _, pointer := range want {
		if !slices.Contains(pointers, pointer) {
			t.Errorf("nothing is said of %s: %v", pointer, pointers)
		}
	}
}

func TestAllowNamesTheMethods(t *testing.T) {
	t.Parallel()
	handler := httpapi.New(deps(t, io.Discard))
	for target, want := range map[string]string{"/v1/decisions": "GET, HEAD, OPTIONS, POST", "/v1/dry-runs": "OPTIONS, POST", "/v1/controls": "GET, HEAD, OPTIONS", "/livez": "GET, HEAD, OPTIONS"} {
		response := call(t, handler, "PATCH", target, "")
		allowed := strings.Split(response.Header.Get("Allow"), ", ")
		slices.Sort(allowed)
		if got := strings.Join(allowed, ", "); got != want {
			t.Errorf("%s allows %q, want %q", target, got, want)
		}
	}
}

func TestProbes(t *testing.T) {
	t.Parallel()
	real := deps(t, io.Discard)
	policy, err := real.Ready()
	if err != nil {
		t.Fatal(err)
	}
	handler := httpapi.New(real)
	if response := call(t, handler, "GET", "/livez", ""); response.StatusCode != http.StatusOK {
		t.Errorf("livez: %d", response.StatusCode)
	}
	if got := answer(t, call(t, handler, "GET", "/readyz", "")); got.Policy != policy || policy.Digest == "" {
		t.Errorf("readyz names %+v, want %+v", got.Policy, policy)
	}
	real.Ready = func() (decision.PolicyRef, error) {
		return decision.PolicyRef{}, problem.New(problem.NotReady, "The service is stopping.")
	}
	handler = httpapi.New(real)
	isProblem(t, call(t, handler, "GET", "/readyz", ""), 503, problem.NotReady)
	if response := call(t, handler, "GET", "/livez", ""); response.StatusCode != http.StatusOK {
		t.Errorf("livez while stopping: %d; a process that drains is not dead", response.StatusCode)
	}
}

func TestHeadIsGetWithoutBody(t *testing.T) {
	t.Parallel()
	handler := httpapi.New(deps(t, io.Discard))
	for _, target := range []string{"/livez", "/readyz", "/v1/controls?element=Dy", "/v1/controls/1C905.a.4", "/v1/controls/none", "/nothing"} {
		get, head := call(t, handler, "GET", target, ""), call(t, handler, "HEAD", target, "")
		body, err := io.ReadAll(head.Body)
		if err != nil || len(body) > 0 || get.StatusCode != head.StatusCode {
			t.Errorf("%s: GET %d, HEAD %d with %q", target, get.StatusCode, head.StatusCode, body)
		}
		if length := head.Header.Get("Content-Length"); length == "0" || length != get.Header.Get("Content-Length") {
			t.Errorf("%s: the length is %s by HEAD, %s by GET", target, length, get.Header.Get("Content-Length"))
		}
	}
}

// deciding is a Decider made of a function.
type deciding func(ctx context.Context) (decision.Decision, error)

func (d deciding) Decide(ctx context.Context, _ decision.Request) (decision.Record, error) {
	_, err := d(ctx)
	return decision.Record{}, err
}

func (d deciding) DryRun(ctx context.Context, _ decision.Application, _ time.Time) (decision.Written, error) {
	decided, err := d(ctx)
	if err != nil {
		return decision.Written{}, err
	}
	return decision.Write(decided)
}

// What fails inside is told by its kind; the cause is for the log only.
func TestFailuresKeepTheirCauses(t *testing.T) {
	t.Parallel()
	secret := errors.New("secret cause")
	for _, tc := range []struct {
		name   string
		do     func(context.Context) (decision.Decision, error)
		status int
		kind   problem.Kind
	}{
		{"undecided", func(context.Context) (decision.Decision, error) {
			return decision.Decision{Outcome: "standard_review"}, problem.Wrap(secret, problem.Undecided, "No decision.")
		}, 500, problem.Undecided},
		{"deadline", func(context.Context) (decision.Decision, error) {
			return decision.Decision{}, problem.Wrap(secret, problem.Deadline, "Too slow.")
		}, 503, problem.Deadline},
		{"stale", func(context.Context) (decision.Decision, error) {
			return decision.Decision{}, problem.New(problem.Stale, "Others came first.")
		}, 409, problem.Stale},
		{"not recorded", func(context.Context) (decision.Decision, error) {
			return decision.Decision{}, problem.Wrap(secret, problem.Unrecorded, "The disk is full.")
		}, 503, problem.Unrecorded},
		{"not ours", func(context.Context) (decision.Decision, error) { return decision.Decision{}, secret }, 500, problem.Internal},
		{"no kind of ours", func(context.Context) (decision.Decision, error) {
			return decision.Decision{}, problem.Wrap(secret, "odd", "Odd.")
		}, 500, problem.Internal},
		{"panic", func(context.Context) (decision.Decision, error) { panic(secret) }, 500, problem.Internal},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var log strings.Builder
			broken := deps(t, &log)
			broken.Decisions = deciding(tc.do)
			response := call(t, httpapi.New(broken), "POST", "/v1/decisions", application(t), "X-Request-ID", "complaint-7")
			got := isProblem(t, response, tc.status, tc.kind)
			if strings.Contains(got.Detail+got.Title, "secret") || got.Outcome != "" {
				t.Errorf("the client reads too much: %+v", got)
			}
			if tc.status >= 500 && !strings.Contains(log.String(), "secret cause") || !strings.Contains(log.String(), "complaint-7") {
				t.Errorf("the operator cannot find it: %s", log.String())
			}
		})
	}
}

func TestRequestIDs(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	handler := httpapi.New(deps(t, &log))
	long := strings.Repeat("a", 300)
	for given, told := range map[string]string{
		"abc-1.2_X": "abc-1.2_X", "a b": "a b", `"<b>"`: `"<b>"`, "ä": "ä", "\xff\xfea": "a", long: long[:256], long[:255] + "ä": long[:255],
	} {
		response := call(t, handler, "GET", "/nowhere", "", "X-Request-ID", given)
		if id := response.Header.Get("X-Request-ID"); id != given {
			t.Errorf("%q is given back as %q", given, id)
		}
		if got := answer(t, response).RequestID; got != told {
			t.Errorf("%q is told as %q", given, got)
		}
		if logged := log.String(); strings.Count(logged, "\n") != 1 || !strings.Contains(logged, told) && !strings.Contains(logged, strconv.Quote(told)) {
			t.Errorf("%q is logged as %s", given, logged)
		}
		log.Reset()
	}
	first, second := call(t, handler, "GET", "/livez", "").Header.Get("X-Request-ID"), call(t, handler, "GET", "/livez", "").Header.Get("X-Request-ID")
	if first == "" || first == second {
		t.Errorf("requests without names are called %q and %q", first, second)
	}
}

// The log has a line for each request, and nothing of what the applicant wrote.
func TestAccessLogHoldsNoBodies(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	handler := httpapi.New(deps(t, &log))
	call(t, handler, "POST", "/v1/dry-runs?as_of=2025-04-03", application(t))
	call(t, handler, "POST", "/v1/dry-runs", `{"id": "Confidential"}`)
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], "status=200") || !strings.Contains(lines[1], "status=422") {
		t.Errorf("log:\n%s", log.String())
	}
	for _, private := range []string{"Confidential", "HTTP-1", "2025-04-03", "Beispiel"} {
		if strings.Contains(log.String(), private) {
			t.Errorf("the log tells %q:\n%s", private, log.String())
		}
	}
}
