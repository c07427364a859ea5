package conformance

import (
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"greenchannel/policies"
	"greenchannel/server/bundle"
	"greenchannel/server/decision"
	"greenchannel/server/engine"
	"greenchannel/server/httpapi"
	"greenchannel/server/store"
	"greenchannel/tests/counts"
)

// day is when the questions of these tests are asked: the clocks of both servers stand there.
var day = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// twins are OPA's server and ours on our own bundle.
type twins struct {
	theirs, ours http.Handler
	bundle       *bundle.Bundle
}

// onOurBundle opens both. Ours has no tables that the store computes, as OPA's has none. What the bundle's manifest says
// stands in OPA's store only where it is asked for, since it shows under data there.
func onOurBundle(t testing.TB, manifest bool) twins {
	t.Helper()
	loaded, err := bundle.Load(policies.FS())
	if err != nil {
		t.Fatal(err)
	}
	data, err := copied(loaded.Data)
	if err != nil {
		t.Fatal(err)
	}
	if manifest {
		data["system"] = map[string]any{"bundles": map[string]any{loaded.Name: map[string]any{
			"manifest": map[string]any{"revision": loaded.Revision, "roots": []any{""}},
		}}}
	}
	theirs := newOracle(t, data)
	theirs.publish(t, loaded.Sources)

	kept, err := store.New(loaded.Data)
	if err != nil {
		t.Fatal(err)
	}
	generation, err := engine.Compile(t.Context(), loaded, kept)
	if err != nil {
		t.Fatal(err)
	}
	evaluating := engine.New(time.Hour) // the clock stands; what is slow here is the machine
	evaluating.Activate(generation)
	ours := httpapi.New(httpapi.Deps{
		Callers: tester{}, Access: tester{},
		OPA: evaluating.Door(),
		Ready: func() (decision.PolicyRef, error) {
			policy, _ := evaluating.Active()
			return policy, nil
		},
		Now: time.Now,
		Log: slog.New(slog.DiscardHandler),
	})
	return twins{theirs.handler, ours, loaded}
}

// atOnce runs ask in a world whose clock stands at day, for both servers alike.
func atOnce(t *testing.T, ask func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(day))
		ask(t)
	})
}

// compared asks both the same, and holds the table of tests/README.md to how many requests were answered alike.
func (w twins) compared(t *testing.T, requests []request) {
	t.Helper()
	got := counts.Counts{Run: len(requests), OnPurpose: map[string]int{}}
	for _, r := range requests {
		diff, purpose := differ(t, w.theirs, w.ours, r)
		switch {
		case diff != "":
			t.Errorf("%s %s %.200s (-OPA +ours):\n%.4000s", r.method, r.target, r.body, diff)
		case purpose != "":
			got.Passed++
			got.OnPurpose[purpose]++
		default:
			got.Passed++
		}
	}
	counts.Hold(t, got)
}

// applications are those of the cases.
func applications(t testing.TB) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../cases/applications/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no applications: %v", err)
	}
	all := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(file), ".json")] = string(text)
	}
	return all
}

// documents are the paths of every package and rule of a bundle. Functions are left out: they need arguments.
func documents(b *bundle.Bundle) []string {
	found := map[string]bool{"": true}
	for _, module := range b.Modules {
		path := pathOf(module.Package.Path)
		found[path] = true
		for _, rule := range module.Rules {
			if len(rule.Head.Args) > 0 {
				continue
			}
			found[path+pathOf(append(ast.Ref{ast.DefaultRootDocument}, rule.Head.Ref().GroundPrefix()...))] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func pathOf(ref ast.Ref) string {
	var path strings.Builder
	for _, term := range ref[1:] {
		switch name := term.Value.(type) {
		case ast.String:
			path.WriteString("/" + url.PathEscape(string(name)))
		case ast.Var:
			path.WriteString("/" + url.PathEscape(string(name)))
		}
	}
	return path.String()
}

// TestEveryDocument asks both servers for every package and rule of our bundle, without an application and about one.
func TestEveryDocument(t *testing.T) {
	t.Parallel()
	both := onOurBundle(t, false)
	var requests []request
	app := applications(t)["magnet_to_germany"]
	for _, path := range documents(both.bundle) {
		requests = append(requests,
			request{method: "GET", target: "/v1/data" + path},
			request{method: "POST", target: "/v1/data" + path + "?strict-builtin-errors", body: `{"input": ` + app + `}`},
			request{method: "POST", target: "/v0/data" + path, body: app},
		)
	}
	atOnce(t, func(t *testing.T) { both.compared(t, requests) })
}

// TestEveryApplication asks both servers for the decision on every application of the cases, by every road.
func TestEveryApplication(t *testing.T) {
	t.Parallel()
	both := onOurBundle(t, false)
	var requests []request
	for _, name := range slices.Sorted(maps.Keys(applications(t))) {
		app := applications(t)[name]
		for _, options := range []string{"", "?pretty", "?metrics", "?instrument=true", "?strict-builtin-errors&rule_labels"} {
			requests = append(requests, request{method: "POST", target: "/v1/data/rareearth/decision" + options, body: `{"input": ` + app + `}`})
		}
		requests = append(requests,
			request{method: "GET", target: "/v1/data/rareearth/decision?input=" + url.QueryEscape(app)},
			request{method: "POST", target: "/v0/data/rareearth/decision", body: app},
			request{method: "POST", target: "/?pretty=true", body: app},
			request{method: "POST", target: "/v1/query", body: fmt.Sprintf(`{"query": "x = data.rareearth.decision", "input": %s}`, app)},
			request{
				method: "POST", target: "/v1/data/rareearth/decision", body: `{"input": ` + app + `}`,
				header: []string{"Accept-Encoding", "gzip"},
			},
			request{
				method: "POST", target: "/v1/data/rareearth/decision", body: `{"input": ` + app + `}`, // JSON is YAML
				header: []string{"Content-Type", "application/yaml"},
			},
		)
	}
	atOnce(t, func(t *testing.T) { both.compared(t, requests) })
}
