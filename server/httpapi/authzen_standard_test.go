package httpapi_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"greenchannel/server/httpapi"
	"greenchannel/server/problem"
	"greenchannel/tests/counts"
)

// standardExample is a request that the text of the Authorization API 1.0 (Final, of 11 January 2026) shows, and what it says
// of the answer. Sections are of that text. Who alice is, what she does and to what are an exporter, the export and an
// application here: $clear stands for goods that need no licence, $listed for magnets that do; a document stays one, which no
// policy of ours knows.
type standardExample struct {
	section, name, path, request string
	decisions                    []bool
	errors                       []int // the status in the context of each answer, 0 for none
}

func standardExamples() []standardExample {
	const evaluation, evaluations = "/access/v1/evaluation", "/access/v1/evaluations"
	const alice, export = `"subject": {"type": "exporter", "id": "$alice"}`, `"action": {"name": "export"}`
	const now = `"context": {"time": "2024-05-31T15:22-07:00"}`
	semantic := func(name string) string {
		return `{` + alice + `, ` + export + `, "options": {"evaluations_semantic": "` + name + `"},
			"evaluations": [{"resource": "$clear"}, {"resource": "$listed"}, {"resource": "$clear"}]}`
	}
	return []standardExample{
		{"5.1.2", "a subject with properties", evaluation, `{
			"subject": {"type": "exporter", "id": "$alice", "properties": {"uscc": "91330206MA2AXXXX1K", "country": "CN"}},
			"resource": "$clear", ` + export + `}`, []bool{true}, nil},
		{"5.3.2", "an action with properties", evaluation, `{` + alice + `, "resource": "$clear", "action": {"name": "export", "properties": {"period": "2W"}}}`, []bool{true}, nil},
		{"5.4.1", "a context that names a schema", evaluation, `{` + alice + `, "resource": "$clear", ` + export + `,
			"context": {"time": "1985-10-26T01:22-07:00", "schema": "https://schema.example.com/access-request.schema.json"}}`, []bool{true}, nil},
		{"5.5.2.1", "a denial has its reasons in the context", evaluation, `{` + alice + `, ` + export + `, "resource": "$listed"}`, []bool{false}, nil},
		{"6.1.1", "one evaluation", evaluation, `{
			` + alice + `, "resource": "$clear",
			"action": {"name": "export", "properties": {"method": "GET"}},
			"context": {"time": "1985-10-26T01:22-07:00"}}`, []bool{true}, nil},
		{"7.1", "three evaluations without defaults", evaluations, `{"evaluations": [
			{` + alice + `, ` + export + `, "resource": "$clear", ` + now + `},
			{` + alice + `, ` + export + `, "resource": "$listed", ` + now + `},
			{` + alice + `, ` + export + `, "resource": "$clear", ` + now + `}]}`, []bool{true, false, true}, nil},
		{"7.1.1", "subject and context by default", evaluations, `{` + alice + `, ` + now + `, "evaluations": [
			{` + export + `, "resource": "$clear"}, {` + export + `, "resource": "$listed"}, {` + export + `, "resource": "$clear"}]}`, []bool{true, false, true}, nil},
		{"7.1.1", "an action by default that the third replaces", evaluations, `{` + alice + `, ` + now + `, ` + export + `, "evaluations": [
			{"resource": "$clear"}, {"resource": "$listed"}, {"action": {"name": "can_edit"}, "resource": "$clear"}]}`, []bool{true, false, false}, []int{0, 0, 400}},
		{"7.1.2", "an option that nobody knows, and an evaluation without an action", evaluations, `{
			"evaluations": [{"resource": "$clear", ` + alice + `}],
			"options": {"evaluations_semantic": "execute_all", "another_option": "value"}}`, []bool{false}, []int{400}},
		{"7.1.2.1.1", "execute_all", evaluations, semantic("execute_all"), []bool{true, false, true}, nil},
		{"7.1.2.1.1", "deny_on_first_deny", evaluations, semantic("deny_on_first_deny"), []bool{true, false}, nil},
		{"7.1.2.1.1", "permit_on_first_permit", evaluations, semantic("permit_on_first_permit"), []bool{true}, nil},
		{"7.2.1", "an evaluation that fails does not keep the others from being answered", evaluations, `{` + alice + `, ` + export + `, "evaluations": [
			{"resource": "$clear"}, {"resource": {"type": "document", "id": "boxcarring.md"}}, {"resource": "$listed"}]}`,
			[]bool{true, false, false}, []int{0, 400, 0}},
		{"10.1.4", "one evaluation over HTTPS", evaluation, `{` + alice + `, "resource": "$clear", ` + export + `, "context": {"time": "1985-10-26T01:22-07:00"}}`, []bool{true}, nil},
		{"10.1.4", "three evaluations over HTTPS", evaluations, `{` + alice + `, ` + now + `, ` + export + `, "evaluations": [
			{"resource": "$clear"}, {"resource": {"type": "document", "id": "subject-search.md"}},
			{"action": {"name": "can_edit"}, "resource": {"type": "document", "id": "resource-search.md"}}]}`,
			[]bool{true, false, false}, []int{0, 400, 400}},
	}
}

// standardRules are requests that the text describes in words, without an example.
func standardRules() []standardExample {
	const evaluation, evaluations = "/access/v1/evaluation", "/access/v1/evaluations"
	const alice, export = `"subject": {"type": "exporter", "id": "$alice"}`, `"action": {"name": "export"}`
	const document = `{"resource": {"type": "document", "id": "1"}}`
	return []standardExample{
		{"7.1", "no evaluations are one evaluation", evaluations, `{` + alice + `, ` + export + `, "resource": "$clear"}`, []bool{true}, nil},
		{"7.1", "an empty list of evaluations is one evaluation", evaluations, `{` + alice + `, ` + export + `, "resource": "$clear", "evaluations": []}`, []bool{true}, nil},
		{"7.1.1", "the resource by default", evaluations, `{` + alice + `, ` + export + `, "resource": "$listed", "evaluations": [{}, {"resource": "$clear"}]}`, []bool{false, true}, nil},
		{"7.1.1", "what replaces a default replaces all of it", evaluations, `{"subject": {"type": "exporter", "id": "$alice"}, ` + export + `, "resource": "$clear",
			"evaluations": [{"subject": {"type": "exporter"}}, {}]}`, []bool{false, true}, []int{400, 0}},
		{"7.1.2.1", "execute_all unless stated", evaluations, `{` + alice + `, ` + export + `, "options": {}, "evaluations": [{"resource": "$listed"}, {"resource": "$clear"}]}`, []bool{false, true}, nil},
		{"7.1.2.1", "an error is a denial to deny_on_first_deny", evaluations, `{` + alice + `, ` + export + `, "options": {"evaluations_semantic": "deny_on_first_deny"},
			"evaluations": [` + document + `, {"resource": "$clear"}]}`, []bool{false}, []int{400}},
		{"7.1.2.1", "permit_on_first_permit goes past what is denied", evaluations, `{` + alice + `, ` + export + `, "options": {"evaluations_semantic": "permit_on_first_permit"},
			"evaluations": [` + document + `, {"resource": "$listed"}, {"resource": "$clear"}, {"resource": "$listed"}]}`, []bool{false, false, true}, []int{400, 0, 0}},
		{"10.1.1", "what the standard does not name is passed over, wherever it stands", evaluations, `{"extension": {"trace": [1]}, "options": {"more": null},
			"evaluations": [{"extension": 1, "subject": {"type": "exporter", "id": "$alice", "extension": 1}, "action": {"name": "export", "extension": 1},
			"resource": {"extension": 1, "properties": "$properties", "id": "STD-3", "type": "application"}}]}`, []bool{true}, nil},
	}
}

// adapted puts our exporter and our goods where the standard has others.
func adapted(t testing.TB, request string) string {
	t.Helper()
	listed, clear := question(t, "STD-1"), permitted(t, "STD-2")
	alice := listed["subject"].(map[string]any)["id"].(string)
	return strings.NewReplacer(`"$clear"`, written(t, clear["resource"]), `"$listed"`, written(t, listed["resource"]), "$alice", alice,
		`"$properties"`, written(t, clear["resource"].(map[string]any)["properties"])).Replace(request)
}

func TestAuthZENExamplesOfTheStandard(t *testing.T) {
	t.Parallel()
	answeredAsTheStandardSays(t, standardExamples())
}

func TestAuthZENRulesOfTheStandard(t *testing.T) {
	t.Parallel()
	answeredAsTheStandardSays(t, standardRules())
}

func answeredAsTheStandardSays(t *testing.T, examples []standardExample) {
	t.Helper()
	handler := httpapi.New(deps(t, io.Discard))
	for _, e := range examples {
		t.Run(e.section+" "+e.name, func(t *testing.T) {
			t.Parallel()
			const name = "bfe9eb29-ab87-4ca3-be83-a1d5d8305716" // of 10.1.3
			response := call(t, handler, "POST", e.path, adapted(t, e.request), "X-Request-ID", name)
			text := body(t, response)
			if response.StatusCode != http.StatusOK || response.Header.Get("X-Request-ID") != name || response.Header.Get("Content-Type") != "application/json" {
				t.Fatalf("status %d, %v: %s", response.StatusCode, response.Header, text)
			}
			e.judge(t, text)
		})
	}
	counts.Hold(t, counts.Counts{Run: len(examples), Passed: len(examples)})
}

// judge holds an answer against what the standard says of it.
func (e standardExample) judge(t *testing.T, text []byte) {
	t.Helper()
	var several struct {
		Decision    *bool
		Evaluations []evaluated
	}
	if err := json.Unmarshal(text, &several); err != nil {
		t.Fatal(err)
	}
	if several.Evaluations == nil {
		several.Evaluations = make([]evaluated, 1)
		if err := json.Unmarshal(text, &several.Evaluations[0]); err != nil {
			t.Fatal(err)
		}
	} else if several.Decision != nil { // 7.2
		t.Errorf("there is a decision beside the evaluations: %s", text)
	}
	var decisions []bool
	for i, one := range several.Evaluations {
		if one.Decision == nil {
			t.Fatalf("there is an answer without a decision: %s", text)
		}
		decisions = append(decisions, *one.Decision)
		if i < len(e.errors) && one.Context.Error.Status != e.errors[i] || e.errors == nil && one.Context.Error.Status != 0 {
			t.Errorf("the error of answer %d is %d: %s", i, one.Context.Error.Status, text)
		}
		if (one.Context.Error.Status == 0) != (one.Context.Error.Message == "") {
			t.Errorf("the error of answer %d is told as %q: %s", i, one.Context.Error.Message, text)
		}
		if !*one.Decision && one.Context.Error.Status == 0 && len(one.Context.Reasons) == 0 {
			t.Errorf("answer %d denies and gives no reason: %s", i, text)
		}
	}
	if diff := cmp.Diff(e.decisions, decisions); diff != "" {
		t.Errorf("decisions (-standard +ours): %s\n%s", diff, text)
	}
}

// The errors of 10.1.2: the status says that the request was wrong, never what was decided. The name of the request comes
// back with them as well, whatever text it is (10.1.3), and a 401 says how to be known (11.3).
func TestAuthZENErrorsOfTheStandard(t *testing.T) {
	t.Parallel()
	broken, tried := stated{err: errors.New("broken")}, 0
	for _, tc := range []struct {
		name, request string
		callers       stated
		status        int
		kind          problem.Kind
	}{
		{"400 Bad Request", `{"subject": {"type": "exporter"}}`, as("client"), 400, problem.Malformed},
		{"401 Unauthorized", `{}`, nobody(), 401, problem.Unauthenticated},
		{"403 Forbidden", `{}`, as("operator"), 403, problem.Forbidden},
		{"500 Internal Error", `{}`, broken, 500, problem.Internal},
	} {
		given := deps(t, io.Discard)
		given.Callers = tc.callers
		for _, name := range []string{"bfe9eb29-ab87-4ca3-be83-a1d5d8305716", `urn:x/"a b"; 1`, strings.Repeat("long", 200)} {
			response := call(t, httpapi.New(given), "POST", "/access/v1/evaluation", tc.request, "X-Request-ID", name)
			if response.Header.Get("X-Request-ID") != name {
				t.Errorf("%s: the request has lost its name %.40q", tc.name, name)
			}
			if (response.Header.Get("WWW-Authenticate") != "") != (tc.status == http.StatusUnauthorized) {
				t.Errorf("%s: WWW-Authenticate %q", tc.name, response.Header.Get("WWW-Authenticate"))
			}
			if len(name) <= 256 {
				isProblem(t, response, tc.status, tc.kind)
			}
			tried++
		}
	}
	counts.Hold(t, counts.Counts{Run: tried, Passed: tried})
}

// metadata is what the standard has of 9.2.2, for the endpoints that are offered: those of search are optional, and one that
// is not named is not there (9.1.1).
func metadata(base string) map[string]string {
	return map[string]string{
		"policy_decision_point":       base,
		"access_evaluation_endpoint":  base + "/access/v1/evaluation",
		"access_evaluations_endpoint": base + "/access/v1/evaluations",
	}
}

// The metadata stands where its identifier says (9.2): the well-known part comes between the host and the path.
func TestAuthZENMetadataOfTheStandard(t *testing.T) {
	t.Parallel()
	places := map[string]string{
		"https://pdp.example.com":          "/.well-known/authzen-configuration",
		"https://pdp.example.com/tenant1":  "/.well-known/authzen-configuration/tenant1",
		"https://pdp.example.com/a/b-2.0/": "/.well-known/authzen-configuration/a/b-2.0",
	}
	for base, at := range places {
		given := deps(t, io.Discard)
		given.BaseURL, given.Callers = base, nobody()
		_, response := sent(t, httpapi.New(given), "GET", at, "")
		var got map[string]string
		if err := json.Unmarshal(body(t, response), &got); err != nil || response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "application/json" {
			t.Fatal(base, response.StatusCode, err)
		}
		if diff := cmp.Diff(metadata(strings.TrimSuffix(base, "/")), got); diff != "" {
			t.Errorf("%s (-standard +ours): %s", base, diff)
		}
		isProblem(t, call(t, httpapi.New(given), "GET", "/.well-known/authzen-configuration/tenant2", ""), 404, problem.NotFound)
	}
	for _, search := range []string{"subject", "resource", "action"} {
		isProblem(t, call(t, httpapi.New(deps(t, io.Discard)), "POST", "/access/v1/search/"+search, "{}"), 404, problem.NotFound)
	}
	counts.Hold(t, counts.Counts{Run: len(places), Passed: len(places)})
}
