// Package counts holds the table of conformance sources in tests/README.md to what the tests counted: each test knows its own
// row by its name, and fails with the line that belongs there when the row says otherwise. It judges nothing that was
// tested.
package counts

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Counts are what came of one source. Whatever was neither passed nor skipped has failed, and its test has said so.
type Counts struct {
	Run, Passed int
	// OnPurpose are those of the passed that differ on purpose, by what is different.
	OnPurpose map[string]int
	// Skipped are those that were not run or not passed, by the reason.
	Skipped map[string]int
}

// Hold compares the row of a test with what it counted. A test that has failed, or was run in part, has counted less.
func Hold(t testing.TB, got Counts) {
	t.Helper()
	name, _, _ := strings.Cut(t.Name(), "/")
	if t.Failed() || strings.Contains(set("test.run")+set("test.skip"), "/") {
		return
	}
	if err := Check(name, got); err != nil {
		t.Error(err)
	}
}

// Check does so for what is counted over many tests, under the name of the one that shows it. The row has to be of the
// package of the working directory, which is that of the test.
func Check(test string, got Counts) error {
	root, place, err := here()
	if err != nil {
		return err
	}
	table, err := read(filepath.Join(root, "tests", "README.md"))
	if err != nil {
		return err
	}
	at := slices.IndexFunc(table, func(r row) bool { return r.test == test && r.folder == place })
	if at < 0 {
		return fmt.Errorf("no row of the table under Conformance in tests/README.md is shown by `%s` in `%s`", test, place)
	}
	if want := table[at].with(got); want != table[at].line {
		return fmt.Errorf("tests/README.md:%d does not say what was counted; the line has to be\n%s", table[at].number, want)
	}
	return nil
}

// Whole says whether all tests of the package are run, so that what is counted over all of them can be compared.
func Whole() bool {
	for _, narrowing := range []string{"test.run", "test.skip", "test.fuzz", "test.list"} {
		if set(narrowing) != "" {
			return false
		}
	}
	return true
}

func set(name string) string {
	if known := flag.Lookup(name); known != nil {
		return known.Value.String()
	}
	return ""
}

// here gives the root of the module and the folder of the package that is tested, below the root.
func here() (root, folder string, err error) {
	at, err := os.Getwd()
	if err != nil {
		return "", "", err
	}
	for root = at; ; root = filepath.Dir(root) {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			folder, err = filepath.Rel(root, at)
			return root, filepath.ToSlash(folder), err
		}
		if root == filepath.Dir(root) {
			return "", "", errors.New("no go.mod above " + at)
		}
	}
}

// cells writes what was counted as the table has it.
func (c Counts) cells() (run, passed, skipped string) {
	passed, skipped = number(c.Passed), "none"
	if apart := shares(c.OnPurpose); len(apart) > 0 {
		n := sum(c.OnPurpose)
		passed += fmt.Sprintf(": %s equal, %s on purpose (%s)", number(c.Passed-n), number(n), strings.Join(apart, ", "))
	}
	switch apart := shares(c.Skipped); {
	case len(apart) == 1:
		skipped = apart[0]
	case len(apart) > 1:
		skipped = number(sum(c.Skipped)) + ": " + strings.Join(apart, ", ")
	}
	return number(c.Run), passed, skipped
}

func sum(parts map[string]int) int {
	all := 0
	for _, n := range parts {
		all += n
	}
	return all
}

// shares are parts in words, the largest first.
func shares(parts map[string]int) []string {
	var all []string
	for what, n := range parts {
		if n > 0 {
			all = append(all, number(n)+" "+what)
		}
	}
	slices.SortFunc(all, func(a, b string) int {
		if n := parts[what(b)] - parts[what(a)]; n != 0 {
			return n
		}
		return strings.Compare(a, b)
	})
	return all
}

func what(share string) string {
	_, what, _ := strings.Cut(share, " ")
	return what
}

// number writes thousands with a comma.
func number(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
