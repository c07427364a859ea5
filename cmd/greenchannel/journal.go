package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"greenchannel/server"
	"greenchannel/server/journal"
)

// newJournal is the family of commands that check and give out the record.
func newJournal() *cobra.Command {
	command := &cobra.Command{
		Use:   "journal",
		Short: "Check, prove, export and tidy the record of decisions",
		Long: `Check, prove, export and tidy the record of decisions.

All but "prune --yes" only read, and may be used while the service is running.`,
		Args: arguments(subcommand),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },

		SuggestionsMinimumDistance: 2,
	}
	command.AddCommand(newVerify(), newExport(), newCheckpoint(), newProof(), newBundles(), newPrune())
	return command
}

// reading runs something on the journal of a record, opened for reading only.
func reading(cmd *cobra.Command, config server.RecordConfig, do func(*journal.Journal) error, trust ...string) error {
	config, err := readingRecord(cmd, config)
	if err != nil {
		return err
	}
	kept, err := server.OpenJournal(cmd.Context(), config, true, trust...)
	if err != nil {
		return err
	}
	defer func() { _ = kept.Close() }() // it was only read
	return do(kept)
}

// textOrJSON is the flag of commands whose answer both people and machines read.
func textOrJSON(command *cobra.Command) *choice {
	format := &choice{value: "text", allowed: []string{"text", "json"}}
	command.Flags().Var(format, "format", "`FORMAT` of the answer, text or json")
	return format
}

// printJSON prints one document, for machines and people.
func printJSON(out io.Writer, document any) error {
	body, err := json.Marshal(document, jsontext.WithIndent("  "))
	if err != nil {
		return err
	}
	_, err = out.Write(append(body, '\n'))
	return err
}

// printTable prints rows whose columns stand below each other.
func printTable(out io.Writer, rows ...[]string) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		for i, cell := range row {
			if i > 0 {
				fmt.Fprint(table, "\t")
			}
			fmt.Fprint(table, printable(cell))
		}
		fmt.Fprint(table, "\n")
	}
	return table.Flush()
}

// hashText writes a hash as the service does.
func hashText(hash journal.Hash) string { return fmt.Sprintf("sha256:%x", hash[:]) }
