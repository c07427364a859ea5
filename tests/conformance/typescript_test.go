package conformance

import (
	"context"
	"io/fs"
	"log/slog"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"greenchannel/policies"
	"greenchannel/server"
	"greenchannel/tests/counts"
)

// failing are policies that fail when an application of theirs states both a and b.
const failing = `package failing

p := 1 if input.a
p := 2 if input.b
f(x) := x
`

// TestTypeScriptClient runs the official client of OPA, as npm has it, against the service.
func TestTypeScriptClient(t *testing.T) {
	t.Parallel()
	dir := installed(t)
	odd := newOracle(t, nil)
	odd.publish(t, map[string]string{"failing.rego": failing})
	fixture := httptest.NewServer(odd.ours(t))
	t.Cleanup(fixture.Close)
	application, err := filepath.Abs("../cases/applications/magnet_to_germany.json")
	if err != nil {
		t.Fatal(err)
	}
	out := run(t, dir, "node", "client.mjs", "http://"+serving(t), fixture.URL, application)
	got := counts.Counts{}
	for line := range strings.Lines(out) {
		if strings.HasPrefix(line, "ok ") {
			got.Run++
			got.Passed++
		}
	}
	if strings.Contains(out, "failed ") {
		t.Errorf("a check failed:\n%s", out)
	}
	counts.Hold(t, got)
}

// installed is a folder with the client, as the lock file has it.
func installed(t *testing.T) string {
	t.Helper()
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("%s is needed to run the TypeScript client (Debian: nodejs npm): %v", program, err)
		}
	}
	dir := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json", "client.mjs"} {
		text, err := fs.ReadFile(os.DirFS("typescript"), name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run(t, dir, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
	return dir
}

func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, name, args...)
	command.Dir = dir
	out, err := command.CombinedOutput()
	if err != nil {
		t.Errorf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// serving starts the service on our bundle and tells where it listens.
func serving(t *testing.T) string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	listening, stopped := make(chan net.Addr, 1), make(chan error, 1)
	go func() {
		stopped <- server.Run(ctx, server.Config{
			Listen: "127.0.0.1:0", Policies: policies.FS(), Record: server.RecordConfig{Data: t.TempDir()}, EvalTimeout: time.Minute,
			Log:       slog.New(slog.DiscardHandler),
			Listening: func(at net.Addr) { listening <- at },
		})
	}()
	t.Cleanup(func() {
		stop()
		if err := <-stopped; err != nil {
			t.Errorf("the service did not end well: %v", err)
		}
	})
	select {
	case at := <-listening:
		return at.String()
	case err := <-stopped:
		stopped <- err
		t.Fatalf("the service did not start: %v", err)
	}
	return ""
}
