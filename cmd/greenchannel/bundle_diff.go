package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"greenchannel/server"
)

// newBundleDiff tells what another bundle would decide otherwise.
func newBundleDiff() *cobra.Command {
	c := newComparing()
	command := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Tell which decisions a bundle would change",
		Long: `Decide recorded decisions, or cases, under two bundles, and tell what changes: which outcomes become which, and for
each change the reasons that came, went or weigh otherwise.

OLD and NEW are folders of policies, archives, bundles kept beside the record by the beginning of their digest,
"active" for the bundle of the last recorded decision, or "built-in" for the policies that the program carries.

A recorded decision is made again from its record alone: with the application, the instant and the rows that stand
there. The record is only read, and the service may be running meanwhile. With --cases, each case is decided as of
each of its days, with what it says of the tables.

` + comparingHelp,
		Example: `  greenchannel bundle diff active policies --since 30d
  greenchannel bundle diff built-in candidate.tar.gz --cases tests/cases --allow reasons --allow details
  greenchannel bundle diff 3f2a9c1b77de 5b1e0c7a94d2 --allow standard_review:green_channel=5
  greenchannel bundle diff active candidate.tar.gz --allow-file release.allow --format html > impact.html`,
		Args: arguments(twoBundles),
		RunE: interruptible(func(cmd *cobra.Command, args []string) error {
			return c.run(cmd, server.Comparison{Old: server.Terms{Bundle: args[0]}, New: server.Terms{Bundle: args[1]}})
		}),
	}
	c.flags(command)
	return command
}

func twoBundles(_ *cobra.Command, args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("name the old bundle and the new one; %d were named", len(args))
	}
	return nil
}
