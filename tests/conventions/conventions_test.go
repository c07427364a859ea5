// Package conventions holds our Rego to what it promises to say about itself. The conventions are Rego (conventions.rego,
// with its own tests beside it); this test hands them what the parser found in the policies, and checks what Rego cannot
// see: whether the decision reaches every rule. It does not say whether a rule is right; tests/cases does that.
package conventions

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"go.yaml.in/yaml/v3"

	"greenchannel/policies"
	"greenchannel/server/bundle"
	"greenchannel/server/decision"
)

// The packages that the service asks: what is decided, and what is remembered of it.
const (
	entrypoint = "data.rareearth.decision"
	memory     = "data.rareearth.memory"
)

// A violation is what conventions.rego says.
type violation struct{ Place, Convention, Detail string }

func TestConventions(t *testing.T) {
	b := load(t)
	found := parsed(b)
	if findings := found.findings(); findings < 80 {
		t.Fatalf("the policies have %d findings; either they were not read or most of them are gone", findings)
	}
	for _, v := range violations(t, b, found) {
		t.Errorf("%s: %s (convention: %s)", v.Place, v.Detail, v.Convention)
	}
}

// TestConventionsSeeThePolicies hands over the policies with one thing taken away, so that an empty answer of
// TestConventions means that nothing is wrong and not that nothing was read.
func TestConventionsSeeThePolicies(t *testing.T) {
	b := load(t)
	found := parsed(b)
	rules := len(found.Rules)
	found.Rules = slices.DeleteFunc(found.Rules, func(r rule) bool {
		return r.Annotations != nil && r.Annotations.Custom["id"] == "GC-P03"
	})
	if len(found.Rules) != rules-1 {
		t.Fatalf("%d rules have the id GC-P03, want 1", rules-len(found.Rules))
	}
	want := violation{"policies", "condition", "no rule has the id GC-P03"}
	if got := violations(t, b, found); !slices.Contains(got, want) {
		t.Errorf("without the rule GC-P03 the conventions say %v, want %v among them", got, want)
	}
}

// TestDecisionReachesEveryFinding compares the rules that have an id with those that the decision depends on: a family in
// the wrong place would be tested, documented and never asked.
func TestDecisionReachesEveryFinding(t *testing.T) {
	b := load(t)
	reached := reachable(t, b)
	var lost []string
	for _, module := range b.Modules {
		for _, rule := range module.Rules {
			for _, annotations := range rule.Annotations {
				if id, ok := annotations.Custom["id"].(string); ok && !reached[place(rule.Location)] {
					lost = append(lost, fmt.Sprintf("%s (%s)", id, place(rule.Location)))
				}
			}
		}
	}
	if len(lost) > 0 {
		t.Errorf("%s does not depend on these rules, so they never speak; put their package where outcome.rego gathers:\n%v", entrypoint, lost)
	}
	var catalogue []string
	for _, entry := range b.Catalogue() {
		catalogue = append(catalogue, entry.ID)
	}
	if diff := cmp.Diff(ids(b), catalogue); diff != "" {
		t.Errorf("the catalogue of the bundle is not what the parser finds (-parser +catalogue):\n%s", diff)
	}
}

// TestDecisionDoesNotReachTheMemory asks that what is remembered of an application stays out of the decision on it: it is
// asked for beside the decision, and an applicant is not shown what later decisions will be held against.
func TestDecisionDoesNotReachTheMemory(t *testing.T) {
	b := load(t)
	reached := reachable(t, b)
	remembering := 0
	for _, module := range b.Modules {
		if module.Package.Path.String() != memory {
			continue
		}
		for _, rule := range module.Rules {
			remembering++
			if reached[place(rule.Location)] {
				t.Errorf("%s depends on %s", entrypoint, place(rule.Location))
			}
		}
	}
	if remembering == 0 {
		t.Errorf("%s has no rules", memory)
	}
}

// TestOutcomesAgree compares the outcomes of the policies with those of the service: one contract, written down twice.
func TestOutcomesAgree(t *testing.T) {
	b := load(t)
	result, err := rego.New(append(modules(b),
		rego.Query("x := data.rareearth.outcome.order"),
		rego.Store(inmem.NewFromObject(b.Data)),
	)...).Eval(t.Context())
	if err != nil || len(result) != 1 {
		t.Fatalf("data.rareearth.outcome.order: %v, %v", result, err)
	}
	var want []any
	for _, outcome := range decision.Outcomes() {
		want = append(want, string(outcome))
	}
	if diff := cmp.Diff(any(want), result[0].Bindings["x"]); diff != "" {
		t.Errorf("-service +policies:\n%s", diff)
	}
}

func load(t *testing.T) *bundle.Bundle {
	t.Helper()
	b, err := bundle.Load(policies.FS())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// violations asks conventions.rego about a tree, with the tables of the policies and articles.yaml as data.
func violations(t *testing.T, b *bundle.Bundle, found tree) []violation {
	t.Helper()
	source, err := os.ReadFile("conventions.rego")
	if err != nil {
		t.Fatal(err)
	}
	articles, err := os.ReadFile("articles.yaml")
	if err != nil {
		t.Fatal(err)
	}
	data := maps.Clone(b.Data)
	if err := yaml.Unmarshal(articles, &data); err != nil {
		t.Fatal(err)
	}
	result, err := rego.New(
		rego.Query("x := data.conventions.violations"),
		rego.Module("conventions.rego", string(source)),
		rego.Store(inmem.NewFromObject(data)),
		rego.Input(found),
		rego.StrictBuiltinErrors(true),
	).Eval(t.Context())
	if err != nil || len(result) != 1 {
		t.Fatalf("data.conventions.violations: %v, %v", result, err)
	}
	text, err := json.Marshal(result[0].Bindings["x"])
	if err != nil {
		t.Fatal(err)
	}
	var said []violation
	if err := json.Unmarshal(text, &said); err != nil {
		t.Fatal(err)
	}
	return said
}

func modules(b *bundle.Bundle) []func(*rego.Rego) {
	var options []func(*rego.Rego)
	for _, file := range slices.Sorted(maps.Keys(b.Modules)) {
		options = append(options, rego.ParsedModule(b.Modules[file]))
	}
	return options
}

// ids lists the ids that the parser finds, in order.
func ids(b *bundle.Bundle) []string {
	var all []string
	for _, module := range b.Modules {
		for _, annotations := range module.Annotations {
			if id, ok := annotations.Custom["id"].(string); ok {
				all = append(all, id)
			}
		}
	}
	slices.Sort(all)
	return all
}

// reachable gives the places of all rules that the decision depends on, over however many steps.
func reachable(t *testing.T, b *bundle.Bundle) map[string]bool {
	t.Helper()
	compiler := ast.NewCompiler().WithPathConflictsCheck(nil)
	if compiler.Compile(b.Modules); compiler.Failed() {
		t.Fatal(compiler.Errors)
	}
	var open []any
	for _, rule := range compiler.GetRulesWithPrefix(ast.MustParseRef(entrypoint)) {
		open = append(open, rule)
	}
	if len(open) == 0 {
		t.Fatalf("%s has no rules", entrypoint)
	}
	seen := map[any]bool{}
	places := map[string]bool{}
	for len(open) > 0 {
		node := open[len(open)-1]
		open = open[:len(open)-1]
		if seen[node] {
			continue
		}
		seen[node] = true
		if rule, ok := node.(*ast.Rule); ok {
			places[place(rule.Location)] = true
		}
		for next := range compiler.Graph.Dependencies(node) {
			open = append(open, next)
		}
	}
	return places
}

// place is where a reader finds a line; the bundle counts its paths from the policy folder.
func place(at *ast.Location) string {
	return fmt.Sprintf("policies/%s:%d", strings.TrimPrefix(at.File, "/"), at.Row)
}
