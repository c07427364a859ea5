package identity

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"greenchannel/server/config"
	"greenchannel/server/problem"
)

const (
	realm             = "greenchannel"
	longestCredential = 8 << 10
)

// Gate finds out who sends a request, by what the configuration trusts.
type Gate struct {
	anonymous []string // roles of callers without credentials
	local     []string // roles of callers on the loopback
	// alone: nothing says who calls, so that only this machine may.
	alone        bool
	tokens       *tokens
	jwt          *jwtVerifier
	certificates *certificates
	foreign      *http.CrossOriginProtection
}

// Options are what a gate needs beside its configuration.
type Options struct {
	Log *slog.Logger
	Now func() time.Time
}

// Open reads what the configuration names. It refuses an address beyond the loopback when nothing says who calls.
func Open(c config.Config, options Options) (*Gate, error) {
	if err := Reachable(c.Listen, c.Identity); err != nil {
		return nil, err
	}
	gate := &Gate{
		anonymous: c.Identity.Anonymous.Roles, local: c.Identity.Local.Roles, alone: !c.Identity.Asks(),
		foreign: http.NewCrossOriginProtection(),
	}
	var faults []error
	if file := c.Identity.Tokens.File; file != "" {
		var err error
		gate.tokens, err = openTokens(file, options.Log, options.Now)
		faults = append(faults, err)
	}
	if c.Identity.JWT.Issuer != "" {
		var err error
		gate.jwt, err = openJWT(c.Identity.JWT, options)
		faults = append(faults, err)
	}
	if c.TLS.Certificate != "" {
		var err error
		gate.certificates, err = openCertificates(c.TLS, c.Identity.MTLS, options)
		faults = append(faults, err)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("who may call: %w", err)
	}
	return gate, nil
}

// Reachable refuses to listen where others than this machine can call while nothing says who they are.
func Reachable(address string, identity config.Identity) error {
	if _, _, err := net.SplitHostPort(address); err != nil {
		return fmt.Errorf("listen on %s: %w", address, err)
	}
	if identity.Asks() || config.Loopback(address) {
		return nil
	}
	return fmt.Errorf(`listen on %s: others than this machine could call there, and nothing says who they are.
Listen on the loopback (127.0.0.1:8181), or configure who may call, one or more of:
  identity.tokens.file                       callers with static tokens
  identity.jwt.issuer, .audience, .jwks      tokens of an identity provider
  identity.mtls.client_ca, .callers          client certificates, with tls.certificate and tls.key
  identity.anonymous.roles                   roles for whoever reaches the port, credentials or not`, address)
}

// refused is how a caller is told that its credentials, or its want of them, are not taken.
func refused(detail string) error { return problem.New(problem.Unauthenticated, detail) }

// Identify tells who sends a request. Credentials that are not right are an error, never somebody with fewer rights; none
// at all are Anonymous, or Local where only this machine can call.
func (g *Gate) Identify(r *http.Request) (Caller, error) {
	if name, leaked := credentialInQuery(r.URL); leaked {
		return Caller{}, refused(fmt.Sprintf("The URL has a parameter %s. URLs are logged and passed on: "+
			"consider that token known to others, have it replaced, and send it in the Authorization header.", name))
	}
	switch stated := r.Header.Values("Authorization"); {
	case len(stated) > 1:
		return Caller{}, refused("Authorization is stated more than once; state it once.")
	case len(stated) == 1:
		return g.byHeader(r, stated[0])
	case g.certificates.shown(r):
		return g.certificates.caller(r)
	case g.alone:
		return g.byPlace(r)
	}
	return Caller{Name: Anonymous, Roles: g.anonymous, Method: ByNothing}, nil
}

// Challenges are the values of WWW-Authenticate that tell how to be known. A caller that is known is told of no fault of its
// credentials: a client would fetch a new token for nothing.
func (g *Gate) Challenges(r *http.Request, known bool) []string {
	var all []string
	if g.tokens != nil || g.jwt != nil {
		challenge := fmt.Sprintf("Bearer realm=%q", realm)
		stated := r.Header.Values("Authorization")
		switch scheme, _, _ := strings.Cut(strings.Join(stated, ", "), " "); {
		case known:
		case len(stated) > 1:
			challenge += `, error="invalid_request"`
		case strings.EqualFold(scheme, "Bearer"):
			challenge += `, error="invalid_token"`
		}
		all = append(all, challenge)
	}
	if g.tokens != nil {
		all = append(all, fmt.Sprintf(`Basic realm=%q, charset="UTF-8"`, realm))
	}
	switch { // 401 has to name something; these two are no headers that a client could send
	case len(all) > 0:
	case g.alone:
		all = append(all, fmt.Sprintf("Loopback realm=%q", realm))
	default:
		all = append(all, fmt.Sprintf("ClientCertificate realm=%q", realm))
	}
	return all
}

// credentialInQuery finds a parameter that somebody put a token in.
func credentialInQuery(at *url.URL) (string, bool) {
	for name := range at.Query() {
		switch strings.ToLower(name) {
		case "access_token", "token", "id_token", "api_key", "apikey", "authorization":
			return strings.ToLower(name), true
		}
	}
	return "", false
}

func (g *Gate) byHeader(r *http.Request, stated string) (Caller, error) {
	if len(stated) > longestCredential {
		return Caller{}, refused(fmt.Sprintf("Authorization is longer than %d bytes.", longestCredential))
	}
	scheme, credential, _ := strings.Cut(stated, " ")
	credential = strings.TrimLeft(credential, " ")
	switch {
	case g.tokens == nil && g.jwt == nil:
		return Caller{}, refused("The service is not configured to know anybody by an Authorization header; leave it out.")
	case credential == "" || strings.ContainsFunc(credential, func(c rune) bool { return c <= ' ' || c > '~' || c == ',' }):
		return Caller{}, refused("Authorization has to be a scheme and one credential, such as Bearer and a token.")
	case strings.EqualFold(scheme, "Bearer"):
		return g.byBearer(r, credential)
	case strings.EqualFold(scheme, "Basic") && g.tokens != nil:
		return g.byBasic(r, credential)
	}
	return Caller{}, refused("The scheme of Authorization is not known here; WWW-Authenticate names those that are.")
}

// byBearer takes what looks like a JSON Web Token for nothing else, so that what one method refuses is not tried by another.
func (g *Gate) byBearer(r *http.Request, token string) (Caller, error) {
	if g.jwt != nil && (g.tokens == nil || strings.Count(token, ".") == 2) {
		return g.jwt.caller(r.Context(), token)
	}
	return g.tokens.bearer(token)
}

func (g *Gate) byBasic(r *http.Request, credential string) (Caller, error) {
	// A browser adds passwords that it was told once to whatever a page of another site makes it send.
	if err := g.foreign.Check(r); err != nil {
		return Caller{}, refused("A page of another site sends this with a password that the browser remembers.")
	}
	plain, err := base64.StdEncoding.Strict().DecodeString(credential)
	name, secret, found := strings.Cut(string(plain), ":")
	if err != nil || !found || !utf8.Valid(plain) {
		return Caller{}, refused("Basic has to be followed by name:password in Base64.")
	}
	return g.tokens.basic(r.Context(), name, secret)
}

// byPlace knows a caller by where it calls from: the loopback of a service that listens nowhere else. Whatever passed
// through something on its way, or was called by another name, is not from here: a proxy on this machine, or a page whose
// host name was made to stand for this machine, would bring the world in.
func (g *Gate) byPlace(r *http.Request) (Caller, error) {
	for _, header := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via"} {
		if len(r.Header.Values(header)) > 0 {
			return Caller{}, refused(fmt.Sprintf("The request was passed on by something (%s), and nothing says who calls. "+
				"Behind a proxy, configure identity.tokens, identity.jwt or identity.mtls.", header))
		}
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !peer.Addr().Unmap().IsLoopback() {
		return Caller{}, refused("Only this machine may call, since nothing says who calls.")
	}
	if !config.Loopback(withPort(r.Host)) {
		return Caller{}, refused("The service was called by a name that is not of this machine alone; call localhost or 127.0.0.1.")
	}
	if err := g.foreign.Check(r); err != nil {
		return Caller{}, refused("A page of another site sends this.")
	}
	return Caller{Name: Local, Roles: g.local, Method: ByPlace}, nil
}

// withPort gives a Host header a port if it has none, so that it can be read as an address.
func withPort(host string) string {
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	return net.JoinHostPort(strings.Trim(host, "[]"), "0")
}
