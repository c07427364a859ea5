package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// heard is a writer that can be asked while somebody writes.
type heard struct {
	mutex sync.Mutex
	text  strings.Builder
}

func (h *heard) Write(text []byte) (int, error) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	return h.text.Write(text)
}

// wait gives up only when a test would hang.
func (h *heard) wait(t *testing.T, part string) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		h.mutex.Lock()
		said := strings.Contains(h.text.String(), part)
		h.mutex.Unlock()
		if said {
			return
		}
	}
	t.Fatalf("never says %q:\n%s", part, h.text.String())
}

func TestWatchRunsAgainOnSave(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a.rego", "package a\n\np := 1\n")
	write("a_test.rego", "package a_test\n\ntest_p if data.a.p == 1\n")
	ctx, stop := context.WithCancel(t.Context())
	var out heard
	root := newRoot()
	root.SetArgs([]string{"test", "--watch", dir})
	root.SetOut(&out)
	root.SetErr(&out)
	ended := make(chan error, 1)
	go func() { ended <- root.ExecuteContext(ctx) }()
	out.wait(t, "1 passed, 0 failed")
	out.wait(t, "waiting for a file to be saved")
	write("a.rego", "package a\n\np := 2\n")
	out.wait(t, "0 passed, 1 failed")
	write("a.rego", "package a\n\np :=\n") // a mistake ends nothing
	out.wait(t, "a.rego:")
	if err := os.Mkdir(filepath.Join(dir, "below"), 0o700); err != nil {
		t.Fatal(err)
	}
	write("a.rego", "package a\n\np := 1\n")
	write("below/b_test.rego", "package b_test\n\ntest_q if true\n\ntest_r if true\n")
	out.wait(t, "3 passed, 0 failed")
	stop()
	if err := <-ended; err != nil {
		t.Errorf("an interrupt is no error: %v", err)
	}
}
