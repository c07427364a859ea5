package httpapi_test

import (
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"greenchannel/server/httpapi"
	"greenchannel/server/problem"
)

// altered is a question of which one member, by a path of names, is another: nil takes it away.
func altered(t testing.TB, value any, path ...string) map[string]any {
	t.Helper()
	q := question(t, "ZEN-8")
	at := q
	for _, name := range path[:len(path)-1] {
		if _, there := at[name]; !there {
			at[name] = map[string]any{}
		}
		at = at[name].(map[string]any)
	}
	at[path[len(path)-1]] = value
	if value == nil {
		delete(at, path[len(path)-1])
	}
	return q
}

// nested is a list in a list in a list, so many deep.
func nested(depth int) json.RawMessage {
	return json.RawMessage(strings.Repeat("[", depth) + strings.Repeat("]", depth))
}

func pointers(faults []problem.Fault) (all []string) {
	for _, fault := range faults {
		all = append(all, fault.Pointer)
	}
	return all
}

// What is wrong with an application that came as a question is told where the client finds it: in the body that it sent.
func TestAuthZENFaultsAreOfTheBody(t *testing.T) {
	t.Parallel()
	handler := httpapi.New(deps(t, io.Discard))
	twice := altered(t, []any{map[string]any{"line": 1}, map[string]any{"line": 1}}, "resource", "properties", "items")
	for want, q := range map[string]map[string]any{
		"/resource/properties/colour":       altered(t, 1, "resource", "properties", "colour"),
		"/resource/properties/contract/day": altered(t, "x", "resource", "properties", "contract", "day"),
		"/resource/properties/destination":  altered(t, nil, "resource", "properties", "destination"),
		"/resource/properties/items/1/line": twice,
		"/resource/id":                      altered(t, strings.Repeat("9", 65), "resource", "id"),
		"/subject/properties/uscc":          altered(t, "91", "subject", "properties", "uscc"),
		"/subject/properties/a~1b~0c":       altered(t, 1, "subject", "properties", "a/b~c"),
		"/subject/id":                       altered(t, strings.Repeat("A", 2000), "subject", "id"),
	} {
		got := isProblem(t, call(t, handler, "POST", "/access/v1/evaluation", written(t, q)), 400, problem.Malformed)
		if diff := cmp.Diff([]string{want}, pointers(got.Errors)); diff != "" {
			t.Errorf("%s (-want +got): %s%s", want, diff, got.Errors)
		}
	}
	deep := altered(t, nested(40), "resource", "properties", "items")
	got := isProblem(t, call(t, handler, "POST", "/access/v1/evaluation", written(t, deep)), 400, problem.Malformed)
	const unread = "The application of the request cannot be read: objects and lists stand more than 32 deep in one another."
	if got.Detail != unread || len(got.Errors) != 1 || !strings.HasPrefix(got.Errors[0].Pointer, "/resource/properties/items/0/0") {
		t.Errorf("a deep application: %s %v", got.Detail, got.Errors)
	}
}

// Among several questions it is that of the question, or of the default that it takes over.
func TestAuthZENFaultsOfSeveralAreOfTheBody(t *testing.T) {
	t.Parallel()
	handler := httpapi.New(deps(t, io.Discard))
	request := altered(t, 1, "resource", "properties", "colour")
	delete(request, "action")
	export := map[string]any{"name": "export"}
	request["evaluations"] = []any{
		map[string]any{"action": export},
		map[string]any{"action": export, "resource": altered(t, nil, "resource", "properties", "destination")["resource"]},
		map[string]any{"action": export, "subject": map[string]any{"type": "exporter", "id": "A", "properties": map[string]any{"uscc": "91"}}},
		map[string]any{"action": map[string]any{"name": "read"}, "subject": map[string]any{"type": "user", "id": "A"}},
		map[string]any{"context": 1},
	}
	var answer struct {
		Evaluations []struct {
			Context struct {
				Error struct{ Errors []problem.Fault }
			}
		}
	}
	text := body(t, call(t, handler, "POST", "/access/v1/evaluations", written(t, request)))
	if err := json.Unmarshal(text, &answer); err != nil {
		t.Fatal(err, string(text))
	}
	var got [][]string
	for _, one := range answer.Evaluations {
		got = append(got, pointers(one.Context.Error.Errors))
	}
	want := [][]string{
		{"/resource/properties/colour"},
		{"/evaluations/1/resource/properties/destination"},
		{"/resource/properties/colour", "/evaluations/2/subject/properties/uscc"},
		{"/evaluations/3/action/name", "/evaluations/3/subject/type"},
		{"/evaluations/4/action", "/evaluations/4/context"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got): %s%s", diff, text)
	}
}

// mapped is a bundle that makes one application of every request, and tells of so many places where they come from.
type mapped struct {
	httpapi.AuthZEN
	places map[string]string
}

func (m mapped) Question(context.Context, []byte, time.Time) (application []byte, places map[string]string, err error) {
	return []byte(`{"id": "1", "colour": 1, "exporter": {"name": "A", "colour": 1}, "items": [{"line": 1}], "destination": "DE", "parties": [{"role": "end_user", "name": "B", "country": "DE"}]}`), m.places, nil
}

// What the mapping of a bundle does not tell is not guessed: then it is said what the pointer points into.
func TestAuthZENFaultsThatCannotBePlacedSaySo(t *testing.T) {
	t.Parallel()
	given := deps(t, io.Discard)
	given.AuthZEN = mapped{given.AuthZEN, map[string]string{"/exporter": "/subject/properties"}}
	got := isProblem(t, call(t, httpapi.New(given), "POST", "/access/v1/evaluation", written(t, question(t, "ZEN-9"))), 400, problem.Malformed)
	const unplaced = " (the place is one of the application that the policies made of the request)"
	if diff := cmp.Diff([]string{"/colour", "/subject/properties/colour"}, pointers(got.Errors)); diff != "" {
		t.Fatal(diff, got.Errors)
	}
	if !strings.HasSuffix(got.Errors[0].Detail, unplaced) || strings.HasSuffix(got.Errors[1].Detail, unplaced) {
		t.Errorf("got %v", got.Errors)
	}
}
