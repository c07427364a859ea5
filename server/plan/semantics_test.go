package plan_test

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/test/cases"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/types"
	"github.com/open-policy-agent/opa/v1/util"

	"greenchannel/server/plan"
)

// sleep is the one built-in that a case uses and OPA has in its tests only.
var sleep = &topdown.Builtin{
	Decl: &ast.Builtin{Name: "test.sleep", Decl: types.NewFunction(types.Args(types.S), types.Nl)},
	Func: func(_ topdown.BuiltinContext, operands []*ast.Term, iter func(*ast.Term) error) error {
		pause, err := time.ParseDuration(string(operands[0].Value.(ast.String)))
		if err != nil {
			return err
		}
		time.Sleep(pause)
		return iter(ast.NullTerm())
	},
}

// TestSemanticCases runs every semantic case of OPA's module that the executor takes. It has to give the result that the
// case wants; what it refuses, or does otherwise, stands in the list of exceptions with the reason.
func TestSemanticCases(t *testing.T) {
	folder := casesFolder(t)
	ran, equal, refused := 0, 0, 0
	for _, part := range []struct {
		name, folder string
		rego         ast.RegoVersion
	}{
		{"v0", filepath.Join(folder, "v0"), ast.RegoV0},
		{"v1", filepath.Join(folder, "v1"), ast.RegoV1},
		{"topdown", filepath.Join(folder, "../../../topdown/testdata/cases"), ast.RegoV0},
	} {
		set, err := cases.Load(part.folder)
		if err != nil {
			t.Fatal(err)
		}
		if len(set.Cases) == 0 {
			t.Fatalf("no cases in %s", part.folder)
		}
		for _, tc := range set.Sorted().Cases {
			id := part.name + "/" + tc.Note
			ran++
			t.Run(id, func(t *testing.T) {
				for k, v := range tc.Env {
					t.Setenv(k, v)
				}
				fault := runCase(t, tc, part.rego)
				reason, known := exception(id)
				var unsupported *plan.Unsupported
				switch {
				case fault == nil:
					equal++
					if known {
						t.Errorf("comes out equal, but is listed as not: %s; take it off the list", reason)
					}
				case !known:
					t.Errorf("%v\n(%s)", fault, tc.Filename)
				case errors.As(fault, &unsupported):
					refused++
				}
			})
		}
	}
	t.Logf("%d of OPA's semantic cases: %d equal, %d refused, %d otherwise", ran, equal, refused, ran-equal-refused)
}

// casesFolder asks the go command where the module of OPA stands, as half of the cases are not embedded in it.
func casesFolder(t *testing.T) string {
	out, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/open-policy-agent/opa/v1/test/cases/testdata").Output()
	if err != nil {
		t.Fatalf("find the cases of OPA: %v", err)
	}
	return strings.TrimSpace(string(out))
}

func runCase(t *testing.T, tc cases.TestCase, version ast.RegoVersion) error {
	options := ast.ParserOptions{RegoVersion: version}
	if tc.ExperimentalKeywords {
		options.Capabilities = ast.CapabilitiesForThisVersion(ast.CapabilitiesExperimentalKeywords(true))
	}
	capabilities := ast.CapabilitiesForThisVersion(ast.CapabilitiesExperimentalKeywords(tc.ExperimentalKeywords))
	capabilities.Builtins = append(slices.Clone(capabilities.Builtins), sleep.Decl)
	compiler := ast.NewCompiler().WithDefaultRegoVersion(version).WithCapabilities(capabilities)
	modules := map[string]*ast.Module{}
	for i, source := range tc.Modules {
		name := fmt.Sprintf("test-%d.rego", i)
		module, err := ast.ParseModuleWithOpts(name, source, options)
		if err != nil {
			return err
		}
		modules[name] = module
	}
	if compiler.Compile(modules); compiler.Failed() {
		return fmt.Errorf("compile: %w", compiler.Errors)
	}
	data, err := plan.NewData(caseData(t, tc))
	if err != nil {
		return err
	}
	program, err := plan.Compile(t.Context(), plan.Query{
		Modules: compiler, Data: data, StrictErrors: tc.StrictError,
		Builtins: map[string]*topdown.Builtin{sleep.Decl.Name: sleep},
		Options:  []func(*rego.Rego){rego.ParsedQuery(ast.MustParseBody(tc.Query))},
	})
	if err != nil {
		return err
	}
	answers, err := program.Answers(t.Context(), plan.Input{Value: caseInput(tc), Time: time.Now()})
	return judge(tc, answers, err)
}

func caseData(t *testing.T, tc cases.TestCase) ast.Object {
	if tc.Data == nil {
		return ast.NewObject()
	}
	var raw any = *tc.Data
	if err := util.RoundTrip(&raw); err != nil {
		t.Fatal(err)
	}
	return ast.MustInterfaceToValue(raw).(ast.Object)
}

func caseInput(tc cases.TestCase) ast.Value {
	switch {
	case tc.InputTerm != nil:
		return ast.MustParseTerm(*tc.InputTerm).Value
	case tc.Input != nil:
		return ast.MustInterfaceToValue(*tc.Input)
	}
	return nil
}

func judge(tc cases.TestCase, answers []ast.Object, err error) error {
	var failed *topdown.Error
	switch {
	case tc.WantError != nil && (err == nil || !strings.Contains(err.Error(), *tc.WantError)):
		return fmt.Errorf("got error %v, want one with %q", err, *tc.WantError)
	case tc.WantErrorCode != nil && (!errors.As(err, &failed) || failed.Code != *tc.WantErrorCode):
		return fmt.Errorf("got error %v, want the code %q", err, *tc.WantErrorCode)
	case err != nil && tc.WantError == nil && tc.WantErrorCode == nil:
		return err
	case tc.WantResult != nil && err == nil:
		return compareAnswers(tc, answers)
	case tc.WantResult == nil && tc.WantError == nil && tc.WantErrorCode == nil:
		return errors.New("the case wants nothing")
	}
	return nil
}

// compareAnswers compares bindings as sets, as OPA does.
func compareAnswers(tc cases.TestCase, answers []ast.Object) error {
	want, got := ast.NewSet(), ast.NewSet()
	for _, bindings := range *tc.WantResult {
		want.Add(ast.NewTerm(ast.MustInterfaceToValue(bindings)))
	}
	for _, answer := range answers {
		bindings := map[string]any{}
		err := answer.Iter(func(k, v *ast.Term) error {
			value, err := ast.JSON(v.Value)
			if list, ok := value.([]any); ok && tc.SortBindings {
				slices.SortFunc(list, util.Compare)
			}
			if name := string(k.Value.(ast.String)); !strings.HasPrefix(name, "^") {
				bindings[name] = value
			}
			return err
		})
		if err != nil {
			return err
		}
		got.Add(ast.NewTerm(ast.MustInterfaceToValue(bindings)))
	}
	if want.Compare(got) != 0 {
		return fmt.Errorf("unequal result:\nwant %v\ngot  %v", want, got)
	}
	return nil
}
