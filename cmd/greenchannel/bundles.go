package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"greenchannel/policies"
	"greenchannel/server"
	"greenchannel/server/journal"
)

// keptBundle is a bundle beside the record, and what it has decided.
type keptBundle struct {
	Digest   string    `json:"digest" jsonschema:"Digest over everything in it that can change a decision."`
	Name     string    `json:"name" jsonschema:"Its name."`
	Revision string    `json:"revision" jsonschema:"Beginning of the digest, for short."`
	KeptAt   time.Time `json:"kept_at" jsonschema:"When it was first kept."`
	Bytes    int64     `json:"bytes" jsonschema:"Length of the archive that is kept."`
	Records  uint64    `json:"records" jsonschema:"How many decisions name it."`
	First    uint64    `json:"first,omitzero" jsonschema:"Number of the first of them; absent where there is none."`
	Last     uint64    `json:"last,omitzero" jsonschema:"Number of the last of them; absent where there is none."`

	Activations uint64 `json:"activations" jsonschema:"How often it was put into force."`
}

// newBundles lists the bundles that are kept.
func newBundles() *cobra.Command {
	var config server.RecordConfig
	command := &cobra.Command{
		Use:   "bundles",
		Short: "List the policy bundles that are kept, and how many records each has decided",
		Example: `  greenchannel journal bundles
  greenchannel journal bundles --format json | jq -r '.[].digest'`,
		Args: arguments(cobra.NoArgs),
	}
	recordFlags(command, &config)
	format := textOrJSON(command)
	command.RunE = interruptible(func(cmd *cobra.Command, _ []string) error {
		return reading(cmd, config, func(kept *journal.Journal) error {
			uses, err := kept.Bundles(cmd.Context())
			if err != nil {
				return err
			}
			return printBundles(cmd.OutOrStdout(), format.value, uses)
		})
	})
	return command
}

func printBundles(out io.Writer, format string, uses []journal.BundleUse) error {
	answer := []keptBundle{}
	rows := [][]string{{"REVISION", "NAME", "KEPT AT", "BYTES", "RECORDS", "FROM", "TO", "ACTIVATED"}}
	count := func(n uint64) string { return strconv.FormatUint(n, 10) }
	for _, use := range uses {
		answer = append(answer, keptBundle(use))
		from, to := "-", "-"
		if use.Records > 0 {
			from, to = count(use.First), count(use.Last)
		}
		rows = append(rows, []string{
			use.Revision, use.Name, use.KeptAt.Format(time.RFC3339), strconv.FormatInt(use.Bytes, 10), count(use.Records), from, to, count(use.Activations),
		})
	}
	if format == "json" {
		return printJSON(out, answer)
	}
	return printTable(out, rows...)
}

// pruned is what prune has removed, or would.
type pruned struct {
	DryRun  bool     `json:"dry_run" jsonschema:"Whether nothing was removed, because --yes was not said."`
	Removed []string `json:"removed" jsonschema:"Digests of the bundles that were removed, or would be."`
}

// newPrune removes bundles that nothing needs.
func newPrune() *cobra.Command {
	var config server.RecordConfig
	var keep []string
	var yes bool
	command := &cobra.Command{
		Use:   "prune",
		Short: "Remove kept bundles that have decided nothing and were never in force",
		Long: `Remove kept bundles that no record names. One that has decided anything, or was ever put into force, is never
removed, nor the one that this program would serve with. Without --yes, the digests are listed and nothing is removed.

With PostgreSQL, name the bundles of the other nodes with --keep: one that is in use there and has decided nothing
yet would have to be kept again before it could decide. With SQLite, the service must be stopped for --yes.`,
		Example: `  greenchannel journal prune
  greenchannel journal prune --keep 3f2a9c1b77de --yes`,
		Args: arguments(cobra.NoArgs),
	}
	flags := command.Flags()
	flags.StringSliceVar(&keep, "keep", nil, "`DIGEST` or revision of a bundle to keep; several with commas, or the flag again")
	flags.BoolVar(&yes, "yes", false, "remove them")
	recordFlags(command, &config)
	format := textOrJSON(command)
	command.RunE = interruptible(func(cmd *cobra.Command, _ []string) error {
		answer, err := prune(cmd, config, keep, yes)
		if err != nil {
			return err
		}
		if format.value == "json" {
			return printJSON(cmd.OutOrStdout(), answer)
		}
		return answer.print(cmd.OutOrStdout())
	})
	return command
}

// prune looks first, with a journal that is only read: a folder that is none must not become one.
func prune(cmd *cobra.Command, config server.RecordConfig, keep []string, yes bool) (pruned, error) {
	serving, err := server.Bundle(policies.FS())
	if err != nil {
		return pruned{}, err
	}
	answer := pruned{DryRun: !yes, Removed: []string{}}
	kept := []string{serving.Digest}
	err = reading(cmd, config, func(kj *journal.Journal) error {
		uses, err := kj.Bundles(cmd.Context())
		if err != nil {
			return err
		}
		named, err := digestsOf(keep, uses)
		if err != nil {
			return usageError{err}
		}
		kept = append(kept, named...)
		for _, use := range uses {
			if use.Records == 0 && use.Activations == 0 && !slices.Contains(kept, use.Digest) {
				answer.Removed = append(answer.Removed, use.Digest)
			}
		}
		return nil
	})
	if err != nil || !yes || len(answer.Removed) == 0 {
		return answer, err
	}
	answer.Removed, err = remove(cmd.Context(), cmd, config, kept)
	return answer, err
}

// digestsOf finds what --keep names among the bundles that are kept.
func digestsOf(stated []string, uses []journal.BundleUse) ([]string, error) {
	var digests, known []string
	var faults []error
	for _, use := range uses {
		known = append(known, use.Digest)
	}
	for _, word := range stated {
		digest, err := server.DigestOf(word, known)
		if err != nil {
			faults = append(faults, fmt.Errorf("--keep: %w", err))
		}
		digests = append(digests, digest)
	}
	return digests, errors.Join(faults...)
}

func remove(ctx context.Context, cmd *cobra.Command, config server.RecordConfig, keep []string) (removed []string, err error) {
	config, err = readingRecord(cmd, config)
	if err != nil {
		return nil, err
	}
	kept, err := server.OpenJournal(ctx, config, false)
	if err != nil {
		return nil, err
	}
	removed, err = kept.PruneBundles(ctx, keep...)
	return append([]string{}, removed...), errors.Join(err, kept.Close())
}

func (p pruned) print(out io.Writer) error {
	said := "removed"
	if p.DryRun {
		said = "would be removed; say --yes to do it"
	}
	for _, digest := range p.Removed {
		if _, err := fmt.Fprintln(out, printable(digest)); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(out, "%s %s\n", counted(uint64(len(p.Removed)), "bundle"), said)
	return err
}
