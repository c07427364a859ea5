package main

import "github.com/spf13/cobra"

// newBundle holds the commands about bundles of policies.
func newBundle() *cobra.Command {
	command := &cobra.Command{
		Use:   "bundle",
		Short: "Compare bundles of policies",
		Args:  arguments(subcommand),
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	command.AddCommand(newBundleDiff())
	return command
}
