package engine

import (
	"errors"
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/server/types"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/topdown"

	"greenchannel/server/decision/query"
	"greenchannel/server/problem"
)

// Statuses of OPA's REST API.
const (
	statusOK          = 200
	statusMixed       = 207
	statusInvalid     = 400
	statusNotFound    = 404
	statusConflict    = 409
	statusInternal    = 500
	statusUnavailable = 503
)

// refusal is an error that is already in OPA's shape.
type refusal struct {
	status int
	shown  *types.ErrorV1
}

func (r refusal) Error() string { return r.shown.Error() }

// invalid refuses a request that cannot be understood.
func invalid(format string, args ...any) error {
	return refusal{statusInvalid, types.NewErrorV1(types.CodeInvalidParameter, format, args...)}
}

// notRego refuses a query that does not parse or compile, with every error of it.
func notRego(message string, err error) error {
	if all, ok := errors.AsType[ast.Errors](err); ok {
		return refusal{statusInvalid, types.NewErrorV1(types.CodeInvalidParameter, "%s", message).WithASTErrors(all)}
	}
	return err
}

// fault is a place of an application that has to be mended, as an entry of OPA's list of errors.
type fault struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (f fault) Error() string { return f.Message }

// failed answers with an error in OPA's shape.
func failed(err error) query.Answer {
	refused := shape(err)
	answer := query.Answer{Status: refused.status, Body: append(refused.shown.Bytes(), '\n')}
	if refused.status >= statusInternal {
		answer.Cause = err
	}
	return answer
}

// shape gives an error the code and status that OPA gives it. What a client may not see is left to the operator.
func shape(err error) refusal {
	if known, ok := errors.AsType[refusal](err); ok {
		return known
	}
	if ours, ok := errors.AsType[*problem.Error](err); ok {
		return ofProblem(ours)
	}
	switch {
	case topdown.IsError(err):
		return refusal{statusInternal, types.NewErrorV1(types.CodeInternal, types.MsgEvaluationError).WithError(err)}
	case storage.IsNotFound(err):
		return refusal{statusNotFound, types.NewErrorV1(types.CodeResourceNotFound, "%s", err.Error())}
	}
	if all, ok := errors.AsType[ast.Errors](err); ok {
		return refusal{statusInternal, types.NewErrorV1(types.CodeInternal, "%s", all.Error())}
	}
	return ofProblem(problem.Of(err))
}

func ofProblem(p *problem.Error) refusal {
	refused := refusal{statusInternal, types.NewErrorV1(types.CodeInternal, "%s", p.Detail)}
	switch p.Kind {
	case problem.Malformed, problem.Invalid, problem.TooLarge, problem.UnsupportedMedia, problem.KeyReused:
		refused = refusal{statusInvalid, types.NewErrorV1(types.CodeInvalidParameter, "%s", p.Detail)}
	case problem.NotFound:
		refused = refusal{statusNotFound, types.NewErrorV1(types.CodeResourceNotFound, "%s", p.Detail)}
	case problem.InFlight, problem.Stale:
		refused = refusal{statusConflict, types.NewErrorV1(types.CodeResourceConflict, "%s", p.Detail)}
	case problem.Deadline, problem.Cancelled, problem.NotReady:
		refused.status = statusUnavailable
	default: // is ours
	}
	for _, place := range p.Faults {
		refused.shown = refused.shown.WithError(fault{refused.shown.Code, strings.TrimPrefix(fmt.Sprint(place), ": ")})
	}
	return refused
}
