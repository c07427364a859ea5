// Package remote talks with the servers that the configuration names in the blocks of OPA's shape: it looks for a new
// bundle (services, bundles, keys) and sends records away (decision_logs), with OPA's own clients and in OPA's own
// protocols. What a bundle is worth is judged behind the Gate, and what an event says is written by whoever hands it over:
// this room decides nothing, keeps no bundle and no record, and stands in the way of no answer.
package remote

import (
	"cmp"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"sync"

	"github.com/open-policy-agent/opa/v1/keys"
	"github.com/open-policy-agent/opa/v1/logging"
	"github.com/open-policy-agent/opa/v1/plugins/rest"

	"greenchannel/server/config"
)

// ours is the name under which OPA's client finds the credentials that are watched.
const ours = "greenchannel"

// server is one service of the configuration: OPA's client, and a look at what it is sent.
type server struct {
	client rest.Client
	tap    *tap
	held   *credentials
}

// dial prepares a client; nothing is sent yet. Credentials are those that the configuration states, and OPA's.
func dial(from config.Remote, name string, log *slog.Logger) (*server, error) {
	written := from.Services[name]
	stated, err := rest.New(written, from.Keys, rest.Name(name))
	if err != nil {
		return nil, fmt.Errorf("service %q: %w", name, err)
	}
	inner, err := stated.Config().AuthPlugin(nil)
	if err != nil {
		return nil, fmt.Errorf("service %q: %w", name, err)
	}
	s := &server{tap: &tap{}}
	s.held = &credentials{HTTPAuthPlugin: inner, tap: s.tap, clients: map[int64]*http.Client{}}
	s.client, err = client(written, from.Keys, name, s.held, log)
	if err != nil {
		return nil, fmt.Errorf("service %q: %w", name, err)
	}
	return s, nil
}

func client(written json.RawMessage, known map[string]*keys.Config, name string, held *credentials, log *slog.Logger) (rest.Client, error) {
	service := map[string]any{}
	if err := json.Unmarshal(written, &service); err != nil {
		return rest.Client{}, err
	}
	credentials, _ := service["credentials"].(map[string]any)
	if credentials == nil {
		credentials = map[string]any{}
	}
	credentials["plugin"] = ours // goes before the others
	service["credentials"] = credentials
	text, err := json.Marshal(service)
	if err != nil {
		return rest.Client{}, err
	}
	return rest.New(text, known, rest.Name(name), rest.Logger(quiet{log}),
		rest.AuthPluginLookup(func(string) rest.HTTPAuthPlugin { return held }))
}

// close ends the connections that wait for a next request.
func (s *server) close() { s.held.close() }

// credentials are those of a service. OPA's clients get their connections through them, which is the one place where it can
// be seen what comes back.
type credentials struct {
	rest.HTTPAuthPlugin
	tap *tap

	mu      sync.Mutex
	clients map[int64]*http.Client // by the time that an answer may take to begin
}

// NewClient makes a client once: the downloader of registries asks for one at each look, and would leave its connections.
func (c *credentials) NewClient(settings rest.Config) (*http.Client, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	patience := int64(0)
	if settings.ResponseHeaderTimeoutSeconds != nil {
		patience = *settings.ResponseHeaderTimeoutSeconds
	}
	if made := c.clients[patience]; made != nil {
		return made, nil
	}
	made, err := c.HTTPAuthPlugin.NewClient(settings)
	if err != nil {
		return nil, err
	}
	made.Transport = tapped{cmp.Or(made.Transport, http.DefaultTransport), c.tap}
	c.clients[patience] = made
	return made, nil
}

func (c *credentials) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, made := range c.clients {
		made.CloseIdleConnections()
	}
}

// quiet drops what OPA's clients log: each failure is told once, with what is done about it, by who asked.
type quiet struct{ log *slog.Logger }

// Debug drops a line.
func (quiet) Debug(string, ...any) {}

// Info drops a line.
func (quiet) Info(string, ...any) {}

// Warn passes a line on.
func (q quiet) Warn(format string, args ...any) {
	q.log.Warn("a client of OPA warns", "warning", fmt.Sprintf(format, args...))
}

// Error drops a line: the callback is told the same error.
func (quiet) Error(string, ...any) {}

// WithFields is the same logger.
func (q quiet) WithFields(map[string]any) logging.Logger { return q }

// GetLevel is Warn.
func (quiet) GetLevel() logging.Level { return logging.Warn }

// SetLevel changes nothing.
func (quiet) SetLevel(logging.Level) {}
