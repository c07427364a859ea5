// Command report reads what the test tools of this project print for machines, tells people what matters of it, and
// counts. It decides one thing itself: a test that was skipped without a reason on file has failed. It runs no test.
//
//	go test -json ./... | report go -tally FILE [-skips FILE]
//	opa test --format json policies | report rego -tally FILE
//	opa test --coverage --format json policies | report coverage -tally FILE
//
// The tally file gets one line for each call: passed, failed, skipped. The exit code is 0 when nothing failed and
// something ran, 1 when not, 2 when the input or the call makes no sense.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// counts of tests, or of whatever stands in their place.
type counts struct{ passed, failed, skipped int }

func (c counts) ran() int { return c.passed + c.failed }

// errUsage is a call that makes no sense; the flag package has said why.
var errUsage = errors.New("usage: report go|rego|coverage -tally FILE [-skips FILE] < output")

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	counted, err := report(args, stdin, stdout, stderr)
	switch {
	case err != nil:
		fmt.Fprintln(stderr, "report:", err)
		return 2
	case counted.ran() == 0:
		fmt.Fprintln(stderr, "report: nothing ran")
		return 1
	case counted.failed > 0:
		return 1
	}
	return 0
}

func report(args []string, stdin io.Reader, stdout, stderr io.Writer) (counts, error) {
	if len(args) == 0 {
		return counts{}, errUsage
	}
	flags := flag.NewFlagSet("report "+args[0], flag.ContinueOnError)
	flags.SetOutput(stderr)
	tally := flags.String("tally", "", "`file` to which the counts are added")
	skips := flags.String("skips", "", "`file` of the tests that may be skipped, with their reasons")
	if err := flags.Parse(args[1:]); err != nil || flags.NArg() > 0 {
		return counts{}, errUsage
	}
	var counted counts
	var err error
	switch args[0] {
	case "go":
		var excused excuses
		if excused, err = readExcuses(*skips); err == nil {
			counted, err = goTest(stdin, stdout, excused)
		}
	case "rego":
		counted, err = regoTest(stdin, stdout)
	case "coverage":
		counted, err = coverage(stdin, stdout)
	default:
		err = errUsage
	}
	if err != nil {
		return counts{}, err
	}
	return counted, note(*tally, counted)
}

// note adds the counts to the tally.
func note(tally string, c counts) error {
	if tally == "" {
		return nil
	}
	file, err := os.OpenFile(tally, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(file, c.passed, c.failed, c.skipped)
	return errors.Join(err, file.Close())
}
