package config_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"greenchannel/server/config"
)

const file = "gc.yaml"

// load loads a file of this text.
func load(text string, environment []string, flags map[string]string) (*config.Loaded, error) {
	return config.Load(config.Inputs{
		File: file, Environment: environment, Flags: flags,
		ReadFile: func(string) ([]byte, error) { return []byte(text), nil },
	})
}

func TestNothingIsSet(t *testing.T) {
	t.Parallel()
	loaded, err := config.Load(config.Inputs{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(config.Standard(), loaded.Config); diff != "" {
		t.Errorf("-standard +loaded:\n%s", diff)
	}
	for line := range strings.Lines(loaded.String()) {
		if strings.Contains(line, ": ") && !strings.HasSuffix(line, "# default\n") {
			t.Errorf("not a default: %s", line)
		}
	}
}

// Flags go before the environment, that before the file, and that before the defaults; each value says which it was.
func TestPrecedence(t *testing.T) {
	t.Parallel()
	text := "listen: 127.0.0.1:1\ndata: from-file\neval_timeout: 3s\n"
	loaded, err := load(text, []string{"GREENCHANNEL_LISTEN=127.0.0.1:2", "GREENCHANNEL_DATA=from-environment", "GREENCHANNEL_DRAIN_DELAY="},
		map[string]string{"listen": "127.0.0.1:3"})
	if err != nil {
		t.Fatal(err)
	}
	if loaded.Listen != "127.0.0.1:3" || loaded.Data != "from-environment" || loaded.EvalTimeout != 3*time.Second || loaded.Drain.Timeout != 10*time.Second {
		t.Errorf("%+v", loaded.Config)
	}
	for _, line := range []string{
		"listen: 127.0.0.1:3 # --listen\n", "data: from-environment # GREENCHANNEL_DATA\n",
		"eval_timeout: 3s # gc.yaml:3\n", "  timeout: 10s # default\n", "  delay: 0s # default\n",
	} {
		if !strings.Contains(loaded.String(), line) {
			t.Errorf("does not print %q:\n%s", line, loaded)
		}
	}
}

func TestTheFileIsNamedInTheEnvironment(t *testing.T) {
	t.Parallel()
	read := func(name string) ([]byte, error) {
		if name != "other.yaml" {
			return nil, os.ErrNotExist
		}
		return []byte("data: d"), nil
	}
	loaded, err := config.Load(config.Inputs{Environment: []string{"GREENCHANNEL_CONFIG=other.yaml"}, ReadFile: read})
	if err != nil || loaded.Data != "d" {
		t.Errorf("%v, %v", loaded, err)
	}
	_, err = config.Load(config.Inputs{File: "none.yaml", Environment: []string{"GREENCHANNEL_CONFIG=other.yaml"}, ReadFile: read})
	if err == nil || !strings.Contains(err.Error(), "none.yaml: cannot be read") {
		t.Errorf("a file that is not there: %v", err)
	}
}

// Every kind of value, from the file and from the environment.
func TestKinds(t *testing.T) {
	t.Parallel()
	want := config.Standard()
	want.Limits.Rate, want.Limits.Burst, want.Metrics = 2.5, 7, config.Metrics{Listen: "localhost:9", Pprof: true}
	want.Identity.Local.Roles = []string{"client", "auditor"}
	want.Labels = map[string]string{"region": "north", "tier": "1"}
	for name, loaded := range map[string]func() (*config.Loaded, error){
		"file": func() (*config.Loaded, error) {
			return load("limits: {rate: 2.5, burst: 7}\nmetrics:\n  listen: localhost:9\n  pprof: true\n"+
				"identity: {local: {roles: [client, auditor]}}\nlabels: {region: north, tier: \"1\"}\n", nil, nil)
		},
		"environment": func() (*config.Loaded, error) {
			return load("", []string{
				"GREENCHANNEL_LIMITS_RATE=2.5", "GREENCHANNEL_LIMITS_BURST=7", "GREENCHANNEL_METRICS_LISTEN=localhost:9", "GREENCHANNEL_METRICS_PPROF=true",
				"GREENCHANNEL_IDENTITY_LOCAL_ROLES=client, auditor", "GREENCHANNEL_LABELS=region=north,tier=1",
			}, nil)
		},
	} {
		got, err := loaded()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got.Config); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Everything that is wrong is told at once, with its line and what may have been meant.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, text  string
		environment []string
		want        []string
	}{
		{name: "unknown, nearest", text: "listn: x\neval-timeout: 2s\n", want: []string{
			`gc.yaml:1: "listn" is no key of the configuration; did you mean "listen"?`,
			`gc.yaml:2: "eval-timeout" is no key of the configuration; did you mean "eval_timeout"?`,
		}},
		{name: "unknown, by the name of a flag or a variable", text: "drain_timeout: 5s\nmetrics-listen: x\nGREENCHANNEL_TLS_KEY: x\n", want: []string{
			`gc.yaml:1: "drain_timeout" is no key of the configuration; it is drain.timeout in a file`,
			`gc.yaml:2: "metrics-listen" is no key of the configuration; it is metrics.listen in a file`,
			`gc.yaml:3: "GREENCHANNEL_TLS_KEY" is no key of the configuration; it is tls.key in a file`,
		}},
		{name: "unknown, at another depth", text: "drain:\n  client_ca: x\n", want: []string{
			`gc.yaml:2: "client_ca" is no key of drain; there is identity.mtls.client_ca`,
		}},
		{name: "unknown, like nothing", text: "drain:\n  zebra: x\n", want: []string{`gc.yaml:2: "zebra" is no key of drain; its keys are delay, timeout`}},
		{name: "twice", text: "data: a\nlisten: 127.0.0.1:1\ndata: b\n", want: []string{`gc.yaml:3: "data" stands twice; it was set in line 1 already`}},
		{name: "kinds", text: "data: 1\neval_timeout: 2\nmetrics: {pprof: yes please}\nlimits: {rate: fast, burst: 1.5}\nlabels: [a]\nidentity: {local: {roles: client}}\n", want: []string{
			"gc.yaml:1: data has to be a text; put it in quotes",
			"gc.yaml:2: eval_timeout has to be a time, such as 500ms, 2s or 10m; a number needs its unit",
			`gc.yaml:3: metrics.pprof has to be true or false, not "yes please"`,
			`gc.yaml:4: limits.rate has to be a number, not "fast"`,
			`gc.yaml:4: limits.burst has to be a whole number, not "1.5"`,
			"gc.yaml:5: labels has to be names with a text each",
			"gc.yaml:6: identity.local.roles has to be a list of words, such as [a, b]",
		}},
		{name: "no value", text: "data:\nidentity:\n", want: []string{"gc.yaml:1: data has no value", "gc.yaml:2: identity has to be keys with values"}},
		{name: "anchors", text: "data: &a x\nbase_url: *a\n", want: []string{"gc.yaml:1: data uses an anchor", "gc.yaml:2: base_url uses an anchor"}},
		{name: "not YAML", text: "data: [\n", want: []string{"gc.yaml: is not YAML: line 1"}},
		{name: "a list", text: "- data\n", want: []string{"gc.yaml:1: the configuration has to be keys with values"}},
		{name: "two documents", text: "data: x\n---\ndata: y\n", want: []string{"more than one document"}},
		{name: "environment", environment: []string{"GREENCHANNEL_EVAL_TIMEOUT=soon", "GREENCHANNEL_LIMITS_RATE=NaN", "GREENCHANNEL_LABELS=a"}, want: []string{
			`GREENCHANNEL_EVAL_TIMEOUT: "soon" is not a time`, `GREENCHANNEL_LIMITS_RATE: "NaN" is not a number`, `GREENCHANNEL_LABELS: "a" is not names`,
		}},
		{name: "values", text: "listen: nowhere\neval_timeout: 0s\ndrain: {delay: -1s}\nmetrics: {listen: \"0.0.0.0:1\"}\nbase_url: example.org\n", environment: []string{"GREENCHANNEL_TRACING_RATIO=2"}, want: []string{
			`gc.yaml:1: listen is "nowhere"; write HOST:PORT`, "gc.yaml:2: eval_timeout must be more than nothing", "gc.yaml:3: drain.delay cannot be less",
			"gc.yaml:4: metrics.listen has to be on the loopback", "gc.yaml:5: base_url has to be an https URL", "GREENCHANNEL_TRACING_RATIO: tracing.ratio has to be",
		}},
		{name: "pprof without a place", text: "metrics: {pprof: true}\n", want: []string{"metrics.pprof needs metrics.listen"}},
		{name: "TLS by half", text: "tls: {key: k}\nidentity: {mtls: {client_ca: c}}\n", want: []string{
			"tls.key needs tls.certificate", "identity.mtls.client_ca needs tls.certificate", "identity.mtls.client_ca needs identity.mtls.callers",
		}},
		{name: "JWT by half", text: "identity: {jwt: {issuer: i, jwks: \"http://example.org/keys\"}}\n", want: []string{
			"identity.jwt.audience is missing", "identity.jwt.jwks has to be a file or an https URL",
		}},
		{name: "JWT with a shared secret", text: "identity: {jwt: {algorithms: [HS256, none, RS256], leeway: 1h}}\n", want: []string{
			`identity.jwt.algorithms names "HS256"`, `identity.jwt.algorithms names "none"`, "identity.jwt.leeway has to be 0s to 5m",
		}},
		{name: "OPA's blocks", text: "services:\n  hub: {url: \"https://hub.example.org\", credentails: {}}\nbundles:\n  rareearth: {service: hob, resource: b.tar.gz}\n", want: []string{
			"gc.yaml:1: services cannot be used: ", "credentails", `gc.yaml:3: bundles cannot be used: invalid configuration for bundle "rareearth": service name "hob" not found`,
		}},
		{name: "what OPA does and we do not", text: "services:\n  hub: {url: \"https://hub.example.org\", credentials: {plugin: mine}}\nbundles:\n  one: {service: hub, trigger: manual}\n  two: {resource: \"file:///tmp/b\"}\ndecision_logs:\n  service: hub\n  mask_decision: /system/log/mask\n  reporting: {buffer_type: event, trigger: manual}\n", want: []string{
			"gc.yaml:1: services cannot be used: services.hub.credentials.plugin names a plugin",
			"gc.yaml:3: bundles cannot be used: bundles.one.trigger: manual waits for a call that nothing makes", "bundles.two.resource is a file", "2 bundles are named (one, two)",
			"gc.yaml:6: decision_logs cannot be used: decision_logs.mask_decision leaves parts", "decision_logs.reporting.buffer_type chooses", "decision_logs.reporting.trigger: manual waits",
		}},
		{name: "a server asked without a pause", text: "services: {hub: {url: \"https://hub.example.org\"}}\nbundles: {one: {polling: {min_delay_seconds: 0, max_delay_seconds: 0}}}\n", want: []string{
			"bundles.one.polling.max_delay_seconds has to be 1 or more",
		}},
		{name: "stale at once", text: "services: {hub: {url: \"https://hub.example.org\"}}\nbundles: {one: {}}\nsource: {stale_after: 1m}\n", want: []string{
			"gc.yaml:3: source.stale_after has to be longer than the 2m between two looks",
		}},
		{name: "a watched folder beyond the loopback", text: "watch: policies\nlisten: \"0.0.0.0:8181\"\nidentity: {anonymous: {roles: [client]}}\n", want: []string{
			"gc.yaml:1: watch puts into force whatever is saved",
		}},
		{name: "too few editions of a watched folder", text: "watch: policies\nwatch_kept: 1\n", want: []string{
			"gc.yaml:2: watch_kept has to be 0 (none is removed), or 2 or more",
		}},
		{name: "a watched folder beside a bundle", text: "watch: policies\nservices: {hub: {url: \"https://hub.example.org\"}}\nbundles: {one: {}}\n", want: []string{
			"gc.yaml:1: watch cannot stand beside bundles",
		}},
		{name: "a service without a place", text: "services: {hub: {}}\n", want: []string{`service "hub" has no url`}},
		{name: "a variable that is not set", text: "services:\n  hub:\n    url: https://hub.example.org\n    credentials: {bearer: {token: \"${HUB_TOKEN}\"}}\n", want: []string{
			`gc.yaml:4: services.hub.credentials.bearer.token names the environment variable "HUB_TOKEN", which is not set`,
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := load(tc.text, tc.environment, nil)
			if _, ours := errors.AsType[*config.Error](err); !ours {
				t.Fatalf("err = %v, want a *config.Error", err)
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("does not say %q:\n%v", want, err)
				}
			}
		})
	}
}

// What documents name as the address of the service: https, and a path that can become part of other addresses.
func TestBaseURL(t *testing.T) {
	t.Parallel()
	for address, fits := range map[string]bool{
		"https://decisions.example.org": true, "https://decisions.example.org/": true, "https://example.org:8443/export-2/v1.0": true,
		"http://127.0.0.1:8181": true, "http://localhost:8181/a": true, "http://[::1]:8181": true,
		"http://decisions.example.org": false, "http://10.0.0.1": false, "ftp://example.org": false, "example.org": false, "https://": false, "https:///path": false,
		"https://example.org?": false, "https://example.org?a=b": false, "https://example.org#": false, "https://user@example.org": false,
		"https://example.org/a//b": false, "https://example.org/a/../b": false, "https://example.org/:tenant": false, "https://example.org/*all": false, "https://example.org/%2e": false,
	} {
		if _, err := load("", nil, map[string]string{"base-url": address}); (err == nil) != fits {
			t.Errorf("%q: %v, want it taken: %v", address, err, fits)
		}
	}
}

func TestOPAsBlocksKeepTheirShape(t *testing.T) {
	t.Parallel()
	loaded, err := load(`
services:
  - name: hub
    url: https://hub.example.org
    credentials: {bearer: {token: "${HUB_TOKEN}"}}
bundles:
  rareearth:
    service: hub
    resource: rareearth.tar.gz
    polling: {min_delay_seconds: 10, max_delay_seconds: 20}
    signing: {keyid: release}
keys:
  release: {algorithm: ES256, key: "-----BEGIN PUBLIC KEY-----"}
decision_logs: {service: hub, reporting: {min_delay_seconds: 1, max_delay_seconds: 2}}
labels: {region: north}
`, []string{"HUB_TOKEN=s3cret"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	remote, err := loaded.Remote()
	if err != nil {
		t.Fatal(err)
	}
	if remote.BundleName != "rareearth" || remote.Bundle.Service != "hub" || *remote.Bundle.Polling.MinDelaySeconds != 10 || !remote.Bundle.Signing.SignatureRequired() {
		t.Errorf("the bundle is read as %+v", remote.Bundle)
	}
	if remote.DecisionLogs.Service != "hub" || *remote.DecisionLogs.Resource != "/logs" || !strings.Contains(string(remote.Services["hub"]), `"token":"s3cret"`) {
		t.Errorf("the logs are read as %+v, the service as %s", remote.DecisionLogs, remote.Services["hub"])
	}
	shown := loaded.String()
	for _, secret := range []string{"s3cret", "BEGIN PUBLIC KEY"} {
		if strings.Contains(shown, secret) {
			t.Errorf("shows %q:\n%s", secret, shown)
		}
	}
	if !strings.Contains(shown, "services: # gc.yaml:2\n") || !strings.Contains(shown, "algorithm: ES256") {
		t.Errorf("shows\n%s", shown)
	}
}

// A password is neither shown nor told when its URL is refused.
func TestSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	for url, refused := range map[string]bool{
		"postgres://me:s3cret@db/x": false, "postgres://db/x?user=me&password=s3cret": false,
		"host=db password=s3cret%": true, "://me:s3cret@db": true, "postgres://me:s3cret/@db": true, "postgres://me:s3cret@db:0/x": true,
	} {
		loaded, err := load("", nil, map[string]string{"journal": url})
		if (err != nil) != refused {
			t.Fatalf("%s: %v", url, err)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") || err == nil && strings.Contains(loaded.String(), "s3cret") {
			t.Errorf("%s is shown: %v\n%s", url, err, loaded)
		}
	}
}

// Addresses at which nothing can be are refused before anything listens or calls there, each with its key, what is wrong and how to
// mend it, beside everything else that is wrong, even where that keeps the rest from being understood.
func TestAddressesThatAreNone(t *testing.T) {
	t.Parallel()
	text := "listn: x\nlisten: 127.0.0.1:99999\nmetrics: {listen: \"256.0.0.1:-1\"}\nbase_url: https://example.org:65536/a\n" +
		"tracing: {endpoint: \"http://trace..example.org:0\"}\njournal: {url: \"postgres://me@a:5432,b:70000/x\"}\n" +
		"identity: {jwt: {issuer: i, audience: a, jwks: \"https://1.2.3:443/keys\"}}\n"
	_, err := load(text, nil, nil)
	want := []string{
		`gc.yaml:1: "listn" is no key of the configuration; did you mean "listen"?`,
		`gc.yaml:2: listen has the port "99999"; write a number of 1 to 65535, or 0 for a free one, such as 127.0.0.1:8181`,
		`gc.yaml:3: metrics.listen has the host "256.0.0.1", which is neither an IP address nor a host name; write HOST:PORT, such as 127.0.0.1:8181`,
		`gc.yaml:3: metrics.listen has the port "-1"; write a number of 1 to 65535, or 0 for a free one, such as 127.0.0.1:8181`,
		`gc.yaml:3: metrics.listen has to be on the loopback, such as 127.0.0.1:9181, since nobody is asked who calls there`,
		`gc.yaml:4: base_url has the port "65536"; write a number of 1 to 65535, as in https://example.org:8443`,
		`gc.yaml:5: tracing.endpoint has the host "trace..example.org", which is neither an IP address nor a host name; write it as in https://example.org:8443`,
		`gc.yaml:5: tracing.endpoint has the port "0"; write a number of 1 to 65535, as in https://example.org:8443`,
		`gc.yaml:6: journal.url has a port that is none; write a number of 1 to 65535, as in postgres://user@host:5432/database`,
		`gc.yaml:7: identity.jwt.jwks has the host "1.2.3", which is neither an IP address nor a host name; write it as in https://example.org:8443`,
	}
	if diff := cmp.Diff("the configuration cannot be used\n  "+strings.Join(want, "\n  "), fmt.Sprint(err)); diff != "" {
		t.Errorf("(-want +got): %s", diff)
	}
	_, err = load("services: {hub: {url: \"https://hub:99999\", credentials: {oauth2: {token_url: \"https://-.1/t\", client_id: a, client_secret: b}}}}\nlimits: {burst: 0}\n", nil, nil)
	for _, want := range []string{`services.hub.url has the port "99999"`, `services.hub.credentials.oauth2.token_url has the host "-.1"`, "limits.burst has to be"} {
		if !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("does not say %q: %v", want, err)
		}
	}
}

// What can be an address is taken: whether anybody is there, only the service finds out.
func TestAddressesThatMayBe(t *testing.T) {
	t.Parallel()
	asked := "\nidentity: {anonymous: {roles: [client]}}\n"
	for _, listen := range []string{":8181", "0.0.0.0:0", "[::1]:65535", "[fe80::1%eth0]:1", "localhost:80", "node-1.example.org.:8181", "_x.example:1", "3com.example:1"} {
		if _, err := load("listen: \""+listen+"\""+asked, nil, nil); err != nil {
			t.Errorf("%s: %v", listen, err)
		}
	}
	for _, journal := range []string{
		"postgres://me:s3@cret@db/x", "postgresql://a,b:5432,[::1]:5433/x?target_session_attrs=any", "postgres:///x?host=/run/postgresql", "postgres://%2Frun%2Fpostgresql/x",
		"postgres://[::1]/x", "sqlite:///folder", "sqlite:folder:1", "",
	} {
		if _, err := load("journal: {url: \""+journal+"\"}", nil, nil); err != nil {
			t.Errorf("%s: %v", journal, err)
		}
	}
	for _, url := range []string{"https://müller.example:8443", "https://[2001:db8::1]:1/x", "https://example.org."} {
		if _, err := load("tracing: {endpoint: \""+url+"\"}", nil, nil); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// What is printed can be read again, and means the same.
func TestPrintedIsReadAgain(t *testing.T) {
	t.Parallel()
	first, err := load("listen: \"[::1]:8181\"\nlabels: {a: \"1\", b: \"x: y # z\"}\nlimits: {rate: 0.5}\nidentity: {anonymous: {roles: [client]}}\n", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	second, err := load(first.String(), nil, nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, first)
	}
	if diff := cmp.Diff(first.Config, second.Config, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("-first +second:\n%s", diff)
	}
}

func TestMisspeltVariables(t *testing.T) {
	t.Parallel()
	loaded, err := load("", []string{"GREENCHANNEL_LISTN=x", "GREENCHANNEL_PORT_8181_TCP_ADDR=10.0.0.1", "LISTEN=x"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"the environment has GREENCHANNEL_LISTN, which sets nothing; did you mean GREENCHANNEL_LISTEN?"}
	if diff := cmp.Diff(want, loaded.Warnings); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestLoopback(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"127.0.0.1:1": true, "127.8.8.8:1": true, "[::1]:1": true, "localhost:1": true, "[::ffff:127.0.0.1]:1": true,
		":1": false, "0.0.0.0:1": false, "[::]:1": false, "10.0.0.1:1": false, "example.org:1": false, "127.0.0.1.example.org:1": false, "127.0.0.1": false, "": false,
	} {
		if got := config.Loopback(address); got != want {
			t.Errorf("Loopback(%q) = %v", address, got)
		}
	}
}

func TestFlags(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, f := range config.Flags() {
		names[f.Name] = true
		if f.Arg == "" || f.Usage == "" || f.Default != "" && f.Check(f.Default) != nil {
			t.Errorf("%+v", f)
		}
		if f.Name == "eval-timeout" && f.Check("soon") == nil {
			t.Error("--eval-timeout takes soon")
		}
	}
	for _, name := range []string{"listen", "data", "journal", "eval-timeout"} {
		if !names[name] {
			t.Errorf("there is no --%s", name)
		}
	}
}

// The reference is what the program prints; to write it anew: go run ./cmd/greenchannel config reference >server/config/README.md
func TestReferenceIsFresh(t *testing.T) {
	t.Parallel()
	kept, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(kept), config.Reference()); diff != "" {
		t.Errorf("server/config/README.md is not what `greenchannel config reference` prints (-kept +printed):\n%s", diff)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add("listen: 127.0.0.1:1\nlabels: {a: b}\n")
	f.Add("services: [{name: a, url: x}]\nidentity: {jwt: {algorithms: [none]}}\n")
	f.Add("&a [*a, {<<: *a}]\n")
	f.Fuzz(func(t *testing.T, text string) {
		loaded, err := load(text, nil, nil)
		if (loaded == nil) == (err == nil) {
			t.Fatal("neither a configuration nor an error, or both")
		}
		if err == nil {
			_ = loaded.String()
		}
	})
}
