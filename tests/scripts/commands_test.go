package scripts

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"

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
