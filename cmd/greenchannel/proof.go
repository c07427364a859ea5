package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"greenchannel/server"
	"greenchannel/server/httpapi"
	"greenchannel/server/journal"
)

// checkpointed is the end of the record, signed.
type checkpointed struct {
	Size       uint64    `json:"size" jsonschema:"How many records there are."`
	Root       string    `json:"root" jsonschema:"Hash over all of them."`
	At         time.Time `json:"at" jsonschema:"When it was signed."`
	Checkpoint string    `json:"checkpoint" jsonschema:"The signed note."`
	Keys       []string  `json:"keys" jsonschema:"Public keys that the journal names."`
}

// newCheckpoint prints the signed statement of size and root.
func newCheckpoint() *cobra.Command {
	var config server.RecordConfig
	var keysOnly bool
	command := &cobra.Command{
		Use:   "checkpoint",
		Short: "Print the signed statement of how many records there are and of the hash over all of them",
		Long: `Print the checkpoint of the record as a signed note: the name of the journal, the number of records, the root
of the tree of their hashes, and signatures. Whoever keeps one can prove later that no record up to there was
changed or taken away (journal proof consistency).

With --keys, print the public keys that check the signatures instead, one a line. Keep them where whoever could
change the record cannot change them.`,
		Example: `  greenchannel journal checkpoint > checkpoint.txt
  greenchannel journal checkpoint --keys > journal.pub`,
		Args: arguments(cobra.NoArgs),
	}
	recordFlags(command, &config)
	command.Flags().BoolVar(&keysOnly, "keys", false, "print the public keys instead")
	format := textOrJSON(command)
	command.RunE = interruptible(func(cmd *cobra.Command, _ []string) error {
		return reading(cmd, config, func(kept *journal.Journal) error {
			answer, err := checkpointOf(cmd.Context(), kept)
			if err != nil {
				return err
			}
			switch {
			case format.value == "json":
				return printJSON(cmd.OutOrStdout(), answer)
			case keysOnly:
				_, err = io.WriteString(cmd.OutOrStdout(), strings.Join(answer.Keys, "\n")+"\n")
			default:
				_, err = io.WriteString(cmd.OutOrStdout(), answer.Checkpoint)
			}
			return err
		})
	})
	return command
}

func checkpointOf(ctx context.Context, kept *journal.Journal) (checkpointed, error) {
	head, err := kept.Head(ctx)
	if err != nil {
		return checkpointed{}, err
	}
	keys, err := kept.Verifiers(ctx)
	if err != nil {
		return checkpointed{}, err
	}
	return checkpointed{Size: head.Size, Root: hashText(head.Root), At: head.At, Checkpoint: string(head.Checkpoint), Keys: keys}, nil
}

// newProof proves what the tree of hashes can prove.
func newProof() *cobra.Command {
	command := &cobra.Command{
		Use:   "proof",
		Short: "Prove that a record is in the journal, or that the journal only grew",
		Long: `Prove, by the hashes of RFC 6962, that a record is in the journal, or that the journal of today begins with that
of a checkpoint. Anyone can check a proof against checkpoints, without access to the record.`,
		Args: arguments(subcommand),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },

		SuggestionsMinimumDistance: 2,
	}
	command.AddCommand(newInclusion(), newConsistency())
	return command
}

func newInclusion() *cobra.Command {
	var config server.RecordConfig
	var size uint64
	command := &cobra.Command{
		Use:   "inclusion NUMBER",
		Short: "Prove that a record stands in the tree of all records",
		Example: `  greenchannel journal proof inclusion 17
  greenchannel journal proof inclusion 17 --size 1000 --format json`,
		Args: arguments(cobra.ExactArgs(1)),
	}
	recordFlags(command, &config)
	command.Flags().Uint64Var(&size, "size", 0, "`NUMBER` of records of the tree (default all there are)")
	format := textOrJSON(command)
	command.RunE = interruptible(func(cmd *cobra.Command, args []string) error {
		seq, err := number(args[0])
		if err != nil {
			return usageError{err}
		}
		return reading(cmd, config, func(kept *journal.Journal) error {
			proof, err := kept.ProveInclusion(cmd.Context(), seq, size)
			if err != nil {
				return err
			}
			answer := httpapi.Inclusion{
				Seq: proof.Seq, Size: proof.Size, Hash: hashText(proof.Hash), Root: hashText(proof.Root), Proof: hashTexts(proof.Proof),
			}
			if format.value == "json" {
				return printJSON(cmd.OutOrStdout(), answer)
			}
			return printTable(cmd.OutOrStdout(), withProof([][]string{
				{"record", fmt.Sprintf("%d of %d", answer.Seq, answer.Size)}, {"hash", answer.Hash}, {"root", answer.Root},
			}, answer.Proof)...)
		})
	})
	return command
}

func newConsistency() *cobra.Command {
	var config server.RecordConfig
	command := &cobra.Command{
		Use:   "consistency OLD [NEW]",
		Short: "Prove that the tree of NEW records (all, unless stated) begins with that of OLD",
		Example: `  greenchannel journal proof consistency 1000
  greenchannel journal proof consistency 1000 2000 --format json`,
		Args: arguments(cobra.RangeArgs(1, 2)),
	}
	recordFlags(command, &config)
	format := textOrJSON(command)
	command.RunE = interruptible(func(cmd *cobra.Command, args []string) error {
		var sizes [2]uint64
		for i, arg := range args {
			var err error
			if sizes[i], err = number(arg); err != nil {
				return usageError{err}
			}
		}
		return reading(cmd, config, func(kept *journal.Journal) error {
			proof, err := kept.ProveConsistency(cmd.Context(), sizes[0], sizes[1])
			if err != nil {
				return err
			}
			answer := httpapi.Consistency{
				Old: proof.Old, New: proof.New, OldRoot: hashText(proof.OldRoot), NewRoot: hashText(proof.NewRoot), Proof: hashTexts(proof.Proof),
			}
			if format.value == "json" {
				return printJSON(cmd.OutOrStdout(), answer)
			}
			return printTable(cmd.OutOrStdout(), withProof([][]string{
				{"records", fmt.Sprintf("%d, then %d", answer.Old, answer.New)}, {"old root", answer.OldRoot}, {"new root", answer.NewRoot},
			}, answer.Proof)...)
		})
	})
	return command
}

// number reads the number of a record, or of records.
func number(text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("%q is no number of records; they count from 1", text)
	}
	return n, nil
}

func hashTexts(hashes []journal.Hash) []string {
	texts := make([]string, 0, len(hashes))
	for _, hash := range hashes {
		texts = append(texts, hashText(hash))
	}
	return texts
}

// withProof adds the hashes of a proof to the rows of its answer.
func withProof(rows [][]string, hashes []string) [][]string {
	label := "proof"
	for _, hash := range hashes {
		rows = append(rows, []string{label, hash})
		label = ""
	}
	if len(hashes) == 0 {
		rows = append(rows, []string{label, "empty: the roots say it all"})
	}
	return rows
}
