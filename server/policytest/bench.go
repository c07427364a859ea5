package policytest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/topdown"

	"greenchannel/server/casefile"
	"greenchannel/server/decision"
	"greenchannel/server/store"
)

// decided is where the policies answer an application.
const decided = "data.rareearth.decision"

// patience is how long one test may take. A mutant that loops ends here; a machine that is busy does not get here.
const patience = time.Minute

// bench is one compiled copy of the policies with all tests made ready. It is used by one goroutine at a time, since a
// mutant changes the compiled rules where they stand: compiling anew for each of a thousand mutants would take an hour.
type bench struct {
	compiler *ast.Compiler
	// Rego tests run beside the data of the policies alone, as under a stock opa; cases beside the tables of the service.
	plain, service *store.Store

	probes  []probe
	decoder *decision.Decoder
}

// probe is one test, ready to be run: a Rego test, or a case on one day.
type probe struct {
	name, suite, file string
	row               int
	query             ast.Body
	input             *ast.Term
	at                time.Time // zero for a Rego test, which says itself what time it is
	want              *casefile.Want
	took              time.Duration // when it was surveyed
}

// bench compiles the policies for the tests to run on.
func (s *Suite) bench(ctx context.Context) (*bench, error) {
	b := &bench{decoder: s.decoder}
	b.compiler = s.compiler().WithEnablePrintStatements(false).
		WithStageAfterID(ast.StageCheckSafetyRuleBodies, ast.CompilerStageDefinition{
			Name: "KeepEqual", MetricName: "keep_equal", Stage: keepEqual,
		})
	if b.compiler.Compile(s.modules); b.compiler.Failed() {
		return nil, b.compiler.Errors
	}
	var err error
	if b.plain, err = store.New(s.documents); err != nil {
		return nil, err
	}
	if len(s.cases) > 0 {
		if b.service, err = store.New(s.documents, store.Screening(), store.NewLive()); err != nil {
			return nil, err
		}
	}
	for _, file := range s.files() {
		if err := b.rego(s, file); err != nil {
			return nil, err
		}
	}
	elements, err := casefile.Symbols(s.documents)
	if err != nil {
		return nil, err
	}
	for _, c := range s.cases {
		if err := b.cases(s, c, elements); err != nil {
			return nil, fmt.Errorf("%s: %w", c.Place, err)
		}
	}
	return b, ctx.Err()
}

// keepEqual keeps == a comparison. The compiler would make a unification of it, for which no other operator could stand;
// a call with a result it leaves alone, and the two mean the same, since both sides of == are known when it is evaluated.
func keepEqual(compiler *ast.Compiler) *ast.Error {
	for file, module := range compiler.Modules {
		if isTest(file) {
			continue
		}
		ast.WalkExprs(module, func(expr *ast.Expr) bool {
			if expr.IsCall() && expr.Operator().Equal(ast.Equal.Ref()) && len(expr.Operands()) == 2 {
				terms := expr.Terms.([]*ast.Term)
				expr.Terms = append(slices.Clone(terms), ast.BooleanTerm(true).SetLocation(expr.Location))
			}
			return false
		})
	}
	return nil
}

// rego makes the tests of a file ready.
func (b *bench) rego(s *Suite, file string) error {
	module := s.modules[file]
	seen := map[string]bool{}
	for _, rule := range module.Rules {
		ref := rule.Ref().GroundPrefix()
		name := ref.String()
		if !strings.HasPrefix(string(rule.Head.Name), testPrefix) || seen[name] || !s.runs(name) {
			continue
		}
		seen[name] = true
		query, err := b.asking(ast.NewTerm(ref))
		if err != nil {
			return err
		}
		b.probes = append(b.probes, probe{
			name: name, suite: module.Package.Path.String(), file: file, row: rule.Location.Row, query: query,
		})
	}
	return nil
}

// cases makes the days of a case ready.
func (b *bench) cases(s *Suite, c *casefile.Case, elements []string) error {
	if !s.runs(c.Name) {
		return nil
	}
	body, err := c.Body(s.folder)
	if err != nil {
		return err
	}
	input, err := ast.ValueFromReader(bytes.NewReader(body))
	if err != nil {
		return err
	}
	file, row := placeOf(c.Place)
	for _, day := range c.Days {
		at, err := decision.ParseAsOf(day.AsOf)
		if err != nil {
			return err
		}
		var given []*ast.With
		if c.Tables.Given {
			rows, err := c.Tables.Rows(body, at, elements)
			if err != nil {
				return err
			}
			if given, err = laid(rows); err != nil {
				return err
			}
		}
		query, err := b.asking(ast.NewTerm(ast.MustParseRef(decided)), given...)
		if err != nil {
			return err
		}
		b.probes = append(b.probes, probe{
			name: c.Name + ", as of " + day.AsOf, suite: file, file: s.options.Cases + "/" + file, row: row,
			query: query, input: ast.NewTerm(input), at: at, want: &day.Want,
		})
	}
	return nil
}

// laid lays the tables of a case over those of the service; a table that was not run is laid over as an empty one, so that
// every row of it is undefined.
func laid(rows map[string]any) ([]*ast.With, error) {
	var given []*ast.With
	for _, table := range []string{"screening", "history", "registry"} {
		content, there := rows[table]
		if !there {
			content = map[string]any{}
		}
		value, err := ast.InterfaceToValue(content)
		if err != nil {
			return nil, err
		}
		given = append(given, &ast.With{Target: ast.NewTerm(ast.MustParseRef("data." + table)), Value: ast.NewTerm(value)})
	}
	return given, nil
}

// asking compiles a query whose variable result is what is asked for.
func (b *bench) asking(term *ast.Term, given ...*ast.With) (ast.Body, error) {
	expr := ast.Equality.Expr(ast.VarTerm("result"), term)
	expr.With = given
	return b.compiler.QueryCompiler().Compile(ast.NewBody(expr))
}

// evaluate runs one test. The value is nil where there is none.
func (b *bench) evaluate(ctx context.Context, p *probe, tracers ...topdown.QueryTracer) (ast.Value, error) {
	snapshots, params := b.plain, storage.TransactionParams{}
	query := topdown.NewQuery(p.query).WithCompiler(b.compiler).WithStrictBuiltinErrors(p.want != nil).
		// The index of the rules was made for the policies as they are, and would hide what a mutant changes.
		WithIndexing(false)
	if p.want != nil {
		snapshots, query = b.service, query.WithInput(p.input).WithTime(p.at)
		params.Context = store.AsOf(storage.NewContext(), p.at)
	}
	txn, err := snapshots.NewTransaction(ctx, params)
	if err != nil {
		return nil, err
	}
	defer snapshots.Abort(ctx, txn)
	cancel := topdown.NewCancel()
	defer context.AfterFunc(ctx, cancel.Cancel)()
	defer time.AfterFunc(patience, cancel.Cancel).Stop()
	query = query.WithStore(snapshots).WithTransaction(txn).WithCancel(cancel)
	for _, tracer := range tracers {
		query = query.WithQueryTracer(tracer)
	}
	var value ast.Value
	err = query.Iter(ctx, func(result topdown.QueryResult) error {
		value = result[ast.Var("result")].Value
		return nil
	})
	return value, err
}

// verdict is what came of one test.
type verdict struct {
	passed      bool
	err         error
	differences casefile.Differences
	decision    decision.Decision
}

// run runs one test and judges it.
func (b *bench) run(ctx context.Context, p *probe, tracers ...topdown.QueryTracer) verdict {
	value, err := b.evaluate(ctx, p, tracers...)
	switch {
	case err != nil:
		return verdict{err: err}
	case p.want == nil:
		return verdict{passed: value != nil && value.Compare(ast.Boolean(true)) == 0}
	case value == nil:
		return verdict{err: fmt.Errorf("%s is undefined", decided)}
	}
	var v verdict
	if v.decision, err = b.decoder.Decode([]byte(value.String())); err != nil {
		return verdict{err: err}
	}
	if v.differences, err = p.want.Differ(v.decision); err != nil {
		return verdict{err: err}
	}
	v.passed = len(v.differences) == 0
	return v
}

// placeOf parts file:line.
func placeOf(place string) (file string, row int) {
	file, line, _ := strings.Cut(place, ":")
	if _, err := fmt.Sscanf(line, "%d", &row); err != nil {
		return place, 0
	}
	return file, row
}
