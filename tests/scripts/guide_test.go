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
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// step is one command of a guide, and what it is said to print.
type step struct {
	section string
	line    int
	command string
	prints  []string
}

// TestGuide runs every command that the guides show with what it prints, section by section, each in a folder of its own, and
// compares. Digests, sizes and times differ from edition to edition and from machine to machine; the rest does not.
func TestGuide(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	program := plainProgram(t, root)
	for file, least := range map[string]int{"policies/README.md": 25, "README.md": 0} {
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		steps, unknown := worked(string(text))
		for _, line := range unknown {
			t.Errorf("%s:%d: the block is none of sh, shell, console, rego, yaml: nobody would notice when what it shows is so no more", file, line)
		}
		if len(steps) < least {
			t.Fatalf("%d commands with what they print were found in %s", len(steps), file)
		}
		for first := 0; first < len(steps); {
			section := steps[first].section
			after := first + 1
			for after < len(steps) && steps[after].section == section {
				after++
			}
			t.Run(section, func(t *testing.T) { newGuide(t, root, program).work(t, file, steps[first:after]) })
			first = after
		}
	}
}

// worked reads the commands of the console blocks, and the lines on which blocks begin that show nobody knows what.
func worked(text string) (steps []step, unknown []int) {
	section, block := "", ""
	for i, line := range strings.Split(text, "\n") {
		opens, fenced := strings.CutPrefix(line, "```")
		switch {
		case fenced && block != "":
			block = ""
		case fenced:
			block = opens + "`" // a block without a word is one as well
			if !slices.Contains([]string{"sh", "shell", "console", "rego", "yaml"}, opens) {
				unknown = append(unknown, i+1)
			}
		case block == "" && strings.HasPrefix(line, "## "):
			section = line[3:]
		case block == "console`" && strings.HasPrefix(line, "$ "):
			steps = append(steps, step{section: section, line: i + 1, command: line[2:]})
		case block == "console`":
			last := &steps[len(steps)-1]
			last.prints = append(last.prints, line)
		}
	}
	return steps, unknown
}

// plainProgram builds the program without the race detector: what is looked at is what is printed, and the tests of a bundle
// take their time.
func plainProgram(t *testing.T, root string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "greenchannel")
	command := exec.CommandContext(t.Context(), "go", "build", "-tags", "nomsgpack", "-o", program, "./cmd/greenchannel")
	command.Dir = root
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return program
}

// guide is a shell in a folder that looks like the top of the tree.
type guide struct {
	folder, address string
	environment     []string
	beside          *terminal // nil while nothing runs beside
}

func newGuide(t *testing.T, root, program string) *guide {
	t.Helper()
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
	return &guide{folder: folder, address: address, environment: append(os.Environ(),
		"PATH="+filepath.Dir(program)+string(os.PathListSeparator)+os.Getenv("PATH"), "XDG_STATE_HOME="+t.TempDir(),
		"GREENCHANNEL_EVAL_TIMEOUT=5m")}
}

// work runs commands one after the other. What a command is said to print may also come from what runs beside it, as in a
// terminal, and is waited for then.
func (g *guide) work(t *testing.T, file string, steps []step) {
	t.Helper()
	for _, s := range steps {
		own := g.run(t, s.command)
		for patience := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
			got := own
			if g.beside != nil {
				got += g.beside.unread()
			}
			missing, ok := shown(s.prints, got)
			if ok {
				break
			}
			if g.beside == nil || time.Now().After(patience) {
				t.Fatalf("%s:%d: $ %s\ndoes not print %q there, but\n%s", file, s.line, s.command, missing, got)
			}
		}
		if g.beside != nil {
			g.beside.read()
		}
	}
}

// terminal takes what a command prints that goes on beside the others, all but its log.
type terminal struct {
	mu    sync.Mutex
	text  []byte
	taken int
}

func (o *terminal) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text = append(o.text, p...)
	return len(p), nil
}

// unread gives the whole lines that nobody has taken yet.
func (o *terminal) unread() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var lines strings.Builder
	for line := range strings.Lines(string(o.text[o.taken:])) {
		if strings.HasSuffix(line, "\n") && !strings.HasPrefix(line, "time=") {
			lines.WriteString(line)
		}
	}
	return lines.String()
}

// read takes what was printed so far.
func (o *terminal) read() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.taken = bytes.LastIndexByte(o.text, '\n') + 1
}

// run runs a command and gives what it printed, on both outputs. One that goes on beside the others ends with the section.
func (g *guide) run(t *testing.T, text string) string {
	t.Helper()
	text = strings.ReplaceAll(text, "127.0.0.1:8181", g.address)
	beside := strings.HasSuffix(text, " &")
	text = strings.TrimSuffix(text, " &")
	if beside {
		text = "exec env GREENCHANNEL_LISTEN=" + g.address + " " + text // a shell that waits would outlive what it waits for
	}
	command := exec.CommandContext(t.Context(), "bash", "-c", text)
	command.Dir, command.Env = g.folder, g.environment
	if !beside {
		var out bytes.Buffer
		command.Stdout, command.Stderr = &out, &out
		if err := command.Run(); err != nil {
			t.Fatalf("$ %s: %v\n%s", text, err, out.Bytes())
		}
		return strings.ReplaceAll(out.String(), g.address, "127.0.0.1:8181")
	}
	g.beside = &terminal{}
	command.Stdout, command.Stderr = g.beside, g.beside
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
	text = regexp.MustCompile(`(rego_parse_error:).*`).ReplaceAllString(text, "$1 …") // in the words of OPA
	return regexp.MustCompile(`\b[0-9.]+ ?m?s\b`).ReplaceAllString(text, "N s")
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
		{[]string{"in force 612ms after", "7.5 s"}, "in force 1.2s after\n12 s\n", true},
	} {
		if _, ok := shown(tc.lines, tc.printed); ok != tc.want {
			t.Errorf("%q in %q: %t", tc.lines, tc.printed, ok)
		}
	}
}

func TestWorked(t *testing.T) {
	t.Parallel()
	steps, unknown := worked("# G\n\n```sh\n$ no\n```\n\n## One\n\n```console\n$ a b\nsaid\n## no head\n$ c\n```\n\n## Two\n\n```\nlost\n```\n```text\nlost\n```\n```console\n$ d\n```\n")
	want := []step{
		{section: "One", line: 10, command: "a b", prints: []string{"said", "## no head"}},
		{section: "One", line: 13, command: "c"}, {section: "Two", line: 25, command: "d"},
	}
	if !slices.EqualFunc(steps, want, func(a, b step) bool {
		return a.section == b.section && a.line == b.line && a.command == b.command && slices.Equal(a.prints, b.prints)
	}) {
		t.Errorf("%+v, want %+v", steps, want)
	}
	if !slices.Equal(unknown, []int{18, 21}) {
		t.Errorf("blocks that show nobody knows what: %v", unknown)
	}
}
