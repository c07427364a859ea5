package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"greenchannel/server/policytest"
)

// excusesFile stands below the policies and lists the mutants that no test can notice.
const excusesFile = "mutants/excuses.yaml"

// testFlags are the flags of the command test.
type testFlags struct {
	cases, run, in, junit, lcov, html, excuses string
	format                                     *choice
	watch, mutate, requireFiring               bool
	sample, jobs                               int
	seed                                       uint64
	minScore                                   float64
}

// newTest tests policies as their authors do.
func newTest() *cobra.Command {
	var f testFlags
	command := &cobra.Command{
		Use:   "test [PATH…]",
		Short: "Test policies: Rego tests, cases, coverage, and whether the tests would notice a mistake",
		Long: `Run the Rego tests of policies by OPA's own tester, and the cases of the folder --cases, which say what is to be decided.
A path is a folder or a file of policies with their tests; without one, ` + "`policies`" + `.

A test that fails is shown with the expression that did not hold and the values in it; a case with what was wanted and what
was given. Every rule that has a custom.id must be seen firing by some test or case, and be asked and not fire in another;
those that are not are named.

--mutate turns each ==, !=, <, <=, > and >= of a rule into its neighbour, drops each not and changes each constant, one at a
time, and runs the tests that reach it until one fails. What no test notices is listed with file and line. A mutant that
decides as the rule does can be excused in ` + excusesFile + ` below the policies, with a reason; an excuse that is not needed is an
error. Names (fields, and keys of objects) are not constants.

Exit code 0 when all is well; 1 when a test fails, a rule was not seen firing and not firing, an excuse is not needed
or the score is under --min-score; 2 when the policies or the command line cannot be read.`,
		Example: `  greenchannel test
  greenchannel test policies --run redflags --watch
  greenchannel test --junit tests.xml --lcov coverage.lcov --html coverage.html
  greenchannel test --mutate --sample 60 --seed 7`,
		Args: arguments(cobra.ArbitraryArgs),
		RunE: interruptible(f.do),
	}
	flags := command.Flags()
	flags.StringVar(&f.cases, "cases", "tests/cases", "`DIR` of the cases; left out, that folder if it is there and policies alone decide it; empty for none")
	flags.StringVar(&f.run, "run", "", "only tests and cases whose name matches `REGEX`; rules are then not asked for")
	flags.StringVar(&f.junit, "junit", "", "write the results to `FILE` as JUnit XML")
	flags.StringVar(&f.lcov, "lcov", "", "write the covered lines to `FILE` as lcov")
	flags.StringVar(&f.html, "html", "", "write the covered lines to `FILE` as a page that needs nothing else")
	flags.BoolVar(&f.requireFiring, "require-firing", true, "fail when some rule was not seen firing and not firing")
	flags.BoolVar(&f.watch, "watch", false, "run again whenever a file is saved, until interrupted")
	flags.BoolVar(&f.mutate, "mutate", false, "try whether the tests notice a change of each operator and constant")
	flags.StringVar(&f.in, "in", "", "try only mutants of files whose path matches `REGEX`")
	flags.IntVar(&f.sample, "sample", 0, "try only `N` of the mutants, chosen by --seed; 0 for all")
	flags.Uint64Var(&f.seed, "seed", 1, "`N` that chooses the sample; the same one chooses the same mutants")
	flags.Float64Var(&f.minScore, "min-score", 95, "least `PERCENT` of the mutants that some test must notice")
	flags.StringVar(&f.excuses, "excuses", "", "`FILE` of the mutants that no test can notice (default "+excusesFile+" in the first path, if it is there)")
	flags.IntVar(&f.jobs, "jobs", runtime.NumCPU(), "`N` tests or mutants that run at a time")
	f.format = textOrJSON(command)
	return command
}

// do runs the tests once, or again and again.
func (f *testFlags) do(cmd *cobra.Command, paths []string) error {
	if f.jobs < 1 || f.sample < 0 {
		return usageError{errors.New("--jobs must be 1 or more and --sample 0 or more")}
	}
	if !f.mutate {
		for _, name := range []string{"excuses", "in", "min-score", "sample", "seed"} {
			if cmd.Flags().Changed(name) {
				fmt.Fprintf(cmd.ErrOrStderr(), "note: --%s is about --mutate, and no mutants are tried\n", name)
			}
		}
	}
	options, err := f.options(cmd, paths)
	if err != nil {
		return err
	}
	if f.watch {
		return f.again(cmd, options)
	}
	return f.once(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), options)
}

func (f *testFlags) options(cmd *cobra.Command, paths []string) (policytest.Options, error) {
	options := policytest.Options{Paths: paths, Cases: f.cases}
	if len(paths) == 0 {
		options.Paths = []string{"policies"}
	}
	// The cases of this repository are decided by its policies and by no others: they are found only beside them.
	if !cmd.Flags().Changed("cases") {
		if _, err := os.Stat(f.cases); err != nil || len(paths) > 0 {
			options.Cases = ""
		}
	}
	var err error
	if f.run != "" {
		if options.Run, err = regexp.Compile(f.run); err != nil {
			return options, usageError{fmt.Errorf("--run: %w", err)}
		}
	}
	return options, nil
}

// once loads what is on disk now and tests it.
func (f *testFlags) once(ctx context.Context, out, progress io.Writer, options policytest.Options) error {
	began := time.Now()
	suite, err := policytest.Load(options)
	if err != nil {
		return err
	}
	if f.mutate {
		return f.mutants(ctx, out, progress, suite, options)
	}
	report, err := suite.Run(ctx, f.jobs)
	if err != nil {
		return err
	}
	report.Seconds = time.Since(began).Seconds()
	if err := f.files(report); err != nil {
		return err
	}
	if f.format.value == "json" {
		err = printJSON(out, report)
	} else {
		err = printTests(out, report, f.requireFiring)
	}
	switch {
	case err != nil:
		return err
	case report.Failed > 0:
		return findingError{fmt.Sprintf("%s not hold", several(report.Failed, "test does", "tests do"))}
	case report.Passed == 0:
		return findingError{"no test ran"}
	case f.requireFiring && !report.Sound():
		return findingError{"some rules were not seen firing and not firing"}
	}
	return nil
}

// files writes what is asked for beside the answer.
func (f *testFlags) files(report *policytest.Report) error {
	for _, file := range []struct {
		name  string
		write func(io.Writer) error
	}{{f.junit, report.WriteJUnit}, {f.lcov, report.Coverage.WriteLCOV}, {f.html, report.WriteHTML}} {
		if file.name == "" {
			continue
		}
		out, err := os.Create(file.name)
		if err != nil {
			return err
		}
		err = file.write(out)
		if closed := out.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return fmt.Errorf("%s: %w", file.name, err)
		}
	}
	return nil
}

// mutants tries mutants and tells of those that no test noticed.
func (f *testFlags) mutants(ctx context.Context, out, progress io.Writer, suite *policytest.Suite, options policytest.Options) error {
	excuses, err := f.excused(options)
	if err != nil {
		return err
	}
	var in *regexp.Regexp
	if f.in != "" {
		if in, err = regexp.Compile(f.in); err != nil {
			return usageError{fmt.Errorf("--in: %w", err)}
		}
	}
	mutation, err := suite.Mutate(ctx, policytest.MutationOptions{
		In: in, Sample: f.sample, Seed: f.seed, Jobs: f.jobs, Excuses: excuses,
		Progress: func(done, all int) {
			if done%100 == 0 {
				fmt.Fprintf(progress, "%d of %d mutants\n", done, all)
			}
		},
	})
	if err != nil {
		return err
	}
	if f.format.value == "json" {
		err = printJSON(out, mutation)
	} else {
		err = printMutants(out, mutation)
	}
	switch {
	case err != nil:
		return err
	case len(mutation.Stale) > 0:
		return findingError{fmt.Sprintf("%s not needed; take it off the list", several(len(mutation.Stale), "excuse is", "excuses are"))}
	case mutation.Score < f.minScore:
		return findingError{fmt.Sprintf("the tests noticed %.1f %% of the mutants, want at least %.1f %%", mutation.Score, f.minScore)}
	}
	return nil
}

// excused reads the list of mutants that no test can notice.
func (f *testFlags) excused(options policytest.Options) (policytest.Excuses, error) {
	file := f.excuses
	if file == "" {
		file = filepath.Join(options.Paths[0], excusesFile)
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
	}
	return policytest.ReadExcuses(file)
}

func several(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
