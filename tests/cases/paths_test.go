package cases

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"

	"greenchannel/policies"
	"greenchannel/server"
	"greenchannel/server/bundle"
	"greenchannel/server/casefile"
	"greenchannel/server/decision"
)

// patience is how long one evaluation may take here. A race detector on a busy machine is slow, and a decision that comes
// late is no wrong decision; the deadline has its own tests in server/engine.
const patience = time.Minute

// ways are the roads by which a decision is reached. All are the real thing: the engine, the program, the service on a
// listener, and the policies under OPA's own store with no service around them.
type ways struct {
	rooms  *server.Rooms
	binary string
	base   string // URL of the service
	client *http.Client
	bundle *bundle.Bundle
	stock  *ast.Compiler
	decode *decision.Decoder
}

// open builds the program and starts the service, for as long as the test runs.
func open(t *testing.T) *ways {
	t.Helper()
	w := inProcess(t)
	w.binary, w.base, w.client = build(t), serve(t), &http.Client{Timeout: 2 * patience}
	w.stock = ast.NewCompiler().WithStrict(true)
	if w.stock.Compile(w.bundle.Modules); w.stock.Failed() {
		t.Fatal(w.stock.Errors)
	}
	return w
}

// inProcess opens the engine alone.
func inProcess(t *testing.T) *ways {
	t.Helper()
	rooms, err := server.Open(t.Context(), policies.FS(), patience)
	if err != nil {
		t.Fatal(err)
	}
	w := &ways{rooms: rooms, bundle: rooms.Bundle}
	if w.decode, err = decision.NewDecoder(w.bundle.DecisionSchema); err != nil {
		t.Fatal(err)
	}
	return w
}

func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "greenchannel")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-tags", "nomsgpack", "-o", binary, "greenchannel/cmd/greenchannel").CombinedOutput()
	if err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return binary
}

// serve runs the service on a port of its own choice until the test ends, and sees to it that it stops in order.
func serve(t *testing.T) string {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	address, ended := make(chan net.Addr, 1), make(chan error, 1)
	go func() {
		ended <- server.Run(ctx, server.Config{
			Listen:      "127.0.0.1:0",
			Policies:    policies.FS(),
			EvalTimeout: patience,
			Record:      server.RecordConfig{Data: t.TempDir()},
			Log:         slog.New(slog.DiscardHandler),
			Listening:   func(at net.Addr) { address <- at },
		})
	}()
	select {
	case at := <-address:
		t.Cleanup(func() {
			stop()
			if err := <-ended; err != nil {
				t.Errorf("the service did not stop in order: %v", err)
			}
		})
		return "http://" + at.String()
	case err := <-ended:
		stop()
		t.Fatalf("the service did not start: %v", err)
		return ""
	}
}

// byEngine decides in this process.
func (w *ways) byEngine(ctx context.Context, body []byte, asOf string) ([]byte, error) {
	app, err := w.rooms.Engine.Read(body)
	if err != nil {
		return nil, err
	}
	at, err := decision.ParseAsOf(asOf)
	if err != nil {
		return nil, err
	}
	decided, err := w.rooms.Decisions.DryRun(ctx, app, at)
	if err != nil {
		return nil, err
	}
	return decided.JSON(), nil
}

// byProgram decides with the command line, the application on standard input.
func (w *ways) byProgram(ctx context.Context, body []byte, asOf string) ([]byte, error) {
	command := exec.CommandContext(ctx, w.binary, "decide", "--as-of", asOf, "--format", "json", "--eval-timeout", patience.String(), "-")
	command.Stdin = bytes.NewReader(body)
	out, err := command.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil, fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	return out, err
}

// byService decides over HTTP.
func (w *ways) byService(ctx context.Context, body []byte, asOf string) ([]byte, error) {
	to := w.base + "/v1/dry-runs?as_of=" + url.QueryEscape(asOf)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := w.client.Do(request)
	if err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(response.Body)
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", response.Status, answer)
	}
	return answer, nil
}

// byStock decides without the service: the policies and their data under OPA's own store, as a stock opa has them. What
// the service's tables would say is handed in, or is not there at all.
func (w *ways) byStock(ctx context.Context, body []byte, asOf string, t casefile.Tables) ([]byte, error) {
	if _, err := w.rooms.Engine.Read(body); err != nil {
		return nil, err
	}
	at, err := decision.ParseAsOf(asOf)
	if err != nil {
		return nil, err
	}
	elements, err := casefile.Symbols(w.bundle.Data)
	if err != nil {
		return nil, err
	}
	data, err := t.Rows(body, at, elements)
	if err != nil {
		return nil, err
	}
	for root, tables := range w.bundle.Data {
		data[root] = tables
	}
	input, err := ast.ValueFromReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	result, err := rego.New(
		rego.Query("data.rareearth.decision"),
		rego.Compiler(w.stock),
		rego.Store(inmem.NewFromObject(data)),
		rego.ParsedInput(input),
		rego.Time(at),
		rego.StrictBuiltinErrors(true),
	).Eval(ctx)
	if err != nil {
		return nil, err
	}
	if len(result) != 1 {
		return nil, fmt.Errorf("%d answers, want one", len(result))
	}
	fields := result[0].Expressions[0].Value.(map[string]any)
	fields["policy"] = map[string]any{"name": w.bundle.Name, "revision": w.bundle.Revision, "digest": w.bundle.Digest}
	return json.Marshal(fields)
}

// canonical writes a decision so that equal ones have equal bytes (RFC 8785).
func canonical(document []byte) (string, error) {
	value := jsontext.Value(bytes.Clone(document))
	err := value.Canonicalize(jsontext.CanonicalizeRawInts(false))
	return string(value), err
}

// pretty writes a decision for a person who looks for a difference.
func pretty(document []byte) string {
	var out bytes.Buffer
	if json.Indent(&out, document, "", "  ") != nil {
		return string(document)
	}
	return out.String()
}
