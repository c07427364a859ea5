package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"greenchannel/server"
	"greenchannel/server/impact"
)

// replaying is the command line of replay.
type replaying struct {
	config   server.RecordConfig
	from, to uint64
	all      bool
	revision string
	format   choice
	timeout  time.Duration
}

// newReplay decides recorded decisions again.
func newReplay() *cobra.Command {
	r := replaying{format: choice{value: "text", allowed: []string{"text", "json"}}}
	command := &cobra.Command{
		Use:   "replay [ID|NUMBER...]",
		Short: "Decide recorded decisions again, and compare to the byte",
		Long: `Decide recorded decisions again, each from its record alone: with the application, the clock, the policies
and the rows that stand there. Result, facts and rows read are compared with what is recorded, byte by byte.
Nothing is recorded, and the service may be running meanwhile.

With --revision the decisions are made with other policies that are kept, to see what would change. A decision
for which these read a row that is not recorded cannot be made again, and is told as that.

As text, what differs is printed, and a line of totals; as JSON, one report a line, for every decision.

Exit code 0 when all are identical; 1 when one differs or cannot be made again; 2 when the command line, the
record or the service is at fault.`,
		Example: `  greenchannel replay 01890a5d-ac96-774b-bcce-b302099a8057
  greenchannel replay 17 --format json
  greenchannel replay --from 1000 --to 1999
  greenchannel replay --all --revision 3f2a9c1b77de`,
		RunE: interruptible(r.run),
	}
	flags := command.Flags()
	flags.Uint64Var(&r.from, "from", 0, "`NUMBER` of the first record (default the first there is)")
	flags.Uint64Var(&r.to, "to", 0, "`NUMBER` of the last record (default the last there is)")
	flags.BoolVar(&r.all, "all", false, "decide all decisions again")
	flags.StringVar(&r.revision, "revision", "", "`REVISION` of the policies to decide with, or the beginning of their digest (default those that decided)")
	flags.Var(&r.format, "format", "`FORMAT` of the reports, text or json")
	recordFlags(command, &r.config)
	evalTimeout(command, &r.timeout, decideTimeout)
	return command
}

// selection asks for one way of saying which decisions are meant.
func (r *replaying) selection(which []string) (server.Selection, error) {
	ranged := r.from > 0 || r.to > 0
	switch {
	case len(which) == 0 && !ranged && !r.all:
		return server.Selection{}, errors.New("name decisions by id or number, or say --from and --to, or --all")
	case len(which) > 0 && (ranged || r.all), ranged && r.all:
		return server.Selection{}, errors.New("name decisions, or say --from and --to, or --all; not several of these")
	}
	return server.Selection{Which: which, First: r.from, Last: r.to, Revision: r.revision}, nil
}

func (r *replaying) run(cmd *cobra.Command, which []string) error {
	selected, err := r.selection(which)
	if err != nil {
		return usageError{err}
	}
	if r.timeout <= 0 {
		return usageError{errNoTime}
	}
	config, err := readingRecord(cmd, r.config)
	if err != nil {
		return err
	}
	rooms, err := server.OpenReading(cmd.Context(), config, r.timeout)
	if err != nil {
		return err
	}
	defer func() { _ = rooms.Close() }() // it was only read

	out := bufio.NewWriter(cmd.OutOrStdout())
	shown := newProgress(cmd.ErrOrStderr(), "deciding again", "records")
	var counts replayCounts
	err = rooms.ReplayAll(cmd.Context(), selected, func(one server.Replayed) error {
		counts.add(one.Report)
		if one.Report != nil && (r.format.value == "json" || !one.Report.Identical || len(which) > 0) {
			shown.aside()
			if err := errors.Join(r.print(out, *one.Report), out.Flush()); err != nil {
				return err
			}
		}
		shown.reached(one.Done, one.Total)
		return nil
	})
	shown.end()
	if err != nil {
		return err
	}
	totals := cmd.OutOrStdout()
	if r.format.value == "json" {
		totals = cmd.ErrOrStderr()
	}
	fmt.Fprintln(totals, counts.text())
	return counts.finding()
}

func (r *replaying) print(out io.Writer, report impact.Report) error {
	if r.format.value == "text" {
		_, err := io.WriteString(out, printable(report.Text()))
		return err
	}
	body, err := json.Marshal(report)
	if err != nil {
		return err
	}
	_, err = out.Write(append(body, '\n'))
	return err
}

// replayCounts are the totals of many reports.
type replayCounts struct{ identical, different, unavailable, others uint64 }

func (c *replayCounts) add(report *impact.Report) {
	switch {
	case report == nil:
		c.others++
	case report.Unavailable != nil:
		c.unavailable++
	case report.Identical:
		c.identical++
	default:
		c.different++
	}
}

func (c *replayCounts) text() string {
	text := fmt.Sprintf("%s decided again: %d identical, %d different, %d impossible",
		counted(c.identical+c.different+c.unavailable, "decision"), c.identical, c.different, c.unavailable)
	if c.others > 0 {
		text += fmt.Sprintf("; %s passed over, being no decision", counted(c.others, "record"))
	}
	return text
}

// finding is what the exit code tells.
func (c *replayCounts) finding() error {
	if bad := c.different + c.unavailable; bad > 0 {
		return findingError{fmt.Sprintf("%s not identical", counted(bad, "decision"))}
	}
	return nil
}

// counted is a number with its noun.
func counted(n uint64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
