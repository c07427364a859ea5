package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"
	"github.com/open-policy-agent/opa/v1/topdown"

	"greenchannel/server/bundle"
)

// Aside is how many processors may be busy with what nobody waits for, such as the tests of a bundle, beside those who wait
// for a decision: all but one.
func Aside() int { return max(1, runtime.GOMAXPROCS(0)-1) }

// longestTest is how long one test of a bundle may take.
const longestTest = 30 * time.Second

// errNoTests says that a bundle cannot show that it does what it is meant to.
var errNoTests = errors.New("the bundle has no test of its own; pack it with its tests (*_test.rego)")

// Test runs the tests of the bundle b, of which the generation was compiled, as a stock `opa test` does: over its own data, which
// the generation lends, and with no more built-ins than the bundle has. It says how many passed; the error names each that did
// not, with its line. A test that is put off (todo_test_) counts as neither.
func (g *Generation) Test(ctx context.Context, b *bundle.Bundle, tests map[string]*ast.Module) (passed int, err error) {
	document, err := g.document(ctx)
	if err != nil {
		return 0, err
	}
	store, err := alone(ctx, document)
	if err != nil {
		return 0, err
	}
	compiler := bench(b)
	txn, err := store.NewTransaction(ctx)
	if err != nil {
		return 0, err
	}
	defer store.Abort(ctx, txn)
	results, err := tester.NewRunner().
		SetCompiler(compiler).
		SetStore(store).
		SetModules(together(b, tests)).
		SetTimeout(longestTest).
		SetParallel(Aside()).
		CapturePrintOutput(false).
		RunTests(ctx, txn)
	if err != nil {
		return 0, err
	}
	var failed ast.Errors
	for result := range results {
		switch {
		case result == nil || result.Skip:
		case result.Pass():
			passed++
		default:
			failed = append(failed, failure(result))
		}
	}
	switch {
	case ctx.Err() != nil:
		return passed, fmt.Errorf("the tests of the bundle were stopped after %d had passed: %w", passed, context.Cause(ctx))
	case len(failed) > 0:
		slices.SortFunc(failed, func(a, b *ast.Error) int { return strings.Compare(inFile(a), inFile(b)) })
		return passed, failed
	case passed == 0:
		return 0, errNoTests
	}
	return passed, nil
}

func failure(result *tester.Result) *ast.Error {
	detail := "failed"
	if result.Error != nil {
		detail = "could not be run: " + result.Error.Error()
	}
	if result.FailedAt != nil && result.FailedAt.Location != nil {
		detail += fmt.Sprintf(" at line %d", result.FailedAt.Location.Row)
	}
	for names, sub := range result.SubResults.Iter {
		if sub.Fail && len(sub.SubResults) == 0 {
			detail += "; case " + strings.Join(names, "/")
		}
	}
	return &ast.Error{Code: "test_failed", Location: result.Location, Message: result.Name + " " + detail}
}

func inFile(e *ast.Error) string {
	return fmt.Sprintf("%s:%08d", e.Location.File, e.Location.Row)
}

// document is the data of the generation without any table.
func (g *Generation) document(ctx context.Context) (document ast.Object, err error) {
	err = g.reading(ctx, nil, func(txn storage.Transaction) error {
		document, err = g.documentIn(ctx, txn)
		return err
	})
	return document, err
}

// documentIn is the data of the generation as a transaction sees it.
func (g *Generation) documentIn(ctx context.Context, txn storage.Transaction) (ast.Object, error) {
	read, err := g.store.Read(ctx, txn, storage.RootPath)
	if err != nil {
		return nil, fmt.Errorf("read the data: %w", err)
	}
	document, ok := read.(ast.Object)
	if !ok {
		return nil, fmt.Errorf("the data is a %T, want an object", read)
	}
	return document, nil
}

// alone gives OPA's own store with a document and nothing else, as `opa test` has it. The document is shared, and not converted.
func alone(ctx context.Context, document ast.Object) (storage.Store, error) {
	store := inmem.NewWithOpts(inmem.OptReturnASTValuesOnRead(true), inmem.OptRoundTripOnWrite(false))
	return store, storage.WriteOne(ctx, store, storage.AddOp, storage.RootPath, document)
}

// bench gives what the tests of a bundle are compiled with.
func bench(b *bundle.Bundle) *ast.Compiler {
	allowed := *b.Capabilities
	allowed.Builtins = append(slices.Clone(allowed.Builtins), ast.InternalTestCase) // which the runner itself puts into tests that have cases
	return ast.NewCompiler().
		SetErrorLimit(0).
		WithCapabilities(&allowed).
		WithStrict(true).
		WithSchemas(b.Schemas).
		WithUseTypeCheckAnnotations(true).
		WithEnablePrintStatements(false)
}

func together(b *bundle.Bundle, tests map[string]*ast.Module) map[string]*ast.Module {
	all := maps.Clone(b.Modules)
	maps.Copy(all, tests)
	return all
}

// Fired runs the tests of a bundle one after the other and says of each rule that has an id which of them made it give a
// finding, by their full names in order.
func Fired(ctx context.Context, b *bundle.Bundle, tests map[string]*ast.Module) (map[string][]string, error) {
	store, compiler := inmem.NewFromObjectWithOpts(b.Data, inmem.OptReturnASTValuesOnRead(true)), bench(b)
	if compiler.Compile(together(b, tests)); compiler.Failed() {
		return nil, compiler.Errors
	}
	fired := map[string][]string{}
	for _, file := range slices.Sorted(maps.Keys(tests)) {
		for _, rule := range compiler.Modules[file].Rules {
			name := string(rule.Head.Name)
			if !strings.HasPrefix(name, tester.TestPrefix) {
				continue
			}
			test := compiler.Modules[file].Package.Path.Append(ast.StringTerm(name))
			seen := firing{}
			if _, err := rego.New(
				rego.ParsedQuery(ast.NewBody(ast.NewExpr(ast.NewTerm(test)))),
				rego.Compiler(compiler), rego.Store(store), rego.QueryTracer(seen),
			).Eval(ctx); err != nil {
				return nil, fmt.Errorf("run %s: %w", test, err)
			}
			for id := range seen {
				fired[id] = append(fired[id], strings.TrimPrefix(test.String(), "data."))
			}
		}
	}
	for id := range fired {
		slices.Sort(fired[id])
		fired[id] = slices.Compact(fired[id])
	}
	return fired, nil
}

// firing notes the ids of the rules whose bodies held.
type firing map[string]bool

// Enabled makes a firing a tracer of evaluations.
func (firing) Enabled() bool { return true }

// Config asks for nothing beside the events.
func (firing) Config() topdown.TraceConfig { return topdown.TraceConfig{} }

// TraceEvent notes a rule that is left with a value.
func (f firing) TraceEvent(event topdown.Event) {
	if event.Op != topdown.ExitOp {
		return
	}
	if rule, ok := event.Node.(*ast.Rule); ok {
		for _, annotations := range rule.Annotations {
			if id, ok := annotations.Custom["id"].(string); ok {
				f[id] = true
			}
		}
	}
}
