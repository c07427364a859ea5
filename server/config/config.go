// Package config is everything that an operator can set, in one struct: the file, the environment, the flags, the checks,
// the printed configuration and the reference in README.md are all derived from it. It says where each value came from,
// and names everything that is wrong at once. It opens nothing and starts nothing; whoever uses a value does.
package config

import "time"

// Config is the whole configuration. Of a field, `key` is its name in the file, `doc` what it means; `flag` is its flag, if
// it has one, with `arg` as the word for its value; `secret` says how it is kept out of what is printed.
type Config struct {
	Listen      string        `key:"listen" flag:"listen" arg:"HOST:PORT" doc:"Where the service listens; port 0 takes a free one. Beyond the loopback it starts only when it can find out who calls (identity)."`
	Data        string        `key:"data" flag:"data" arg:"FOLDER" doc:"Folder of the record, of the key that signs it, and of kept bundles; empty is a folder under the user's state directory."`
	Journal     Journal       `key:"journal"`
	EvalTimeout time.Duration `key:"eval_timeout" flag:"eval-timeout" arg:"TIME" doc:"Longest time that the policies may take for one application."`
	Evaluator   string        `key:"evaluator" flag:"evaluator" arg:"NAME" doc:"Who evaluates policies: executor, or topdown, which is OPA's own and about ten times slower. Topdown serves any bundle that the executor refuses."`
	Checked     float64       `key:"evaluator_checked" doc:"Share of decisions, of 0 to 1, that topdown makes again beside the requests. When it decides otherwise, it serves that bundle from then on, and what each decided is kept in the data folder."`
	BaseURL     string        `key:"base_url" flag:"base-url" arg:"URL" doc:"URL under which clients reach the service, for documents that name it, such as the AuthZEN metadata; the Host header is never used for that. https, but on the loopback; a path is that of the service behind a proxy."`
	StartWith   string        `key:"start_with" flag:"start-with" arg:"WHICH" doc:"Which bundle is in force at the start: record is the one that was activated last, by the record; embedded is that of the program. Either answers until the next activation, on any node of the record."`
	Drain       Drain         `key:"drain"`
	TLS         TLS           `key:"tls"`
	Identity    Identity      `key:"identity"`
	Limits      Limits        `key:"limits"`
	Metrics     Metrics       `key:"metrics"`
	Tracing     Tracing       `key:"tracing"`
	Shadow      Shadow        `key:"shadow"`

	Watch string `key:"watch" flag:"watch" arg:"FOLDER" doc:"Folder of policies that decide in place of those of the program, and are put into force as soon as they are saved. For authors: on the loopback only, and neither signed nor tested before. What other nodes activate is not taken up beside it. Not beside bundles."`

	WatchKept int `key:"watch_kept" doc:"How many editions of watched folders that decided nothing are kept; the oldest beyond that are removed when a new one comes. One that decided anything stays, whatever its number. 0 removes none."`

	Source Freshness `key:"source"`

	Labels map[string]string `key:"labels" doc:"Names that tell this instance from others, in traces and in the events of decision logs."`

	Services     any `key:"services" doc:"Servers that bundles come from (HTTP, or a registry with type: oci) and decision logs go to. In the shape of OPA's configuration, as are the next three; what OPA can do and greenchannel cannot is refused."`
	Bundles      any `key:"bundles" doc:"The bundle that is fetched, passes the same checks as one that is uploaded, and is kept up to date; one at most. Kept, so that it also decides after a start without its server. What other nodes activate is not taken up beside it."`
	Keys         any `key:"keys" doc:"Public keys that bundles are verified with. Where there are any, no bundle without a signature by one of them is taken in or put into force, but for that of the program. A shared secret (HS256 and the like) verifies none."`
	DecisionLogs any `key:"decision_logs" doc:"Where a copy of each record is sent, from the first one on, each at least once: service, resource or partition_name, reporting (min_delay_seconds, max_delay_seconds, upload_size_limit_bytes, trigger), console."`
}

// Which bundle is in force at the start.
const (
	StartWithRecord   = "record"
	StartWithEmbedded = "embedded"
)

// Journal is where decisions are recorded.
type Journal struct {
	URL string `key:"url" flag:"journal" arg:"URL" secret:"url" doc:"URL of the journal, such as postgres://user@host/database; empty is one SQLite file in the data folder."`
}

// Drain is how the service stops.
type Drain struct {
	Delay   time.Duration `key:"delay" flag:"drain-delay" arg:"TIME" doc:"How long requests are still taken after the service has said that it is not ready, so that what stands in front of it notices."`
	Timeout time.Duration `key:"timeout" flag:"drain-timeout" arg:"TIME" doc:"How long requests under way may take to end."`
}

// TLS is how connections are kept from being read.
type TLS struct {
	Certificate string `key:"certificate" flag:"tls-certificate" arg:"FILE" doc:"Certificate chain of the service, PEM. TLS 1.2 or newer; read again when the file changes. Empty serves plain HTTP."`
	Key         string `key:"key" flag:"tls-key" arg:"FILE" doc:"Private key of the certificate, PEM."`
}

// Identity is how the service finds out who calls. With none of tokens, jwt, mtls and anonymous it listens on the loopback
// only.
type Identity struct {
	Local     Local     `key:"local"`
	Anonymous Anonymous `key:"anonymous"`
	Tokens    Tokens    `key:"tokens"`
	JWT       JWT       `key:"jwt"`
	MTLS      MTLS      `key:"mtls"`
}

// Local is who calls on the loopback while nothing else says who calls.
type Local struct {
	Roles []string `key:"roles" doc:"Roles of whoever calls on the loopback, while neither tokens, jwt, mtls nor anonymous is set. As soon as one of them is, the loopback is asked as well."`
}

// Anonymous is who calls without credentials.
type Anonymous struct {
	Roles []string `key:"roles" doc:"Roles of callers that send no credentials; empty is none. Whoever reaches the port has them."`
}

// Tokens are static tokens.
type Tokens struct {
	File string `key:"file" arg:"FILE" doc:"YAML file of callers: a name, and below it hash (sha256:… of a random token, or a bcrypt hash of a password), roles and exporter. Read again when it changes."`
}

// JWT is who calls by JSON Web Token.
type JWT struct {
	Issuer        string        `key:"issuer" doc:"The issuer that is trusted, letter for letter."`
	Audience      string        `key:"audience" doc:"The audience that a token must be for."`
	JWKS          string        `key:"jwks" doc:"Public keys of the issuer: a file, or an https URL."`
	JWKSCA        string        `key:"jwks_ca" arg:"FILE" doc:"Certificates that the server of the JWKS URL is verified with, PEM; empty is those of the system."`
	Refresh       time.Duration `key:"refresh" doc:"How long fetched keys are used before they are asked for again. An unknown key asks sooner, twice a minute at most."`
	MaxStale      time.Duration `key:"max_stale" doc:"How long fetched keys are used while their server does not answer."`
	Algorithms    []string      `key:"algorithms" doc:"Signature algorithms that are accepted, of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA. None with a shared secret."`
	Leeway        time.Duration `key:"leeway" doc:"How far the clocks of issuer and service may differ."`
	NameClaim     string        `key:"name_claim" doc:"Claim that holds the caller's name."`
	NamePrefix    string        `key:"name_prefix" doc:"What is put before that name, so that the issuer cannot give out the name of a static token or certificate."`
	RolesClaim    string        `key:"roles_claim" doc:"Claim that holds the roles: a list, or words in one text. A JSON pointer, such as /realm_access/roles, reaches inside."`
	ExporterClaim string        `key:"exporter_claim" doc:"Claim that holds the exporter that the caller speaks for."`
}

// MTLS is who calls by client certificate.
type MTLS struct {
	ClientCA string `key:"client_ca" arg:"FILE" doc:"Certificates that client certificates are verified with, PEM; read again when the file changes. Needs tls.certificate."`
	Name     string `key:"name" doc:"Which name of the certificate is the caller's: common_name, dns, uri or email. There must be just one."`
	Callers  string `key:"callers" arg:"FILE" doc:"YAML file of callers: the name in the certificate, and below it roles and exporter. A certificate whose name is not there is refused."`
}

// Limits bounds what one caller may ask for.
type Limits struct {
	Rate  float64 `key:"rate" doc:"Requests a second that a caller may send on average; 0 is no limit."`
	Burst int     `key:"burst" doc:"Requests that a caller may send at once, where there is a limit."`
	Batch int     `key:"batch" doc:"Applications that one batch may hold."`
}

// Metrics is what can be seen of the service from this machine.
type Metrics struct {
	Listen string `key:"listen" flag:"metrics-listen" arg:"HOST:PORT" doc:"Where metrics are served, on the loopback; empty is nowhere. Nobody is asked who calls there."`
	Pprof  bool   `key:"pprof" doc:"Whether profiles of the running program are served there as well."`
}

// Tracing is where traces are sent.
type Tracing struct {
	Endpoint string  `key:"endpoint" flag:"tracing-endpoint" arg:"URL" secret:"url" doc:"OTLP endpoint that traces are sent to, such as http://127.0.0.1:4318; empty is none."`
	Ratio    float64 `key:"ratio" doc:"Share of requests that are traced, of 0 to 1, where the caller has not decided."`
}

// Shadow is a bundle that decides beside the active one, for comparison.
type Shadow struct {
	Revision string  `key:"revision" doc:"Kept bundle that decides recorded decisions once more, by the beginning of its digest; empty is none. What comes out otherwise is told by GET /v1/shadow and in the metrics; no answer waits for it."`
	Rate     float64 `key:"rate" doc:"Share of the recorded decisions that it decides, more than 0 and up to 1."`
	Budget   float64 `key:"budget" doc:"Share of one processor that it may take, more than 0 and up to 1."`
}

// Freshness is how the bundle that is fetched is looked after.
type Freshness struct {
	StaleAfter    time.Duration `key:"stale_after" doc:"How long after its server last confirmed it the fetched bundle counts as stale: readiness and metrics say so, and the log once. Longer than the longest delay between two looks."`
	FailWhenStale bool          `key:"fail_when_stale" doc:"Whether the service is not ready while that bundle is stale. It goes on deciding when asked."`
}

// Standard is the configuration where nothing is set.
func Standard() Config {
	return Config{
		Listen:      "127.0.0.1:8181",
		EvalTimeout: 2 * time.Second,
		Evaluator:   "executor",
		Checked:     0.01,
		StartWith:   StartWithRecord,
		WatchKept:   20,
		Drain:       Drain{Timeout: 10 * time.Second},
		Identity: Identity{
			// Whoever can open a connection to the loopback of a service that listens nowhere else could as well run the
			// program on that machine; less than every role would keep a newcomer out of a door beside an open gate.
			Local: Local{Roles: []string{"client", "author", "auditor", "operator"}},
			JWT: JWT{
				Refresh: 10 * time.Minute, MaxStale: time.Hour, Leeway: 30 * time.Second,
				Algorithms: []string{"RS256", "PS256", "ES256", "EdDSA"},
				NameClaim:  "sub", NamePrefix: "jwt:", RolesClaim: "roles", ExporterClaim: "exporter",
			},
			MTLS: MTLS{Name: "common_name"},
		},
		Limits:  Limits{Burst: 50, Batch: 10_000},
		Tracing: Tracing{Ratio: 1},
		Shadow:  Shadow{Rate: 1, Budget: 0.1},
		Source:  Freshness{StaleAfter: 10 * time.Minute},
	}
}

// Asks says whether a caller has to say who it is, or whether it was decided that it need not.
func (i Identity) Asks() bool {
	return i.Tokens.File != "" || i.JWT.Issuer != "" || i.MTLS.ClientCA != "" || len(i.Anonymous.Roles) > 0
}
