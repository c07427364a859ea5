package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"greenchannel/server"
	"greenchannel/server/journal"
)

// verified is what verify has found.
type verified struct {
	Sound bool `json:"sound" jsonschema:"Whether everything is as it was recorded."`
	// Where there is damage, the counts are of what was found sound before it.
	Records     uint64   `json:"records" jsonschema:"Records that are sound; where there is damage, those before it."`
	Checkpoints uint64   `json:"checkpoints" jsonschema:"Checkpoints that are sound; likewise."`
	Bundles     uint64   `json:"bundles" jsonschema:"Kept bundles that are sound; likewise."`
	Root        string   `json:"root" jsonschema:"Hash over these records."`
	Signers     []string `json:"signers" jsonschema:"Public keys that signed checkpoints."`
	Damage      *damaged `json:"damage" jsonschema:"The first place that is not as it was recorded; null where there is none."`
}

// damaged is the first place that is not as it was recorded.
type damaged struct {
	Seq    uint64 `json:"seq,omitzero" jsonschema:"Number of the record; absent where it is none."`
	ID     string `json:"id,omitzero" jsonschema:"Id of the record."`
	Field  string `json:"field,omitzero" jsonschema:"Field of the record."`
	Byte   *int64 `json:"byte" jsonschema:"The byte in that, from 0; null where it cannot be told."`
	Detail string `json:"detail" jsonschema:"What is wrong there."`
}

// newVerify checks the whole record.
func newVerify() *cobra.Command {
	var config server.RecordConfig
	var trust []string
	command := &cobra.Command{
		Use:   "verify",
		Short: "Check every record, hash, signature and kept bundle; name the first bad byte",
		Long: `Check everything in the record: that the file itself is sound, each record against its hash, the tree of all
hashes, each signed checkpoint, and each kept bundle. The first damage is named by record, field and byte.

Without --trust, the public keys are believed that the journal itself names. That shows that nothing broke, but not
that nobody has made the journal anew with a key of their own: for that, keep the public keys elsewhere (journal
checkpoint --keys) and name them here.

Exit code 0 when all is sound; 1 when something is damaged; 2 when the record cannot be opened or read.`,
		Example: `  greenchannel journal verify
  greenchannel journal verify --data /var/lib/greenchannel --format json
  greenchannel journal verify --trust "$(cat journal.pub)"`,
		Args: arguments(cobra.NoArgs),
	}
	recordFlags(command, &config)
	command.Flags().StringSliceVar(&trust, "trust", nil, "public `KEY` whose checkpoints are believed; several with commas, or the flag again")
	format := textOrJSON(command)
	command.RunE = interruptible(func(cmd *cobra.Command, _ []string) error {
		if err := checkKeys(trust); err != nil {
			return usageError{err}
		}
		return reading(cmd, config, func(kept *journal.Journal) error { return verify(cmd, kept, format.value) }, trust...)
	})
	return command
}

// checkKeys refuses what is no public key, before it is taken for a damage that no key fits.
func checkKeys(keys []string) error {
	for _, key := range keys {
		if err := journal.CheckVerifier(key); err != nil {
			return fmt.Errorf("--trust %q is no public key of a journal: %w", key, err)
		}
	}
	return nil
}

func verify(cmd *cobra.Command, kept *journal.Journal, format string) error {
	shown := newProgress(cmd.ErrOrStderr(), "verifying", "records")
	report, err := kept.Verify(cmd.Context(), shown.reached)
	shown.end()
	damage, found := errors.AsType[*journal.Damage](err)
	if err != nil && !found {
		return err
	}
	answer := verified{
		Sound: !found, Records: report.Records, Checkpoints: report.Checkpoints, Bundles: report.Bundles,
		Root: hashText(report.Root), Signers: append([]string{}, report.Signers...),
	}
	if found {
		answer.Damage = &damaged{Seq: damage.Seq, ID: damage.ID, Field: damage.Field, Detail: damage.Detail}
		if damage.Offset >= 0 {
			answer.Damage.Byte = &damage.Offset
		}
	}
	if format == "json" {
		err = printJSON(cmd.OutOrStdout(), answer)
	} else {
		err = answer.print(cmd.OutOrStdout())
	}
	if err == nil && found {
		return findingError{damage.Error()}
	}
	return err
}

func (v verified) print(out io.Writer) error {
	word := "sound"
	if !v.Sound {
		word = "damaged; sound up to there:"
	}
	rows := [][]string{
		{"journal", word},
		{"records", strconv.FormatUint(v.Records, 10)},
		{"root", v.Root},
		{"checkpoints", strconv.FormatUint(v.Checkpoints, 10)},
		{"bundles", strconv.FormatUint(v.Bundles, 10)},
	}
	if len(v.Signers) > 0 {
		rows = append(rows, []string{"signers", strings.Join(v.Signers, ", ")})
	}
	return printTable(out, rows...)
}
