package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"greenchannel/server/decision"
	"greenchannel/server/identity"
	"greenchannel/server/problem"
)

// AuthZEN is the mapping between the OpenID Authorization API 1.0 and applications. The active bundle is it.
type AuthZEN interface {
	// Question gives the application that a request is about, and from where in the request the parts of it come: a JSON
	// pointer of the request for each of the application. What stands further in is at the same place of both. What is not
	// told is not known.
	Question(ctx context.Context, request []byte, at time.Time) (application []byte, places map[string]string, err error)
	// Answered gives the answer for a request that was decided.
	Answered(ctx context.Context, request, decided []byte, at time.Time) (jsontext.Value, error)
}

// The paths of the Authorization API, as its metadata names them.
const (
	evaluationPath  = "/access/v1/evaluation"
	evaluationsPath = "/access/v1/evaluations"
	metadataPath    = "/.well-known/authzen-configuration"
)

// mostEvaluations is how many evaluations one request may hold.
const mostEvaluations = 1000

// evaluations is a request for one evaluation or several. What stands at the top is the default of each.
type evaluations struct {
	Subject     jsontext.Value            `json:"subject,omitzero"`
	Action      jsontext.Value            `json:"action,omitzero"`
	Resource    jsontext.Value            `json:"resource,omitzero"`
	Context     jsontext.Value            `json:"context,omitzero"`
	Evaluations []evaluation              `json:"evaluations,omitzero"`
	Options     evaluationOptions         `json:"options,omitzero"`
	More        map[string]jsontext.Value `json:",inline"` // the standard lets a request carry more

	caller string
}

type evaluationOptions struct {
	Semantic string                    `json:"evaluations_semantic,omitzero"`
	More     map[string]jsontext.Value `json:",inline"`
}

// evaluation is one question: who does what to what.
type evaluation struct {
	Subject  jsontext.Value            `json:"subject,omitzero"`
	Action   jsontext.Value            `json:"action,omitzero"`
	Resource jsontext.Value            `json:"resource,omitzero"`
	Context  jsontext.Value            `json:"context,omitzero"`
	More     map[string]jsontext.Value `json:",inline"`

	parts map[string]string // where in the body those of them are that do not stand at its top
}

// The semantics of several evaluations: all, or up to the first that denies or permits.
const (
	executeAll          = "execute_all"
	denyOnFirstDeny     = "deny_on_first_deny"
	permitOnFirstPermit = "permit_on_first_permit"
)

// accessRequest decodes a request of the Authorization API. What is wrong with it is an error of kind Malformed, as the
// standard asks: its clients know 400 alone.
func (a api) accessRequest(c *gin.Context) (evaluations, error) {
	if _, err := parameters(c); err != nil {
		return evaluations{}, err
	}
	body, err := readBody(c)
	if err != nil {
		return evaluations{}, err
	}
	var request evaluations
	if err := json.Unmarshal(body, &request); err != nil {
		return evaluations{}, problem.Wrap(err, problem.Malformed, "The body is no request of the Authorization API: "+plainJSONError(err))
	}
	request.caller = identity.Name(c.Request.Context())
	return request, nil
}

// plainJSONError says where a body stops being what it should be, and repeats nothing of it.
func plainJSONError(err error) string {
	var place string
	if semantic, ok := err.(*json.SemanticError); ok && errors.Is(err, json.ErrUnknownName) { //nolint:errorlint // the library returns it bare
		place = fmt.Sprintf("at byte %d, %q: there is no such field.", semantic.ByteOffset, semantic.JSONPointer)
	} else if ok {
		place = fmt.Sprintf("at byte %d, %q: the type of the value is not the one wanted there.", semantic.ByteOffset, semantic.JSONPointer)
	} else if syntactic, ok := err.(*jsontext.SyntacticError); ok { //nolint:errorlint // the library returns it bare
		place = fmt.Sprintf("at byte %d, %q: no JSON, or a field that is stated twice.", syntactic.ByteOffset, syntactic.JSONPointer)
	}
	return place
}

func (a api) oneEvaluation(ctx context.Context, r evaluations) (jsontext.Value, error) {
	question := evaluation{Subject: r.Subject, Action: r.Action, Resource: r.Resource, Context: r.Context}
	return a.evaluated(ctx, question, r.caller)
}

// evaluated decides one question. The decision is recorded like any other.
func (a api) evaluated(ctx context.Context, question evaluation, caller string) (jsontext.Value, error) {
	if faults := question.faults(); len(faults) > 0 {
		return nil, problem.New(problem.Malformed, "The request lacks what an evaluation needs.", question.inBody(faults)...)
	}
	request, err := json.Marshal(question, json.Deterministic(true))
	if err != nil {
		return nil, err
	}
	application, from, err := a.AuthZEN.Question(ctx, request, a.Now())
	if err != nil {
		return nil, question.refused(err)
	}
	app, err := a.Read(application)
	if err != nil {
		return nil, question.refused(places(from).asked(err))
	}
	record, err := a.Decisions.Decide(ctx, decision.Request{App: app, Caller: caller})
	if err != nil {
		return nil, err
	}
	decided, err := record.Answer()
	if err != nil {
		return nil, err
	}
	return a.AuthZEN.Answered(ctx, request, decided, record.Clock)
}

// manyEvaluations are the answers to several questions, in their order.
type manyEvaluations struct {
	Evaluations []jsontext.Value `json:"evaluations"`
}

// severalEvaluations answers each question in its order. A question that cannot be decided is denied, with the problem in its
// context, and does not keep the others from being answered.
func (a api) severalEvaluations(ctx context.Context, r evaluations) (any, error) {
	if len(r.Evaluations) == 0 { // then it is the same as one evaluation
		return a.oneEvaluation(ctx, r)
	}
	stop, err := r.stop()
	if err != nil {
		return nil, err
	}
	answers := manyEvaluations{Evaluations: make([]jsontext.Value, 0, len(r.Evaluations))}
	for i, question := range r.Evaluations {
		answer, err := a.evaluated(ctx, question.over(r, i), r.caller)
		if err != nil {
			if answer, err = denied(err); err != nil {
				return nil, err
			}
		}
		answers.Evaluations = append(answers.Evaluations, answer)
		if stop(answer) {
			break
		}
	}
	return answers, nil
}

// stop says after which answer no more questions are asked.
func (r evaluations) stop() (func(jsontext.Value) bool, error) {
	if len(r.Evaluations) > mostEvaluations {
		return nil, problem.New(problem.Malformed, fmt.Sprintf("There are %d evaluations, more than %d; send them in parts.", len(r.Evaluations), mostEvaluations))
	}
	permits := func(answer jsontext.Value) bool {
		var said struct {
			Decision bool                      `json:"decision"`
			More     map[string]jsontext.Value `json:",inline"`
		}
		return json.Unmarshal(answer, &said) == nil && said.Decision
	}
	switch r.Options.Semantic {
	case "", executeAll:
		return func(jsontext.Value) bool { return false }, nil
	case denyOnFirstDeny:
		return func(answer jsontext.Value) bool { return !permits(answer) }, nil
	case permitOnFirstPermit:
		return permits, nil
	}
	return nil, problem.New(problem.Malformed, "The options are not understood.", problem.Fault{
		Pointer: "/options/evaluations_semantic",
		Detail:  fmt.Sprintf("%.40q is none of %s, %s, %s", r.Options.Semantic, executeAll, denyOnFirstDeny, permitOnFirstPermit),
	})
}

// over lays a question over the defaults: what it states replaces the default whole. The index is that of the question.
func (e evaluation) over(r evaluations, index int) evaluation {
	e.parts = map[string]string{}
	for _, part := range []struct {
		name          string
		own, standard *jsontext.Value
	}{
		{"subject", &e.Subject, &r.Subject}, {"action", &e.Action, &r.Action}, {"resource", &e.Resource, &r.Resource}, {"context", &e.Context, &r.Context},
	} {
		if len(*part.own) == 0 && len(*part.standard) > 0 {
			*part.own = *part.standard
			continue
		}
		e.parts[part.name] = fmt.Sprintf("/evaluations/%d/%s", index, part.name)
	}
	return e
}

// denied is the answer to a question that could not be decided: denied, with the reason, as the standard shows it.
func denied(err error) (jsontext.Value, error) {
	why := problem.Of(err)
	known := replies()[why.Kind]
	return json.Marshal(map[string]any{
		"decision": false,
		"context":  map[string]any{"error": map[string]any{"status": known.status, "type": "/problems/" + string(why.Kind), "message": why.Detail, "errors": why.Faults}},
	}, json.Deterministic(true))
}

// accessMetadata says where the Authorization API is. The base is configured: what a request says of the host it was sent to
// is not believed.
type accessMetadata struct {
	PolicyDecisionPoint       string `json:"policy_decision_point" jsonschema:"Base address of the service."`
	AccessEvaluationEndpoint  string `json:"access_evaluation_endpoint" jsonschema:"Where one question is asked."`
	AccessEvaluationsEndpoint string `json:"access_evaluations_endpoint" jsonschema:"Where several are asked."`
}

func (a api) accessMetadata(context.Context, none) (accessMetadata, error) {
	if a.BaseURL == "" {
		return accessMetadata{}, problem.New(problem.NotFound, "The address of this service is not configured (base-url), so its metadata names none.")
	}
	base := strings.TrimRight(a.BaseURL, "/")
	return accessMetadata{base, base + evaluationPath, base + evaluationsPath}, nil
}

// metadataPlaces are where clients look for the metadata: the path of the base URL goes behind the well-known one (9.2).
func (a api) metadataPlaces() []string {
	base, err := url.Parse(strings.TrimRight(a.BaseURL, "/"))
	if err != nil || base.Path == "" {
		return []string{metadataPath}
	}
	return []string{metadataPath, metadataPath + base.EscapedPath()}
}
