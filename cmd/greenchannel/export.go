package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"greenchannel/server"
	"greenchannel/server/journal"
)

// newExport gives the record out.
func newExport() *cobra.Command {
	var config server.RecordConfig
	var options journal.ExportOptions
	var output string
	format := choice{value: string(journal.NDJSON), allowed: []string{string(journal.NDJSON), string(journal.CSV)}}
	command := &cobra.Command{
		Use:   "export",
		Short: "Write records as NDJSON for programs, or as CSV for a spreadsheet",
		Long: `Write records in their order: as NDJSON, one decision-log event of OPA a line, with the whole application and
decision; or as CSV, one line a record, without these.

With --output the file appears when it is complete, or not at all; one that was there stays until then. Each
record is checked against its hash; the export ends at the first that is damaged.`,
		Example: `  greenchannel journal export > decisions.ndjson
  greenchannel journal export --format csv --output decisions.csv
  greenchannel journal export --from 1000 --to 1999 | jq .result.outcome`,
		Args: arguments(cobra.NoArgs),
		RunE: interruptible(func(cmd *cobra.Command, _ []string) error {
			return reading(cmd, config, func(kept *journal.Journal) error {
				write := func(out io.Writer) error {
					return export(cmd.Context(), kept, out, journal.Format(format.value), options)
				}
				if output == "" {
					return write(cmd.OutOrStdout())
				}
				return writeWhole(output, write)
			})
		}),
	}
	flags := command.Flags()
	flags.Var(&format, "format", "`FORMAT`: ndjson or csv")
	flags.Uint64Var(&options.First, "from", 0, "`NUMBER` of the first record (default the first there is)")
	flags.Uint64Var(&options.Last, "to", 0, "`NUMBER` of the last record (default the last there is)")
	flags.StringVar(&output, "output", "", "`FILE` to write (default standard output)")
	recordFlags(command, &config)
	return command
}

func export(ctx context.Context, kept *journal.Journal, out io.Writer, format journal.Format, options journal.ExportOptions) error {
	head, err := kept.Head(ctx)
	if err != nil {
		return err
	}
	if past := max(options.First, options.Last); past > head.Size {
		return usageError{fmt.Errorf("the record has %s; number %d is not there", counted(head.Size, "entry"), past)}
	}
	if options.Last > 0 && options.First > options.Last {
		return usageError{fmt.Errorf("--from %d comes after --to %d", options.First, options.Last)}
	}
	options.Path, options.Labels = server.DecisionPath, map[string]string{"id": kept.Origin()}
	buffered := bufio.NewWriterSize(out, 1<<16)
	return errors.Join(kept.Export(ctx, buffered, format, options), buffered.Flush())
}

// writeWhole puts a file in place when it is complete and on disk. Only its owner may read it: it holds whole applications.
func writeWhole(path string, write func(io.Writer) error) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return usageError{fmt.Errorf("--output %s is no plain file; leave the flag out to write to standard output", path)}
	}
	fresh, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".new-*")
	if err != nil {
		return err
	}
	err = write(fresh)
	if err == nil {
		err = fresh.Sync()
	}
	if err = errors.Join(err, fresh.Close()); err == nil {
		err = os.Rename(fresh.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(fresh.Name()))
	}
	return nil
}
