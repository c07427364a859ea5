package config

import (
	"slices"
	"strings"
	"time"
)

const (
	maxLeeway  = 5 * time.Minute
	minRefresh = 30 * time.Second
)

// Algorithms are the signature algorithms that a token may be accepted with: those of public keys. With a shared secret,
// whoever can check a token could make one.
func Algorithms() []string {
	return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
}

func (l *Loaded) checkIdentity(fault faulty) {
	for path, roles := range map[string][]string{
		"identity.local.roles": l.Identity.Local.Roles, "identity.anonymous.roles": l.Identity.Anonymous.Roles,
	} {
		for _, role := range roles {
			if strings.TrimSpace(role) != role || role == "" {
				fault(path, "names the role %.60q; a role is one word", role)
			}
		}
	}
	l.checkJWT(fault)
	if m := l.Identity.MTLS; m.ClientCA == "" && m.Callers != "" {
		fault("identity.mtls.callers", "needs identity.mtls.client_ca")
	} else if m.ClientCA != "" && m.Callers == "" {
		fault("identity.mtls.client_ca", "needs identity.mtls.callers, which says what each certificate may do")
	}
	if !slices.Contains([]string{"common_name", "dns", "uri", "email"}, l.Identity.MTLS.Name) {
		fault("identity.mtls.name", "is %.60q; it is one of common_name, dns, uri, email", l.Identity.MTLS.Name)
	}
}

func (l *Loaded) checkJWT(fault faulty) {
	j := l.Identity.JWT
	stated := map[string]string{"identity.jwt.issuer": j.Issuer, "identity.jwt.audience": j.Audience, "identity.jwt.jwks": j.JWKS}
	some, all := false, true
	for _, value := range stated {
		some, all = some || value != "", all && value != ""
	}
	if some && !all {
		for path, value := range stated {
			if value == "" {
				fault(path, "is missing; issuer, audience and jwks belong together")
			}
		}
	}
	if j.JWKSCA != "" && !strings.Contains(j.JWKS, "://") {
		fault("identity.jwt.jwks_ca", "is for keys that are fetched from an https URL")
	}
	if len(j.Algorithms) == 0 {
		fault("identity.jwt.algorithms", "has to name one algorithm at least")
	}
	for _, algorithm := range j.Algorithms {
		if !slices.Contains(Algorithms(), algorithm) {
			fault("identity.jwt.algorithms", "names %.60q; only signatures by public keys can be trusted: %s", algorithm, strings.Join(Algorithms(), ", "))
		}
	}
	if j.NameClaim == "" {
		fault("identity.jwt.name_claim", "has to name a claim")
	}
}
