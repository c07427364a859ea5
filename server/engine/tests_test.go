package engine_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"

	"greenchannel/policies"
	"greenchannel/server/bundle"
	"greenchannel/server/engine"
	"greenchannel/server/store"
)

// own is the bundle of the service with tests of its own.
func own(t *testing.T, tests map[string]string) (*bundle.Bundle, map[string]*ast.Module) {
	t.Helper()
	b, err := bundle.Load(policies.FS())
	if err != nil {
		t.Fatal(err)
	}
	if tests == nil {
		parsed, err := b.Tests(policies.FS())
		if err != nil {
			t.Fatal(err)
		}
		return b, parsed
	}
	parsed := map[string]*ast.Module{}
	for name, text := range tests {
		parsed[name] = ast.MustParseModuleWithOpts(text, ast.ParserOptions{RegoVersion: ast.RegoV1})
		parsed[name].Package.Location.File = name
		for _, rule := range parsed[name].Rules {
			rule.Location.File = name
		}
	}
	return b, parsed
}

// tested compiles a bundle and runs tests of it.
func tested(t *testing.T, ctx context.Context, b *bundle.Bundle, tests map[string]*ast.Module) (int, error) {
	t.Helper()
	data, err := store.New(b.Data, store.Screening(), store.NewLive())
	if err != nil {
		t.Fatal(err)
	}
	generation, err := engine.Compile(t.Context(), b, data)
	if err != nil {
		t.Fatal(err)
	}
	return generation.Test(ctx, b, tests)
}

func TestTheTestsOfTheBundlePass(t *testing.T) {
	t.Parallel()
	b, tests := own(t, nil)
	passed, err := tested(t, t.Context(), b, tests)
	if err != nil || passed < 900 {
		t.Errorf("%d passed: %v", passed, err)
	}
}

func TestTestsThatFailAreTold(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		tests map[string]string
		want  []string
	}{
		{"none", map[string]string{}, []string{": the bundle has no test of its own"}},
		{"some", map[string]string{
			"a_test.rego": "package rareearth.a_test\n\ntest_good if true\n\ntest_bad if {\n\t1 == 2\n}\n\ntodo_test_later if false\n",
			"b_test.rego": "package rareearth.b_test\n\ntest_cases[note] if {\n\tsome note, n in {\"one\": 1, \"two\": 2}\n\tn == 1\n}\n",
		}, []string{"/a_test.rego: line 5, column 1: test_failed: test_bad failed", "/b_test.rego: line 3, column 1: test_failed: test_cases failed"}},
		{"one that looks outside", map[string]string{
			"a_test.rego": "package rareearth.a_test\n\ntest_out if http.send({\"method\": \"get\", \"url\": \"http://127.0.0.1/\"})\n",
		}, []string{"undefined function http.send"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b, tests := own(t, tc.tests)
			_, err := tested(t, t.Context(), b, tests)
			faults := bundle.Faults(err)
			if len(faults) != len(tc.want) {
				t.Fatalf("%v", faults)
			}
			for i, want := range tc.want {
				if got := faults[i].Pointer + ": " + faults[i].Detail; !strings.Contains(got, want) {
					t.Errorf("%s, want %q", got, want)
				}
			}
		})
	}
	called, off := context.WithCancel(t.Context())
	off()
	b, tests := own(t, nil)
	if _, err := tested(t, called, b, tests); !errors.Is(err, context.Canceled) {
		t.Errorf("called off: %v", err)
	}
}

// Tests run as under a stock opa, which has no tables of the service, also where it would answer any name.
func TestTestsSeeNoTables(t *testing.T) {
	t.Parallel()
	b, tests := own(t, map[string]string{"a_test.rego": `package rareearth.a_test

test_the_data_is_there if data.rareearth.reference.control_list.entries["1C905.a.4"].element

test_no_matches if not data.screening.matches["Motor Works"]

test_no_parties_on_file if not data.registry.parties["Motor Works"]

test_no_history if not data.history
`})
	if passed, err := tested(t, t.Context(), b, tests); err != nil || passed != 4 {
		t.Errorf("%d passed: %v", passed, err)
	}
}

// Each rule is fired by a test, and a rule whose condition does not hold is not fired.
func TestFired(t *testing.T) {
	t.Parallel()
	b, tests := own(t, nil)
	fired, err := engine.Fired(t.Context(), b, tests)
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range b.Catalogue() {
		if len(fired[rule.ID]) == 0 {
			t.Errorf("no test fires %s (%s:%d)", rule.ID, rule.File, rule.Row)
		}
	}
	const beside = "rareearth.licensing.end_user_test"
	if !slices.ContainsFunc(fired["ECL-18"], func(test string) bool { return strings.HasPrefix(test, beside+".") }) {
		t.Errorf("ECL-18 is fired by %v", fired["ECL-18"])
	}
	all := 0
	for _, module := range tests {
		for _, rule := range module.Rules {
			if strings.HasPrefix(string(rule.Head.Name), "test_") && module.Package.Path.String() == "data."+beside {
				all++
			}
		}
	}
	if here := len(fired["ECL-18"]); here >= all {
		t.Errorf("ECL-18 is fired by %d tests, and its package has %d in all", here, all)
	}
}
