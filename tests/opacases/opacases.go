// Package opacases reads the semantic cases that stand in OPA's own module, for the tests of what evaluates in OPA's place
// or keeps its data. It says how a case is compiled and what its input is; what came of it is judged where it was run.
package opacases

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/test/cases"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/types"
)

// Case is one case of OPA's.
type Case struct {
	cases.TestCase
	ID   string // its part, and its note
	Rego ast.RegoVersion
}

// All are the cases of all parts of the module: v0, v1, and topdown, which is not embedded in it.
func All(t testing.TB) []Case {
	t.Helper()
	folder := folder(t)
	var all []Case
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
			all = append(all, Case{tc, part.name + "/" + tc.Note, part.rego})
		}
	}
	return all
}

// folder asks the go command where the module of OPA stands, as half of the cases are not embedded in it.
func folder(t testing.TB) string {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", "{{.Dir}}", "github.com/open-policy-agent/opa/v1/test/cases/testdata").Output()
	if err != nil {
		t.Fatalf("find the cases of OPA: %v", err)
	}
	return strings.TrimSpace(string(out))
}

// Compiler compiles the modules of a case.
func (c Case) Compiler() (*ast.Compiler, error) {
	options := ast.ParserOptions{RegoVersion: c.Rego}
	if c.ExperimentalKeywords {
		options.Capabilities = ast.CapabilitiesForThisVersion(ast.CapabilitiesExperimentalKeywords(true))
	}
	capabilities := ast.CapabilitiesForThisVersion(ast.CapabilitiesExperimentalKeywords(c.ExperimentalKeywords))
	capabilities.Builtins = slices.Clone(capabilities.Builtins)
	for _, builtin := range Builtins() {
		capabilities.Builtins = append(capabilities.Builtins, builtin.Decl)
	}
	compiler := ast.NewCompiler().WithDefaultRegoVersion(c.Rego).WithCapabilities(capabilities)
	modules := map[string]*ast.Module{}
	for i, source := range c.Modules {
		name := fmt.Sprintf("test-%d.rego", i)
		module, err := ast.ParseModuleWithOpts(name, source, options)
		if err != nil {
			return nil, err
		}
		modules[name] = module
	}
	if compiler.Compile(modules); compiler.Failed() {
		return nil, fmt.Errorf("compile: %w", compiler.Errors)
	}
	return compiler, nil
}

// InputTerm is the input of a case; nil for none.
func (c Case) InputTerm() *ast.Term {
	switch {
	case c.TestCase.InputTerm != nil:
		return ast.MustParseTerm(*c.TestCase.InputTerm)
	case c.Input != nil:
		return ast.NewTerm(ast.MustInterfaceToValue(*c.Input))
	}
	return nil
}

// Builtins are the built-ins that cases use and OPA has in its tests only.
func Builtins() map[string]*topdown.Builtin {
	sleep := &topdown.Builtin{
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
	return map[string]*topdown.Builtin{sleep.Decl.Name: sleep}
}
