package main

import (
	"fmt"
	"io"
	"strings"

	"greenchannel/server/policytest"
)

// printTests tells people of the tests that failed, of rules that were not seen, and the counts. A rule that was not seen
// has failed only where that is required.
func printTests(out io.Writer, report *policytest.Report, requireFiring bool) error {
	for _, t := range report.Tests {
		if t.Passed || t.Skipped {
			continue
		}
		fmt.Fprintf(out, "FAIL %s\n     %s:%d\n", printable(t.Name), t.File, t.Row)
		for line := range strings.SplitSeq(t.Why, "\n") {
			fmt.Fprintf(out, "     %s\n", printable(line))
		}
	}
	word := "FAIL"
	if !requireFiring {
		word = "note"
	}
	for _, rule := range report.Rules {
		if len(rule.FiredBy) == 0 {
			fmt.Fprintf(out, "%s rule %s fires in no test\n     %s:%d\n", word, rule.ID, rule.File, rule.Row)
		}
		if len(rule.SilentIn) == 0 {
			fmt.Fprintf(out, "%s rule %s is not asked in any test where it does not fire\n     %s:%d\n", word, rule.ID, rule.File, rule.Row)
		}
	}
	for _, f := range report.Coverage.Files {
		if report.Rules != nil && len(f.NotCovered) > 0 { // with --run, what is left out is no hole
			fmt.Fprintf(out, "not covered: %s: line %s\n", f.File, strings.Trim(strings.ReplaceAll(fmt.Sprint(f.NotCovered), " ", ", "), "[]"))
		}
	}
	if report.Rules != nil {
		fmt.Fprintf(out, "%d rules, %d never seen firing, %d never seen not firing\n", len(report.Rules), len(report.Silent), len(report.Restless))
	}
	_, err := fmt.Fprintf(out, "%d passed, %d failed, %d skipped; %.1f %% of lines covered; %.1f s\n",
		report.Passed, report.Failed, report.Skipped, report.Coverage.Percent, report.Seconds)
	return err
}

// printMutants tells people which mutants no test noticed, and the score.
func printMutants(out io.Writer, m *policytest.Mutation) error {
	for _, s := range m.Survivors {
		fmt.Fprintf(out, "survived %s:%d:%d  (%s, %s)\n    is    %s\n    tried %s\n", s.File, s.Row, s.Col, s.Kind,
			several(s.Reached, "test reaches it", "tests reach it"), printable(s.Original), printable(s.Mutated))
	}
	for _, excuse := range m.Stale {
		fmt.Fprintf(out, "excused without need: %s\n", printable(excuse))
	}
	_, err := fmt.Fprintf(out, "%d of %d mutants tried by %d tests: %d noticed, %d survived, %d excused; score %.1f %%; %.1f s\n",
		m.Tried, m.Mutants, m.Tests, m.Killed, len(m.Survivors), m.Excused, m.Score, m.Seconds)
	return err
}
