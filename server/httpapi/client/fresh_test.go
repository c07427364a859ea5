package client_test

import (
	"bytes"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"greenchannel/policies"
	"greenchannel/server/decision"
	"greenchannel/server/httpapi"
	"greenchannel/tests/counts"
)

var update = flag.Bool("update", false, "generate the client anew")

// The client is what the generator makes of the document of today.
func TestTheClientIsFresh(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	document := filepath.Join(folder, "openapi.json")
	if err := os.WriteFile(document, openapi(t), 0o600); err != nil {
		t.Fatal(err)
	}
	made := filepath.Join(folder, "client.gen.go")
	generate := exec.CommandContext(t.Context(), "go", "tool", "-modfile=../../../.ci/oapi-codegen.mod", "oapi-codegen",
		"-config", "oapi-codegen.yaml", "-o", made, document)
	if out, err := generate.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want, err := os.ReadFile(made)
	if err != nil {
		t.Fatal(err)
	}
	const kept = "client.gen.go"
	if got, err := os.ReadFile(kept); err == nil && bytes.Equal(got, want) {
		counts.Hold(t, counts.Counts{Run: 1, Passed: 1})
		return
	}
	if !*update {
		t.Fatal("client.gen.go is not what the document makes; go test ./server/httpapi/client -run Fresh -update generates it anew")
	}
	if err := os.WriteFile(kept, want, 0o600); err != nil {
		t.Fatal(err)
	}
}

// openapi is the document of the embedded policies.
func openapi(t testing.TB) []byte {
	t.Helper()
	var contract decision.Contract
	for file, into := range map[string]*[]byte{
		policies.ApplicationSchema: &contract.Application, policies.DecisionSchema: &contract.Decision, policies.PartySchema: &contract.Party,
	} {
		text, err := fs.ReadFile(policies.FS(), file)
		if err != nil {
			t.Fatal(err)
		}
		*into = text
	}
	described, err := httpapi.Describe(contract)
	if err != nil {
		t.Fatal(err)
	}
	document, err := described.Document()
	if err != nil {
		t.Fatal(err)
	}
	return document
}
