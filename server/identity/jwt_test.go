package identity_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"

	"greenchannel/server/config"
	"greenchannel/server/identity"
	"greenchannel/server/problem"
)

const (
	issuer   = "https://issuer.example.org"
	audience = "greenchannel"
)

// signer is a private key, and how it is published.
type signer struct {
	kid       string
	algorithm jwa.SignatureAlgorithm
	private   any
}

func ecSigner(t testing.TB, kid string) signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return signer{kid, jwa.ES256(), key}
}

func rsaSigner(t testing.TB, kid string, bits int) signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return signer{kid, jwa.RS256(), key}
}

func (s signer) public(t testing.TB) any {
	t.Helper()
	able, ok := s.private.(crypto.Signer)
	if !ok {
		t.Fatalf("%T cannot sign", s.private)
	}
	return able.Public()
}

// token signs claims; header fields go into the protected header.
func (s signer) token(t testing.TB, claims map[string]any, header map[string]any) string {
	t.Helper()
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	headers := jws.NewHeaders()
	if s.kid != "" {
		header = maps.Clone(header)
		if header == nil {
			header = map[string]any{}
		}
		if _, stated := header["kid"]; !stated {
			header["kid"] = s.kid
		}
	}
	for name, value := range header {
		if err := headers.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	signed, err := jws.Sign(payload, jws.WithKey(s.algorithm, s.private, jws.WithProtectedHeaders(headers)))
	if err != nil {
		t.Fatal(err)
	}
	return string(signed)
}

// keySet is the published keys, and what is added to each.
func keySet(t testing.TB, extra map[string]any, signers ...signer) string {
	t.Helper()
	set := jwk.NewSet()
	for _, s := range signers {
		key, err := jwk.Import(s.public(t))
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range extra {
			if err := key.Set(name, value); err != nil {
				t.Fatal(err)
			}
		}
		if s.kid != "" {
			if err := key.Set("kid", s.kid); err != nil {
				t.Fatal(err)
			}
		}
		if err := set.AddKey(key); err != nil {
			t.Fatal(err)
		}
	}
	text, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// raw puts a token together by hand, with an HMAC as its signature, or none.
func raw(header, claims string, secret []byte) string {
	part := base64.RawURLEncoding.EncodeToString
	signed := part([]byte(header)) + "." + part([]byte(claims))
	if secret == nil {
		return signed + "."
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(signed))
	return signed + "." + part(mac.Sum(nil))
}

// good is a claim set that is accepted, with changes; a nil takes a claim out.
func good(changes map[string]any) map[string]any {
	claims := map[string]any{
		"iss": issuer, "aud": audience, "sub": "acme", "roles": []string{"client"}, "exporter": "Acme Magnets",
		"iat": noon.Add(-time.Minute).Unix(), "exp": noon.Add(time.Hour).Unix(),
	}
	maps.Copy(claims, changes)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	return claims
}

func (w world) trusting(t testing.TB, jwks string, change func(*config.Config)) *identity.Gate {
	t.Helper()
	return w.open(t, func(c *config.Config) {
		c.Identity.JWT.Issuer, c.Identity.JWT.Audience, c.Identity.JWT.JWKS = issuer, audience, jwks
		if change != nil {
			change(c)
		}
	})
}

func TestJWT(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, edPrivate, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signers := []signer{ecSigner(t, "ec"), rsaSigner(t, "rsa", 2048), {"ed", jwa.EdDSA(), edPrivate}}
	gate := w.trusting(t, w.write(t, "keys.json", keySet(t, nil, signers...)), nil)
	for _, s := range signers {
		for name, tc := range map[string]struct {
			changes map[string]any
			want    identity.Caller
		}{
			"plain":             {nil, identity.Caller{Name: "jwt:acme", Roles: []string{"client"}, Exporter: "Acme Magnets", Method: identity.ByJWT}},
			"several audiences": {map[string]any{"aud": []string{"other", audience}}, identity.Caller{Name: "jwt:acme", Roles: []string{"client"}, Exporter: "Acme Magnets", Method: identity.ByJWT}},
			"roles in one text": {map[string]any{"roles": "client auditor", "exporter": nil}, identity.Caller{Name: "jwt:acme", Roles: []string{"client", "auditor"}, Method: identity.ByJWT}},
			"no roles":          {map[string]any{"roles": nil, "exporter": nil}, identity.Caller{Name: "jwt:acme", Method: identity.ByJWT}},
			"within the leeway": {map[string]any{"exp": noon.Add(-20 * time.Second).Unix(), "nbf": noon.Add(-time.Minute).Unix()}, identity.Caller{Name: "jwt:acme", Roles: []string{"client"}, Exporter: "Acme Magnets", Method: identity.ByJWT}},
		} {
			got, err := gate.Identify(request(t, "Authorization", "Bearer "+s.token(t, good(tc.changes), map[string]any{"typ": "JWT"})))
			if err != nil {
				t.Errorf("%s, %s: %v", s.kid, name, err)
				continue
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s, %s (-want +got):\n%s", s.kid, name, diff)
			}
		}
	}
}

func TestClaimsInside(t *testing.T) {
	t.Parallel()
	w, s := newWorld(t), ecSigner(t, "")
	gate := w.trusting(t, w.write(t, "keys.json", keySet(t, nil, s)), func(c *config.Config) {
		c.Identity.JWT.RolesClaim, c.Identity.JWT.NameClaim, c.Identity.JWT.NamePrefix = "/realm_access/roles", "/https:~1~1example.org~1name", "idp/"
	})
	token := s.token(t, good(map[string]any{"realm_access": map[string]any{"roles": []string{"auditor"}}, "https://example.org/name": "zhang"}), nil)
	got, err := gate.Identify(request(t, "Authorization", "Bearer "+token))
	if err != nil || got.Name != "idp/zhang" || !got.Has("auditor") || got.Has("client") {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAttacksOnJWT(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ec, rs, foreign, weak := ecSigner(t, "ec"), rsaSigner(t, "rsa", 2048), ecSigner(t, "ec"), rsaSigner(t, "weak", 1024)
	gate := w.trusting(t, w.write(t, "keys.json", keySet(t, nil, ec, rs, weak)), nil)
	claims, err := json.Marshal(good(nil))
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(rs.public(t))
	if err != nil {
		t.Fatal(err)
	}
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	foreignKey, err := jwk.Import(foreign.public(t))
	if err != nil {
		t.Fatal(err)
	}
	sound := ec.token(t, good(nil), nil)
	parts := strings.Split(sound, ".")
	ps := rs
	ps.algorithm = jwa.RS512()
	tokens := map[string]string{
		"expired":                     ec.token(t, good(map[string]any{"exp": noon.Add(-time.Minute).Unix()}), nil),
		"without an end":              ec.token(t, good(map[string]any{"exp": nil}), nil),
		"not yet":                     ec.token(t, good(map[string]any{"nbf": noon.Add(time.Hour).Unix()}), nil),
		"issued in the future":        ec.token(t, good(map[string]any{"iat": noon.Add(time.Hour).Unix()}), nil),
		"of another audience":         ec.token(t, good(map[string]any{"aud": "other"}), nil),
		"of no audience":              ec.token(t, good(map[string]any{"aud": nil}), nil),
		"of an audience like ours":    ec.token(t, good(map[string]any{"aud": audience + "/"}), nil),
		"of another issuer":           ec.token(t, good(map[string]any{"iss": "https://evil.example"}), nil),
		"of an issuer like ours":      ec.token(t, good(map[string]any{"iss": issuer + "/"}), nil),
		"of no issuer":                ec.token(t, good(map[string]any{"iss": nil}), nil),
		"without a name":              ec.token(t, good(map[string]any{"sub": nil}), nil),
		"with an empty name":          ec.token(t, good(map[string]any{"sub": ""}), nil),
		"with a number for a name":    ec.token(t, good(map[string]any{"sub": 1}), nil),
		"with a name of lines":        ec.token(t, good(map[string]any{"sub": "acme\nX-Admin: yes"}), nil),
		"with a huge name":            ec.token(t, good(map[string]any{"sub": strings.Repeat("a", 2000)}), nil),
		"with roles that are none":    ec.token(t, good(map[string]any{"roles": map[string]any{"client": true}}), nil),
		"with roles of objects":       ec.token(t, good(map[string]any{"roles": []any{map[string]any{"name": "client"}}}), nil),
		"with an exporter of numbers": ec.token(t, good(map[string]any{"exporter": 7}), nil),
		"signed by another key":       foreign.token(t, good(nil), nil),
		"with another key's name":     ec.token(t, good(nil), map[string]any{"kid": "rsa"}),
		"with an unknown key's name":  ec.token(t, good(nil), map[string]any{"kid": "other"}),
		"with a path for a key":       ec.token(t, good(nil), map[string]any{"kid": "../../../../dev/null"}),
		"with a query for a key":      ec.token(t, good(nil), map[string]any{"kid": "x' UNION SELECT 'secret"}),
		"without a key's name":        signer{"", ec.algorithm, ec.private}.token(t, good(nil), nil),
		"with its own key":            foreign.token(t, good(nil), map[string]any{"jwk": foreignKey}),
		"with its own key's place":    foreign.token(t, good(nil), map[string]any{"jku": "https://evil.example/keys"}),
		"with a weak key":             weak.token(t, good(nil), nil),
		"with another algorithm":      ps.token(t, good(nil), nil),
		"of another kind":             ec.token(t, good(nil), map[string]any{"typ": "logout+jwt"}),
		"with no signature":           parts[0] + "." + parts[1] + ".",
		"with half a signature":       sound[:len(sound)-20],
		"with other claims":           parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(claims), "client", "auditor", 1))) + "." + parts[2],
		"with two more parts":         sound + ".x.y",
		"of nothing":                  "..",
		"alg none":                    raw(`{"alg":"none","kid":"ec"}`, string(claims), nil),
		"alg None":                    raw(`{"alg":"None","kid":"ec"}`, string(claims), nil),
		"alg none, with a MAC":        raw(`{"alg":"none","kid":"rsa"}`, string(claims), publicPEM),
		"alg HS256 by public PEM":     raw(`{"alg":"HS256","kid":"rsa"}`, string(claims), publicPEM),
		"alg HS256 by public DER":     raw(`{"alg":"HS256","kid":"rsa"}`, string(claims), der),
		"alg HS256 by nothing":        raw(`{"alg":"HS256","kid":"rsa"}`, string(claims), []byte{}),
		"alg twice":                   raw(`{"alg":"ES256","alg":"HS256","kid":"rsa"}`, string(claims), publicPEM),
		"no alg":                      raw(`{"kid":"rsa"}`, string(claims), publicPEM),
		"something critical":          raw(`{"alg":"ES256","kid":"ec","crit":["exp"],"exp":1}`, string(claims), publicPEM),
		"unencoded":                   raw(`{"alg":"ES256","kid":"ec","b64":false,"crit":["b64"]}`, string(claims), publicPEM),
		"as JSON":                     `{"payload":"` + parts[1] + `","signatures":[{"protected":"` + parts[0] + `","signature":"` + parts[2] + `"}]}`,
		"deep":                        raw(`{"alg":"ES256","x":`+strings.Repeat("[", 2000)+strings.Repeat("]", 2000)+`}`, "{}", publicPEM),
	}
	for name, token := range tokens {
		isRefused(t, name, gate, request(t, "Authorization", "Bearer "+token))
	}
	if _, err := gate.Identify(request(t, "Authorization", "Bearer "+sound)); err != nil {
		t.Errorf("the sound one is refused as well: %v", err)
	}
	for name, want := range map[string]string{"expired": "expired", "not yet": "not valid yet", "of another audience": "another audience", "of another issuer": "another issuer"} {
		if _, err := gate.Identify(request(t, "Authorization", "Bearer "+tokens[name])); !strings.Contains(err.Error(), want) {
			t.Errorf("%s: the caller is told %v", name, err)
		}
	}
}

// A key that says what it is for is for nothing else.
func TestKeysForSomethingElse(t *testing.T) {
	t.Parallel()
	w, s := newWorld(t), rsaSigner(t, "rsa", 2048)
	gate := w.trusting(t, w.write(t, "keys.json", keySet(t, map[string]any{"alg": jwa.PS256()}, s)), nil)
	isRefused(t, "another algorithm than the key's", gate, request(t, "Authorization", "Bearer "+s.token(t, good(nil), nil)))
	for name, text := range map[string]string{
		"for encryption":  keySet(t, map[string]any{"use": "enc"}, s),
		"a shared secret": `{"keys":[{"kty":"oct","kid":"s","k":"c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"}]}`,
		"no keys":         `{"keys":[]}`,
		"no JSON":         `<html>`,
		"too short":       keySet(t, nil, rsaSigner(t, "weak", 1024)),
	} {
		c := config.Standard()
		c.Identity.JWT.Issuer, c.Identity.JWT.Audience, c.Identity.JWT.JWKS = issuer, audience, w.write(t, "odd.json", text)
		if _, err := identity.Open(c, w.options()); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
}

// A static token and a JSON Web Token live side by side, and neither passes for the other.
func TestTokensAndJWT(t *testing.T) {
	t.Parallel()
	w, s := newWorld(t), ecSigner(t, "ec")
	file := w.write(t, "tokens.yaml", "jwt-like: {hash: \""+hashOf("a.b.c")+"\", roles: [operator]}\nacme: {hash: \""+hashOf(acmeToken)+"\", roles: [client]}\n")
	gate := w.trusting(t, w.write(t, "keys.json", keySet(t, nil, s)), func(c *config.Config) { c.Identity.Tokens.File = file })
	if got, err := gate.Identify(request(t, "Authorization", "Bearer "+acmeToken)); err != nil || got.Name != "acme" {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := gate.Identify(request(t, "Authorization", "Bearer "+s.token(t, good(nil), nil))); err != nil || got.Name != "jwt:acme" {
		t.Errorf("%+v, %v", got, err)
	}
	isRefused(t, "what looks like a JWT", gate, request(t, "Authorization", "Bearer a.b.c"))
}

// Keys are fetched by TLS only, when they are needed, and not for every token that names a key which is not there.
func TestFetchedKeys(t *testing.T) {
	t.Parallel()
	w, first, second := newWorld(t), ecSigner(t, "1"), ecSigner(t, "2")
	var asked atomic.Int32
	var answer atomic.Pointer[string]
	set := func(text string) { answer.Store(&text) }
	set(keySet(t, nil, first))
	server := httptest.NewTLSServer(http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		switch text := *answer.Load(); text {
		case "down":
			http.Error(out, "down", http.StatusInternalServerError)
		case "elsewhere":
			out.Header().Set("Location", "https://127.0.0.1:1/keys")
			out.WriteHeader(http.StatusFound)
		default:
			_, _ = out.Write([]byte(text))
		}
	}))
	defer server.Close()
	ca := w.write(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	gate := w.trusting(t, server.URL, func(c *config.Config) { c.Identity.JWT.JWKSCA = ca })
	far := map[string]any{"exp": noon.Add(48 * time.Hour).Unix()}
	identify := func(s signer) error {
		_, err := gate.Identify(request(t, "Authorization", "Bearer "+s.token(t, good(far), nil)))
		return err
	}
	wants := func(what string, err error, kind problem.Kind, questions int32) {
		t.Helper()
		if err == nil && kind != "" || err != nil && problem.Of(err).Kind != kind || asked.Load() != questions {
			t.Errorf("%s: %v after %d questions, want %q after %d", what, err, asked.Load(), kind, questions)
		}
	}
	if asked.Load() != 0 {
		t.Error("asked before a token came")
	}
	wants("first", identify(first), "", 1)
	wants("held", identify(first), "", 1)
	wants("unknown, a moment after", identify(second), problem.Unauthenticated, 1)
	set(keySet(t, nil, second))
	wants("known, a moment after", identify(first), "", 1)
	w.clock.move(time.Minute)
	wants("new, a minute after", identify(second), "", 2)
	wants("withdrawn", identify(first), problem.Unauthenticated, 2)
	set("down")
	w.clock.move(20 * time.Minute)
	wants("while the server is down", identify(second), "", 3)
	wants("it is not asked each time", identify(second), "", 3)
	w.clock.move(time.Hour)
	wants("down for too long", identify(second), problem.NotReady, 4)
	set("elsewhere")
	w.clock.move(time.Minute)
	wants("sent elsewhere", identify(second), problem.NotReady, 5)
	set(keySet(t, nil, second))
	w.clock.move(time.Minute)
	wants("up again", identify(second), "", 6)

	stranger := w.trusting(t, server.URL, nil)
	if _, err := stranger.Identify(request(t, "Authorization", "Bearer "+second.token(t, good(far), nil))); problem.Of(err).Kind != problem.NotReady {
		t.Errorf("a server that nobody vouches for is believed: %v", err)
	}
}
