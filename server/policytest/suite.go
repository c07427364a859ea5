// Package policytest tests policies as their authors do: Rego tests by OPA's own tester, the case corpus, which lines the
// tests reach, which rules they have seen firing and not firing, and whether they would notice if an operator or a constant
// of a rule were another one (mutation). It reads policies from folders and runs them; it keeps nothing, serves nothing,
// and has no opinion on what the law says. A service that runs is tested elsewhere (tests/cases).
package policytest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/loader"

	"greenchannel/server/casefile"
	"greenchannel/server/decision"
)

// Where the parts of a policy folder stand that are asked for by name.
const (
	capabilitiesFile = "capabilities/capabilities.json"
	schemasFolder    = "schemas"
	decisionSchema   = schemasFolder + "/decision/schema.json"
	testSuffix       = "_test.rego"
	testPrefix       = "test_"
)

// Options say what is tested.
type Options struct {
	// Paths are folders or files of policies, with their tests.
	Paths []string
	// Cases is the folder of the case corpus; empty for none.
	Cases string
	// Run leaves only tests and cases whose name it matches; nil leaves all. A Rego test is called data.package.test_name,
	// a case by its name.
	Run *regexp.Regexp
}

// Suite is a set of policies with everything that tests them, read and not yet run.
type Suite struct {
	options      Options
	modules      map[string]*ast.Module
	sources      map[string]string
	documents    map[string]any
	capabilities *ast.Capabilities
	schemas      *ast.SchemaSet

	cases   []*casefile.Case
	folder  fs.FS // of the cases
	decoder *decision.Decoder
}

// Load reads policies, tests, data and cases. What is wrong with them is told all at once, as far as it can be read.
func Load(options Options) (*Suite, error) {
	s := &Suite{options: options, modules: map[string]*ast.Module{}, sources: map[string]string{}}
	without := s.vocabulary()
	loaded, err := loader.NewFileLoader().
		WithCapabilities(s.capabilities).
		WithProcessAnnotation(true).
		WithRegoVersion(ast.RegoV1).
		Filtered(options.Paths, nil)
	if err != nil {
		return nil, errors.Join(without, err)
	}
	for _, module := range loaded.Modules {
		s.modules[module.Name] = module.Parsed
		s.sources[module.Name] = string(module.Raw)
	}
	s.documents = loaded.Documents
	if err := errors.Join(without, s.corpus()); err != nil {
		return nil, err
	}
	if len(s.modules) == 0 {
		return nil, fmt.Errorf("no policy was found in %s", strings.Join(options.Paths, ", "))
	}
	return s, nil
}

// vocabulary reads which built-ins the policies may use and the schemas that they name, where the folder has them.
func (s *Suite) vocabulary() error {
	s.capabilities = ast.CapabilitiesForThisVersion()
	var faults []error
	for _, folder := range s.options.Paths {
		if text, err := os.Open(filepath.Join(folder, capabilitiesFile)); err == nil {
			allowed, err := ast.LoadCapabilitiesJSON(text)
			if faults = append(faults, err, text.Close()); err == nil {
				s.capabilities = allowed
			}
		}
		if at := filepath.Join(folder, schemasFolder); s.schemas == nil && isFolder(at) {
			var err error
			s.schemas, err = loader.Schemas(at)
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}

func isFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// corpus reads the cases, which are decisions of the policies and need their schema.
func (s *Suite) corpus() error {
	if s.options.Cases == "" {
		return nil
	}
	s.folder = os.DirFS(s.options.Cases)
	var err error
	if s.cases, err = casefile.Load(s.folder); err != nil {
		return fmt.Errorf("the cases in %s are not all as they should be:\n%w", s.options.Cases, err)
	}
	if len(s.cases) == 0 {
		return fmt.Errorf("no case was found in %s", s.options.Cases)
	}
	for _, folder := range s.options.Paths {
		schema, err := os.ReadFile(filepath.Join(folder, decisionSchema))
		if err != nil {
			continue
		}
		s.decoder, err = decision.NewDecoder(schema)
		return err
	}
	return fmt.Errorf("cases need the policies that decide them: none of %s has %s; name the folder, or leave the cases out (--cases=)",
		strings.Join(s.options.Paths, ", "), decisionSchema)
}

// runs tells whether a test of that name was asked for.
func (s *Suite) runs(name string) bool {
	return s.options.Run == nil || s.options.Run.MatchString(name)
}

// files are the names of all modules, in order.
func (s *Suite) files() []string {
	names := make([]string, 0, len(s.modules))
	for name := range s.modules {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func isTest(file string) bool { return strings.HasSuffix(file, testSuffix) }

// compiler makes a compiler for these policies.
func (s *Suite) compiler() *ast.Compiler {
	compiler := ast.NewCompiler().WithCapabilities(s.capabilities).WithDefaultRegoVersion(ast.RegoV1).WithEnablePrintStatements(true)
	if s.schemas != nil {
		compiler = compiler.WithSchemas(s.schemas).WithUseTypeCheckAnnotations(true)
	}
	return compiler
}

// Report is all that a run of the tests has found.
type Report struct {
	Tests    []Result `json:"tests" jsonschema:"What came of each Rego test, and of each case on each day, by file and line."`
	Rules    []Firing `json:"rules,omitzero" jsonschema:"Rules with a custom.id, each with the tests that saw it fire and not fire; absent where only some tests ran."`
	Coverage Coverage `json:"coverage" jsonschema:"Lines that the Rego tests evaluate, of the files that are no tests."`
	Passed   int      `json:"passed" jsonschema:"How many passed."`
	Failed   int      `json:"failed" jsonschema:"How many did not hold."`
	Skipped  int      `json:"skipped" jsonschema:"How many were skipped."`
	Silent   []string `json:"never_fired,omitzero" jsonschema:"Ids of rules that no test saw firing."`
	Restless []string `json:"never_silent,omitzero" jsonschema:"Ids of rules that no test saw asked and not firing."`
	Seconds  float64  `json:"seconds" jsonschema:"How long all of it took."`
}

// Sound says that every test passed and that every rule was seen both ways.
func (r *Report) Sound() bool { return r.Failed == 0 && len(r.Silent)+len(r.Restless) == 0 }

// Result is what came of one Rego test, or of one case on one day.
type Result struct {
	Name    string  `json:"name" jsonschema:"data.package.test_name of a Rego test; name and day of a case."`
	Suite   string  `json:"suite" jsonschema:"Package of a Rego test; file of a case."`
	File    string  `json:"file" jsonschema:"File that it stands in."`
	Row     int     `json:"row" jsonschema:"Its line, from 1."`
	Passed  bool    `json:"passed" jsonschema:"Whether it holds."`
	Skipped bool    `json:"skipped,omitzero" jsonschema:"Whether it was skipped."`
	Seconds float64 `json:"seconds" jsonschema:"How long it took."`
	Why     string  `json:"why,omitzero" jsonschema:"What did not hold, in lines for a person."`

	Differences casefile.Differences `json:"differences,omitzero" jsonschema:"Where the decision that a case wants and the one given differ."`
}

// Run runs every test, jobs at a time, and gathers what they reach.
func (s *Suite) Run(ctx context.Context, jobs int) (*Report, error) {
	var r Report
	tests, covered, err := s.rego(ctx, jobs)
	if err != nil {
		return nil, err
	}
	b, err := s.bench(ctx)
	if err != nil {
		return nil, err
	}
	reached, cases, err := b.survey(ctx)
	if err != nil {
		return nil, err
	}
	r.Tests = slices.Concat(tests, cases)
	slices.SortStableFunc(r.Tests, func(a, b Result) int {
		return cmp.Or(cmp.Compare(a.File, b.File), a.Row-b.Row, cmp.Compare(a.Name, b.Name))
	})
	for _, t := range r.Tests {
		switch {
		case t.Skipped:
			r.Skipped++
		case t.Passed:
			r.Passed++
		default:
			r.Failed++
		}
	}
	r.Coverage = s.coverage(covered)
	if s.options.Run == nil {
		r.Rules = s.firing(b, reached)
		r.Silent, r.Restless = unseen(r.Rules)
	}
	return &r, nil
}
