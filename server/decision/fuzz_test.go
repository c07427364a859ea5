package decision_test

import (
	"strings"
	"testing"

	"greenchannel/server/decision"
	"greenchannel/server/problem"
)

// Whatever is sent: no panic; what is accepted reads again as the same; what is refused is told why.
func FuzzRead(f *testing.F) {
	reader := smallReader(f)
	for _, seed := range []string{
		sound, "", "null", "[]", `{"id": 1e999}`, `{"a": {"a": 1, "a": 2}}`, "\ufeff{}", `{"id": "\ud800"}`, "{\"\xff\": 1}",
		strings.Repeat("[", 40), `{"items": [{"line": 1}, {"line": 1.0}]}`, `{"": {"~": {"/": 0}}}`, sound + "x", with(`"quantity": []`),
		with(`"quantity": {"value": -1}`), with(`"rank": {}`), with(`"codes": [null, null]`), with(`"pair": {"a": 0, "b": 0}`),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		app, err := reader.Read(body)
		if err == nil {
			again, err := reader.Read(app.Bytes())
			if err != nil || !again.Equal(app) || app.ID() == "" {
				t.Fatalf("accepted, but does not read again as the same: %v", err)
			}
			return
		}
		why := problem.Of(err)
		if why.Detail == "" || why.Kind == problem.Internal {
			t.Fatalf("refused without saying why: %v", err)
		}
		if why.Kind == problem.Invalid && len(why.Faults) == 0 {
			t.Fatalf("invalid, but nothing is named: %v", err)
		}
		for _, fault := range why.Faults {
			if fault.Detail == "" || fault.Line < 1 {
				t.Fatalf("a fault without words or place: %+v", fault)
			}
		}
		if !app.Equal(decision.Application{}) {
			t.Fatal("an application came back beside the error")
		}
	})
}
