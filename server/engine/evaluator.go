package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"

	"greenchannel/server/plan"
	"greenchannel/server/store"
)

// The names of the evaluators.
const (
	// Executor is package plan: OPA's plan of the policies, executed.
	Executor = "executor"
	// Topdown is OPA's own evaluator. It does all, and the executor is held against it.
	Topdown = "topdown"
)

// evaluator answers one query on one snapshot with its one value as JSON: members in the order of their keys, sets as
// sorted arrays, numbers as they stood.
type evaluator interface {
	answer(ctx context.Context, txn storage.Transaction, about about) ([]byte, error)
}

// about is what an evaluation is about. The input is JSON that does not change meanwhile, or a value where it is none.
type about struct {
	body  []byte
	value ast.Value
	at    time.Time // the clock of the policies
}

// errUndefined says that a query has no answer.
var errUndefined = errors.New("the policies gave no answer")

// byTopdown evaluates with OPA's own evaluator.
type byTopdown struct{ query rego.PreparedEvalQuery }

func (t byTopdown) answer(ctx context.Context, txn storage.Transaction, about about) ([]byte, error) {
	input := about.value
	if input == nil {
		var err error
		if input, err = ast.ValueFromReader(bytes.NewReader(about.body)); err != nil {
			return nil, fmt.Errorf("read the input: %w", err)
		}
	}
	results, err := t.query.Eval(ctx,
		rego.EvalParsedInput(input),
		rego.EvalTransaction(txn),
		rego.EvalTime(about.at),
		rego.EvalSortSets(true),
	)
	switch {
	case err != nil:
		return nil, fmt.Errorf("evaluate: %w", err)
	case len(results) == 0:
		return nil, errUndefined
	case len(results) != 1 || len(results[0].Expressions) != 1:
		return nil, fmt.Errorf("the policies gave %d answers, want one", len(results))
	}
	return encode(results[0].Expressions[0].Value)
}

// byExecutor evaluates with a program of package plan.
type byExecutor struct {
	program *plan.Program
	store   *store.Store
}

func (x byExecutor) answer(ctx context.Context, txn storage.Transaction, about about) ([]byte, error) {
	return x.program.Eval(ctx, plan.Input{Body: about.body, Value: about.value, Time: about.at, Rows: x.rows(txn)}, nil)
}

// rows reads tables through the snapshot, which notes what was read as it does for topdown.
func (x byExecutor) rows(txn storage.Transaction) plan.Rows {
	return func(ctx context.Context, path storage.Path) (ast.Value, error) {
		row, err := x.store.Read(ctx, txn, path)
		switch {
		case storage.IsNotFound(err):
			return nil, nil
		case err != nil:
			return nil, err
		}
		value, ok := row.(ast.Value)
		if !ok {
			return nil, fmt.Errorf("the row %s is a %T", path, row)
		}
		return value, nil
	}
}

// inquiry is a question that the service asks of the policies, ready for each evaluator.
type inquiry struct {
	topdown  evaluator
	executor evaluator // nil in a generation that the executor refused
}

// Serving says who evaluates.
type Serving struct {
	// Evaluator is Executor or Topdown.
	Evaluator string
	// Reason says why it is not the executor; empty where it is. It is for the operator.
	Reason string
}

// trust is what an engine, and those that are pinned to one of its generations, know of the evaluators.
type trust struct {
	topdown  bool     // the operator wants topdown
	deceived sync.Map // digests of bundles for which the executor answered otherwise than topdown, each with what was seen
	checks   checks
}

// UseTopdown makes topdown evaluate everything. It is called before the first evaluation.
func (e *Engine) UseTopdown() { e.trust.topdown = true }

// Distrust makes topdown evaluate a bundle, whenever it is active: the reason is for the operator.
func (e *Engine) Distrust(digest, reason string) { e.trust.deceived.Store(digest, reason) }

// Serving says who evaluates the active generation; false while there is none.
func (e *Engine) Serving() (Serving, bool) {
	g := e.active.Load()
	if g == nil {
		return Serving{}, false
	}
	return e.serving(g), true
}

func (e *Engine) serving(g *Generation) Serving {
	seen, deceived := e.trust.deceived.Load(g.policy.Digest)
	switch {
	case e.trust.topdown:
		return Serving{Topdown, "The configuration asks for it."}
	case g.refused != nil:
		return Serving{Topdown, "The executor refused this bundle: " + g.refused.Error()}
	case deceived:
		return Serving{Topdown, fmt.Sprint(seen)}
	}
	return Serving{Executor, ""}
}

// executes says whether the executor answers for a generation.
func (e *Engine) executes(g *Generation) bool {
	if e.trust.topdown || g.refused != nil {
		return false
	}
	_, deceived := e.trust.deceived.Load(g.policy.Digest)
	return !deceived
}

// ask answers a question, and says whether the executor did. A failure of the executor is no answer, since OPA's index may
// pass over the rule that failed: topdown is asked then, on the same snapshot, after what was read is forgotten.
func (e *Engine) ask(ctx context.Context, g *Generation, q inquiry, txn storage.Transaction, about about, forget func()) (answer []byte, executed bool, err error) {
	if e.executes(g) {
		answer, err = q.executor.answer(ctx, txn, about)
		if err == nil || ctx.Err() != nil {
			return answer, true, err
		}
		e.trust.checks.failed.Add(1)
		forget()
	}
	answer, err = q.topdown.answer(ctx, txn, about)
	return answer, false, err
}

// forgetNothing is for evaluations of which nobody notes what they read.
func forgetNothing() {}

// inquiries gives the questions of the generation, to make them ready for the executor.
func (g *Generation) inquiries() map[string]*inquiry {
	all := map[string]*inquiry{
		decisionQuery: &g.decision, controlsQuery: &g.controls, partiesQuery: &g.parties, authzQuery: &g.authz,
	}
	if g.question != nil && g.answer != nil {
		all[questionEntrypoint], all[answerEntrypoint] = g.question, g.answer
	}
	return all
}

// plan makes the questions ready for the executor, all or none: what it refuses is topdown's to serve.
func (g *Generation) plan(ctx context.Context, compiler *ast.Compiler, txn storage.Transaction) error {
	document, err := g.documentIn(ctx, txn)
	if err != nil {
		return err
	}
	data, err := plan.NewData(document, g.store.RowPaths()...)
	if err != nil {
		g.refused = err
		return nil //nolint:nilerr // topdown serves what is refused
	}
	for text, q := range g.inquiries() { // one after the other: preparing changes the compiler
		asked := plan.Query{Text: "result := " + text, Modules: compiler, Data: data, StrictErrors: true}
		if text == decisionQuery {
			asked.Layout = answerLayout()
		}
		program, err := plan.Compile(ctx, asked)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			g.refused = err
			return nil //nolint:nilerr // topdown serves what is refused
		}
		q.executor = byExecutor{program, g.store}
		if text == authzQuery {
			g.steady = program.Steady()
		}
	}
	return nil
}
