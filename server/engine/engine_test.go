package engine_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"greenchannel/server/decision"
	"greenchannel/server/engine"
	"greenchannel/server/problem"
)

const small = `{
  "id": "A-1",
  "exporter": {"name": "Example Magnets"},
  "items": [{"line": 1, "quantity": {"value": 0.1234567890123456789, "unit": "KGM"}, "tech_params": {"<b>": 1.50, "big": 12345678901234567890}}],
  "destination": "DE",
  "parties": [{"role": "end_user", "name": "Beispiel GmbH"}]
}`

func TestEvaluate(t *testing.T) {
	t.Parallel()
	e := started(t, smallFolder(t), time.Minute)
	decided, err := decide(t, e, application(t, e, small), instantOf)
	if err != nil {
		t.Fatal(err)
	}
	policy, _ := e.Active()
	if decided.Policy != policy || policy.Name != "small" || policy.Digest == "" {
		t.Errorf("policy = %+v, active is %+v", decided.Policy, policy)
	}
	if decided.ApplicationID != "A-1" || decided.Outcome != decision.StandardReview {
		t.Errorf("application %q, outcome %q", decided.ApplicationID, decided.Outcome)
	}
	if want := "2026-11-23T09:00:00.123+08:00"; decided.AsOf != want {
		t.Errorf("as_of = %s, want the clock that was given, %s", decided.AsOf, want)
	}
	if decided.Reasons[0].Rule != "ECHO-1" || decided.Reasons[0].Title != "Echo" {
		t.Errorf("reason = %+v, want what the annotations say", decided.Reasons[0])
	}
	for _, exact := range []string{"0.1234567890123456789", `"<b>":1.50`, "12345678901234567890"} {
		if !strings.Contains(string(decided.Reasons[0].Evidence), exact) {
			t.Errorf("the evidence lost %s: %s", exact, decided.Reasons[0].Evidence)
		}
	}
}

func TestEvaluateTwiceIsEqual(t *testing.T) {
	t.Parallel()
	e := started(t, smallFolder(t), time.Minute)
	app := application(t, e, small)
	first, err := decide(t, e, app, instantOf)
	if err != nil {
		t.Fatal(err)
	}
	second, err := decide(t, e, app, instantOf.UTC())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("the same question has two answers:\n%s", diff)
	}
}

func TestNothingIsDecidedWithoutABundle(t *testing.T) {
	t.Parallel()
	e := engine.New(0)
	if policy, ready := e.Active(); ready || policy != (decision.PolicyRef{}) {
		t.Errorf("active: %+v", policy)
	}
	_, err := e.Read([]byte(small))
	wants(t, err, problem.NotReady, "")
	_, err = e.Evaluate(t.Context(), decision.Application{}, instantOf)
	wants(t, err, problem.NotReady, "")
	_, err = e.Controls(t.Context(), instantOf, decision.ControlFilter{})
	wants(t, err, problem.NotReady, "")
	_, err = e.Control(t.Context(), instantOf, "1C902.a.1")
	wants(t, err, problem.NotReady, "")
}

// Whatever the policies answer but a whole decision on what was asked is no decision.
func TestEvaluateGivesAWholeDecisionOrNone(t *testing.T) {
	t.Parallel()
	const file = "rareearth/decision/decision.rego"
	for _, tc := range []struct{ name, old, new, cause string }{
		{"a field is undefined", "outcome := data.rareearth.settings.outcome", "outcome := data.rareearth.settings.nowhere", "/outcome"},
		{"everything is undefined", smallDecisionBody(), "application_id := input.id if input.id == \"other\"\n", "/application_id"},
		{"two values for one field", "missing := []", "missing := []\n\nmissing := [\"contract\"] if input.id", "conflict"},
		{"a built-in fails", "clock := null", "clock := null if to_number(input.id) > 0", "to_number"},
		{"an unknown outcome", "data.rareearth.settings.outcome", `"approved"`, "approved"},
		{"a field too many", "clock := null", "clock := null\n\nverdict := 1", "/verdict"},
		{"a helper in the entry point", "clock := null", "clock := null\n\n_helper := 1", "/_helper"},
		{"an id from the policies", "clock := null", "clock := null\n\ndecision_id := \"x\"", "for the service alone"},
		{"another bundle's name", "clock := null", "clock := null\n\npolicy := {}", "for the service alone"},
		{"another application", "application_id := input.id", `application_id := "B-2"`, `"B-2"`},
		{"another clock", "as_of := time.format([time.now_ns() +", "as_of := time.format([1 + time.now_ns() +", "2026-11-23T09:00:00.123000001+08:00"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			folder := smallFolder(t)
			edit(t, folder, file, strings.ReplaceAll(tc.old, "_text", "data.rareearth.words.text"), tc.new)
			e := started(t, folder, time.Minute)
			decided, err := decide(t, e, application(t, e, small), instantOf)
			wants(t, err, problem.Undecided, tc.cause)
			if diff := cmp.Diff(decision.Decision{}, decided); diff != "" {
				t.Errorf("part of a decision came back:\n%s", diff)
			}
		})
	}
}

// smallDecisionBody is smallDecision without its package clause.
func smallDecisionBody() string {
	return smallDecision[strings.Index(smallDecision, "application_id"):]
}

// endless makes a folder whose decision takes longer than anyone waits.
func endless(t *testing.T) fstest.MapFS {
	folder := smallFolder(t)
	edit(t, folder, "rareearth/decision/decision.rego", "missing := []",
		`missing := ["contract" | some a in numbers.range(1, 30000); some b in numbers.range(1, 30000); a + b == 0]`)
	return folder
}

func TestEvaluateEndsAtTheDeadline(t *testing.T) {
	t.Parallel()
	e := started(t, endless(t), 20*time.Millisecond)
	decided, err := decide(t, e, application(t, e, small), instantOf)
	wants(t, err, problem.Deadline, "cancel")
	if !strings.Contains(problem.Of(err).Detail, "20ms") || decided.Outcome != "" {
		t.Errorf("%v beside %+v", err, decided)
	}
}

func TestEvaluateEndsWithItsCaller(t *testing.T) {
	t.Parallel()
	e := started(t, endless(t), time.Hour)
	app := application(t, e, small)

	gone, leave := context.WithCancel(t.Context())
	leave()
	_, err := e.Evaluate(gone, app, instantOf)
	wants(t, err, problem.Cancelled, "")

	leaving, leave := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, leave)
	_, err = e.Evaluate(leaving, app, instantOf)
	wants(t, err, problem.Cancelled, "")

	short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err = e.Evaluate(short, app, instantOf)
	wants(t, err, problem.Deadline, "")
}

// While generations are swapped, each decision comes wholly from one of them: its digest and what it read agree.
func TestSwappingWhileDeciding(t *testing.T) {
	t.Parallel()
	const marks = 3
	byDigest := map[string]string{}
	var generations []*engine.Generation
	e := engine.New(time.Minute)
	for mark := range marks {
		folder := smallFolder(t)
		edit(t, folder, "rareearth/settings/data.json", `"mark": 1`, fmt.Sprintf(`"mark": %d`, mark))
		g := generation(t, folder)
		generations = append(generations, g)
		e.Activate(g)
		policy, _ := e.Active()
		byDigest[policy.Digest] = fmt.Sprintf(`"mark":%d`, mark)
	}
	if len(byDigest) != marks {
		t.Fatalf("%d digests for %d bundles", len(byDigest), marks)
	}
	app := application(t, e, small)

	done := make(chan struct{})
	var swapping, deciding sync.WaitGroup
	swapping.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
				e.Activate(generations[i%marks])
			}
		}
	})
	for range 4 {
		deciding.Go(func() {
			for range 25 {
				decided, err := decide(t, e, app, instantOf)
				if err != nil {
					t.Error(err)
					return
				}
				if mark := byDigest[decided.Policy.Digest]; !strings.Contains(string(decided.Reasons[0].Evidence), mark) {
					t.Errorf("digest %s goes with %s, but the evidence is %s", decided.Policy.Digest, mark, decided.Reasons[0].Evidence)
				}
			}
		})
	}
	deciding.Wait()
	close(done)
	swapping.Wait()
}

// A print that an author forgot writes nothing: standard output is the answer of `decide`. Not parallel, since standard
// output belongs to the whole process.
func TestPrintIsErased(t *testing.T) {
	folder := smallFolder(t)
	edit(t, folder, "rareearth/decision/decision.rego", "clock := null", `clock := null if print("the application is", input)`)
	e := started(t, folder, time.Minute)
	app := application(t, e, small)

	stdout, stderr := os.Stdout, os.Stderr
	reading, writing, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	os.Stdout, os.Stderr = writing, writing
	_, evaluated := e.Evaluate(t.Context(), app, instantOf)
	os.Stdout, os.Stderr = stdout, stderr
	if err := writing.Close(); err != nil {
		t.Fatal(err)
	}
	written, err := io.ReadAll(reading)
	if evaluated != nil || err != nil || len(written) > 0 {
		t.Errorf("the policy printed %q (%v, %v)", written, evaluated, err)
	}
}

func TestCompileRefuses(t *testing.T) {
	t.Parallel()
	const file = "rareearth/decision/decision.rego"
	for _, tc := range []struct {
		name   string
		change func(*testing.T, fstest.MapFS)
		wants  []string
	}{
		{"built-ins that look outside, all at once", func(t *testing.T, f fstest.MapFS) {
			edit(t, f, file, "clock := null", `clock := http.send({"method": "get", "url": "http://localhost"})`)
			edit(t, f, file, "missing := []", `missing := [uuid.rfc4122("x")]`)
		}, []string{"undefined function http.send", "undefined function uuid.rfc4122"}},
		{"a field that the schema does not know", func(t *testing.T, f fstest.MapFS) {
			edit(t, f, file, "input.id", "input.idd")
		}, []string{"undefined ref: input.idd"}},
		{"a variable that is not used", func(t *testing.T, f fstest.MapFS) {
			edit(t, f, file, "clock := null", "clock := null if unused := 1")
		}, []string{"unused"}},
		{"data hidden behind a rule", func(t *testing.T, f fstest.MapFS) {
			f["rareearth/x/x.rego"] = &fstest.MapFile{Data: []byte("package rareearth\n\nsettings := {}\n")}
		}, []string{"conflict"}},
		{"no entry point", func(_ *testing.T, f fstest.MapFS) { delete(f, file) }, []string{"data.rareearth.decision"}},
		{"a schema that is none", func(_ *testing.T, f fstest.MapFS) {
			f["schemas/decision/schema.json"] = &fstest.MapFile{Data: []byte(`{"type": "soup"}`)}
		}, []string{"decision schema"}},
		{"another schema that is none", func(_ *testing.T, f fstest.MapFS) {
			f["schemas/application/schema.json"] = &fstest.MapFile{Data: []byte(`{"type": "soup"}`)}
		}, []string{"application schema"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			folder := smallFolder(t)
			tc.change(t, folder)
			g, err := compile(t, folder)
			if err == nil || g != nil {
				t.Fatalf("compiled: %v", g)
			}
			for _, want := range tc.wants {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("err = %v, want it to name %q", err, want)
				}
			}
		})
	}
}

// What was pinned stays with its bundle, whatever is activated later.
func TestPinned(t *testing.T) {
	t.Parallel()
	if _, err := engine.New(0).Pinned(); problem.Of(err).Kind != problem.NotReady {
		t.Errorf("pinned nothing: %v", err)
	}
	e := started(t, smallFolder(t), time.Minute)
	before, _ := e.Active()
	pinned, err := e.Pinned()
	if err != nil {
		t.Fatal(err)
	}
	other := smallFolder(t)
	for name, file := range other {
		if strings.HasSuffix(name, ".rego") {
			file.Data = append(file.Data, "\n# another revision\n"...)
		}
	}
	e.Activate(generation(t, other))
	after, _ := e.Active()
	if got, active := pinned.Active(); !active || got != before || after == before {
		t.Errorf("pinned to %+v, before %+v, after %+v", got, before, after)
	}
	if _, err := pinned.Evaluate(t.Context(), application(t, pinned, small), instantOf); err != nil {
		t.Error(err)
	}
}
