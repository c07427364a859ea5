package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	passing = `{"Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"chatter\n"}
{"Action":"attr","Package":"p","Test":"TestA","Key":"decisions","Value":"120"}
{"Action":"pass","Package":"p","Test":"TestA","Elapsed":0.1}
{"Action":"pass","Package":"p","Test":"TestA/one","Elapsed":0.1}
{"Action":"pass","Package":"p","Elapsed":1.25}
{"Action":"skip","Package":"empty","Elapsed":0}
`
	failing = `{"Action":"output","Package":"p","Test":"TestB","Output":"=== RUN   TestB\n"}
{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:3: got 1, want 2\n"}
{"Action":"fail","Package":"p","Test":"TestB"}
{"Action":"fail","Package":"p","Elapsed":0.5}
`
	skipping = `{"Action":"output","Package":"p","Test":"TestC","Output":"    c_test.go:3: no browser\n"}
{"Action":"skip","Package":"p","Test":"TestC"}
{"Action":"pass","Package":"p","Elapsed":0.5}
`
	broken = `{"ImportPath":"p [p.test]","Action":"build-output","Output":"p/a.go:3:1: syntax error\n"}
{"ImportPath":"p [p.test]","Action":"build-fail"}
{"Action":"fail","Package":"p","Elapsed":0,"FailedBuild":"p [p.test]"}
`
	panicking = `{"Action":"run","Package":"p","Test":"TestD"}
{"Action":"output","Package":"p","Test":"TestD","Output":"panic: out of cheese\n"}
{"Action":"output","Package":"p","Output":"exit status 2\n"}
{"Action":"fail","Package":"p","Elapsed":0.5}
`
	regoResults = `[
  {"location": {"file": "a_test.rego", "row": 7}, "package": "data.a_test", "name": "test_a", "duration": 1},
  {"location": {"file": "a_test.rego", "row": 9}, "package": "data.a_test", "name": "test_b", "fail": true},
  {"location": {"file": "a_test.rego", "row": 11}, "package": "data.a_test", "name": "todo_test_c", "skip": true},
  {"location": {"file": "a_test.rego", "row": 13}, "package": "data.a_test", "name": "test_d", "error": {"message": "div by zero"}},
  {"location": {"file": "a_test.rego", "row": 15}, "package": "data.a_test", "name": "test_e", "fail": true,
   "sub_results": {"one": {"name": "one"}, "two": {"name": "two", "fail": true}}}
]`
	holes = `{"files": {
  "a.rego": {"covered_lines": 3, "not_covered": [{"start": {"row": 4}, "end": {"row": 6}}, {"start": {"row": 9}, "end": {"row": 9}}]},
  "a_test.rego": {"not_covered": [{"start": {"row": 1}, "end": {"row": 1}}]},
  "b.rego": {"covered_lines": 5}
}}`
)

func TestReport(t *testing.T) {
	for _, tc := range []struct {
		name  string
		args  []string
		in    string
		skips string
		code  int
		tally string
		says  []string // each stands in what is printed
		hides []string // none of these does
	}{
		{
			name: "passing", args: []string{"go"}, in: passing, tally: "2 0 0\n",
			says:  []string{"ok   p  2 passed, 0 failed, 0 skipped, 1.2 s", "TestA: decisions: 120", "none empty"},
			hides: []string{"chatter"},
		},
		{
			name: "failing", args: []string{"go"}, in: passing + failing, code: 1, tally: "2 1 0\n",
			says: []string{"FAIL p TestB", "b_test.go:3: got 1, want 2", "FAIL p  "}, hides: []string{"=== RUN"},
		},
		{
			name: "skipped without a reason", args: []string{"go"}, in: passing + skipping, code: 1, tally: "2 1 0\n",
			says: []string{"FAIL p TestC", "no reason for that is on file", "no browser"},
		},
		{
			name: "skipped with a reason", args: []string{"go"}, in: passing + skipping, tally: "2 0 1\n",
			skips: "- {package: p, test: TestC, reason: no browser here}\n", says: []string{"skipped with reason: TestC"},
		},
		{
			name: "excused and not skipped", args: []string{"go"}, in: passing, code: 1, tally: "2 1 0\n",
			skips: "- {package: p, test: TestA, reason: flaky}\n", says: []string{"p TestA", "take the excuse off"},
		},
		{
			name: "excused without a reason", args: []string{"go"}, in: passing, code: 2,
			skips: "- {package: p, test: TestA}\n", says: []string{"entry 1: package, test and reason are all needed"},
		},
		{
			name: "excused by a misspelt field", args: []string{"go"}, in: passing, code: 2,
			skips: "- {package: p, tset: TestA, reason: x}\n", says: []string{"field tset not found"},
		},
		{
			name: "does not build", args: []string{"go"}, in: passing + broken, code: 1, tally: "2 1 0\n",
			says: []string{"p/a.go:3:1: syntax error", "FAIL p  "},
		},
		{
			name: "panics", args: []string{"go"}, in: passing + panicking, code: 1, tally: "2 1 0\n",
			says: []string{"panic: out of cheese", "exit status 2"},
		},
		{
			name: "plain words of the go command", args: []string{"go"}, in: "go: no such tool\n" + passing, tally: "2 0 0\n",
			says: []string{"go: no such tool"},
		},
		{name: "no test at all", args: []string{"go"}, in: "", code: 1, tally: "0 0 0\n", says: []string{"nothing ran"}},
		{
			name: "rego", args: []string{"rego"}, in: regoResults, code: 1, tally: "2 4 0\n",
			says: []string{
				"a_test.rego:9: does not hold", "a_test.rego:11: is still to be written", "div by zero", "case two does not hold",
			},
			hides: []string{"test_a\n"},
		},
		{name: "rego, none", args: []string{"rego"}, in: "[]", code: 1, tally: "0 0 0\n", says: []string{"nothing ran"}},
		{
			name: "rego that does not compile", args: []string{"rego"}, in: "1 error occurred: a.rego:1", code: 2,
			says: []string{"1 error occurred: a.rego:1"},
		},
		{
			name: "coverage with holes", args: []string{"coverage"}, in: holes, code: 1, tally: "1 1 0\n",
			says:  []string{"FAIL a.rego:4: no test evaluates this line (up to 6)", "FAIL a.rego:9: ", "8 lines covered"},
			hides: []string{"a_test.rego"},
		},
		{name: "coverage of nothing", args: []string{"coverage"}, in: "{}", code: 1, tally: "0 0 0\n", says: []string{"nothing ran"}},
		{name: "no command", in: passing, code: 2, says: []string{"usage"}},
		{name: "unknown command", args: []string{"ruby"}, in: passing, code: 2, says: []string{"usage"}},
		{name: "unknown flag", args: []string{"go", "-quiet"}, in: passing, code: 2, says: []string{"usage"}},
		{name: "an argument too many", args: []string{"go", "more"}, in: passing, code: 2, says: []string{"usage"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			args := tc.args
			if len(args) == 1 {
				args = append(args, "-tally", filepath.Join(dir, "tally"))
			}
			if tc.skips != "" {
				file := filepath.Join(dir, "skips.yaml")
				if err := os.WriteFile(file, []byte(tc.skips), 0o600); err != nil {
					t.Fatal(err)
				}
				args = append(args, "-skips", file)
			}
			var out bytes.Buffer
			if code := run(args, strings.NewReader(tc.in), &out, &out); code != tc.code {
				t.Errorf("exit code %d, want %d", code, tc.code)
			}
			for _, part := range tc.says {
				if !strings.Contains(out.String(), part) {
					t.Errorf("does not say %q", part)
				}
			}
			for _, part := range tc.hides {
				if strings.Contains(out.String(), part) {
					t.Errorf("says %q", part)
				}
			}
			tally, err := os.ReadFile(filepath.Join(dir, "tally"))
			if err != nil && (!os.IsNotExist(err) || tc.tally != "") {
				t.Error(err)
			}
			if diff := cmp.Diff(tc.tally, string(tally)); diff != "" {
				t.Errorf("tally (-want +got):\n%s", diff)
			}
			if t.Failed() {
				t.Logf("printed:\n%s", out.String())
			}
		})
	}
}
