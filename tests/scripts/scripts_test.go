// Package scripts runs the command line of greenchannel as people do: each .txtar here is a script of commands, with what
// they have to print and how they have to end. The binary is the real one, built once; a script sees nothing else of the
// program. What a decision says is not judged here (tests/cases does that).
package scripts

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestScripts(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	bin := build(t, root)
	testscript.Run(t, testscript.Params{
		Dir:                 ".",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", bin+string(os.PathListSeparator)+env.Getenv("PATH"))
			env.Setenv("XDG_STATE_HOME", filepath.Join(env.WorkDir, "state")) // each script has a record of its own
			env.Setenv("APPLICATIONS", filepath.Join(root, "tests", "cases", "applications"))
			env.Setenv("GREENCHANNEL_EVAL_TIMEOUT", "5m") // the machine may be busy; deadlines have scripts of their own
			env.Setenv("POLICIES", filepath.Join(root, "policies"))
			env.Setenv("ROOT", root)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"freeport": freePort,
			"await":    await,
			"http":     request,
			"code":     code,
			"gb18030":  gb18030,
			"returns":  returns,
			"workbook": workbook,
			"cells":    cells,
			"fits":     fits,

			"capture":   capture,
			"flip":      flip,
			"jsonlines": jsonLines,
			"replace":   replace,
			"awaitbody": awaitBody,
			"awaittext": awaitText,
		},
	})
}

// build builds the program as this test itself was built: with the race detector, if the test has it.
func build(t *testing.T, root string) string {
	t.Helper()
	bin := t.TempDir()
	args := []string{"build", "-tags", "nomsgpack", "-o", bin}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, setting := range info.Settings {
			if setting.Key == "-race" && setting.Value == "true" {
				args = append(args, "-race")
			}
		}
	}
	command := exec.CommandContext(t.Context(), "go", append(args, "./cmd/greenchannel")...)
	command.Dir = root
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return bin
}

// freePort puts an address of the loopback that nobody listens on into a variable, and its port into NAME_PORT: freeport NAME.
func freePort(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: freeport NAME")
	}
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	ts.Check(err)
	_, port, err := net.SplitHostPort(listener.Addr().String())
	ts.Check(err)
	ts.Setenv(args[0], listener.Addr().String())
	ts.Setenv(args[0]+"_PORT", port)
	ts.Check(listener.Close())
}

// code runs a program and asks for its exit code: code NUMBER PROGRAM ARGS...
func code(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code NUMBER PROGRAM [ARGS...]")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	if err != nil {
		ended, ok := err.(*exec.ExitError)
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = ended.ExitCode()
	}
	if fmt.Sprint(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

// await waits until an URL answers 200: await URL.
func await(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: await URL")
	}
	const patience = time.Minute
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if status, _, err := send(http.MethodGet, args[0], "", nil); err == nil && status == http.StatusOK {
			return
		}
	}
	ts.Fatalf("%s does not answer", args[0])
}

// request sends a request and checks the status; the body of the answer becomes standard output: http STATUS METHOD URL [FILE].
// What the variable AUTHORIZATION says goes into that header.
func request(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || len(args) > 4 {
		ts.Fatalf("usage: http STATUS METHOD URL [FILE]")
	}
	var body []byte
	if len(args) == 4 {
		body = []byte(ts.ReadFile(args[3]))
	}
	status, answer, err := send(args[1], args[2], ts.Getenv("AUTHORIZATION"), body)
	ts.Check(err)
	_, err = ts.Stdout().Write(answer)
	ts.Check(err)
	if fmt.Sprint(status) != args[0] {
		ts.Fatalf("status %d, want %s: %s", status, args[0], answer)
	}
}

func send(method, url, authorization string, body []byte) (status int, answer []byte, err error) {
	return sendAs("application/json", method, url, authorization, body)
}

func sendAs(mediaType, method, url, authorization string, body []byte) (status int, answer []byte, err error) {
	request, err := http.NewRequestWithContext(context.Background(), method, url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Content-Type", mediaType)
	if authorization != "" {
		request.Header.Set("Authorization", authorization)
	}
	request.Close = true
	if len(body) > 1<<20 { // an answer may come before all of it is sent
		request.Header.Set("Expect", "100-continue")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err = io.ReadAll(response.Body)
	return response.StatusCode, answer, err
}

// Each script says in its first lines what it shows.
func TestScriptsSayWhatTheyShow(t *testing.T) {
	t.Parallel()
	scripts, err := filepath.Glob("*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, script := range scripts {
		text, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(text), "# ") {
			t.Errorf("%s does not begin with a comment that says what it shows", script)
		}
	}
}
