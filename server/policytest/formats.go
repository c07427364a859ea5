package policytest

import (
	"encoding/xml"
	"fmt"
	"io"
)

// WriteJUnit writes the results as JUnit XML, as build servers read it: a suite for each package and each file of cases.
func (r *Report) WriteJUnit(out io.Writer) error {
	type failure struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
	type testcase struct {
		Name    string    `xml:"name,attr"`
		Suite   string    `xml:"classname,attr"`
		File    string    `xml:"file,attr"`
		Line    int       `xml:"line,attr"`
		Time    string    `xml:"time,attr"`
		Failure *failure  `xml:"failure"`
		Skipped *struct{} `xml:"skipped"`
	}
	type testsuite struct {
		Name     string     `xml:"name,attr"`
		Tests    int        `xml:"tests,attr"`
		Failures int        `xml:"failures,attr"`
		Skipped  int        `xml:"skipped,attr"`
		Time     string     `xml:"time,attr"`
		Cases    []testcase `xml:"testcase"`
		seconds  float64
	}
	document := struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Skipped  int          `xml:"skipped,attr"`
		Time     string       `xml:"time,attr"`
		Suites   []*testsuite `xml:"testsuite"`
	}{Name: "greenchannel test", Tests: len(r.Tests), Failures: r.Failed, Skipped: r.Skipped, Time: seconds(r.Seconds)}
	suites := map[string]*testsuite{}
	for _, t := range r.Tests {
		suite := suites[t.Suite]
		if suite == nil {
			suite = &testsuite{Name: t.Suite}
			suites[t.Suite] = suite
			document.Suites = append(document.Suites, suite)
		}
		one := testcase{Name: t.Name, Suite: t.Suite, File: t.File, Line: t.Row, Time: seconds(t.Seconds)}
		suite.Tests++
		suite.seconds += t.Seconds
		switch {
		case t.Skipped:
			suite.Skipped++
			one.Skipped = &struct{}{}
		case !t.Passed:
			suite.Failures++
			one.Failure = &failure{Message: "does not hold", Text: t.Why}
		}
		suite.Cases = append(suite.Cases, one)
		suite.Time = seconds(suite.seconds)
	}
	if _, err := io.WriteString(out, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(out)
	encoder.Indent("", "  ")
	if err := encoder.Encode(document); err != nil {
		return err
	}
	_, err := io.WriteString(out, "\n")
	return err
}

func seconds(s float64) string { return fmt.Sprintf("%.3f", s) }

// WriteLCOV writes which lines the Rego tests evaluate, as editors and code hosts read it. How often a line was evaluated
// is not counted: 1 says that it was.
func (c *Coverage) WriteLCOV(out io.Writer) error {
	for _, f := range c.Files {
		if _, err := fmt.Fprintf(out, "TN:\nSF:%s\n", f.File); err != nil {
			return err
		}
		for _, lines := range []struct {
			rows []int
			hits int
		}{{f.Covered, 1}, {f.NotCovered, 0}} {
			for _, row := range lines.rows {
				if _, err := fmt.Fprintf(out, "DA:%d,%d\n", row, lines.hits); err != nil {
					return err
				}
			}
		}
		if _, err := fmt.Fprintf(out, "LF:%d\nLH:%d\nend_of_record\n", len(f.Covered)+len(f.NotCovered), len(f.Covered)); err != nil {
			return err
		}
	}
	return nil
}
