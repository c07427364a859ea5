package identity_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"golang.org/x/crypto/bcrypt"

	"greenchannel/server/config"
	"greenchannel/server/identity"
	"greenchannel/server/problem"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	acmeToken  = "6f1b3c0d9e8a7b6c5d4e3f2a1b0c9d8e"
	auditToken = "0011223344556677889900aabbccddee"
	password   = "correct horse battery staple"
)

// withTokens is a gate that knows two callers by tokens and one by a password.
func withTokens(t testing.TB) (*identity.Gate, world) {
	t.Helper()
	w := newWorld(t)
	hash, err := bcrypt.GenerateFromPassword([]byte(password), 10)
	if err != nil {
		t.Fatal(err)
	}
	file := w.write(t, "tokens.yaml", fmt.Sprintf(`
acme: {hash: %q, roles: [client], exporter: Acme Magnets}
audit: {hash: %q, roles: [auditor]}
officer: {hash: %q, roles: [operator]}
`, hashOf(acmeToken), hashOf(auditToken), hash))
	return w.open(t, func(c *config.Config) { c.Identity.Tokens.File, c.Listen = file, "0.0.0.0:8181" }), w
}

func basic(name, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+secret))
}

func TestTokens(t *testing.T) {
	t.Parallel()
	gate, _ := withTokens(t)
	acme := identity.Caller{Name: "acme", Roles: []string{"client"}, Exporter: "Acme Magnets", Method: identity.ByToken}
	officer := identity.Caller{Name: "officer", Roles: []string{"operator"}, Method: identity.ByToken}
	for authorization, want := range map[string]identity.Caller{
		"Bearer " + acmeToken: acme, "bearer  " + acmeToken: acme, basic("acme", acmeToken): acme, basic("officer", password): officer,
	} {
		for range 2 { // the second time, the password is remembered
			got, err := gate.Identify(request(t, "Authorization", authorization))
			if err != nil {
				t.Fatalf("%s: %v", authorization, err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", authorization, diff)
			}
		}
	}
}

// A token is called invalid where one was sent and is not taken; not where a name and a password were, nor to a caller that
// is known and asks for what it may not have.
func TestChallenges(t *testing.T) {
	t.Parallel()
	gate, _ := withTokens(t)
	plain := `Bearer realm="greenchannel"`
	for name, tc := range map[string]struct {
		header []string
		known  bool
		want   string
	}{
		"nothing":              {nil, false, plain},
		"a wrong token":        {[]string{"Authorization", "bearer x"}, false, plain + `, error="invalid_token"`},
		"a token of no use":    {[]string{"Authorization", "Bearer " + acmeToken}, true, plain},
		"a wrong password":     {[]string{"Authorization", basic("acme", "x")}, false, plain},
		"two at once":          {[]string{"Authorization", "Bearer x", "Authorization", "Bearer y"}, false, plain + `, error="invalid_request"`},
		"two, and it is known": {[]string{"Authorization", "Bearer x", "Authorization", "Bearer y"}, true, plain},
	} {
		want := []string{tc.want, `Basic realm="greenchannel", charset="UTF-8"`}
		if got := gate.Challenges(request(t, tc.header...), tc.known); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// Credentials that are not right are refused, also where none at all would do.
func TestAttacksOnTokens(t *testing.T) {
	t.Parallel()
	gate, _ := withTokens(t)
	for name, header := range map[string][]string{
		"another token":                     {"Authorization", "Bearer " + strings.Repeat("0", 32)},
		"the hash itself":                   {"Authorization", "Bearer " + hashOf(acmeToken)},
		"the digest itself":                 {"Authorization", "Bearer " + strings.TrimPrefix(hashOf(acmeToken), "sha256:")},
		"a part of a token":                 {"Authorization", "Bearer " + acmeToken[:31]},
		"in capitals":                       {"Authorization", "Bearer " + strings.ToUpper(acmeToken)},
		"no token":                          {"Authorization", "Bearer"},
		"an empty token":                    {"Authorization", "Bearer "},
		"an empty header":                   {"Authorization", ""},
		"no scheme":                         {"Authorization", acmeToken},
		"another scheme":                    {"Authorization", "Token " + acmeToken},
		"two tokens":                        {"Authorization", "Bearer " + acmeToken + " " + auditToken},
		"two tokens with a comma":           {"Authorization", "Bearer " + acmeToken + ",Bearer"},
		"the header twice":                  {"Authorization", "Bearer " + acmeToken, "Authorization", "Bearer " + acmeToken},
		"the header twice, once empty":      {"Authorization", "Bearer " + acmeToken, "Authorization", ""},
		"a huge token":                      {"Authorization", "Bearer " + strings.Repeat("a", 9<<10)},
		"a token with a zero":               {"Authorization", "Bearer " + acmeToken + "\x00"},
		"a token not of ASCII":              {"Authorization", "Bearer " + acmeToken + "é"},
		"a JSON Web Token that nobody asks": {"Authorization", "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhY21lIn0."},
		"another password":                  {"Authorization", basic("officer", "guess")},
		"no password":                       {"Authorization", basic("officer", "")},
		"a password of another":             {"Authorization", basic("officer", acmeToken)},
		"a name that is not known":          {"Authorization", basic("nobody", password)},
		"a token under another name":        {"Authorization", basic("audit", acmeToken)},
		"a long password":                   {"Authorization", basic("officer", password+strings.Repeat("x", 80))},
		"the hash as a password":            {"Authorization", basic("acme", hashOf(acmeToken))},
		"a password as a token":             {"Authorization", "Bearer " + "correct"},
		"Basic without a colon":             {"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte("acme"))},
		"Basic that is no Base64":           {"Authorization", "Basic !!!"},
		"Basic that is no UTF-8":            {"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte("acme:\xff"))},
		"Basic from another site":           {"Authorization", basic("acme", acmeToken), "Sec-Fetch-Site", "cross-site"},
	} {
		r := request(t, header...)
		if name == "Basic from another site" {
			r.Method = "POST"
		}
		isRefused(t, name, gate, r)
	}
}

// A token in the URL is refused even beside one that is right: it is in the logs of everything on the way.
func TestTokenInTheURL(t *testing.T) {
	t.Parallel()
	gate, _ := withTokens(t)
	for _, query := range []string{"access_token=", "Access_Token=x", "token=" + acmeToken, "as_of=x&api_key=" + acmeToken, "%61ccess_token=x"} {
		r := request(t, "Authorization", "Bearer "+acmeToken)
		r.URL.RawQuery = query
		isRefused(t, query, gate, r)
		if _, err := gate.Identify(r); strings.Contains(err.Error(), acmeToken) {
			t.Errorf("the token is repeated: %v", err)
		}
	}
}

// Whatever a caller or a proxy writes into other headers, it is nobody.
func TestNothingElseIsBelieved(t *testing.T) {
	t.Parallel()
	gate, _ := withTokens(t)
	for _, header := range []string{
		"X-Forwarded-For", "X-Forwarded-User", "X-Remote-User", "X-Real-Ip", "Forwarded", "Remote-User", "X-Client-Cert", "X-Ssl-Client-S-Dn",
		"Proxy-Authorization", "X-Authorization", "Authorization_", "Cookie", "X-Original-Authorization", "X-Api-Key", "X-Http-Method-Override",
	} {
		for _, value := range []string{"127.0.0.1", "acme", "Bearer " + acmeToken, "for=127.0.0.1;user=acme"} {
			caller, err := gate.Identify(request(t, header, value))
			if err != nil || caller.Known() || len(caller.Roles) > 0 || caller.Name != identity.Anonymous {
				t.Errorf("%s: %s is believed: %+v, %v", header, value, caller, err)
			}
		}
	}
}

// Without anything that says who calls, only this machine may, directly, and by its own name.
func TestLoopback(t *testing.T) {
	t.Parallel()
	gate := newWorld(t).open(t, func(c *config.Config) { c.Identity.Local.Roles = []string{"client"} })
	for _, host := range []string{"localhost:8181", "127.0.0.1:8181", "[::1]:8181", "localhost", "[::1]", "127.0.0.1"} {
		r := request(t)
		r.Host = host
		caller, err := gate.Identify(r)
		want := identity.Caller{Name: identity.Local, Roles: []string{"client"}, Method: identity.ByPlace}
		if diff := cmp.Diff(want, caller); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", host, err, diff)
		}
	}
	for name, change := range map[string]func(*http.Request){
		"from elsewhere":                   func(r *http.Request) { r.RemoteAddr = "192.0.2.1:1" },
		"from elsewhere, saying otherwise": func(r *http.Request) { r.RemoteAddr = "192.0.2.1:1"; r.Header.Set("X-Forwarded-For", "127.0.0.1") },
		"from nowhere":                     func(r *http.Request) { r.RemoteAddr = "@" },
		"through a proxy":                  func(r *http.Request) { r.Header.Set("X-Forwarded-For", "192.0.2.1") },
		"through a proxy that hides":       func(r *http.Request) { r.Header.Set("X-Forwarded-For", "") },
		"through another proxy":            func(r *http.Request) { r.Header.Set("Via", "1.1 front") },
		"through one more":                 func(r *http.Request) { r.Header.Set("Forwarded", "for=127.0.0.1") },
		"by another name":                  func(r *http.Request) { r.Host = "rebound.example.org:8181" },
		"by a name like ours":              func(r *http.Request) { r.Host = "localhost.example.org" },
		"by no name":                       func(r *http.Request) { r.Host = "" },
		"from a page of another site":      func(r *http.Request) { r.Method = "POST"; r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"from another origin":              func(r *http.Request) { r.Method = "POST"; r.Header.Set("Origin", "https://evil.example") },
		"with a token that nobody checks":  func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") },
	} {
		r := request(t)
		change(r)
		isRefused(t, name, gate, r)
	}
}

// As soon as something says who calls, the loopback is asked as well.
func TestLoopbackIsAskedToo(t *testing.T) {
	t.Parallel()
	gate, _ := withTokens(t)
	if caller, err := gate.Identify(request(t)); err != nil || caller.Known() || len(caller.Roles) > 0 {
		t.Errorf("%+v, %v", caller, err)
	}
	open := newWorld(t).open(t, func(c *config.Config) { c.Identity.Anonymous.Roles, c.Listen = []string{"client"}, ":8181" })
	caller, err := open.Identify(request(t))
	if err != nil || caller.Known() || !caller.Has("client") || caller.Has("auditor") {
		t.Errorf("%+v, %v", caller, err)
	}
}

func TestReachable(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"0.0.0.0:8181", ":8181", "[::]:8181", "192.0.2.1:8181", "decisions.example.org:8181"} {
		err := identity.Reachable(address, config.Standard().Identity)
		if err == nil {
			t.Errorf("%s is listened on without asking who calls", address)
			continue
		}
		for _, hint := range []string{address, "127.0.0.1:8181", "identity.tokens.file", "identity.jwt.issuer", "identity.mtls.client_ca", "identity.anonymous.roles"} {
			if !strings.Contains(err.Error(), hint) {
				t.Errorf("does not name %s: %v", hint, err)
			}
		}
	}
	if err := identity.Reachable("127.0.0.1:8181", config.Standard().Identity); err != nil {
		t.Error(err)
	}
}

// A file that changes is read again; one that cannot be used leaves what was known before.
func TestTokensAreReadAgain(t *testing.T) {
	t.Parallel()
	gate, w := withTokens(t)
	knows := func(token string) bool {
		_, err := gate.Identify(request(t, "Authorization", "Bearer "+token))
		return err == nil
	}
	w.clock.move(time.Minute)
	w.write(t, "tokens.yaml", fmt.Sprintf("acme: {hash: %q, roles: [client]}\n", hashOf("new")))
	w.clock.move(time.Minute)
	if knows(acmeToken) || knows(auditToken) || !knows("new") {
		t.Error("the file changed, and the old tokens hold on")
	}
	w.write(t, "tokens.yaml", "acme: {hsh: x}\n")
	for range 3 {
		w.clock.move(time.Minute)
		if !knows("new") {
			t.Error("a broken file locks everybody out")
		}
	}
	if strings.Count(w.log.String(), "cannot be used") != 1 || !strings.Contains(w.log.String(), "field hsh not found") {
		t.Errorf("the log says\n%s", w.log)
	}
	w.write(t, "tokens.yaml", "")
	w.clock.move(time.Minute)
	if knows("new") {
		t.Error("an empty file knows somebody")
	}
}

func TestTokenFilesThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ text, want string }{
		"a plain token":       {"acme: {hash: secret}", "never stands in the file itself"},
		"a short digest":      {"acme: {hash: \"sha256:00\"}", "64 hexadecimal digits"},
		"no hash":             {"acme: {roles: [client]}", "hash has to be"},
		"a cheap bcrypt":      {"acme: {hash: $2a$04$zVHmKQtGGQob.b/Nc7l9NO8UlrYcW05FiuCj/SxsFO/ZtiN9.mNzy}", "cost of the bcrypt hash is 4"},
		"one token for two":   {fmt.Sprintf("a: {hash: %q}\nb: {hash: %q}", hashOf("x"), hashOf("x")), `same token as "a"`},
		"an unknown key":      {"acme: {hash: x, role: client}", "line 1: field role not found; a caller has hash, roles and exporter"},
		"a name twice":        {"acme: {hash: x}\nacme: {hash: y}", "already defined at line 1"},
		"a reserved name":     {fmt.Sprintf("Anonymous: {hash: %q}", hashOf("x")), "callers without credentials"},
		"a name of nothing":   {fmt.Sprintf("\" \": {hash: %q}", hashOf("x")), "has no name"},
		"a name that hides":   {fmt.Sprintf("\"a\\u202eb\": {hash: %q}", hashOf("x")), "is no name"},
		"a role of two words": {fmt.Sprintf("acme: {hash: %q, roles: [a b]}", hashOf("x")), "a role is one word"},
		"a list":              {"- acme", "cannot unmarshal"},
	} {
		w := newWorld(t)
		c := config.Standard()
		c.Identity.Tokens.File = w.write(t, "tokens.yaml", tc.text)
		if _, err := identity.Open(c, w.options()); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
	c := config.Standard()
	c.Identity.Tokens.File = "/nowhere/tokens.yaml"
	if _, err := identity.Open(c, newWorld(t).options()); err == nil {
		t.Error("a file that is not there is no error")
	}
}

// A password takes as long to be wrong for a name that is known as for one that is not: the same work is done. It is measured
// as time on a processor, which others at work on the machine do not change.
func TestNamesAreNotTold(t *testing.T) {
	t.Parallel()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	gate, _ := withTokens(t)
	worked := func(name string) time.Duration {
		before := processor(t)
		if _, err := gate.Identify(request(t, "Authorization", basic(name, "guess"))); err == nil {
			t.Fatal("guessed")
		}
		return processor(t) - before
	}
	known, unknown := worked("officer"), worked("nobody")
	if unknown < known/4 || known < unknown/4 {
		t.Errorf("a known name takes %s, an unknown one %s", known, unknown)
	}
	_, one := gate.Identify(request(t, "Authorization", basic("officer", "guess")))
	_, other := gate.Identify(request(t, "Authorization", basic("nobody", "guess")))
	if one.Error() != other.Error() {
		t.Errorf("%v and %v differ", one, other)
	}
}

// processor is the time that this thread has spent on processors.
func processor(t *testing.T) time.Duration {
	t.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_THREAD, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// Who gives up waiting while passwords are guessed is let go.
func TestGuessingDoesNotHoldRequests(t *testing.T) {
	t.Parallel()
	gate, _ := withTokens(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	kinds := make(chan problem.Kind, 8)
	for range cap(kinds) {
		go func() {
			_, err := gate.Identify(request(t, "Authorization", basic("officer", "guess")).WithContext(ctx))
			kinds <- problem.Of(err).Kind
		}()
	}
	for range cap(kinds) {
		if kind := <-kinds; kind != problem.Cancelled && kind != problem.Unauthenticated {
			t.Errorf("kind %s", kind)
		}
	}
}

func TestSeesOnly(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		caller *identity.Caller
		name   string
		all    bool
	}{
		{nil, "", false},
		{&identity.Caller{Name: "acme", Roles: []string{"client", "operator", "author"}}, "acme", false},
		{&identity.Caller{Name: "audit", Roles: []string{"auditor"}}, "audit", true},
		{&identity.Caller{Name: identity.Anonymous}, identity.Anonymous, false},
	} {
		ctx := t.Context()
		if tc.caller != nil {
			ctx = identity.With(ctx, *tc.caller)
		}
		if name, all := identity.SeesOnly(ctx); name != tc.name || all != tc.all {
			t.Errorf("%+v sees %q, all: %v", tc.caller, name, all)
		}
	}
	if name := identity.Name(t.Context()); name != identity.Anonymous {
		t.Errorf("where nobody asked, the caller is %q", name)
	}
}

func FuzzAuthorization(f *testing.F) {
	w := newWorld(f)
	file := w.write(f, "tokens.yaml", fmt.Sprintf("acme: {hash: %q, roles: [client]}", hashOf(acmeToken)))
	c := config.Standard()
	c.Identity.Tokens.File = file
	gate, err := identity.Open(c, identity.Options{Log: slog.New(slog.NewTextHandler(&bytes.Buffer{}, nil)), Now: time.Now})
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{"Bearer " + acmeToken, basic("acme", "x"), "Bearer eyJhbGciOiJub25lIn0.e30.", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, authorization string) {
		r := request(t)
		r.Header["Authorization"] = []string{authorization}
		caller, err := gate.Identify(r)
		if err == nil && (caller.Name != "acme" || !strings.Contains(authorization, acmeToken) && !strings.HasPrefix(strings.ToLower(authorization), "basic ")) {
			t.Errorf("%q is %+v", authorization, caller)
		}
		if _, ours := errors.AsType[*problem.Error](err); err != nil && !ours {
			t.Errorf("%q: %v", authorization, err)
		}
	})
}
