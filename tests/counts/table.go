package counts

import (
	"fmt"
	"os"
	"regexp"
	"strings"
)

// row is one line of the table: source, held against, run, passed, skipped and why, shown by.
type row struct {
	line         string
	number       int    // of the line in the file
	test, folder string // that show it; empty where no one test does
	columns      []string
}

const (
	runColumn = 2 + iota
	passedColumn
	skippedColumn
	shownColumn
	allColumns
)

// elsewhere is the folder of a test that is not in tests/conformance.
var elsewhere = regexp.MustCompile("`([A-Za-z0-9_]+)` in `([a-z0-9/_.]+)`")

var named = regexp.MustCompile("`([A-Za-z0-9_]+)`")

// read finds the rows of the table under "## Conformance".
func read(file string) ([]row, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var rows []row
	within := false
	for i, line := range strings.Split(string(text), "\n") {
		switch {
		case strings.HasPrefix(line, "#"):
			within = line == "## Conformance"
		case within && strings.HasPrefix(line, "| ") && !strings.HasPrefix(line, "| ---") && !strings.HasPrefix(line, "| source "):
			one, err := rowOf(line, i+1)
			if err != nil {
				return nil, fmt.Errorf("tests/README.md:%d: %w", i+1, err)
			}
			rows = append(rows, one)
		}
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("%s has no table under ## Conformance", file)
	}
	return rows, nil
}

func rowOf(line string, number int) (row, error) {
	columns := strings.Split(strings.TrimSuffix(strings.TrimPrefix(line, "| "), " |"), " | ")
	if len(columns) != allColumns {
		return row{}, fmt.Errorf("the row has %d columns, want %d", len(columns), allColumns)
	}
	r := row{line: line, number: number, columns: columns, folder: "tests/conformance"}
	if found := elsewhere.FindStringSubmatch(columns[shownColumn]); found != nil {
		r.test, r.folder = found[1], found[2]
	} else if found := named.FindStringSubmatch(columns[shownColumn]); found != nil {
		r.test = found[1]
	}
	return r, nil
}

// with is the line with what was counted. What a cell says behind a semicolon, for people, stays.
func (r row) with(c Counts) string {
	run, passed, skipped := c.cells()
	columns := append([]string(nil), r.columns...)
	columns[runColumn] = run
	columns[passedColumn] = before(columns[passedColumn], passed)
	columns[skippedColumn] = before(columns[skippedColumn], skipped)
	return "| " + strings.Join(columns, " | ") + " |"
}

func before(cell, counted string) string {
	if _, said, ok := strings.Cut(cell, ";"); ok {
		return counted + ";" + said
	}
	return counted
}
