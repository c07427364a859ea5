// Package httpapi is the HTTP face of greenchannel: it reads requests strictly, calls one function of the domain for each
// route, and writes the answer or an RFC 9457 problem document. Routes is its table of contents. It decides nothing, and
// it alone (with the pages of console) knows Gin.
package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"greenchannel/server/decision"
	"greenchannel/server/explain"
	"greenchannel/server/problem/chinese"
)

// Decider decides applications.
type Decider interface {
	Decide(ctx context.Context, ask decision.Request) (decision.Record, error)
	DryRun(ctx context.Context, app decision.Application, at time.Time) (decision.Written, error)
}

// Explainer decides dry and explains the decision. What is asked that is not known is an error of kind Invalid.
type Explainer interface {
	// Rules lists the ids of the rules that the active policies can explain.
	Rules() ([]string, error)
	Explain(ctx context.Context, app decision.Application, at time.Time, asked string) (explain.Explained, error)
}

// ControlLister answers with the control list as of an instant.
type ControlLister interface {
	Controls(ctx context.Context, at time.Time, filter decision.ControlFilter) (decision.ControlList, error)
	Control(ctx context.Context, at time.Time, code string) (decision.Control, error)
}

// Screener searches the party lists for names near to one, as of an instant.
type Screener interface {
	Screen(ctx context.Context, name string, at time.Time) (decision.Screening, error)
}

// Deps is what the routes need of the rest of the service. All of it must be set but where it says so.
type Deps struct {
	// Read reads one application, strictly.
	Read func(body []byte) (decision.Application, error)
	// ReadParty reads one party that is to be put on file, strictly.
	ReadParty func(body []byte) (decision.Party, error)
	Decisions Decider
	Explainer Explainer
	Controls  ControlLister
	// Batch opens a sitting for the batch of a request.
	Batch     func(*http.Request) (Sitting, error)
	Record    Record
	Registry  Registry
	Registrar Registrar
	// Replay decides a recorded decision again, under its own bundle or under another kept one.
	Replay func(ctx context.Context, id, revision string) (Replay, error)
	// Bundles are the policies that are kept beside the record.
	Bundles Bundles
	// Shadow lets a candidate decide beside the active bundle.
	Shadow   Shadows
	Screener Screener
	AuthZEN  AuthZEN
	// BaseURL is the address under which clients reach the service, for metadata; empty where it is not configured.
	BaseURL string
	// Callers finds out who sends a request, and Access whether it may.
	Callers Identifier
	Access  Authorizer
	Limits  Limits
	// Contract gives the JSON Schemas of the active bundle.
	Contract func() (decision.Contract, error)
	// Observe is told each request, by the template of its route; nil for nobody.
	Observe func(method, route string, status int, took time.Duration)
	// OPA answers OPA clients.
	OPA Documents
	// Recorded decides and records an application that an OPA client sends under its own word for the request, empty for
	// none; nil where nothing is recorded.
	Recorded func(ctx context.Context, input []byte, key string) (result []byte, decisionID string, err error)
	// Evaluator names who evaluates the active bundle, and why it is not the usual one; empty where it is.
	Evaluator func() (name, reason string)
	// Source says how the server is that the bundle is fetched from, nil where it is not fetched; not set where none ever is.
	Source func() *Source
	// Ready names the active bundle, or says why the service takes no requests.
	Ready func() (decision.PolicyRef, error)
	Now   func() time.Time
	Log   *slog.Logger
}

// New returns the handler of all routes.
func New(deps Deps) Handler {
	gin.SetMode(gin.ReleaseMode) // in any other mode Gin prints to standard output
	r := gin.New()
	r.HandleMethodNotAllowed = true
	r.UseEscapedPath = true         // a slash that is escaped parts nothing
	r.RedirectTrailingSlash = false // a client that posts to the wrong place must learn so, not be sent on
	r.Use(requestID, trace)
	if deps.Observe != nil {
		r.Use(observed(deps.Observe))
	}
	a := api{Deps: deps, published: new(published), chinese: sync.OnceValue(chinese.New)}
	r.Use(accessLog(deps.Log), headers, a.recovery)
	r.Use(a.guard(newLimiter(deps.Limits, deps.Now), a.opaPatterns()))
	a.Routes(r)
	r.NoRoute(a.noRoute)
	r.NoMethod(a.noMethod)
	return Handler{compressed(byOneReading(r)), r}
}

// Handler answers all routes.
type Handler struct {
	http.Handler
	router *gin.Engine
}

// Routes lists what is answered, for tests that walk all of it.
func (h Handler) Routes() gin.RoutesInfo { return h.router.Routes() }

// api holds the handlers.
type api struct {
	Deps
	published *published
	chinese   func() chinese.Texts
}
