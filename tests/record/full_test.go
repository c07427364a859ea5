package record

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// smallDisk is a file system of its own with few megabytes.
func smallDisk(t *testing.T, megabytes int) string {
	t.Helper()
	folder := t.TempDir()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, fmt.Sprintf("size=%dm", megabytes)); err != nil {
		t.Fatalf("a small file system cannot be mounted; this test has to run as root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(folder, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return folder
}

// On a full disk nothing is decided and nothing is lost, what was decided can still be read, and when there is room again
// the service goes on by itself.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	folder := smallDisk(t, 16)
	s := start(t, "--data", folder)
	client := &http.Client{}
	told := &acknowledged{answers: map[string][]byte{}, unknown: map[string]string{}}
	decide := func(key string) (int, []byte) {
		status, answer, err := post(t.Context(), client, s.url, application(t, key), key)
		if err != nil {
			t.Fatal(err)
		}
		return status, answer
	}
	for n := range 5 {
		key := fmt.Sprint("room-", n)
		status, answer := decide(key)
		if status != http.StatusCreated {
			t.Fatalf("status %d: %s", status, answer)
		}
		told.answers[key] = answer
	}
	ballast := filepath.Join(folder, "ballast")
	fill(t, ballast)
	refused := 0
	for n := range 200 { // SQLite may have some room of its own left
		key := fmt.Sprint("full-", n)
		status, answer := decide(key)
		if status == http.StatusCreated {
			told.answers[key] = answer
			continue
		}
		if status != http.StatusServiceUnavailable || read(t, answer).Type != "/problems/unrecorded" {
			t.Errorf("status %d: %s", status, answer)
		}
		told.unknown[key] = application(t, key)
		if refused++; refused == 5 {
			break
		}
	}
	if refused == 0 {
		t.Fatal("the disk is full and decisions are given")
	}
	if status, _, err := get(t.Context(), client, s.url+"/livez"); err != nil || status != http.StatusOK {
		t.Errorf("livez: %d, %v", status, err)
	}
	for key, answer := range told.answers {
		status, again, err := get(t.Context(), client, s.url+"/v1/decisions/"+read(t, answer).DecisionID)
		if err != nil || status != http.StatusOK || !bytes.Equal(again, answer) {
			t.Errorf("%s cannot be read while the disk is full: status %d, %v", key, status, err)
		}
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	told.check(t, s) // also sends again what was refused
	if err := s.end(t, syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	sound(t, "--data", folder)
}

// fill takes what room there is.
func fill(t *testing.T, name string) {
	t.Helper()
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for size := 1 << 20; size > 0; {
		if _, err := file.Write(make([]byte, size)); err != nil {
			size /= 4
		}
	}
}

// One data folder has one service: the second is told who has it.
func TestTwoServicesOnOneFolder(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	start(t, "--data", folder)
	code, _, told := run(t, "serve", "--listen", "127.0.0.1:0", "--data", folder)
	if code != 2 || !bytes.Contains([]byte(told), []byte("another process has it open")) {
		t.Errorf("exit code %d: %s", code, told)
	}
}
