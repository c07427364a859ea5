package httpapi_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"greenchannel/server/httpapi"
	"greenchannel/server/problem"
)

// standardExample is a request of the text of the Authorization API 1.0 and what the text says of its answer. Who alice is,
// what she does and to what are an exporter, the export and an application here: $clear stands for goods that need no
// licence, $listed for magnets that do; a document stays one, which no policy of ours knows.
type standardExample struct {
	section, name, path, request string
	decisions                    []bool
	errors                       []int // the status in the context of each answer, 0 for none
}

func standardExamples() []standardExample {
	const evaluation, evaluations = "/access/v1/evaluation", "/access/v1/evaluations"
	const three = `"evaluations": [{"resource": "$clear"}, {"resource": "$listed"}, {"resource": "$clear"}]`
	const alice = `"subject": {"type": "exporter", "id": "$alice"}, "action": {"name": "export"}`
	semantic := func(name string) string {
		return `{` + alice + `, "context": {"time": "2024-05-31T15:22-07:00"}, "options": {"evaluations_semantic": "` + name + `"}, ` + three + `}`
	}
	return []standardExample{
		{"6.1", "evaluation request", evaluation, `{
			"subject": {"type": "exporter", "id": "$alice"},
			"resource": "$clear",
			"action": {"name": "export", "properties": {"method": "GET"}},
			"context": {"time": "1985-10-26T01:22-07:00"}}`, []bool{true}, nil},
		{"6.2", "a denial has its reasons in the context", evaluation, `{` + alice + `, "resource": "$listed"}`, []bool{false}, nil},
		{"5.1", "subject with properties", evaluation, `{
			"subject": {"type": "exporter", "id": "$alice", "properties": {"uscc": "91330206MA2AXXXX1K", "country": "CN"}},
			"resource": "$clear", "action": {"name": "export"}}`, []bool{true}, nil},
		{"7.1", "evaluations, each whole in itself", evaluations, `{"evaluations": [
			{` + alice + `, "resource": "$clear"}, {` + alice + `, "resource": "$listed"}]}`, []bool{true, false}, nil},
		{"7.1.1", "subject, action and context by default", evaluations, `{` + alice + `, "context": {"time": "2024-05-31T15:22-07:00"}, ` + three + `}`,
			[]bool{true, false, true}, nil},
		{"7.1.1", "a default that one evaluation replaces", evaluations, `{` + alice + `, "resource": "$listed", "evaluations": [
			{}, {"resource": "$clear"}, {"action": {"name": "can_edit"}}]}`, []bool{false, true, false}, []int{0, 0, 400}},
		{"7.1.1", "no evaluations are one evaluation", evaluations, `{` + alice + `, "resource": "$clear"}`, []bool{true}, nil},
		{"7.1.2.1", "execute_all", evaluations, semantic("execute_all"), []bool{true, false, true}, nil},
		{"7.1.2.1", "deny_on_first_deny", evaluations, semantic("deny_on_first_deny"), []bool{true, false}, nil},
		{"7.1.2.1", "permit_on_first_permit", evaluations, semantic("permit_on_first_permit"), []bool{true}, nil},
		{"7.2.1", "an evaluation that fails does not keep the others from being answered", evaluations, `{` + alice + `, "evaluations": [
			{"resource": "$clear"}, {"resource": {"type": "document", "id": "boxcarring.md"}}, {"resource": "$listed"}]}`,
			[]bool{true, false, false}, []int{0, 400, 0}},
		{"6.1", "what the standard does not name is passed over", evaluation, `{` + alice + `, "resource": "$clear", "extension": {"trace": [1]}}`, []bool{true}, nil},
	}
}

// adapted puts our exporter and our goods where the standard has others.
func adapted(t testing.TB, request string) string {
	t.Helper()
	listed, clear := question(t, "STD-1"), permitted(t, "STD-2")
	alice := listed["subject"].(map[string]any)["id"].(string)
	return strings.NewReplacer(`"$clear"`, written(t, clear["resource"]), `"$listed"`, written(t, listed["resource"]), "$alice", alice).Replace(request)
}

func TestAuthZENExamplesOfTheStandard(t *testing.T) {
	t.Parallel()
	handler := httpapi.New(deps(t, io.Discard))
	for _, e := range standardExamples() {
		t.Run(e.section+" "+e.name, func(t *testing.T) {
			t.Parallel()
			const name = "bfe9eb29-ab87-4ca3-be83-a1d5d8305716" // of 10.1.3
			response := call(t, handler, "POST", e.path, adapted(t, e.request), "X-Request-ID", name)
			text := body(t, response)
			if response.StatusCode != http.StatusOK || response.Header.Get("X-Request-ID") != name || response.Header.Get("Content-Type") != "application/json" {
				t.Fatalf("status %d, %v: %s", response.StatusCode, response.Header, text)
			}
			var several struct{ Evaluations []evaluated }
			if err := json.Unmarshal(text, &several); err != nil {
				t.Fatal(err)
			}
			if several.Evaluations == nil {
				several.Evaluations = make([]evaluated, 1)
				if err := json.Unmarshal(text, &several.Evaluations[0]); err != nil {
					t.Fatal(err)
				}
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
				if !*one.Decision && one.Context.Error.Status == 0 && len(one.Context.Reasons) == 0 {
					t.Errorf("answer %d denies and gives no reason: %s", i, text)
				}
			}
			if diff := cmp.Diff(e.decisions, decisions); diff != "" {
				t.Errorf("decisions (-standard +ours): %s\n%s", diff, text)
			}
		})
	}
}

// The errors of 10.1.2: the status says that the request was wrong, never what was decided.
func TestAuthZENErrorsOfTheStandard(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, request string
		callers       stated
		status        int
		kind          problem.Kind
	}{
		{"400 Bad Request", `{"subject": {"type": "exporter"}}`, as("client"), 400, problem.Malformed},
		{"401 Unauthorized", `{}`, nobody(), 401, problem.Unauthenticated},
		{"403 Forbidden", `{}`, as("operator"), 403, problem.Forbidden},
	} {
		given := deps(t, io.Discard)
		given.Callers = tc.callers
		response := call(t, httpapi.New(given), "POST", "/access/v1/evaluation", tc.request, "X-Request-ID", "bfe9eb29-ab87-4ca3-be83-a1d5d8305716")
		isProblem(t, response, tc.status, tc.kind)
		if response.Header.Get("X-Request-ID") != "bfe9eb29-ab87-4ca3-be83-a1d5d8305716" {
			t.Errorf("%s: the request has lost its name", tc.name)
		}
	}
}

// The metadata of 9.1, for the endpoints that are offered: the search endpoints are optional.
func TestAuthZENMetadataOfTheStandard(t *testing.T) {
	t.Parallel()
	given := deps(t, io.Discard)
	given.BaseURL = "https://pdp.example.com"
	response := call(t, httpapi.New(given), "GET", "/.well-known/authzen-configuration", "")
	var got map[string]string
	if err := json.Unmarshal(body(t, response), &got); err != nil || response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "application/json" {
		t.Fatal(response.StatusCode, err)
	}
	want := map[string]string{
		"policy_decision_point":       "https://pdp.example.com",
		"access_evaluation_endpoint":  "https://pdp.example.com/access/v1/evaluation",
		"access_evaluations_endpoint": "https://pdp.example.com/access/v1/evaluations",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-standard +ours: %s", diff)
	}
}
