package httpapi

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-json-experiment/json/jsontext"

	"greenchannel/server/decision"
	"greenchannel/server/explain"
	"greenchannel/server/identity"
	"greenchannel/server/problem"
)

// question is an application and the instant it is asked about. Under another bundle, it is read by that one's schema.
type question struct {
	app decision.Application
	at  time.Time

	revision string
	unread   []byte
	explain  string // empty where nothing is to be explained
}

// application decodes an application. The clock of a decision is the service's own.
func (a api) application(c *gin.Context) (decision.Request, error) {
	if _, err := parameters(c); err != nil {
		return decision.Request{}, err
	}
	key, err := keyOf(c.Request.Header)
	if err != nil {
		return decision.Request{}, err
	}
	app, err := a.readApplication(c)
	return decision.Request{App: app, Caller: identity.Name(c.Request.Context()), IdempotencyKey: key}, err
}

// given is a recorded decision, as it is answered.
type given struct {
	jsontext.Value
	id string
}

// JSON is the decision as it was recorded, with its place.
func (g given) JSON() []byte { return g.Value }

func (g given) headers() map[string]string {
	return map[string]string{"Location": "/v1/decisions/" + g.id}
}

func (a api) decide(ctx context.Context, ask decision.Request) (given, error) {
	record, err := a.Decisions.Decide(ctx, ask)
	if err != nil {
		return given{}, err
	}
	body, err := record.Answer()
	return given{body, record.ID}, err
}

// question decodes a dry run: only that may choose the instant.
func (a api) question(c *gin.Context) (question, error) {
	query, err := parameters(c, "as_of", "revision", "explain")
	at, faults := a.asOf(query)
	ofPolicies, failed := a.ofPolicies(c.Request.Context(), query)
	if err := cmp.Or(failed, together(err, slices.Concat(faults, ofPolicies)...)); err != nil {
		return question{}, err
	}
	asked := question{at: at, revision: query["revision"], explain: query["explain"]}
	if asked.revision != "" {
		asked.unread, err = readBody(c)
		return asked, err
	}
	asked.app, err = a.readApplication(c)
	return asked, err
}

// ofPolicies finds the faults of what a query says of policies: which bundle decides, and what of it is to be explained. While no
// bundle is named, the rules are those of the active one.
func (a api) ofPolicies(ctx context.Context, query map[string]string) (faults []problem.Fault, err error) {
	rules, note := a.Explainer.Rules, ""
	if revision, stated := query["revision"]; stated {
		ids, err := a.Bundles.Rules(ctx, revision)
		switch why := problem.Of(err); {
		case err == nil:
			rules = func() ([]string, error) { return ids, nil }
		case why.Kind == problem.Invalid:
			faults, note = slices.Clone(why.Faults), " (by the active policies, as the revision names no others)"
		default:
			return nil, err
		}
	}
	asked, stated := query["explain"]
	if !stated {
		return faults, nil
	}
	ids, err := rules()
	if err != nil {
		return nil, err
	}
	if _, err := explain.Parse(asked, ids); err != nil {
		for _, fault := range problem.Of(err).Faults {
			fault.Detail += note
			faults = append(faults, fault)
		}
	}
	return faults, nil
}

// dryRun answers with a decision, or with one and its explanation.
func (a api) dryRun(ctx context.Context, q question) (any, error) {
	switch {
	case q.revision != "" && q.explain != "":
		return a.Bundles.Explain(ctx, q.revision, q.unread, q.at, q.explain)
	case q.explain != "":
		return a.Explainer.Explain(ctx, q.app, q.at, q.explain)
	case q.revision != "":
		return a.Bundles.DryRun(ctx, q.revision, q.unread, q.at)
	}
	return a.Decisions.DryRun(ctx, q.app, q.at)
}

// listing is the control list that is asked for.
type listing struct {
	at     time.Time
	filter decision.ControlFilter
}

func (a api) listing(c *gin.Context) (listing, error) {
	query, err := parameters(c, "as_of", "element", "hs_code", "instrument", "form", "status")
	at, faults := a.asOf(query)
	return listing{at, decision.ControlFilter{
		Element: query["element"], HSCode: query["hs_code"], Instrument: query["instrument"],
		Form: query["form"], Status: query["status"],
	}}, together(err, faults...)
}

func (a api) listControls(ctx context.Context, l listing) (decision.ControlList, error) {
	return a.Controls.Controls(ctx, l.at, l.filter)
}

// entry is one entry of the control list that is asked for.
type entry struct {
	at   time.Time
	code string
}

func (a api) entry(c *gin.Context) (entry, error) {
	query, err := parameters(c, "as_of")
	at, faults := a.asOf(query)
	return entry{at, strings.TrimPrefix(c.Param("code"), "/")}, together(err, faults...)
}

func (a api) oneControl(ctx context.Context, e entry) (decision.Control, error) {
	return a.Controls.Control(ctx, e.at, e.code)
}

// health is the answer of the probes.
type health struct {
	Status string              `json:"status" jsonschema:"The state."`
	Policy *decision.PolicyRef `json:"policy,omitzero" jsonschema:"The active bundle."`
	// Evaluator is who evaluates it.
	Evaluator *evaluator `json:"evaluator,omitzero" jsonschema:"Who evaluates the active bundle."`
	// Source and Warning are those of a service whose bundle is fetched.
	Source  *Source `json:"source,omitzero" jsonschema:"The server that the bundle is fetched from; absent where it is not fetched."`
	Warning string  `json:"warning,omitzero" jsonschema:"What an operator should know although decisions can be made."`
}

// evaluator is who evaluates policies.
type evaluator struct {
	Name   string `json:"name" jsonschema:"executor, or topdown, which is OPA's own and slower."`
	Reason string `json:"reason,omitzero" jsonschema:"Why it is not the executor."`
}

type none struct{}

func (a api) nothing(c *gin.Context) (none, error) {
	_, err := parameters(c)
	return none{}, err
}

// alive says that the process runs, nothing more.
func (a api) alive(context.Context, none) (health, error) { return health{Status: "alive"}, nil }

// ready says that decisions can be made, and by which bundle.
func (a api) ready(context.Context, none) (health, error) {
	policy, err := a.Ready()
	if err != nil {
		return health{}, err
	}
	from := a.source()
	said := health{Status: "ready", Policy: &policy, Evaluator: &evaluator{}, Source: from, Warning: from.warning()}
	said.Evaluator.Name, said.Evaluator.Reason = a.Evaluator()
	return said, nil
}
