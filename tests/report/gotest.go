package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// event is one line of `go test -json`, as `go doc test2json` tells.
type event struct {
	Action      string
	Package     string
	ImportPath  string // of build events
	Test        string
	Elapsed     float64
	Output      string
	Key, Value  string // of attributes
	FailedBuild string
}

// suite is one package while its tests run.
type suite struct {
	counts
	output map[string][]string // by test; the empty name is the package itself
	skips  []string
}

// goTest tells one line a package, the whole output of what failed, and the attributes that tests set.
func goTest(in io.Reader, out io.Writer, excused excuses) (counts, error) {
	var total counts
	suites := map[string]*suite{}
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil {
				fmt.Fprint(out, string(line)) // the go command speaks plainly where no test is at fault
			} else {
				if suites[e.Package] == nil {
					suites[e.Package] = &suite{output: map[string][]string{}}
				}
				counted, ended := suites[e.Package].take(e, out, excused)
				if ended {
					total.add(counted)
					delete(suites, e.Package)
				}
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return counts{}, err
		}
	}
	for _, stale := range excused.unused() {
		fmt.Fprintf(out, "FAIL %s\n     is excused from running, but was not skipped; take the excuse off the list\n", stale)
		total.failed++
	}
	return total, nil
}

func (c *counts) add(more counts) {
	c.passed += more.passed
	c.failed += more.failed
	c.skipped += more.skipped
}

// take notes one event. When it ends the package, its counts hold.
func (s *suite) take(e event, out io.Writer, excused excuses) (counts, bool) {
	switch e.Action {
	case "build-output":
		fmt.Fprint(out, e.Output)
	case "output":
		s.output[e.Test] = append(s.output[e.Test], e.Output)
	case "attr":
		fmt.Fprintf(out, "     %s: %s: %s\n", e.Test, e.Key, e.Value)
	case "pass", "fail", "skip":
		if e.Test == "" {
			s.end(e, out)
			return s.counts, true
		}
		s.outcome(e, out, excused)
	}
	return counts{}, false
}

func (s *suite) outcome(e event, out io.Writer, excused excuses) {
	switch {
	case e.Action == "pass":
		s.passed++
	case e.Action == "skip" && excused.covers(e.Package, e.Test):
		s.skipped++
		s.skips = append(s.skips, e.Test)
	case e.Action == "skip":
		s.failed++
		fmt.Fprintf(out, "FAIL %s %s\n     was skipped, and no reason for that is on file\n", e.Package, e.Test)
		s.tell(e.Test, out)
	default:
		s.failed++
		fmt.Fprintf(out, "FAIL %s %s\n", e.Package, e.Test)
		s.tell(e.Test, out)
	}
	delete(s.output, e.Test)
}

// tell prints what a test wrote, but not the frame around it.
func (s *suite) tell(test string, out io.Writer) {
	for _, line := range s.output[test] {
		if !strings.HasPrefix(line, "=== ") {
			fmt.Fprint(out, "     ", line)
		}
	}
}

func (s *suite) end(e event, out io.Writer) {
	word := map[string]string{"pass": "ok  ", "fail": "FAIL", "skip": "none"}[e.Action]
	if e.Action == "fail" && s.failed == 0 {
		s.failed++ // did not build, panicked, or left by itself: no test of its own stands for that
		s.tell("", out)
		for _, test := range slices.Sorted(maps.Keys(s.output)) {
			if test != "" {
				s.tell(test, out)
			}
		}
	}
	fmt.Fprintf(out, "%s %s  %d passed, %d failed, %d skipped, %.1f s\n", word, e.Package, s.passed, s.failed, s.skipped, e.Elapsed)
	for _, test := range s.skips {
		fmt.Fprintf(out, "     skipped with reason: %s\n", test)
	}
}
