package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/server/types"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/util"

	"greenchannel/server/decision/query"
)

// Bindings answers GET and POST /v1/query: a query of the client's own, compiled against the policies and held to their
// capabilities, so that it can look at nothing that they cannot. Nothing of it is recorded, and no answer has a decision
// id: it is a way to study the policies, not a decision.
func (d *Door) Bindings(ctx context.Context, q query.Question) query.Answer {
	m := metrics.New()
	text, input, err := adHoc(q, m)
	if err != nil {
		return failed(err)
	}
	parsed, err := expressions(text)
	if err != nil {
		return failed(err)
	}
	if len(parsed) == 0 {
		return failed(invalid("cannot evaluate empty query"))
	}
	return d.answering(ctx, q.At, func(ctx context.Context, docs *documents, txn storage.Transaction) (_ query.Answer, err error) {
		defer func() { err = unwritable(parsed, err) }()
		response, err := docs.bindings(ctx, txn, parsed, input, q, m)
		if err != nil {
			return query.Answer{}, notRego(types.MsgCompileQueryError, err)
		}
		return written(statusOK, response, q.Pretty)
	})
}

// expressions are those of a query; all that is wrong with its text, and a text that is a rule, a package or an import, is
// refused.
func expressions(text string) (ast.Body, error) {
	parsed, err := ast.ParseBodyWithOpts(text, parsing())
	switch _, told := errors.AsType[ast.Errors](err); {
	case told:
		return nil, notRego(types.MsgParseQueryError, err)
	case err != nil:
		return nil, invalid("%s: %v", types.MsgParseQueryError, err) // as OPA tells it of a partial evaluation
	}
	return parsed, nil
}

// unconverted refuses an input that JSON can write and Rego cannot hold, such as a number of a million digits.
func unconverted(err error) error {
	return invalid("error(s) occurred while converting input: %v", err)
}

// unwritable makes of an error a fault of the query where that has numbers which Rego knows and JSON does not, as .5: what comes
// of them cannot be written.
func unwritable(parsed ast.Body, err error) error {
	if err == nil || !strings.Contains(err.Error(), "invalid number literal") { // a plain error of encoding/json
		return err
	}
	var odd []string
	ast.WalkTerms(parsed, func(t *ast.Term) bool {
		if number, ok := t.Value.(ast.Number); ok && !json.Valid([]byte(number)) {
			odd = append(odd, strconv.Quote(string(number)))
		}
		return false
	})
	if len(odd) == 0 {
		return err // of a policy, then
	}
	return invalid("the answer cannot be written: invalid number literal %s; write numbers as JSON does, such as 0.5 for .5", strings.Join(odd, ", "))
}

// adHoc reads a query and its input, from the parameters of a GET or the body of a POST.
func adHoc(q query.Question, m metrics.Metrics) (text string, input ast.Value, err error) {
	if q.Body == nil {
		if q.Query == nil {
			return "", nil, invalid("missing parameter 'q'")
		}
		return *q.Query, nil, nil
	}
	m.Timer(metrics.ServerHandler).Start()
	var request types.QueryRequestV1
	if err := decodeRequest(q.Body, &request); err != nil {
		return "", nil, err
	}
	if request.Input != nil {
		if input, err = ast.InterfaceToValue(*request.Input); err != nil {
			return "", nil, unconverted(err)
		}
	}
	return request.Query, input, nil
}

func (d *documents) bindings(
	ctx context.Context, txn storage.Transaction, parsed ast.Body, input ast.Value, q query.Question, m metrics.Metrics,
) (*types.QueryResponseV1, error) {
	tracker := &topdown.EvaluatedRuleTracker{}
	trace := tracer(q.Explain)
	results, err := rego.New(append(d.study(txn, q, m, trace),
		rego.ParsedQuery(parsed),
		rego.ParsedInput(input),
		rego.EvaluatedRuleTracker(tracker),
	)...).Eval(ctx)
	if err != nil {
		return nil, err
	}
	response := &types.QueryResponseV1{}
	for _, result := range results {
		response.Result = append(response.Result, result.Bindings.WithoutWildcards())
	}
	if q.Body != nil {
		m.Timer(metrics.ServerHandler).Stop()
	}
	if q.Metrics || q.Instrument {
		response.Metrics = m.All()
	}
	if trace != nil {
		if response.Explanation, err = explanation(ctx, q.Explain, trace, q.Pretty); err != nil {
			return nil, err
		}
	}
	if q.RuleLabels && len(tracker.Labels) > 0 {
		response.RuleLabels = tracker.Labels
	}
	return response, nil
}

// Partial answers POST /v1/compile: what is left of a query once everything that is known has been worked out.
func (d *Door) Partial(ctx context.Context, q query.Question) query.Answer {
	m := metrics.New()
	m.Timer(metrics.ServerHandler).Start()
	m.Timer(metrics.RegoQueryParse).Start()
	var request types.CompileRequestV1
	if err := decodeRequest(q.Body, &request); err != nil {
		return failed(err)
	}
	parsed, options, err := partialOptions(request)
	if err != nil {
		return failed(err)
	}
	m.Timer(metrics.RegoQueryParse).Stop()
	return d.answering(ctx, q.At, func(ctx context.Context, docs *documents, txn storage.Transaction) (_ query.Answer, err error) {
		defer func() { err = unwritable(parsed, err) }()
		trace := tracer(q.Explain)
		left, err := rego.New(append(docs.study(txn, q, m, trace), options...)...).Partial(ctx)
		if err != nil {
			return query.Answer{}, notRego(types.MsgCompileModuleError, err)
		}
		m.Timer(metrics.ServerHandler).Stop()
		var result any = types.PartialEvaluationResultV1{Queries: left.Queries, Support: left.Support}
		response := types.CompileResponseV1{Result: &result}
		if q.Metrics || q.Instrument {
			response.Metrics = m.All()
		}
		if trace != nil {
			if response.Explanation, err = explanation(ctx, q.Explain, trace, q.Pretty); err != nil {
				return query.Answer{}, err
			}
		}
		return written(statusOK, response, q.Pretty)
	})
}

func partialOptions(request types.CompileRequestV1) (ast.Body, []func(*rego.Rego), error) {
	parsed, err := expressions(request.Query)
	switch {
	case err != nil:
		return nil, nil, err
	case len(parsed) == 0:
		return nil, nil, invalid("missing required 'query' value")
	}
	options := []func(*rego.Rego){
		rego.ParsedQuery(parsed),
		rego.DisableInlining(request.Options.DisableInlining),
		rego.NondeterministicBuiltins(request.Options.NondeterministicBuiltins),
	}
	if request.Input != nil {
		input, err := ast.InterfaceToValue(*request.Input)
		if err != nil {
			return nil, nil, unconverted(err)
		}
		options = append(options, rego.ParsedInput(input))
	}
	if request.Unknowns != nil {
		unknowns := make([]*ast.Term, len(*request.Unknowns))
		for i, text := range *request.Unknowns {
			if unknowns[i], err = ast.ParseTerm(text); err != nil {
				return nil, nil, invalid("error(s) occurred while parsing unknowns: %v", err)
			}
		}
		options = append(options, rego.ParsedUnknowns(unknowns))
	}
	return parsed, options, nil
}

// study are the options of every evaluation of a client's own query.
func (d *documents) study(txn storage.Transaction, q query.Question, m metrics.Metrics, trace *steps) []func(*rego.Rego) {
	options := []func(*rego.Rego){
		rego.Compiler(d.compiler),
		rego.Store(d.store),
		rego.Transaction(txn),
		rego.Metrics(m),
		rego.Instrument(q.Instrument),
		rego.UnsafeBuiltins(unsafe()),
		rego.InterQueryBuiltinValueCache(d.values),
		rego.Time(q.At),
		rego.StackTraces(true),
	}
	if trace != nil {
		options = append(options, rego.QueryTracer(trace))
	}
	return options
}

func parsing() ast.ParserOptions { return ast.ParserOptions{RegoVersion: ast.RegoV1} }

// decodeRequest reads a body that is JSON and nothing else.
func decodeRequest(body []byte, into any) error {
	if err := util.NewJSONDecoder(bytes.NewReader(body)).Decode(into); err != nil {
		return invalid("%s", fmt.Errorf("error(s) occurred while decoding request: %w", err).Error())
	}
	return nil
}
