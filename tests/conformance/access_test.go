package conformance

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	opaserver "github.com/open-policy-agent/opa/v1/server"

	"greenchannel/server/identity"
)

// tester is one caller who may do everything: OPA's own handler, to which ours is held here, asks nobody unless it is told
// to. Who may use which door is tested in server/httpapi.
type tester struct{}

func (tester) Identify(*http.Request) (identity.Caller, error) {
	return identity.Caller{Name: "tester", Roles: identity.Roles(), Method: identity.ByToken}, nil
}

func (tester) Challenges(*http.Request, bool) []string { return nil }

func (tester) Allowed(context.Context, identity.Access, time.Time) (allowed bool, reason string, err error) {
	return true, "", nil
}

// echoing refuses everybody, and gives the path that it was asked about for a reason.
type echoing struct{}

func (echoing) Allowed(_ context.Context, access identity.Access, _ time.Time) (allowed bool, reason string, err error) {
	path, err := json.Marshal(access.Path)
	return false, strings.ReplaceAll(string(path), `","`, `", "`), err
}

// echoed is the same for OPA's server.
const echoed = `package system.authz

allow := {"allowed": false, "reason": sprintf("%v", [input.path])}
`

// TestRefusals compares what both say to who may not ask, and what their policies are told that was asked for: an escaped
// slash is part of a name for both.
func TestRefusals(t *testing.T) {
	t.Parallel()
	theirs := newOracle(t, nil)
	theirs.publish(t, map[string]string{"authz.rego": echoed})
	guarded, err := opaserver.New().WithStore(theirs.store).WithManager(theirs.manager).WithAuthorization(opaserver.AuthorizationBasic).Init(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	both := twins{theirs: guarded.Handler, ours: theirs.oursFor(t, echoing{})}
	var requests []request
	for _, method := range []string{"GET", "POST", "PUT", "DELETE", "OPTIONS"} {
		for _, path := range []string{
			"/v1/data", "/v1/data/", "/v1/data/a/b", "/v1/data/a%2Fb", "/v1/data/a%2fb/%2e%2E", "/v1/data//a/../b/.", "/v1/data/%252F/a+b/c%2Bd", "/v1/data/%64ata/%C3%A9",
			"/v1/data/(1)/a;b/@", "/v0/data/a", "/v1/policies/a/b.rego", "/v1/query", "/v1/config", "/v1/status", "/health", "/health/a%2Fb", "/v1/data/x?pretty=true&explain=full",
		} {
			requests = append(requests, request{method: method, target: path, body: "{}"})
		}
	}
	both.compared(t, append(requests, request{method: "POST", target: "/", body: "{}"}))
}
