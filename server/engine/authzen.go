package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"

	"greenchannel/server/problem"
)

// What is asked of a bundle that serves the OpenID Authorization API. A bundle need not.
const (
	questionEntrypoint = "data.authzen.mapping.question"
	answerEntrypoint   = "data.authzen.mapping.answer"
)

// prepareAuthZEN prepares what a bundle says of the Authorization API, if it says anything.
func (g *Generation) prepareAuthZEN(ctx context.Context, compiler *ast.Compiler, txn storage.Transaction) error {
	for entrypoint, query := range map[string]**inquiry{questionEntrypoint: &g.question, answerEntrypoint: &g.answer} {
		if len(compiler.GetRulesWithPrefix(ast.MustParseRef(entrypoint))) == 0 {
			continue
		}
		prepared, err := g.query(ctx, compiler, txn, entrypoint)
		if err != nil {
			return err
		}
		*query = &prepared
	}
	if (g.question == nil) != (g.answer == nil) {
		return fmt.Errorf("policies define one of %s and %s; a bundle that serves AuthZEN defines both", questionEntrypoint, answerEntrypoint)
	}
	return nil
}

// Question asks the active bundle which application an AuthZEN request is about, and from which places of the request that
// has its parts: a JSON pointer of the request for each of the application. A bundle need not tell them. A request that is not
// of its subjects, actions and resources is an error of kind Invalid; a bundle that serves no such requests answers NotFound.
func (e *Engine) Question(ctx context.Context, request []byte, at time.Time) (application []byte, places map[string]string, err error) {
	answer, err := e.authzen(ctx, func(g *Generation) *inquiry { return g.question }, request, at)
	if err != nil {
		return nil, nil, err
	}
	var question struct {
		Application jsontext.Value    `json:"application"`
		Places      map[string]string `json:"places"`
		Faults      []problem.Fault   `json:"faults"`
	}
	if err := json.Unmarshal(answer, &question, json.RejectUnknownMembers(true)); err != nil {
		return nil, nil, undecided(fmt.Errorf("%s: %w", questionEntrypoint, err))
	}
	if len(question.Faults) > 0 {
		return nil, nil, problem.New(problem.Invalid, "The request asks about what this service does not decide.", question.Faults...)
	}
	if question.Application.Kind() != '{' {
		return nil, nil, undecided(fmt.Errorf("%s has neither an application nor faults", questionEntrypoint))
	}
	return question.Application, question.Places, nil
}

// Answered puts a decision into the words of AuthZEN: {"decision": true or false, "context": {…}}.
func (e *Engine) Answered(ctx context.Context, request, decided []byte, at time.Time) (jsontext.Value, error) {
	input := fmt.Appendf(nil, `{"request":%s,"decision":%s}`, request, decided)
	answer, err := e.authzen(ctx, func(g *Generation) *inquiry { return g.answer }, input, at)
	if err != nil {
		return nil, err
	}
	var said struct {
		Decision *bool          `json:"decision"`
		Context  jsontext.Value `json:"context"`
	}
	if err := json.Unmarshal(answer, &said, json.RejectUnknownMembers(true)); err != nil || said.Decision == nil {
		return nil, undecided(fmt.Errorf("%s is not {decision, context}: %w", answerEntrypoint, err))
	}
	return answer, nil
}

func (e *Engine) authzen(ctx context.Context, which func(*Generation) *inquiry, input []byte, at time.Time) (answer jsontext.Value, err error) {
	g, err := e.generation()
	if err != nil {
		return nil, err
	}
	query := which(g)
	if query == nil {
		return nil, problem.New(problem.NotFound, "The active policy bundle serves no AuthZEN requests.")
	}
	if !jsontext.Value(input).IsValid(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) {
		return nil, problem.New(problem.Malformed, "The request is not JSON.")
	}
	err = e.limited(ctx, func(ctx context.Context) error {
		return g.reading(ctx, nil, func(txn storage.Transaction) error {
			answer, _, err = e.ask(ctx, g, *query, txn, about{body: input, at: at}, forgetNothing)
			return undecidedOr(err)
		})
	})
	return answer, err
}
