package server

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"greenchannel/policies"
)

// BenchmarkSave is from the save of a rule in a watched folder to the first dry run that is decided by it.
func BenchmarkSave(b *testing.B) {
	folder := filepath.Join(b.TempDir(), "policies")
	if err := os.CopyFS(folder, policies.FS()); err != nil {
		b.Fatal(err)
	}
	terminal := &told{}
	r := start(b, Config{Following: Following{Watch: folder, Terminal: terminal}})
	file := filepath.Join(folder, "rareearth", "controls", "controls.rego")
	sound, err := os.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	number := 0
	for b.Loop() {
		number++
		text := strings.Replace(string(sound), "title: Listed medium", fmt.Sprintf("title: Edition %d. Listed medium", number), 1)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
		for !bytes.Contains(dryRun(b, r), fmt.Appendf(nil, "Edition %d.", number)) {
			if said := terminal.String(); strings.Contains(said, "not in force") {
				b.Fatal(said)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	if err := r.end(); err != nil {
		b.Error(err)
	}
}

func dryRun(b *testing.B, r *running) []byte {
	b.Helper()
	text, err := os.ReadFile("../tests/cases/applications/magnet_to_germany.json")
	if err != nil {
		b.Fatal(err)
	}
	request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, "http://"+r.addr+"/v1/dry-runs", bytes.NewReader(text))
	if err != nil {
		b.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var body bytes.Buffer
	if _, err := body.ReadFrom(response.Body); err != nil {
		b.Fatal(err)
	}
	return body.Bytes()
}
