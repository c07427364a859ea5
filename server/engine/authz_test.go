package engine_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"greenchannel/policies"
	"greenchannel/server/bundle"
	"greenchannel/server/engine"
	"greenchannel/server/identity"
	"greenchannel/server/problem"
	"greenchannel/server/store"
)

// withAuthz is a small policy folder whose authorisation is these rules.
func withAuthz(t testing.TB, rules string) fstest.MapFS {
	t.Helper()
	folder := smallFolder(t)
	folder[".manifest"] = &fstest.MapFile{Data: []byte(`{"roots": ["rareearth", "system/authz"], "metadata": {"name": "small"}}`)}
	folder["system/authz/authz.rego"] = &fstest.MapFile{Data: []byte("package system.authz\n\n" + rules + "\n")}
	return folder
}

// Only a plain yes is a yes: what is undefined, odd, contradictory, late or broken permits nothing.
func TestAllowed(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, rules string
		allowed     bool
		reason      string
		kind        problem.Kind
	}{
		{name: "yes", rules: `allow := true`, allowed: true},
		{name: "yes, as an object", rules: `allow := {"allowed": true}`, allowed: true},
		{name: "no", rules: `allow := false`, reason: "The policies do not allow it."},
		{name: "no, with a reason", rules: `allow := {"allowed": false, "reason": "not on Sundays"}`, reason: "not on Sundays"},
		{name: "a reason is no yes", rules: `allow := {"reason": "please"}`, kind: problem.Undecided},
		{name: "the word yes", rules: `allow := "true"`, kind: problem.Undecided},
		{name: "the word yes in an object", rules: `allow := {"allowed": "true"}`, kind: problem.Undecided},
		{name: "one", rules: `allow := 1`, kind: problem.Undecided},
		{name: "null", rules: `allow := null`, kind: problem.Undecided},
		{name: "a set", rules: `allow contains true`, kind: problem.Undecided},
		{name: "undefined", rules: `allow if input.identity.name == "somebody else"`, reason: "The active bundle does not say who may do this."},
		{name: "no such rule", rules: `allowed := true`, reason: "The active bundle does not say who may do this."},
		{name: "two answers", rules: "allow := true if input.method == \"GET\"\n\nallow := false if count(input.path) == 3", kind: problem.Undecided},
		{name: "a built-in that fails", rules: `allow if to_number(input.method) == 1`, kind: problem.Undecided},
		{name: "everything is asked", allowed: true, rules: `allow if input == {
			"identity": {"name": "acme", "roles": ["client"], "exporter": "Acme", "method": "token"},
			"method": "GET", "path": ["v1", "controls", "61/1(1)"], "query": ["as_of"],
		}`},
		{name: "late", rules: `allow if count([1 | some a in numbers.range(1, 30000); some b in numbers.range(1, 30000); a + b == 0]) == 0`, kind: problem.Deadline},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			g, err := compile(t, withAuthz(t, tc.rules))
			if err != nil {
				t.Fatal(err)
			}
			timeout := time.Minute
			if tc.kind == problem.Deadline {
				timeout = 20 * time.Millisecond
			}
			e := engine.New(timeout)
			e.Activate(g)
			allowed, reason, err := e.Allowed(t.Context(), identity.Access{
				Caller: identity.Caller{Name: "acme", Roles: []string{"client"}, Exporter: "Acme", Method: identity.ByToken},
				Method: "GET", Path: []string{"v1", "controls", "61/1(1)"}, Query: []string{"as_of"},
			}, instantOf)
			if allowed != tc.allowed || reason != tc.reason {
				t.Errorf("allowed %v, reason %q, want %v, %q", allowed, reason, tc.allowed, tc.reason)
			}
			if tc.kind == "" && err != nil || tc.kind != "" && (err == nil || problem.Of(err).Kind != tc.kind) {
				t.Errorf("err = %v, want %q", err, tc.kind)
			}
		})
	}
}

func TestNobodyIsAllowedWithoutABundle(t *testing.T) {
	t.Parallel()
	allowed, _, err := engine.New(0).Allowed(t.Context(), identity.Access{}, instantOf)
	if allowed || problem.Of(err).Kind != problem.NotReady {
		t.Errorf("allowed %v, %v", allowed, err)
	}
	g, err := compile(t, smallFolder(t))
	if err != nil {
		t.Fatal(err)
	}
	e := engine.New(time.Minute)
	e.Activate(g)
	if allowed, reason, err := e.Allowed(t.Context(), identity.Access{}, instantOf); allowed || reason == "" || err != nil {
		t.Errorf("a bundle without authorisation: %v, %q, %v", allowed, reason, err)
	}
}

func BenchmarkAllowed(b *testing.B) {
	e := started(b, policies.FS(), time.Minute)
	access := identity.Access{
		Caller: identity.Caller{Name: "acme", Roles: []string{identity.Client}, Method: identity.ByToken},
		Method: "POST", Path: []string{"v1", "decisions"},
	}
	for b.Loop() {
		if allowed, reason, err := e.Allowed(b.Context(), access, instantOf); !allowed || err != nil {
			b.Fatal(reason, err)
		}
	}
}

// What follows from the question alone is asked once; what hangs on a clock or on a row of a table, each time. The two ways
// to part one path into words are two questions.
func TestOnlyWhatCannotChangeIsKept(t *testing.T) {
	t.Parallel()
	at := func(rules string) func(access identity.Access, at time.Time) (bool, string) {
		g := generation(t, withAuthz(t, rules))
		e := engine.New(time.Minute)
		e.Activate(g)
		return func(access identity.Access, at time.Time) (bool, string) {
			allowed, reason, err := e.Allowed(t.Context(), access, at)
			if err != nil {
				t.Error(err)
			}
			return allowed, reason
		}
	}
	asks := func(path ...string) identity.Access {
		return identity.Access{Caller: identity.Caller{Name: "acme", Roles: []string{"client"}}, Method: "GET", Path: path}
	}
	later := instantOf.Add(time.Hour)

	clock := at("allow := {\"allowed\": true, \"reason\": sprintf(\"%d\", [time.now_ns()])}")
	_, first := clock(asks("a"), instantOf)
	if _, second := clock(asks("a"), later); first == second {
		t.Errorf("the clock stands at %s", first)
	}

	path := at("default allow := false\n\nallow if input.path == [\"a\", \"b\"]")
	for range 2 {
		for _, tc := range []struct {
			access identity.Access
			want   bool
		}{
			{asks("a", "b"), true}, {asks("a/b"), false}, {asks("ab"), false}, {asks("a", "b", ""), false}, {asks("a"), false},
		} {
			if allowed, _ := path(tc.access, instantOf); allowed != tc.want {
				t.Errorf("%v: %v", tc.access.Path, allowed)
			}
		}
	}
	roles := at("default allow := false\n\nallow if \"operator\" in input.identity.roles\n\nallow if input.query == [\"x\"]")
	operator, query := asks("a"), asks("a")
	operator.Caller.Roles, query.Query = []string{"client", "operator"}, []string{"x"}
	for range 2 {
		one, _ := roles(asks("a"), instantOf)
		two, _ := roles(operator, instantOf)
		three, _ := roles(query, instantOf)
		if one || !two || !three {
			t.Errorf("a client %v, an operator %v, with a query %v", one, two, three)
		}
	}
}

// What the shipped policies leave open to everybody who is known, since nothing stands there, is nothing: every root of the bundle
// and every table of the service is an exception.
func TestWhereNothingStandsNothingIsOpened(t *testing.T) {
	t.Parallel()
	b, err := bundle.Load(policies.FS())
	if err != nil {
		t.Fatal(err)
	}
	kept, err := store.New(b.Data, store.Screening(), store.NewLive())
	if err != nil {
		t.Fatal(err)
	}
	held := map[string]bool{}
	for _, root := range b.Roots {
		name, _, _ := strings.Cut(root, "/")
		held[name] = true
	}
	for _, path := range kept.RowPaths() {
		held[path[0]] = true
	}
	want := slices.Sorted(maps.Keys(held))
	opened := 0
	table := b.Data["system"].(map[string]any)["authz"].(map[string]any)["roles"].(map[string]any)["routes"].([]any)
	for _, row := range table {
		if except, named := row.(map[string]any)["except"]; named {
			opened++
			if diff := cmp.Diff(fmt.Sprint(want), fmt.Sprint(except)); diff != "" {
				t.Errorf("%v (-held +excepted):\n%s", row, diff)
			}
		}
	}
	if opened != 3 {
		t.Errorf("%d rows have exceptions, want the three doors of OPA", opened)
	}
}

// A service of one's own machine answers an OPA client that asks for what is nowhere as OPA does: nothing is defined there.
func TestWhatIsNowhereMayBeAskedFor(t *testing.T) {
	t.Parallel()
	e := started(t, policies.FS(), time.Minute)
	for _, tc := range []struct {
		path    []string
		roles   []string
		allowed bool
	}{
		{[]string{"v1", "data", "nowhere", "at", "all"}, []string{"client"}, true},
		{[]string{"v1", "data", "rareearth/decision"}, []string{"operator"}, true}, // one name with a slash in it, which nothing has
		{[]string{"v1", "data", "rareearth", "decision"}, []string{"operator"}, false},
		{[]string{"v1", "data", "history"}, []string{"client"}, false},
		{[]string{"v1", "data"}, []string{"client"}, false},
		{[]string{"v1", "data", "nowhere"}, nil, false},
	} {
		access := identity.Access{Caller: identity.Caller{Name: "x", Roles: tc.roles, Method: identity.ByToken}, Method: "GET", Path: tc.path}
		if allowed, reason, err := e.Allowed(t.Context(), access, instantOf); err != nil || allowed != tc.allowed {
			t.Errorf("%v as %v: %v %q %v, want %v", tc.path, tc.roles, allowed, reason, err, tc.allowed)
		}
	}
}
