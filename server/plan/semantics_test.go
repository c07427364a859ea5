package plan_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/util"

	"greenchannel/server/plan"
	"greenchannel/tests/counts"
	"greenchannel/tests/opacases"
)

// TestSemanticCases runs every semantic case of OPA's module that the executor takes. It has to give the result that the
// case wants; what it refuses, or does otherwise, stands in the list of exceptions with the reason.
func TestSemanticCases(t *testing.T) {
	ran, equal, refused := 0, 0, 0
	for _, tc := range opacases.All(t) {
		ran++
		t.Run(tc.ID, func(t *testing.T) {
			for k, v := range tc.Env {
				t.Setenv(k, v)
			}
			fault := runCase(t, tc)
			reason, known := exception(tc.ID)
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
	counts.Hold(t, counts.Counts{Run: ran, Passed: equal, Skipped: map[string]int{
		"refused when they are compiled": refused, "not equal, each with its reason": ran - equal - refused,
	}})
}

func runCase(t *testing.T, tc opacases.Case) error {
	compiler, err := tc.Compiler()
	if err != nil {
		return err
	}
	data, err := plan.NewData(caseData(t, tc))
	if err != nil {
		return err
	}
	program, err := plan.Compile(t.Context(), plan.Query{
		Modules: compiler, Data: data, StrictErrors: tc.StrictError,
		Builtins: opacases.Builtins(),
		Options:  []func(*rego.Rego){rego.ParsedQuery(ast.MustParseBody(tc.Query))},
	})
	if err != nil {
		return err
	}
	answers, err := program.Answers(t.Context(), plan.Input{Value: caseInput(tc), Time: time.Now()})
	return judge(tc, answers, err)
}

func caseData(t *testing.T, tc opacases.Case) ast.Object {
	if tc.Data == nil {
		return ast.NewObject()
	}
	var raw any = *tc.Data
	if err := util.RoundTrip(&raw); err != nil {
		t.Fatal(err)
	}
	return ast.MustInterfaceToValue(raw).(ast.Object)
}

func caseInput(tc opacases.Case) ast.Value {
	if term := tc.InputTerm(); term != nil {
		return term.Value
	}
	return nil
}

func judge(tc opacases.Case, answers []ast.Object, err error) error {
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
func compareAnswers(tc opacases.Case, answers []ast.Object) error {
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
