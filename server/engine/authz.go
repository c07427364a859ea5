package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"

	"greenchannel/server/identity"
	"greenchannel/server/problem"
)

// authzQuery asks who may do what. Its answer has the shape that OPA's own server takes: true or false, or an object of
// `allowed` and `reason`.
const authzQuery = "data.system.authz.allow"

// Allowed asks the active bundle whether a caller may do something, and if not, why. Only a plain yes is one: a bundle that
// says nothing of it, or nothing that can be understood, allows nobody, and an error is no permission.
func (e *Engine) Allowed(ctx context.Context, access identity.Access, at time.Time) (allowed bool, reason string, err error) {
	g, err := e.generation()
	if err != nil {
		return false, "", err
	}
	return e.AllowedBy(ctx, g, access, at)
}

// AllowedBy asks a generation that need not be active, so that one that would lock its operators out can be refused.
func (e *Engine) AllowedBy(ctx context.Context, g *Generation, access identity.Access, at time.Time) (allowed bool, reason string, err error) {
	var answer []byte
	err = e.limited(ctx, func(ctx context.Context) error {
		return g.reading(ctx, nil, func(txn storage.Transaction) error {
			var err error
			answer, _, err = e.ask(ctx, g, g.authz, txn, about{value: accessInput(access), at: at}, forgetNothing)
			return err
		})
	})
	switch {
	case errors.Is(err, errUndefined):
		return false, "The active bundle does not say who may do this.", nil
	case err != nil:
		return false, "", unauthorised(err)
	}
	allowed, reason, err = verdict(answer)
	if err != nil {
		return false, "", unauthorised(err)
	}
	return allowed, reason, nil
}

// verdict reads what the policies answered.
func verdict(answer []byte) (allowed bool, reason string, err error) {
	switch kind := jsontext.Value(answer).Kind(); kind {
	case jsontext.KindTrue, jsontext.KindFalse:
		allowed = kind == jsontext.KindTrue
	case jsontext.KindBeginObject:
		var said struct {
			Allowed any `json:"allowed"`
			Reason  any `json:"reason"`
		}
		if err := json.Unmarshal(answer, &said); err != nil {
			return false, "", fmt.Errorf("read system.authz.allow: %w", err)
		}
		plain, ok := said.Allowed.(bool)
		if !ok {
			return false, "", fmt.Errorf("system.authz.allow has no allowed that is true or false: %.200s", answer)
		}
		allowed = plain
		reason, _ = said.Reason.(string)
	default:
		return false, "", fmt.Errorf("system.authz.allow is %.200s, want true, false or an object", answer)
	}
	if !allowed && reason == "" {
		reason = "The policies do not allow it."
	}
	return allowed, reason, nil
}

// unauthorised keeps why an evaluation was stopped; what else went wrong is for the operator.
func unauthorised(cause error) error {
	if _, ours := errors.AsType[*problem.Error](cause); ours {
		return cause
	}
	return problem.Wrap(fmt.Errorf("authorise: %w", cause), problem.Undecided,
		"The policies could not say whether this is allowed, so it is not. The operator finds the reason in the log.")
}

// accessInput is the input of system.authz; policies/schemas/authz says what each field means.
func accessInput(access identity.Access) ast.Value {
	field := func(name string, value *ast.Term) [2]*ast.Term { return ast.Item(ast.StringTerm(name), value) }
	words := func(all []string) *ast.Term {
		terms := make([]*ast.Term, 0, len(all))
		for _, word := range all {
			terms = append(terms, ast.StringTerm(word))
		}
		return ast.ArrayTerm(terms...)
	}
	return ast.ObjectTerm(
		field("identity", ast.ObjectTerm(
			field("name", ast.StringTerm(access.Caller.Name)),
			field("roles", words(access.Caller.Roles)),
			field("exporter", ast.StringTerm(access.Caller.Exporter)),
			field("method", ast.StringTerm(string(access.Caller.Method))),
		)),
		field("method", ast.StringTerm(access.Method)),
		field("path", words(access.Path)),
		field("query", words(access.Query)),
	).Value
}
