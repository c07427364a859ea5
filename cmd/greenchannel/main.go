// Command greenchannel decides Chinese rare-earth export-licence applications by policy: as a service (serve), one
// application at a time (decide), a catalogue or an order list at a time (screen), again from the record (replay), and with the whole command line of the embedded OPA
// (opa); and it checks and gives out the record (journal). It holds flags, exit codes and how answers look on paper; what
// is decided stands in policies/, how in server/.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	_ "time/tzdata" // policies may name time zones, on machines that have no table of them
)

// Exit codes. A decision that was reached is 0, whatever it says.
const (
	exitDone    = 0
	exitFinding = 1 // what was asked for was done, and what was looked for was found: an outcome, a difference, a damage
	exitFault   = 2 // the input, the command line or the service is at fault
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run executes one command line and returns its exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	executed, err := root.ExecuteContextC(context.Background())
	switch {
	case belongsToOPA(executed):
		return opaExit(stderr, executed, err)
	case err == nil:
		return exitDone
	}
	report(stderr, executed, err)
	_, reached := errors.AsType[outcomeError](err)
	if _, found := errors.AsType[findingError](err); found || reached {
		return exitFinding
	}
	return exitFault
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "greenchannel",
		Short: "Decide rare-earth export-licence applications by policy",
		Long: `Decide Chinese rare-earth export-licence applications by policy, with every reason.

The service recommends; the authority decides.

Every flag of these commands, but for those of opa, can also be set in the environment: --eval-timeout as
GREENCHANNEL_EVAL_TIMEOUT, and so on. A flag on the command line goes before it.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.AddCommand(newServe(), newDecide(), newScreen(), newReplay(), newTest(), newBundle(), newImpact(), newJournal(), newConfig(), newSchema(), newVersion())
	inOurManner(root)
	root.AddCommand(newOPA())
	return root
}

// inOurManner makes a command, and all below it, leave errors to report and take flags from the environment.
func inOurManner(command *cobra.Command) {
	command.SilenceErrors, command.SilenceUsage = true, true
	completeHelp(command)
	command.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	command.PreRunE = func(cmd *cobra.Command, _ []string) error {
		return fromEnvironment(cmd.Flags(), os.Environ(), cmd.ErrOrStderr())
	}
	for _, below := range command.Commands() {
		inOurManner(below)
	}
}

// interruptible ends the context of a command at the first interrupt; the second ends the process. OPA's commands see to
// that themselves.
func interruptible(run func(cmd *cobra.Command, args []string) error) func(cmd *cobra.Command, args []string) error {
	return func(cmd *cobra.Command, args []string) error {
		ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		context.AfterFunc(ctx, stop)
		cmd.SetContext(ctx)
		return run(cmd, args)
	}
}

// usageError is a command line that cannot be understood.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// faultyInput is an input at fault, which is told place by place.
type faultyInput interface {
	error
	lines() string
}

// findingError is what a command has found that its exit code is to tell.
type findingError struct{ text string }

func (e findingError) Error() string { return e.text }

// report tells an error on standard error. Whoever runs the command is its operator and is told everything.
func report(stderr io.Writer, executed *cobra.Command, err error) {
	if faulty, ok := errors.AsType[faultyInput](err); ok {
		fmt.Fprint(stderr, faulty.lines())
		return
	}
	fmt.Fprintf(stderr, "%s: %s\n", executed.CommandPath(), printable(err.Error()))
	if _, misused := errors.AsType[usageError](err); misused || !executed.HasParent() {
		fmt.Fprintf(stderr, "Run '%s --help' for usage.\n", executed.CommandPath())
	}
}
