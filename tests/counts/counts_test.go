package counts

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every row with a number is one that its test holds: nothing in the table is written by hand.
func TestEveryRowIsHeld(t *testing.T) {
	rows, err := read("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) < 15 {
		t.Fatalf("only %d rows were found", len(rows))
	}
	seen := map[string]bool{}
	for _, r := range rows {
		shown := r.folder + " " + r.test
		if seen[shown] || r.test == "" {
			t.Errorf("line %d: %q shows another row as well, or names no test", r.number, r.columns[shownColumn])
		}
		seen[shown] = true
		if r.columns[runColumn] == "fuzzed" {
			continue
		}
		if !held(t, filepath.Join("../..", r.folder), r.test) {
			t.Errorf("line %d: nothing in %s that belongs to %s calls counts.Hold or counts.Check", r.number, r.folder, r.test)
		}
	}
}

// held says whether a test, or what it calls in its package, compares its row, or something does so under its name.
func held(t *testing.T, folder, test string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	calls, reached := map[string][]string{}, map[string]bool{}
	byName := false
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, declared := range parsed.Decls {
			function, ok := declared.(*ast.FuncDecl)
			if !ok {
				continue
			}
			ast.Inspect(function, func(node ast.Node) bool {
				if call, ok := node.(*ast.CallExpr); ok {
					calls[function.Name.Name] = append(calls[function.Name.Name], called(call))
					byName = byName || called(call) == "counts.Check" && len(call.Args) > 0 && literal(call.Args[0]) == test
				}
				return true
			})
		}
	}
	next := []string{test}
	for len(next) > 0 {
		name := next[0]
		next = next[1:]
		if name == "counts.Hold" {
			return true
		}
		if !reached[name] {
			reached[name] = true
			next = append(next, calls[name]...)
		}
	}
	return byName
}

// called is the name of a function or method; counts.Hold with its package.
func called(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		if of, ok := f.X.(*ast.Ident); ok && of.Name == "counts" {
			return "counts." + f.Sel.Name
		}
		return f.Sel.Name
	}
	return ""
}

func literal(e ast.Expr) string {
	if text, ok := e.(*ast.BasicLit); ok {
		return strings.Trim(text.Value, `"`)
	}
	return ""
}

func TestLines(t *testing.T) {
	file := filepath.Join(t.TempDir(), "README.md")
	table := `# Tests

| source | a | b | c | d | e |
| not | of | the | table | at | all |

## Conformance

| source | held against | run | passed | skipped, and why | shown by |
| --- | --- | ---: | ---: | --- | --- |
| one | ours | 7 | 7 | none; needs a thing | ` + "`TestOne` in `server/store`" + ` |
| two | ours | 4,428 | 4,428: 4,400 equal, 28 on purpose (20 a, 8 b); more | 12: 10 write, 2 are odd | ` + "`TestTwo`" + ` |

### Bad input

| not | of | the | table | at | all |
`
	if err := os.WriteFile(file, []byte(table), 0o600); err != nil {
		t.Fatal(err)
	}
	rows, err := read(file)
	if err != nil || len(rows) != 2 || rows[0].test != "TestOne" || rows[0].folder != "server/store" || rows[1].test != "TestTwo" || rows[1].folder != "tests/conformance" {
		t.Fatalf("%+v, %v", rows, err)
	}
	if rows[0].number != 10 {
		t.Errorf("line %d", rows[0].number)
	}
	same := []Counts{
		{Run: 7, Passed: 7},
		{Run: 4428, Passed: 4428, OnPurpose: map[string]int{"a": 20, "b": 8, "c": 0}, Skipped: map[string]int{"write": 10, "are odd": 2}},
	}
	for i, r := range rows {
		if got := r.with(same[i]); got != r.line {
			t.Errorf("counted the same:\n%s\n%s", got, r.line)
		}
	}
	for _, other := range []Counts{
		{Run: 8, Passed: 8},
		{Run: 7, Passed: 6},
		{Run: 7, Passed: 7, OnPurpose: map[string]int{"a": 1}},
		{Run: 7, Passed: 7, Skipped: map[string]int{"write": 1}},
	} {
		if got := rows[0].with(other); got == rows[0].line || !strings.HasPrefix(got, "| one | ours | ") || !strings.Contains(got, "; needs a thing | `TestOne`") {
			t.Errorf("%+v: %s", other, got)
		}
	}
	if got, want := rows[0].with(Counts{Run: 1234567, Passed: 999, Skipped: map[string]int{"refused": 11}}), "| one | ours | 1,234,567 | 999 | 11 refused; needs a thing | `TestOne` in `server/store` |"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if err := Check("TestOfNoRow", Counts{}); err == nil || !strings.Contains(err.Error(), "`TestOfNoRow` in `tests/counts`") {
		t.Errorf("a test without a row: %v", err)
	}
}
