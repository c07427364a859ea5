package server

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"greenchannel/policies"
	"greenchannel/server/config"
	"greenchannel/server/decision"
	"greenchannel/server/engine"
	"greenchannel/server/httpapi"
	"greenchannel/server/problem"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const shortest = `{
  "id": "RUN-1",
  "exporter": {"name": "Ningbo Example Magnetics Co., Ltd."},
  "items": [{"line": 1}],
  "destination": "DE",
  "parties": [{"role": "end_user", "name": "Beispiel Motoren GmbH"}]
}`

// told is a log that tests can read while it is written.
type told struct {
	mu   sync.Mutex
	text strings.Builder
}

func (j *told) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *told) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// await waits until the log says something; the test's own deadline ends the wait.
func (j *told) await(t *testing.T, word string) {
	t.Helper()
	for !strings.Contains(j.String(), word) {
		select {
		case <-t.Context().Done():
			t.Fatalf("the log never says %q:\n%s", word, j.String())
		case <-time.After(time.Millisecond):
		}
	}
}

// running is a service under test.
type running struct {
	addr string
	log  *told
	stop context.CancelFunc
	done chan error
}

// start runs the service on a free port of the loopback.
func start(t testing.TB, config Config) *running {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	r := &running{log: &told{}, stop: stop, done: make(chan error, 1)}
	addr := make(chan net.Addr, 1)
	if config.Listen == "" {
		config.Listen = "127.0.0.1:0"
	}
	if config.EvalTimeout == 0 {
		config.EvalTimeout = time.Minute // the race detector on a busy machine is slow; deadlines have tests of their own
	}
	if config.Policies == nil {
		config.Policies = policies.FS()
	}
	if config.Record.Data == "" {
		config.Record.Data = t.TempDir()
	}
	config.Log = slog.New(slog.NewTextHandler(r.log, nil))
	config.Listening = func(at net.Addr) { addr <- at }
	go func() { r.done <- Run(ctx, config) }()
	select {
	case at := <-addr:
		r.addr = at.String()
	case err := <-r.done:
		t.Fatalf("did not start: %v", err)
	}
	t.Cleanup(stop)
	return r
}

func (r *running) end() error {
	r.stop()
	return <-r.done
}

// posting is a request whose body is half sent: the handler has begun to read it.
type posting struct {
	conn  net.Conn
	reply *bufio.Reader
	rest  string
}

func (r *running) post(t *testing.T, body string) *posting {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(conn, "POST /v1/decisions HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", r.addr, len(body))
	if err != nil {
		t.Fatal(err)
	}
	p := &posting{conn: conn, reply: bufio.NewReader(conn), rest: body}
	if line, err := p.reply.ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("the service does not read the body: %q, %v", line, err)
	}
	if _, err := p.reply.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return p
}

// finish sends the body and reads the answer.
func (p *posting) finish(t *testing.T) (status int, body string) {
	t.Helper()
	p.send(t)
	return p.answer(t)
}

func (p *posting) send(t *testing.T) {
	t.Helper()
	if _, err := io.WriteString(p.conn, p.rest); err != nil {
		t.Fatal(err)
	}
}

func (p *posting) answer(t *testing.T) (status int, body string) {
	t.Helper()
	response, err := http.ReadResponse(p.reply, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func TestRunDecides(t *testing.T) {
	r := start(t, Config{})
	status, body := r.post(t, shortest).finish(t)
	var decided struct {
		DecisionID string `json:"decision_id"`
		Policy     decision.PolicyRef
	}
	if err := json.Unmarshal([]byte(body), &decided); err != nil {
		t.Fatal(err)
	}
	if status != http.StatusCreated || len(decided.DecisionID) != 36 || decided.DecisionID[14] != '7' {
		t.Errorf("status %d with id %q, want a UUIDv7", status, decided.DecisionID)
	}
	for _, said := range []string{"msg=listening", r.addr, decided.Policy.Digest} {
		if !strings.Contains(r.log.String(), said) {
			t.Errorf("the log does not say %s:\n%s", said, r.log)
		}
	}
	if err := r.end(); err != nil {
		t.Errorf("an orderly end is an error: %v", err)
	}
	if strings.Contains(r.log.String(), "level=WARN") || !strings.Contains(r.log.String(), "msg=stopped") {
		t.Errorf("log:\n%s", r.log)
	}
}

// What is under way when the service is told to stop is answered; what comes later is not taken.
func TestRunEndsWhatItHasBegun(t *testing.T) {
	r := start(t, Config{DrainDelay: time.Millisecond, DrainTimeout: time.Hour})
	begun := r.post(t, shortest)
	r.stop()
	r.log.await(t, "msg=draining")
	for { // the listener closes a moment after the drain has begun
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", r.addr)
		if err != nil {
			break
		}
		_ = conn.Close()
		time.Sleep(time.Millisecond)
	}
	if status, body := begun.finish(t); status != http.StatusCreated {
		t.Errorf("what was under way is answered with %d: %s", status, body)
	}
	if err := r.end(); err != nil {
		t.Errorf("an orderly end is an error: %v", err)
	}
}

// endless is the policy folder with a decision that never comes.
func endless(t *testing.T) fs.FS {
	t.Helper()
	folder := fstest.MapFS{}
	err := fs.WalkDir(policies.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(policies.FS(), name)
		folder[name] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	const file = "rareearth/decision/decision.rego"
	before := string(folder[file].Data)
	after := strings.Replace(before, "application_id := input.id\n",
		"application_id := input.id if count([1 | some a in numbers.range(1, 30000); some b in numbers.range(1, 30000); a + b == 0]) == 0\n", 1)
	if before == after {
		t.Fatalf("%s has no application_id := input.id", file)
	}
	folder[file] = &fstest.MapFile{Data: []byte(after)}
	return folder
}

// What does not end in time is called off, and is told so; Run says that it was not an orderly end.
func TestRunCallsOffWhatDoesNotEnd(t *testing.T) {
	r := start(t, Config{Policies: endless(t), EvalTimeout: time.Hour, DrainTimeout: 50 * time.Millisecond})
	begun := r.post(t, shortest)
	begun.send(t)
	r.stop()
	if _, body := begun.answer(t); !strings.Contains(body, "/problems/"+string(problem.Cancelled)) {
		t.Errorf("the client is told %s", body)
	}
	if err := <-r.done; err == nil || !strings.Contains(err.Error(), "called off") {
		t.Errorf("err = %v", err)
	}
}

func TestRunKeepsTheDeadline(t *testing.T) {
	r := start(t, Config{Policies: endless(t), EvalTimeout: 30 * time.Millisecond})
	// Sent in one piece: on a busy machine the time may end before the body is asked for.
	answer, err := http.Post("http://"+r.addr+"/v1/decisions", "application/json", strings.NewReader(shortest))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if err != nil || answer.StatusCode != http.StatusServiceUnavailable || !strings.Contains(string(body), "/problems/"+string(problem.Deadline)) {
		t.Errorf("status %d, %v: %s", answer.StatusCode, err, body)
	}
	if err := r.end(); err != nil {
		t.Error(err)
	}
}

// Beyond the loopback the service asks who calls, or does not start, and says what to configure.
func TestRunAsksBeyondLoopback(t *testing.T) {
	err := Run(t.Context(), Config{Listen: "0.0.0.0:0", Policies: policies.FS()})
	if err == nil || !strings.Contains(err.Error(), "identity.tokens.file") || !strings.Contains(err.Error(), "127.0.0.1:8181") {
		t.Fatalf("err = %v, want what to configure", err)
	}
	r := start(t, Config{Listen: "0.0.0.0:0", Calling: Calling{Identity: config.Identity{Anonymous: config.Anonymous{Roles: []string{"client"}}}}})
	if strings.Count(r.log.String(), "level=WARN") != 2 || !strings.Contains(r.log.String(), "need not say who they are") {
		t.Errorf("log:\n%s", r.log)
	}
	if err := r.end(); err != nil {
		t.Error(err)
	}
}

func TestRunRefuses(t *testing.T) {
	r := start(t, Config{})
	for name, refused := range map[string]Config{
		"no data folder":          {Listen: "127.0.0.1:0", Policies: policies.FS()},
		"a port in use":           {Listen: r.addr, Policies: policies.FS(), Record: RecordConfig{Data: t.TempDir()}},
		"an address that is none": {Listen: "nowhere", Policies: policies.FS(), Record: RecordConfig{Data: t.TempDir()}},
		"an empty folder":         {Listen: "127.0.0.1:0", Policies: fstest.MapFS{}, Record: RecordConfig{Data: t.TempDir()}},
	} {
		if err := Run(t.Context(), refused); err == nil {
			t.Errorf("%s: ran", name)
		}
	}
	if err := r.end(); err != nil {
		t.Error(err)
	}
}

// Readiness is false from the first moment of the drain, while the process is still alive.
func TestReadiness(t *testing.T) {
	rooms, err := OpenRecorded(t.Context(), policies.FS(), 0, RecordConfig{Data: t.TempDir(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := rooms.Close(); err != nil {
			t.Error(err)
		}
	})
	var draining atomic.Bool
	quiet := Config{Log: slog.New(slog.DiscardHandler)}.withDefaults()
	gate, err := quiet.gate()
	if err != nil {
		t.Fatal(err)
	}
	h := httpapi.New(doors(quiet, rooms, gate, &draining))
	status := func(target string) int {
		recorder := httptest.NewRecorder()
		request := httptest.NewRequestWithContext(t.Context(), "GET", "http://localhost"+target, nil)
		request.RemoteAddr = "127.0.0.1:1"
		h.ServeHTTP(recorder, request)
		return recorder.Code
	}
	if status("/readyz") != http.StatusOK {
		t.Error("not ready with an active bundle")
	}
	draining.Store(true)
	if status("/readyz") != http.StatusServiceUnavailable || status("/livez") != http.StatusOK {
		t.Error("a service that drains is not ready, but alive")
	}
	if _, err := readiness(&Rooms{Engine: engine.New(0)}, new(atomic.Bool)); problem.Of(err).Kind != problem.NotReady {
		t.Errorf("ready without a bundle: %v", err)
	}
}
