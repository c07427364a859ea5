package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// regoResult is one entry of `opa test --format json`. A test over cases has its cases below it.
type regoResult struct {
	Location struct {
		File string
		Row  int
	}
	Package    string
	Name       string
	Fail       bool
	Skip       bool
	Error      json.RawMessage
	SubResults map[string]regoResult `json:"sub_results"`
}

// regoTest counts Rego tests and tells of those that did not pass. A test that is marked as still to be written
// (todo_test_…) has failed.
func regoTest(in io.Reader, out io.Writer) (counts, error) {
	body, err := io.ReadAll(in)
	if err != nil {
		return counts{}, err
	}
	var results []regoResult
	if err := json.Unmarshal(body, &results); err != nil {
		return counts{}, fmt.Errorf("this is not what `opa test --format json` prints: %w\n%s", err, firstLines(body))
	}
	var total counts
	for _, result := range results {
		total.add(result.count(out))
	}
	fmt.Fprintf(out, "rego  %d passed, %d failed\n", total.passed, total.failed)
	return total, nil
}

func (r regoResult) count(out io.Writer) counts {
	why := ""
	switch {
	case r.Skip:
		why = "is still to be written"
	case len(r.Error) > 0:
		why = string(r.Error)
	case r.Fail:
		why = "does not hold"
	}
	if why != "" {
		fmt.Fprintf(out, "FAIL %s.%s\n     %s:%d: %s\n", r.Package, r.Name, r.Location.File, r.Location.Row, why)
	}
	if len(r.SubResults) == 0 {
		if why != "" {
			return counts{failed: 1}
		}
		return counts{passed: 1}
	}
	var total counts
	for name, sub := range r.SubResults {
		sub.tally(name, out, &total)
	}
	if why != "" && total.failed == 0 {
		total.failed++
	}
	return total
}

func (r regoResult) tally(name string, out io.Writer, total *counts) {
	if len(r.SubResults) > 0 {
		for below, sub := range r.SubResults {
			sub.tally(name+"/"+below, out, total)
		}
		return
	}
	if r.Fail {
		fmt.Fprintf(out, "     case %s does not hold\n", name)
		total.failed++
		return
	}
	total.passed++
}

// cover is `opa test --coverage --format json`.
type cover struct {
	Files map[string]struct {
		CoveredLines int `json:"covered_lines"`
		NotCovered   []struct {
			Start, End struct{ Row int }
		} `json:"not_covered"`
	}
}

// coverage asks that every line of every policy was evaluated by some test, and names those that were not. Tests
// themselves do not count. Each policy file counts as one.
func coverage(in io.Reader, out io.Writer) (counts, error) {
	body, err := io.ReadAll(in)
	if err != nil {
		return counts{}, err
	}
	var c cover
	if err := json.Unmarshal(body, &c); err != nil {
		return counts{}, fmt.Errorf("this is not what `opa test --coverage --format json` prints: %w\n%s", err, firstLines(body))
	}
	var total counts
	var holes []string
	covered := 0
	for file, report := range c.Files {
		if strings.HasSuffix(file, "_test.rego") {
			continue
		}
		covered += report.CoveredLines
		if len(report.NotCovered) == 0 {
			total.passed++
			continue
		}
		total.failed++
		for _, hole := range report.NotCovered {
			holes = append(holes, fmt.Sprintf("FAIL %s:%d: no test evaluates this line%s", file, hole.Start.Row, through(hole.Start.Row, hole.End.Row)))
		}
	}
	slices.Sort(holes)
	for _, hole := range holes {
		fmt.Fprintln(out, hole)
	}
	fmt.Fprintf(out, "rego  %d lines covered; %d policy files whole, %d with holes\n", covered, total.passed, total.failed)
	return total, nil
}

func through(from, to int) string {
	if to <= from {
		return ""
	}
	return fmt.Sprintf(" (up to %d)", to)
}

// firstLines shows what stood there instead.
func firstLines(body []byte) string {
	lines := strings.SplitAfterN(string(body), "\n", 41)
	return strings.Join(lines[:min(len(lines), 40)], "")
}
