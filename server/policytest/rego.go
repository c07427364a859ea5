package policytest

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// rego runs the Rego tests by OPA's tester, as `opa test` does, and gives the lines that they reach.
func (s *Suite) rego(ctx context.Context, jobs int) ([]Result, cover.Report, error) {
	covered := cover.New()
	filter := ""
	if s.options.Run != nil {
		filter = s.options.Run.String()
	}
	found, err := s.tester(ctx, s.compiler(), tester.NewRunner().SetCoverageQueryTracer(covered).SetCoverageRuns(nil).SetParallel(max(jobs, 1)).Filter(filter))
	if err != nil {
		return nil, cover.Report{}, err
	}
	var results []Result
	var failed []string
	for _, t := range found {
		result := Result{
			Name: t.Package + "." + t.Name, Suite: t.Package, File: t.Location.File, Row: t.Location.Row,
			Passed: t.Pass(), Skipped: t.Skip, Seconds: t.Duration.Seconds(),
		}
		if t.Error != nil {
			result.Why = t.Error.Error()
		}
		if t.Fail {
			failed = append(failed, regexp.QuoteMeta(result.Name))
		}
		results = append(results, result)
	}
	if len(failed) > 0 {
		if err := s.explain(ctx, results, failed); err != nil {
			return nil, cover.Report{}, err
		}
	}
	return results, covered.Report(s.modules), nil
}

// explain runs the tests that failed again with a trace, and notes which expression did not hold, with the values in it.
// A trace of every test would fill the memory.
func (s *Suite) explain(ctx context.Context, results []Result, failed []string) error {
	filter := "^(" + strings.Join(failed, "|") + ")$"
	found, err := s.tester(ctx, s.compiler().WithRewriteTestRules(true), tester.NewRunner().EnableTracing(true).Filter(filter))
	if err != nil {
		return err
	}
	for _, t := range found {
		for i := range results {
			if results[i].Name == t.Package+"."+t.Name && results[i].Why == "" {
				results[i].Why = failing(t.Trace)
				if printed := strings.TrimSpace(string(t.Output)); printed != "" {
					results[i].Why += "\nprinted: " + printed
				}
			}
		}
	}
	return nil
}

// tester runs OPA's runner on the policies and their data.
func (s *Suite) tester(ctx context.Context, compiler *ast.Compiler, runner *tester.Runner) ([]*tester.Result, error) {
	held := inmem.NewFromObjectWithOpts(s.documents, inmem.OptRoundTripOnWrite(false))
	txn, err := held.NewTransaction(ctx, storage.TransactionParams{})
	if err != nil {
		return nil, err
	}
	defer held.Abort(ctx, txn)
	results, err := runner.SetCompiler(compiler).SetStore(held).SetModules(s.modules).CapturePrintOutput(true).
		SetTimeout(patience).RunTests(ctx, txn)
	if err != nil {
		return nil, err
	}
	var all []*tester.Result
	for result := range results {
		all = append(all, result)
	}
	slices.SortFunc(all, func(a, b *tester.Result) int { return strings.Compare(a.Package+a.Name, b.Package+b.Name) })
	return all, ctx.Err()
}

// failing is the last expression that did not hold, with what its variables were.
func failing(trace []*topdown.Event) string {
	for _, event := range slices.Backward(trace) {
		if event.Op != topdown.FailOp || event.Location == nil || event.QueryID == 0 {
			continue
		}
		if expr, ok := event.Node.(*ast.Expr); ok && expr.IsEvery() {
			continue // what fails inside it says more
		}
		var out bytes.Buffer
		if err := topdown.PrettyEvent(&out, event, topdown.PrettyEventOpts{PrettyVars: true}); err != nil {
			return err.Error()
		}
		return fmt.Sprintf("%s:%d:\n%s", event.Location.File, event.Location.Row, strings.TrimRight(out.String(), "\n "))
	}
	return "no expression failed; the test is false"
}

// Coverage is which lines the Rego tests evaluate.
type Coverage struct {
	Percent float64        `json:"percent" jsonschema:"Share of the lines of all files, in percent."`
	Files   []FileCoverage `json:"files" jsonschema:"Each file that is no test."`
}

// FileCoverage is that of one file.
type FileCoverage struct {
	File       string `json:"file" jsonschema:"The file."`
	Covered    []int  `json:"covered" jsonschema:"Numbers of the lines that were evaluated, from 1."`
	NotCovered []int  `json:"not_covered" jsonschema:"Numbers of the lines that were not, or not in full."`

	source string
}

// coverage lists lines. A line of which some part was not evaluated is not covered.
func (s *Suite) coverage(report cover.Report) Coverage {
	var c Coverage
	covered, all := 0, 0
	for _, file := range s.files() {
		found := report.Files[file]
		if isTest(file) || found == nil {
			continue
		}
		f := FileCoverage{File: file, Covered: []int{}, NotCovered: []int{}, source: s.sources[file]}
		for row := range strings.Count(f.source, "\n") + 1 {
			switch row++; {
			case found.IsNotCovered(row):
				f.NotCovered = append(f.NotCovered, row)
			case found.IsCovered(row):
				f.Covered = append(f.Covered, row)
			}
		}
		covered, all = covered+len(f.Covered), all+len(f.Covered)+len(f.NotCovered)
		c.Files = append(c.Files, f)
	}
	if c.Percent = 100; all > 0 {
		c.Percent = 100 * float64(covered) / float64(all)
	}
	return c
}
