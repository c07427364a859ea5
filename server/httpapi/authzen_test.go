package httpapi_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"greenchannel/server/httpapi"
	"greenchannel/server/problem"
	"greenchannel/tests/counts"
)

// question makes an AuthZEN request of the application of these tests.
func question(t testing.TB, id string) map[string]any {
	t.Helper()
	var app map[string]any
	if err := json.Unmarshal([]byte(application(t)), &app); err != nil {
		t.Fatal(err)
	}
	exporter, _ := app["exporter"].(map[string]any)
	name := exporter["name"]
	delete(app, "id")
	delete(app, "exporter")
	return map[string]any{
		"subject":  map[string]any{"type": "exporter", "id": name},
		"action":   map[string]any{"name": "export"},
		"resource": map[string]any{"type": "application", "id": id, "properties": app},
	}
}

func written(t testing.TB, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// permitted is a line that no list knows: goods that need no licence.
func permitted(t testing.TB, id string) map[string]any {
	t.Helper()
	q := question(t, id)
	properties := q["resource"].(map[string]any)["properties"].(map[string]any)
	properties["items"] = []any{map[string]any{
		"line": 1, "description": "Ferrite magnets grade Y30", "hs_code": "8505190090", "control_code": "none", "form": "magnet", "assay": "complete",
		"composition": []any{map[string]any{"element": "Fe", "wt_pct": 60}, map[string]any{"element": "Sr", "wt_pct": 8}},
	}}
	properties["end_use"] = map[string]any{"statement": "Loudspeakers", "sector": "consumer_electronics", "military": false, "wmd": false, "terrorism": false}
	return q
}

type evaluated struct {
	Decision *bool
	Context  struct {
		Outcome    string
		DecisionID string `json:"decision_id"`
		Reasons    []struct{ Rule string }
		Error      struct {
			Status  int
			Message string
		}
		Record struct{ Seq int }
	}
}

func TestAuthZENEvaluation(t *testing.T) {
	t.Parallel()
	handler := httpapi.New(deps(t, io.Discard))
	response := call(t, handler, "POST", "/access/v1/evaluation", written(t, question(t, "ZEN-1")), "X-Request-ID", "zen-7")
	var got evaluated
	text := body(t, response)
	if err := json.Unmarshal(text, &got); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("status %d, %v: %s", response.StatusCode, err, text)
	}
	if got.Decision == nil || *got.Decision || got.Context.Outcome == "" || len(got.Context.Reasons) == 0 || response.Header.Get("X-Request-ID") != "zen-7" {
		t.Errorf("answer %s", text)
	}
	// The decision is on record like any other.
	kept := call(t, handler, "GET", "/v1/decisions/"+got.Context.DecisionID, "")
	if kept.StatusCode != http.StatusOK || !strings.Contains(string(body(t, kept)), got.Context.Outcome) || got.Context.Record.Seq == 0 {
		t.Errorf("the decision %q is not on record", got.Context.DecisionID)
	}

	text = body(t, call(t, handler, "POST", "/access/v1/evaluation", written(t, permitted(t, "ZEN-2"))))
	if err := json.Unmarshal(text, &got); err != nil || got.Decision == nil || !*got.Decision || got.Context.Outcome != "no_licence_required" {
		t.Errorf("goods that need no licence: %s", text)
	}
}

func TestAuthZENRefusesWith400(t *testing.T) {
	t.Parallel()
	handler := httpapi.New(deps(t, io.Discard))
	without := func(names ...string) string {
		q := question(t, "ZEN-3")
		for _, name := range names {
			delete(q, name)
		}
		return written(t, q)
	}
	with := func(name string, value any) string {
		q := question(t, "ZEN-3")
		q[name] = value
		return written(t, q)
	}
	refused := map[string]struct{ body, want string }{
		"no JSON":           {"{", ""},
		"a list":            {"[]", ""},
		"stated twice":      {`{"subject": {}, "subject": {}}`, "/subject"},
		"nothing":           {"{}", "/subject"},
		"no subject":        {without("subject"), "/subject"},
		"no action":         {without("action"), "/action"},
		"no resource":       {without("resource"), "/resource"},
		"no id":             {with("subject", map[string]any{"type": "exporter"}), "/subject/id"},
		"an id of numbers":  {with("subject", map[string]any{"type": "exporter", "id": 1}), "/subject/id"},
		"another subject":   {with("subject", map[string]any{"type": "user", "id": "x"}), "/subject/type"},
		"another action":    {with("action", map[string]any{"name": "read"}), "/action/name"},
		"odd properties":    {with("resource", map[string]any{"type": "application", "id": "x", "properties": 1}), "/resource/properties"},
		"an odd context":    {with("context", 1), "/context"},
		"a faulty resource": {with("resource", map[string]any{"type": "application", "id": "x", "properties": map[string]any{"colour": 1}}), "/colour"},
	}
	for name, tc := range refused {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := isProblem(t, call(t, handler, "POST", "/access/v1/evaluation", tc.body), 400, problem.Malformed)
			if told := written(t, got.Errors) + got.Detail; !strings.Contains(told, tc.want) {
				t.Errorf("%s does not name %s", told, tc.want)
			}
		})
	}
	isProblem(t, call(t, handler, "POST", "/access/v1/evaluation", "{}", "Content-Type", "text/plain"), 415, problem.UnsupportedMedia)
	isProblem(t, call(t, handler, "GET", "/access/v1/evaluation", ""), 405, problem.MethodNotAllowed)
	counts.Hold(t, counts.Counts{Run: len(refused) + 2, Passed: len(refused) + 2})
}

func TestAuthZENEvaluations(t *testing.T) {
	t.Parallel()
	handler := httpapi.New(deps(t, io.Discard))
	several := func(semantic string, questions ...map[string]any) (answers []evaluated) {
		t.Helper()
		request := map[string]any{"action": map[string]any{"name": "export"}, "subject": question(t, "x")["subject"]}
		if semantic != "" {
			request["options"] = map[string]any{"evaluations_semantic": semantic, "more": 1}
		}
		var asked []any
		for _, q := range questions {
			asked = append(asked, map[string]any{"resource": q["resource"]}) // subject and action come from the top
		}
		request["evaluations"] = asked
		response := call(t, handler, "POST", "/access/v1/evaluations", written(t, request))
		var got struct{ Evaluations []evaluated }
		if text := body(t, response); json.Unmarshal(text, &got) != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("status %d: %s", response.StatusCode, text)
		}
		return got.Evaluations
	}
	yes, no := permitted(t, "ZEN-4"), question(t, "ZEN-5")
	faulty := question(t, "ZEN-6")
	faulty["resource"] = map[string]any{"type": "document", "id": "1"}
	for _, tc := range []struct {
		semantic  string
		questions []map[string]any
		want      []bool
	}{
		{"", []map[string]any{yes, no, yes}, []bool{true, false, true}},
		{"execute_all", []map[string]any{faulty, yes}, []bool{false, true}},
		{"deny_on_first_deny", []map[string]any{yes, no, yes}, []bool{true, false}},
		{"deny_on_first_deny", []map[string]any{faulty, yes}, []bool{false}},
		{"permit_on_first_permit", []map[string]any{no, yes, no}, []bool{false, true}},
	} {
		answers := several(tc.semantic, tc.questions...)
		var got []bool
		for _, answer := range answers {
			got = append(got, answer.Decision != nil && *answer.Decision)
		}
		if written(t, got) != written(t, tc.want) {
			t.Errorf("%s: %v, want %v", tc.semantic, got, tc.want)
		}
	}
	if answers := several("", faulty); answers[0].Context.Error.Status != 400 {
		t.Errorf("a question that cannot be decided: %+v", answers[0])
	}

	// Without evaluations it is one evaluation.
	var one evaluated
	if text := body(t, call(t, handler, "POST", "/access/v1/evaluations", written(t, yes))); json.Unmarshal(text, &one) != nil || one.Decision == nil || !*one.Decision {
		t.Errorf("no evaluations: %s", text)
	}
	odd := question(t, "ZEN-7")
	odd["evaluations"], odd["options"] = []any{map[string]any{}}, map[string]any{"evaluations_semantic": "some"}
	isProblem(t, call(t, handler, "POST", "/access/v1/evaluations", written(t, odd)), 400, problem.Malformed)
	odd["options"], odd["evaluations"] = nil, make([]map[string]any, 1001)
	isProblem(t, call(t, handler, "POST", "/access/v1/evaluations", written(t, odd)), 400, problem.Malformed)
}

// The metadata names the configured address; the Host header is anybody's.
func TestAuthZENMetadata(t *testing.T) {
	t.Parallel()
	unset := httpapi.New(deps(t, io.Discard))
	isProblem(t, call(t, unset, "GET", "/.well-known/authzen-configuration", ""), 404, problem.NotFound)
	d := deps(t, io.Discard)
	d.BaseURL = "https://pdp.example/base/"
	response := call(t, httpapi.New(d), "GET", "/.well-known/authzen-configuration", "", "Host", "evil.example", "X-Forwarded-Host", "evil.example")
	text := string(body(t, response))
	want := `{"policy_decision_point":"https://pdp.example/base","access_evaluation_endpoint":"https://pdp.example/base/access/v1/evaluation","access_evaluations_endpoint":"https://pdp.example/base/access/v1/evaluations"}`
	if text != want {
		t.Errorf("metadata %s", text)
	}
}
