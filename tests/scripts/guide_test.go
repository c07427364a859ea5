package scripts

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// guided is the section of the author's guide whose commands are run.
const guided = "## From an edit to a live bundle"

// step is one command of the guide, and what it is said to print.
type step struct {
	line    int
	command string
	prints  []string
}

// TestGuide runs the worked change of the author's guide, command by command, and compares what each prints with what the
// guide shows. Digests, sizes and times differ from edition to edition and from machine to machine; the rest does not.
func TestGuide(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "policies", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	steps := worked(string(text))
	if len(steps) < 15 {
		t.Fatalf("%d commands were found in %q", len(steps), guided)
	}
	g := newGuide(t, root)
	for _, s := range steps {
		got := g.run(t, s.command)
		if missing, ok := shown(s.prints, got); !ok {
			t.Fatalf("policies/README.md:%d: $ %s\ndoes not print %q there, but\n%s", s.line, s.command, missing, got)
		}
	}
}

// worked reads the commands of the section.
func worked(text string) []step {
	var steps []step
	inside, console := false, false
	for i, line := range strings.Split(text, "\n") {
		switch {
		case strings.HasPrefix(line, "## "):
			inside = line == guided
		case !inside:
		case strings.HasPrefix(line, "```"):
			console = line == "```console"
		case console && strings.HasPrefix(line, "$ "):
			steps = append(steps, step{line: i + 1, command: line[2:]})
		case console:
			last := &steps[len(steps)-1]
			last.prints = append(last.prints, line)
		}
	}
	return steps
}

// guide is a shell in a folder that looks like the top of the tree.
type guide struct {
	program, folder, address string
	environment              []string
}

func newGuide(t *testing.T, root string) *guide {
	t.Helper()
	bin := t.TempDir()
	// Without the race detector: what is looked at is what is printed, and the tests of a bundle take their time.
	command := exec.CommandContext(t.Context(), "go", "build", "-tags", "nomsgpack", "-o", bin, "./cmd/greenchannel")
	command.Dir = root
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	folder := t.TempDir()
	for _, name := range []string{"policies", "tests/cases"} { // copies: an edit of the guide must not reach the tree
		if err := os.CopyFS(filepath.Join(folder, name), os.DirFS(filepath.Join(root, name))); err != nil {
			t.Fatal(err)
		}
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	return &guide{filepath.Join(bin, "greenchannel"), folder, address, append(os.Environ(),
		"PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "XDG_STATE_HOME="+t.TempDir(),
		"GREENCHANNEL_LISTEN="+address, "GREENCHANNEL_EVAL_TIMEOUT=5m")}
}

// run runs a command and gives what it printed, on both outputs. One that goes on beside the others ends with the test.
func (g *guide) run(t *testing.T, text string) string {
	t.Helper()
	text = strings.ReplaceAll(text, "127.0.0.1:8181", g.address)
	beside := strings.HasSuffix(text, " &")
	text = strings.TrimSuffix(text, " &")
	if beside {
		text = "exec env " + text // a shell that waits would outlive what it waits for
	}
	command := exec.CommandContext(t.Context(), "bash", "-c", text)
	command.Dir, command.Env = g.folder, g.environment
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	if !beside {
		if err := command.Run(); err != nil {
			t.Fatalf("$ %s: %v\n%s", text, err, out.Bytes())
		}
		return strings.ReplaceAll(out.String(), g.address, "127.0.0.1:8181")
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		_ = command.Wait()
	})
	g.ready(t)
	return ""
}

func (g *guide) ready(t *testing.T) {
	t.Helper()
	for patience := time.Now().Add(time.Minute); time.Now().Before(patience); time.Sleep(50 * time.Millisecond) {
		request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+g.address+"/readyz", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if answer, err := http.DefaultClient.Do(request); err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return
			}
		}
	}
	t.Fatal("the service did not get ready")
}

// shown says whether the lines stand in what was printed, in their order and next to one another, but for those that an
// ellipsis stands for; if not, it gives the first that does not.
func shown(lines []string, printed string) (missing string, ok bool) {
	got := strings.Split(steady(strings.TrimRight(printed, "\n")), "\n")
	skipping := false
	for _, line := range lines {
		if line == "…" {
			skipping = true
			continue
		}
		line = steady(line)
		for skipping && len(got) > 0 && got[0] != line {
			got = got[1:]
		}
		if len(got) == 0 || got[0] != line {
			return line, false
		}
		got, skipping = got[1:], false
	}
	if rest := strings.Join(got, "\n"); !skipping && rest != "" {
		return "nothing more", false
	}
	return "", true
}

// steady puts one word in place of what differs without meaning anything.
func steady(text string) string {
	text = regexp.MustCompile(`\b[0-9a-f]{12}([0-9a-f]{52})?\b`).ReplaceAllString(text, "DIGEST")
	text = regexp.MustCompile(`\b[0-9]+ bytes\b`).ReplaceAllString(text, "N bytes")
	text = regexp.MustCompile(`[0-9.]+ % of lines`).ReplaceAllString(text, "N % of lines")
	return regexp.MustCompile(`\b[0-9.]+ s\b`).ReplaceAllString(text, "N s")
}

func TestShown(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		lines   []string
		printed string
		want    bool
	}{
		{nil, "", true},
		{nil, "something\n", false},
		{[]string{"a", "b"}, "a\nb\n", true},
		{[]string{"a", "b"}, "a\nx\nb\n", false},
		{[]string{"a", "…", "b"}, "a\nx\nb\n", true},
		{[]string{"a", "…"}, "a\nx\nb\n", true},
		{[]string{"…", "c"}, "a\nb\n", false},
		{[]string{"revision 0123456789ab, 7 bytes"}, "revision ba9876543210, 12 bytes\n", true},
	} {
		if _, ok := shown(tc.lines, tc.printed); ok != tc.want {
			t.Errorf("%q in %q: %t", tc.lines, tc.printed, ok)
		}
	}
}
