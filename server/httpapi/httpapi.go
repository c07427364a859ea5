// Package httpapi is the HTTP face of greenchannel: it reads requests strictly, calls one function of the domain for each
// route, and writes the answer or an RFC 9457 problem document. Routes is its table of contents. It decides nothing, and
// it alone (with the pages of console) knows Gin.
package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"greenchannel/server/decision"
	"greenchannel/server/decision/query"
)

// Decider decides applications.
type Decider interface {
	Decide(ctx context.Context, ask decision.Request) (decision.Record, error)
	DryRun(ctx context.Context, app decision.Application, at time.Time) (decision.Decision, error)
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

// Deps is what the routes need of the rest of the service. All of it must be set.
type Deps struct {
	// Read reads one application, strictly.
	Read func(body []byte) (decision.Application, error)
	// ReadParty reads one party that is to be put on file, strictly.
	ReadParty func(body []byte) (decision.Party, error)
	Decisions Decider
	Controls  ControlLister
	Record    Record
	Registry  Registry
	Registrar Registrar
	// Replay decides a recorded decision again, under its own bundle or under another kept one; the answer is JSON.
	Replay   func(ctx context.Context, id, revision string) (any, error)
	Screener Screener
	AuthZEN  AuthZEN
	// BaseURL is the address under which clients reach the service, for metadata; empty where it is not configured.
	BaseURL string
	// Caller names who sent a request.
	Caller func(*http.Request) string
	// OPA answers OPA clients.
	OPA Documents
	// Recorded decides and records an application that an OPA client sends; nil where nothing is recorded.
	Recorded query.Recorded
	// Ready names the active bundle, or says why the service takes no requests.
	Ready func() (decision.PolicyRef, error)
	Now   func() time.Time
	Log   *slog.Logger
}

// New returns the handler of all routes.
func New(deps Deps) http.Handler {
	gin.SetMode(gin.ReleaseMode) // in any other mode Gin prints to standard output
	r := gin.New()
	r.HandleMethodNotAllowed = true
	r.RedirectTrailingSlash = false // a client that posts to the wrong place must learn so, not be sent on
	r.Use(requestID, accessLog(deps.Log), headers, recovery(deps.Log))
	a := api{deps}
	a.Routes(r)
	r.NoRoute(a.noRoute)
	r.NoMethod(a.noMethod)
	return r
}

// api holds the handlers.
type api struct{ Deps }

// Routes is the table of contents.
func (a api) Routes(r gin.IRouter) {
	r.POST("/v1/decisions", typed(a, http.StatusCreated, a.application, a.decide))
	r.POST("/v1/dry-runs", typed(a, http.StatusOK, a.question, a.dryRun))
	read(r, "/v1/decisions", typed(a, http.StatusOK, a.search, a.searched))
	read(r, "/v1/decisions/:id", typed(a, http.StatusOK, a.decisionID, a.recorded))
	r.POST("/v1/decisions/:id/replay", typed(a, http.StatusOK, a.replaying, a.replayed))
	read(r, "/v1/journal/checkpoint", a.checkpoint)
	read(r, "/v1/journal/key", typed(a, http.StatusOK, a.nothing, a.verifierKey))
	read(r, "/v1/journal/inclusion", typed(a, http.StatusOK, a.inclusion, a.proveInclusion))
	read(r, "/v1/journal/consistency", typed(a, http.StatusOK, a.consistency, a.proveConsistency))
	read(r, "/v1/journal/records/:seq/leaf", a.leaf)
	r.PUT("/v1/registry/parties/:id", typed(a, http.StatusOK, a.put, a.putParty))
	read(r, "/v1/registry/parties/:id", typed(a, http.StatusOK, a.partyID, a.oneParty))
	read(r, "/v1/registry/parties", typed(a, http.StatusOK, a.partyName, a.partiesNamed))
	read(r, "/v1/parties", typed(a, http.StatusOK, a.screening, a.screened))
	read(r, "/v1/controls", typed(a, http.StatusOK, a.listing, a.listControls))
	read(r, "/v1/controls/*code", typed(a, http.StatusOK, a.entry, a.oneControl))
	a.authzen(r)
	a.opaRoutes(r)
	read(r, "/livez", typed(a, http.StatusOK, a.nothing, a.alive))
	read(r, "/readyz", typed(a, http.StatusOK, a.nothing, a.ready))
}

// read is a route that only reads, so that it answers HEAD as it does GET.
func read(r gin.IRouter, path string, handler gin.HandlerFunc) {
	r.GET(path, handler)
	r.HEAD(path, handler)
}
