package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/topdown"

	"greenchannel/server/decision"
	"greenchannel/server/explain"
	"greenchannel/server/problem"
)

// remediesEntrypoint is what the policies offer and what they find in the way. A bundle need not have it.
const remediesEntrypoint = "data.rareearth.greenchannel.remedies"

// Rules lists the ids of the rules that can be explained, in their order.
func (e *Engine) Rules() ([]string, error) {
	g, err := e.generation()
	if err != nil {
		return nil, err
	}
	return g.explaining.ids(), nil
}

// Explain decides an application as of an instant, dry, and explains the decision. What is asked is one or more words or ids
// of rules (explain.Parse). All of it is by one generation, on one snapshot and within the time of one evaluation. It is
// evaluated by OPA step by step, without the rule index that would pass over rules unseen, and is many times slower than Evaluate.
func (e *Engine) Explain(ctx context.Context, app decision.Application, at time.Time, asked string) (explain.Explained, error) {
	g, err := e.generation()
	if err != nil {
		return explain.Explained{}, err
	}
	ask, err := explain.Parse(asked, g.explaining.ids())
	if err != nil {
		return explain.Explained{}, err
	}
	if !app.ReadBy(g.reader) {
		if app, err = g.reader.Read(app.Bytes()); err != nil {
			return explain.Explained{}, err
		}
	}
	at = at.Truncate(time.Millisecond) // as decisions state it
	var explained explain.Explained
	err = e.limited(ctx, func(ctx context.Context) error {
		return g.reading(ctx, asOf(at), func(txn storage.Transaction) error {
			cancel := topdown.NewCancel()
			defer context.AfterFunc(ctx, cancel.Cancel)()
			var err error
			explained, err = (&reasoning{g: g, txn: txn, at: at, cancel: cancel}).explain(ctx, app, ask)
			return err
		})
	})
	return explained, err
}

// reasoning is one explanation under way.
type reasoning struct {
	g      *Generation
	txn    storage.Transaction
	at     time.Time
	cancel topdown.Cancel
}

func (q *reasoning) explain(ctx context.Context, app decision.Application, ask explain.Ask) (explain.Explained, error) {
	decided, remedies, err := q.judge(ctx, app)
	if err != nil {
		return explain.Explained{}, err
	}
	explained := explain.Explained{Decision: decided}
	if ask.Nearest {
		nearest, err := explain.Nearest(ctx, app.Bytes(), q.judgeAnew)
		if err != nil {
			return explain.Explained{}, err
		}
		explained.Explanation.NearestGreen = &nearest
	}
	ids := slices.Clone(ask.Rules)
	if ask.Why {
		ids = append(ids, remedies.TurnsOn...)
	}
	if ask.All {
		ids = q.g.explaining.ids()
	}
	if len(ids) == 0 {
		return explained, nil
	}
	input, err := ast.ValueFromReader(bytes.NewReader(app.Bytes()))
	if err != nil {
		return explain.Explained{}, problem.Wrap(err, problem.Malformed, "The application is not JSON.")
	}
	slices.Sort(ids)
	t := telling{reasoning: q, input: ast.NewTerm(input), deep: !ask.All, room: longestTold}
	explained.Explanation.Rules, err = t.rules(ctx, slices.Compact(ids))
	return explained, err
}

// remedies are the answer to remediesEntrypoint.
type remedies struct {
	Changes  []explain.Change  `json:"changes"`
	Blocking []explain.Blocker `json:"blocking"`
	TurnsOn  []string          `json:"turns_on"`
}

// judgeAnew decides a changed application, which has to be read as any other.
func (q *reasoning) judgeAnew(ctx context.Context, application []byte) (explain.Judged, error) {
	app, err := q.g.reader.Read(application)
	if err != nil {
		if kind := problem.Of(err).Kind; kind == problem.Invalid || kind == problem.TooLarge {
			return explain.Judged{}, nil
		}
		return explain.Judged{}, err
	}
	decided, remedies, err := q.judge(ctx, app)
	return explain.Judged{Sound: true, Decision: decided, Changes: remedies.Changes, Blocking: remedies.Blocking}, err
}

// judge decides an application and asks what would remedy it, in one evaluation.
func (q *reasoning) judge(ctx context.Context, app decision.Application) (decision.Decision, remedies, error) {
	input, err := ast.ValueFromReader(bytes.NewReader(app.Bytes()))
	if err != nil {
		return decision.Decision{}, remedies{}, problem.Wrap(err, problem.Malformed, "The application is not JSON.")
	}
	body := ast.NewBody(unified("decision", ast.NewTerm(ast.MustParseRef(decisionEntrypoint))))
	if q.g.explaining.remedied {
		body.Append(unified("remedies", ast.NewTerm(ast.MustParseRef(remediesEntrypoint))))
	}
	results, err := q.query(body, ast.NewTerm(input)).Run(ctx)
	if err != nil {
		return decision.Decision{}, remedies{}, undecided(fmt.Errorf("evaluate: %w", err))
	}
	if len(results) != 1 {
		return decision.Decision{}, remedies{}, undecided(fmt.Errorf("the policies gave %d answers, want one", len(results)))
	}
	answer, err := toldWhole(results[0][ast.Var("decision")].Value)
	if err != nil {
		return decision.Decision{}, remedies{}, undecided(err)
	}
	decided, err := q.g.decode(answer, app, q.at)
	if err != nil {
		return decision.Decision{}, remedies{}, err
	}
	var offered remedies
	if q.g.explaining.remedied {
		text, err := toldWhole(results[0][ast.Var("remedies")].Value)
		if err == nil {
			err = json.Unmarshal(text, &offered)
		}
		if err != nil {
			return decision.Decision{}, remedies{}, undecided(fmt.Errorf("%s: %w", remediesEntrypoint, err))
		}
	}
	return decided, offered, nil
}

// query prepares an evaluation of a body that is written as the compiler would leave it. The compiler itself is not asked,
// since it is shared by all who evaluate.
func (q *reasoning) query(body ast.Body, input *ast.Term) *topdown.Query {
	return topdown.NewQuery(body).
		WithCompiler(q.g.explaining.compiler).
		WithStore(q.g.store).
		WithTransaction(q.txn).
		WithInput(input).
		WithTime(q.at).
		WithCancel(q.cancel).
		WithStrictBuiltinErrors(true)
}

func unified(name string, with *ast.Term) *ast.Expr {
	return ast.Equality.Expr(ast.VarTerm(name), with)
}

// plainly gives a value as JSON has it, sets in order.
func plainly(value ast.Value) (any, error) {
	return ast.JSONWithOpt(value, ast.JSONOpt{SortSets: true})
}

func toldWhole(value ast.Value) (jsontext.Value, error) {
	plain, err := plainly(value)
	if err != nil {
		return nil, err
	}
	return encode(plain)
}

// cancelled says whether an evaluation was stopped from outside, which is no property of what was evaluated.
func cancelled(err error) bool {
	halted, ok := errors.AsType[*topdown.Error](err)
	return ok && halted.Code == topdown.CancelErr
}
