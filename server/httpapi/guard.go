package httpapi

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
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
	// Challenges are the values of WWW-Authenticate for a caller that has to be known and is not.
	Challenges(r *http.Request) []string
}

// Authorizer asks the policies whether a caller may do something, and if not, why.
type Authorizer interface {
	Allowed(ctx context.Context, access identity.Access, at time.Time) (allowed bool, reason string, err error)
}

// guard lets a request pass when it is known who sends it and the policies allow it; whoever answers it finds the caller in
// its context. A path that leads nowhere is told to be that without asking the policies: the routes are no secret.
func (a api) guard(limits *limiter) gin.HandlerFunc {
	return func(c *gin.Context) {
		caller, err := a.Callers.Identify(c.Request)
		if err != nil {
			if limits.take(c, identity.Caller{}) {
				a.turnAway(c, err)
			} else {
				a.fail(c, tooMany())
			}
			return
		}
		c.Request = c.Request.WithContext(identity.With(c.Request.Context(), caller))
		switch {
		case probe(c.Request):
			return // whether the process lives must not hang on a bundle
		case !limits.take(c, caller):
			a.fail(c, tooMany())
		case c.FullPath() == "":
			return
		default:
			a.authorise(c, caller)
		}
	}
}

func (a api) authorise(c *gin.Context, caller identity.Caller) {
	allowed, reason, err := false, "", error(nil)
	for _, path := range readings(c.Request.URL) {
		allowed, reason, err = a.Access.Allowed(c.Request.Context(), identity.Access{
			Caller: caller,
			Method: c.Request.Method,
			Path:   path,
			Query:  slices.Sorted(maps.Keys(c.Request.URL.Query())),
		}, a.Now())
		if !allowed || err != nil {
			break
		}
	}
	switch {
	case err != nil:
		a.fail(c, err)
	case allowed:
	case !caller.Known():
		a.turnAway(c, problem.New(problem.Unauthenticated, reason+" Say who you are, as WWW-Authenticate asks."))
	default:
		a.fail(c, problem.New(problem.Forbidden, reason))
	}
}

// turnAway tells a caller that it has to be known, and how.
func (a api) turnAway(c *gin.Context, err error) {
	if problem.Of(err).Kind == problem.Unauthenticated {
		for _, challenge := range a.Callers.Challenges(c.Request) {
			c.Writer.Header().Add("WWW-Authenticate", challenge)
		}
	}
	a.fail(c, err)
}

func tooMany() error {
	return problem.New(problem.RateLimited, fmt.Sprintf("You ask more often than you may; %s says when to ask again.", retryField))
}

// probe says whether a request asks for nothing but whether the service is there.
func probe(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && (r.URL.Path == "/livez" || r.URL.Path == "/readyz")
}

// readings are the ways in which a path can be taken apart: as the router looks it up, decoded before it is parted; and
// parted before it is decoded, as those look it up for whom an escaped slash belongs to a name. They differ only where a
// slash is escaped; then both have to be allowed, so that no reader is led where the policies did not look. Nothing is
// cleaned or decoded twice.
func readings(u *url.URL) [][]string {
	routed := strings.Split(strings.TrimPrefix(u.Path, "/"), "/")
	parted := strings.Split(strings.TrimPrefix(u.EscapedPath(), "/"), "/")
	for i, part := range parted {
		if plain, err := url.PathUnescape(part); err == nil {
			parted[i] = plain
		}
	}
	if slices.Equal(routed, parted) {
		return [][]string{routed}
	}
	return [][]string{routed, parted}
}
