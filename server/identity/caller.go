// Package identity finds out who calls: by a static token, a JSON Web Token or a client certificate, or because only this
// machine can call at all. It makes sure of a name and of the roles that somebody trusted has given to it, and says no
// more. What a role may do stands in the policies (system.authz), and is asked by the engine. Nothing that a caller can
// merely write down, such as a forwarding header or the address it claims, is ever believed here.
package identity

import (
	"context"
	"slices"
)

// The roles that the shipped policies know. Others may be given as well; the policies say what they are worth.
const (
	Client   = "client"
	Author   = "author"
	Auditor  = "auditor"
	Operator = "operator"
)

// Roles are the shipped roles.
func Roles() []string { return []string{Client, Author, Auditor, Operator} }

// Method is how a caller made itself known.
type Method string

// The methods.
const (
	ByNothing Method = "none"  // no credentials were sent
	ByPlace   Method = "local" // it calls on the loopback of a service that listens nowhere else
	ByToken   Method = "token" // a static token
	ByJWT     Method = "jwt"   // a signed JSON Web Token
	ByMTLS    Method = "mtls"  // a client certificate
)

// Names of callers that have no credentials. Credentials cannot be given these names.
const (
	Anonymous = "anonymous"
	Local     = "local"
)

// Caller is who calls.
type Caller struct {
	// Name is what decisions are recorded under.
	Name  string
	Roles []string
	// Exporter is whom the caller speaks for; empty for nobody in particular.
	Exporter string
	Method   Method
}

// Known says whether the caller has made itself known.
func (c Caller) Known() bool { return c.Method != ByNothing && c.Method != "" }

// Has says whether the caller has a role.
func (c Caller) Has(role string) bool { return slices.Contains(c.Roles, role) }

// Access is what the policies are asked: may this caller do that?
type Access struct {
	Caller Caller
	// Method is the HTTP method.
	Method string
	// Path is the decoded segments of the path, as the route is looked up by.
	Path []string
	// Query is the names of the query parameters.
	Query []string
}

type contextKey struct{}

// With returns a context that knows who calls.
func With(ctx context.Context, caller Caller) context.Context {
	return context.WithValue(ctx, contextKey{}, caller)
}

// From tells who calls; false where nobody asked.
func From(ctx context.Context) (Caller, bool) {
	caller, ok := ctx.Value(contextKey{}).(Caller)
	return caller, ok
}

// Name is the name of who calls, for records and logs; Anonymous where nobody asked.
func Name(ctx context.Context) string {
	if caller, ok := From(ctx); ok && caller.Name != "" {
		return caller.Name
	}
	return Anonymous
}

// SeesOnly tells whose decisions the caller may see: all of them if it is an auditor, else those that it asked for itself.
// Where nobody asked who calls, it is nobody, and sees nothing.
func SeesOnly(ctx context.Context) (caller string, all bool) {
	known, ok := From(ctx)
	if !ok {
		return "", false
	}
	return known.Name, known.Has(Auditor)
}
