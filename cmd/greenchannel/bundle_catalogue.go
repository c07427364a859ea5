package main

import (
	"bytes"
	"fmt"

	"github.com/spf13/cobra"

	"greenchannel/server"
	"greenchannel/server/bundle"
)

func newBundleCatalogue() *cobra.Command {
	format := choice{value: "markdown", allowed: []string{"markdown", "json"}}
	var output string
	command := &cobra.Command{
		Use:   "catalogue [FILE|FOLDER]",
		Short: "List every rule of a bundle, with what it stands on and the tests that fire it",
		Long: `List every rule of an archive or a policy folder: its id, title, effect, basis, when it is in force, and the tests of the
bundle that fire it. The tests are run for that, which takes some seconds. bundles/catalogue.md is written in this way.`,
		Example: `  greenchannel bundle catalogue policies --output bundles/catalogue.md
  greenchannel bundle catalogue --format json | jq -r '.[] | select(.tests == []) | .id'`,
		Args: arguments(cobra.MaximumNArgs(1)),
	}
	command.Flags().Var(&format, "format", "`FORMAT`: markdown or json")
	command.Flags().StringVarP(&output, "output", "o", "", "`FILE` to write (default standard output)")
	command.RunE = interruptible(func(cmd *cobra.Command, args []string) error {
		folder, name, err := archiveOrFolder(args)
		if err != nil {
			return err
		}
		rows, err := server.Catalogue(cmd.Context(), folder)
		if err != nil {
			return faultyBundle{name, err}
		}
		page := []byte(bundle.Page(rows))
		if format.value == "json" {
			var text bytes.Buffer
			if err := printJSON(&text, rows); err != nil {
				return err
			}
			page = text.Bytes()
		}
		if output != "" {
			return writeOpen(output, page)
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s", page)
		return err
	})
	return command
}
