package scripts

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// capture puts what the first group of a pattern finds in standard output into a variable: capture NAME PATTERN.
func capture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: capture NAME PATTERN")
	}
	pattern, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	found := pattern.FindStringSubmatch(ts.ReadFile("stdout"))
	if len(found) < 2 {
		ts.Fatalf("standard output has no match with a group for %s", args[1])
	}
	ts.Setenv(args[0], found[1])
}

// flip changes one bit in a file, in the first byte of a text that must stand there once: flip FILE TEXT.
func flip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: flip FILE TEXT")
	}
	file := ts.MkAbs(args[0])
	content, err := os.ReadFile(file)
	ts.Check(err)
	if times := bytes.Count(content, []byte(args[1])); times != 1 {
		ts.Fatalf("%s stands %d times in %s, want once", args[1], times, args[0])
	}
	content[bytes.Index(content, []byte(args[1]))] ^= 1
	ts.Check(os.WriteFile(file, content, 0o600))
}

// jsonLines asks for a file of so many lines that are one JSON object each: jsonlines NUMBER FILE.
func jsonLines(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: jsonlines NUMBER FILE")
	}
	content := ts.ReadFile(args[1])
	if content != "" && content[len(content)-1] != '\n' {
		ts.Fatalf("%s does not end with a line", args[1])
	}
	lines := bytes.Split(bytes.TrimSuffix([]byte(content), []byte("\n")), []byte("\n"))
	for i, line := range lines {
		var object map[string]any
		if err := json.Unmarshal(line, &object); err != nil {
			ts.Fatalf("%s:%d: %v", args[1], i+1, err)
		}
	}
	if fmt.Sprint(len(lines)) != args[0] {
		ts.Fatalf("%s has %d lines, want %s", args[1], len(lines), args[0])
	}
}

// replace puts another text in the place of one that must stand in a file once: replace OLD NEW FILE.
func replace(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: replace OLD NEW FILE")
	}
	content := ts.ReadFile(args[2])
	if times := strings.Count(content, args[0]); times != 1 {
		ts.Fatalf("%q stands %d times in %s, want once", args[0], times, args[2])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(strings.Replace(content, args[0], args[1], 1)), 0o600))
}

// awaitBody sends a file again and again until the answer has a text: awaitbody URL FILE TEXT.
func awaitBody(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: awaitbody URL FILE TEXT")
	}
	body := []byte(ts.ReadFile(args[1]))
	awaiting(ts, func() (string, bool) {
		_, answer, err := send(http.MethodPost, args[0], ts.Getenv("AUTHORIZATION"), body)
		return string(answer), err == nil && strings.Contains(string(answer), args[2])
	})
}

// awaitText waits until a file has a match for a pattern: awaittext FILE PATTERN.
func awaitText(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: awaittext FILE PATTERN")
	}
	pattern, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	awaiting(ts, func() (string, bool) {
		content, err := os.ReadFile(ts.MkAbs(args[0]))
		return string(content), err == nil && pattern.Match(content)
	})
}

// awaiting waits until something is so, for a generous while.
func awaiting(ts *testscript.TestScript, so func() (shown string, ok bool)) {
	const patience = time.Minute
	shown := ""
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		var ok bool
		if shown, ok = so(); ok {
			return
		}
	}
	ts.Fatalf("it never is as it was waited for; at last: %s", shown)
}
