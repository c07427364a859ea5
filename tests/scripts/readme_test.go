package scripts

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadmeWaitsForTheService runs a README whose service outlives the command that started it. It is told to stop at the end,
// and has its folder until it has stopped.
func TestReadmeWaitsForTheService(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	g := newGuide(t, root, plainProgram(t, root))
	const readme = "```sh\nbash -c 'greenchannel serve & wait'\n" +
		"curl --silent --data @application.json --header 'Content-Type: application/json' http://127.0.0.1:8181/v1/decisions\n```\n"
	if err := os.WriteFile(filepath.Join(g.folder, "README.md"), []byte(readme), 0o600); err != nil {
		t.Fatal(err)
	}
	g.run(t, "git init --quiet && git add --all")
	command := exec.CommandContext(t.Context(), filepath.Join(root, "tests", "readme.sh"), g.folder, "README.md")
	command.Env = g.environment
	out, err := command.CombinedOutput() // until the service has closed its output as well
	if err != nil || !strings.Contains(string(out), "2 commands\n") {
		t.Fatalf("%v:\n%s", err, out)
	}
	if told := string(out); strings.Contains(told, "level=WARN") || strings.Contains(told, "level=ERROR") || !strings.Contains(told, "msg=stopped") {
		t.Errorf("the service says at its end\n%s", out)
	}
}
