// Package record asks the whole program what its record is worth: killed at any moment, on a disk that is full, beside
// another on one database. Nothing stands in for anything: the binary is the real one, and so are disk, PostgreSQL and
// signals.
package record

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// program is the binary, built once. It is built without the race detector, since these tests are about processes, and
// twenty times as many decisions are killed in the same time.
var program = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "greenchannel-record-")
	if err != nil {
		return "", err
	}
	binary := filepath.Join(folder, "greenchannel")
	build := exec.Command("go", "build", "-tags", "nomsgpack", "-o", binary, "./cmd/greenchannel")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return binary, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if binary, err := program(); err == nil {
		_ = os.RemoveAll(filepath.Dir(binary))
	}
	if err := stopPostgres(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// service is one running program.
type service struct {
	process *exec.Cmd
	url     string
	ended   chan error

	mu  sync.Mutex
	log bytes.Buffer
}

var listening = regexp.MustCompile(`msg=listening address=(\S+)`)

// start runs the service with arguments and waits until it is ready.
func start(t *testing.T, args ...string) *service {
	t.Helper()
	binary, err := program()
	if err != nil {
		t.Fatal(err)
	}
	args = append([]string{"serve", "--listen", "127.0.0.1:0", "--eval-timeout", "1m"}, args...)
	s := &service{process: exec.Command(binary, args...), ended: make(chan error, 1)}
	told, err := s.process.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.process.Process.Kill() })
	address := make(chan string, 1)
	go s.read(told, address)
	select {
	case at := <-address:
		s.url = "http://" + at
	case err := <-s.ended:
		t.Fatalf("the service does not start: %v\n%s", err, s.said())
	case <-time.After(time.Minute):
		t.Fatalf("the service does not listen:\n%s", s.said())
	}
	return s
}

// read keeps what the service says, and its end.
func (s *service) read(told io.Reader, address chan<- string) {
	lines := bufio.NewScanner(told)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if found := listening.FindStringSubmatch(line); found != nil {
			address <- found[1]
		}
		s.mu.Lock()
		if !strings.Contains(line, "msg=request ") {
			s.log.WriteString(line + "\n")
		}
		s.mu.Unlock()
	}
	s.ended <- s.process.Wait()
}

func (s *service) said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

// end sends a signal and waits for the end.
func (s *service) end(t *testing.T, signal os.Signal) error {
	t.Helper()
	if err := s.process.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-s.ended:
		return err
	case <-time.After(time.Minute):
		t.Fatalf("the service does not end:\n%s", s.said())
		return nil
	}
}

// run runs the program to its end.
func run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	binary, err := program()
	if err != nil {
		t.Fatal(err)
	}
	var out, told bytes.Buffer
	command := exec.CommandContext(t.Context(), binary, args...)
	command.Stdout, command.Stderr = &out, &told
	err = command.Run()
	if ended, exited := err.(*exec.ExitError); exited {
		return ended.ExitCode(), out.String(), told.String()
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0, out.String(), told.String()
}

// application is a whole application under an id, with a change to its text.
func application(t *testing.T, id string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "cases", "applications", "magnet_to_germany.json"))
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	fields["id"] = id
	body, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// post sends an application; an error means that nobody knows what came of it.
func post(ctx context.Context, client *http.Client, url, body, key string) (status int, answer []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/v1/decisions", strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	return send(client, request)
}

func get(ctx context.Context, client *http.Client, url string) (status int, answer []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, nil, err
	}
	return send(client, request)
}

func send(client *http.Client, request *http.Request) (status int, answer []byte, err error) {
	response, err := client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err = io.ReadAll(response.Body) // a body that was cut off is an error, since its length is stated
	return response.StatusCode, answer, err
}

// decided is what these tests look at in an answer.
type decided struct {
	DecisionID    string `json:"decision_id"`
	ApplicationID string `json:"application_id"`
	Type          string
	Record        struct{ Seq uint64 }
}

func read(t *testing.T, answer []byte) decided {
	t.Helper()
	var d decided
	if err := json.Unmarshal(answer, &d); err != nil {
		t.Fatalf("%v: %s", err, answer)
	}
	return d
}

// sound holds a record to all that it promises: every record verifies, and every replay is identical.
func sound(t *testing.T, at ...string) {
	t.Helper()
	if code, out, told := run(t, append([]string{"journal", "verify"}, at...)...); code != 0 {
		t.Fatalf("verify exits with %d:\n%s%s", code, out, told)
	}
	if code, out, told := run(t, append([]string{"replay", "--all"}, at...)...); code != 0 {
		t.Fatalf("replay exits with %d:\n%s%s", code, out, told)
	}
}
