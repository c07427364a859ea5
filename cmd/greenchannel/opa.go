package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/open-policy-agent/opa/cmd"
	"github.com/spf13/cobra"
)

// newOPA is the whole command line of the embedded OPA, so that policies can be tested with nothing else installed.
func newOPA() *cobra.Command {
	return cmd.Command(&cobra.Command{
		Use:   "opa",
		Short: "Run the embedded Open Policy Agent: test, eval, check, build, run and the rest",
		Long: `Run the command line of the embedded Open Policy Agent, with its own flags, output and exit codes.

For example: greenchannel opa test policies`,
		Args:         subcommand,
		RunE:         func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceUsage: true,

		SuggestionsMinimumDistance: 2,
	}, "OPA")
}

func belongsToOPA(executed *cobra.Command) bool {
	for ; executed != nil; executed = executed.Parent() {
		if executed.Name() == "opa" && executed.HasParent() && !executed.Parent().HasParent() {
			return true
		}
	}
	return false
}

// opaExit ends as OPA's own program would: with the code of its ExitError, or 1. OPA tells the errors of a command that
// has begun to run itself; of a command line that it does not understand, cobra would tell, were it not quiet here.
func opaExit(stderr io.Writer, executed *cobra.Command, err error) int {
	if err == nil {
		return exitDone
	}
	if !executed.SilenceErrors {
		fmt.Fprintln(stderr, executed.ErrPrefix(), err)
	}
	if !executed.SilenceUsage {
		fmt.Fprintln(stderr, executed.UsageString())
	}
	if exit, ok := errors.AsType[*cmd.ExitError](err); ok {
		return exit.Exit
	}
	return 1
}
