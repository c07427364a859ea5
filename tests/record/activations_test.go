package record

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// another makes a bundle that decides as the program's own does, with one test: all of them take long to run.
func another(t *testing.T) (archive string) {
	t.Helper()
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS(filepath.Join("..", "..", "policies"))); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, "_test.rego") {
			return err
		}
		return os.Remove(name)
	})
	if err != nil {
		t.Fatal(err)
	}
	test := filepath.Join(folder, "rareearth", "clock", "clock_test.rego")
	if err := os.WriteFile(test, []byte("package rareearth.clock_test\n\ntest_something if true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	archive = filepath.Join(t.TempDir(), "another.tar.gz")
	if code, _, told := run(t, "bundle", "build", folder, "--output", archive); code != 0 {
		t.Fatalf("build exits with %d: %s", code, told)
	}
	return archive
}

// activate puts an archive, or a kept bundle, into force on one service, and gives its digest.
func activate(t *testing.T, s *service, bundle string) (digest string) {
	t.Helper()
	code, out, told := run(t, "bundle", "activate", bundle, "--server", s.url, "--format", "json")
	if code != 0 {
		t.Fatalf("activate exits with %d: %s", code, told)
	}
	var active struct{ Digest string }
	if err := json.Unmarshal([]byte(out), &active); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return active.Digest
}

// awaitReadiness waits until what a service says of its readiness holds a word.
func awaitReadiness(t *testing.T, s *service, word string) (status int) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for enough := time.After(5 * time.Minute); ; {
		status, answer, err := get(t.Context(), client, s.url+"/readyz")
		if err == nil && strings.Contains(string(answer), word) {
			return status
		}
		select {
		case <-enough:
			t.Fatalf("it never says %q, but %d %s, %v\n%s", word, status, answer, err, s.said())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// What is activated on one node of a database is in force on the others, and so is the way back, from wherever it is taken. A node
// whose keys do not allow it says that it is not ready, until it can decide again as the others do.
func TestActivationsReachEveryNode(t *testing.T) {
	t.Parallel()
	url := database(t)
	one := start(t, "--data", t.TempDir(), "--journal", url)
	at := []string{"--data", t.TempDir(), "--journal", url}
	other := start(t, at...)
	strict := start(t, "--data", t.TempDir(), "--journal", url, "--config", strangersKey(t))
	first := embedded(t)

	second := activate(t, one, another(t))
	for _, s := range []*service{one, other} {
		if status := awaitReadiness(t, s, second); status != http.StatusOK {
			t.Errorf("status %d", status)
		}
	}
	if status := awaitReadiness(t, strict, "Another node has put the bundle "+second+" into force and this one cannot; it still decides by "+first); status != http.StatusServiceUnavailable {
		t.Errorf("a node that cannot follow answers %d", status)
	}
	decides(t, other, second)
	if back := activate(t, other, first); back != first {
		t.Errorf("%s is in force, want %s", back, first)
	}
	for _, s := range []*service{one, other, strict} {
		awaitReadiness(t, s, `"status":"ready"`)
		awaitReadiness(t, s, first)
		decides(t, s, first)
	}
	activate(t, one, second)
	awaitReadiness(t, other, second)
	for _, s := range []*service{one, other, strict} {
		if err := s.end(t, syscall.SIGTERM); err != nil {
			t.Error(err)
		}
	}
	code, out, told := run(t, append([]string{"journal", "bundles", "--format", "json"}, at...)...)
	for _, times := range []string{`"activations": 1`, `"activations": 2`} { // as often as somebody asked for it
		if code != 0 || strings.Count(out, times) != 1 {
			t.Errorf("not one bundle has %s (exit %d): %s%s", times, code, out, told)
		}
	}
	again := start(t, at...)
	awaitReadiness(t, again, second)
	if err := again.end(t, syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	sound(t, at...)
}

// strangersKey is the configuration of a node that takes nothing but what a stranger has signed.
func strangersKey(t *testing.T) (file string) {
	t.Helper()
	folder := t.TempDir()
	public := filepath.Join(folder, "stranger.pub.pem")
	if code, _, told := run(t, "bundle", "keygen", "--private", filepath.Join(folder, "stranger.pem"), "--public", public); code != 0 {
		t.Fatalf("keygen exits with %d: %s", code, told)
	}
	key, err := os.ReadFile(public)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(map[string]any{"keys": map[string]any{"stranger": map[string]any{"algorithm": "ES256", "key": string(key)}}})
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(folder, "strict.yaml") // JSON is YAML
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// embedded is the digest of the bundle that the program carries.
func embedded(t *testing.T) string {
	t.Helper()
	code, out, told := run(t, "bundle", "inspect", "--format", "json")
	var inspected struct{ Digest string }
	if err := json.Unmarshal([]byte(out), &inspected); err != nil || code != 0 {
		t.Fatalf("inspect exits with %d, %v: %s", code, err, told)
	}
	return inspected.Digest
}

// decides has a service decide an application, and looks by which bundle.
func decides(t *testing.T, s *service, digest string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	status, answer, err := post(t.Context(), client, s.url, application(t, "NODE"), "")
	if err != nil || status != http.StatusCreated || !strings.Contains(string(answer), `"digest":"`+digest+`"`) {
		t.Errorf("not decided by %s: %d %v %s", digest, status, err, answer)
	}
}
