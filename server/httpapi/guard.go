package httpapi

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"greenchannel/server/identity"
	"greenchannel/server/problem"
)

// Identifier finds out who sends a request. Credentials that are not right are an error of kind Unauthenticated.
type Identifier interface {
	Identify(r *http.Request) (identity.Caller, error)
	// Challenges are the values of WWW-Authenticate for a caller that has to be known and is not, or is known and may not do
	// what it asks for.
	Challenges(r *http.Request, known bool) []string
}

// Authorizer asks the policies whether a caller may do something, and if not, why.
type Authorizer interface {
	Allowed(ctx context.Context, access identity.Access, at time.Time) (allowed bool, reason string, err error)
}

// guard lets a request pass when it is known who sends it and the policies allow it; whoever answers it finds the caller in
// its context. A path that leads nowhere is told to be that without asking the policies: the routes are no secret. So is,
// to whoever is known, a method that a place lacks; who is not known has to be one that may use the place.
// At places of OPA's it refuses in OPA's words.
func (a api) guard(limits *limiter, places map[string]*place) gin.HandlerFunc {
	return func(c *gin.Context) {
		at, refuse := places[c.FullPath()], a.turnAway
		if c.FullPath() == "" {
			at = a.opaPlaceAt(c.Request.URL)
		}
		if at != nil {
			refuse = a.turnAwayAsOPA
		}
		caller, err := a.Callers.Identify(c.Request)
		if err != nil {
			if !limits.take(c, identity.Caller{}) {
				err = tooMany()
			}
			refuse(c, err)
			return
		}
		c.Request = c.Request.WithContext(identity.With(c.Request.Context(), caller))
		switch {
		case probe(c.Request):
			return // whether the process lives must not hang on a bundle
		case !limits.take(c, caller):
			refuse(c, tooMany())
		default:
			if err := a.authorise(c, caller, at); err != nil {
				refuse(c, err)
			}
		}
	}
}

// authorise asks the policies about the method of a request or, where the place lacks it, about those that the place has.
func (a api) authorise(c *gin.Context, caller identity.Caller, at *place) error {
	methods := []string{c.Request.Method}
	others, lacking := others(c, at)
	switch {
	case lacking && caller.Known(), c.FullPath() == "" && !lacking:
		return nil
	case lacking && len(others) > 0:
		methods = others
	}
	access := identity.Access{Caller: caller, Path: segments(c.Request.URL), Query: slices.Sorted(maps.Keys(c.Request.URL.Query()))}
	var reason string
	for _, access.Method = range methods {
		allowed, why, err := a.Access.Allowed(c.Request.Context(), access, a.Now())
		if err != nil || allowed {
			return err
		}
		reason = why
	}
	if !caller.Known() {
		return problem.New(problem.Unauthenticated, reason+" Say who you are, as WWW-Authenticate asks.")
	}
	return problem.New(problem.Forbidden, reason)
}

// others are the methods of a place, OPA's or another, that lacks the one that is asked for.
func others(c *gin.Context, at *place) (methods []string, lacking bool) {
	allowed := c.Writer.Header().Get("Allow") // the router says it of a place that is none of OPA's
	switch {
	case at != nil && at.by[c.Request.Method] == nil:
		return slices.Sorted(maps.Keys(at.by)), true
	case at == nil && c.FullPath() == "" && allowed != "":
		return strings.Split(allowed, ", "), true
	}
	return nil, false
}

// turnAway tells a caller why it does not get in; one that has to be known, how.
func (a api) turnAway(c *gin.Context, err error) {
	c.Writer.Header().Del("Allow") // the router's, for a method that the place lacks
	if problem.Of(err).Kind == problem.Unauthenticated {
		a.challenge(c, false)
	}
	a.fail(c, err)
}

// turnAwayAsOPA does so as OPA does, which answers 401 to whatever its policies do not allow, whoever asks.
func (a api) turnAwayAsOPA(c *gin.Context, err error) {
	c.Writer.Header().Del("Allow")
	why := problem.Of(err)
	known, _ := replyTo(why.Kind)
	status, code := known.status, opaInternal
	switch why.Kind {
	case problem.Unauthenticated, problem.Forbidden:
		a.challenge(c, why.Kind == problem.Forbidden)
		status, code = http.StatusUnauthorized, opaUnauthorised
	case problem.RateLimited:
		code = opaTooMany
	default:
		a.Log.ErrorContext(c.Request.Context(), "request failed", append(named(c), "problem", why.Kind, "err", err, "path", c.Request.URL.Path)...)
	}
	a.refuseAsOPA(c, status, code, why.Detail)
}

func (a api) challenge(c *gin.Context, known bool) {
	for _, challenge := range a.Callers.Challenges(c.Request, known) {
		c.Writer.Header().Add("WWW-Authenticate", challenge)
	}
}

func tooMany() error {
	return problem.New(problem.RateLimited, fmt.Sprintf("You ask more often than you may; %s says when to ask again.", retryField))
}

// probe says whether a request asks for nothing but whether the service is there.
func probe(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && (r.URL.Path == "/livez" || r.URL.Path == "/readyz")
}
