package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"greenchannel/policies"
	"greenchannel/server"
	"greenchannel/server/decision"
	"greenchannel/server/impact"
)

// listed is how many changes of each class are listed unless told otherwise.
const listed = 200

// compareTimeout is how long the policies may take for one application here. All processors decide at once, and one decision
// that comes late ends the whole comparison, so it is longer than where one is decided alone.
const compareTimeout = 30 * time.Second

// comparing is what the commands that decide everything twice have in common.
type comparing struct {
	config    server.RecordConfig
	since     past
	cases     string
	allow     []string
	allowFile string
	format    choice
	most      int
	timeout   time.Duration
}

func newComparing() *comparing {
	return &comparing{format: choice{value: "table", allowed: []string{"table", "json", "html"}}}
}

// comparingHelp says what the two commands have in common.
const comparingHelp = `Changes are told with the dangerous direction first: an outcome that lets more through than the old one (looser), a
decision that needs rows which its record lacks (needs_rows, of which nothing else can be said), an application that
one of the two does not decide (undecided), a stricter outcome, and the same outcome for other reasons, or with other
details.

Nothing may change but what is allowed. --allow OLD:NEW allows a change of outcome, --allow CLASS a class of changes,
--allow reasons:RULE those with the same outcome that this rule alone makes; =NUMBER behind it is the most that there
may be. The most precise one decides alone: OLD:NEW before the class, reasons:RULE before reasons.

Exit code 0 when no more changes than is allowed; 1 when more does; 2 when the command line, a bundle, the record or
the service is at fault.`

// flags adds what both commands can be told.
func (c *comparing) flags(command *cobra.Command) {
	flags := command.Flags()
	flags.Var(&c.since, "since", "`TIME` of the first recorded decision: 30d or 12h ago, or a day or instant (default the first there is)")
	flags.StringVar(&c.cases, "cases", "", "`FOLDER` of cases to decide, instead of what is recorded")
	flags.StringArrayVar(&c.allow, "allow", nil, "`CHANGE` that is allowed, such as standard_review:green_channel=5 or details; the flag again for more")
	flags.StringVar(&c.allowFile, "allow-file", "", "`FILE` of allowed changes, one a line; what follows a # is prose")
	flags.Var(&c.format, "format", "`FORMAT` of the report: table, json, or html for one page to keep and print")
	flags.IntVar(&c.most, "list", listed, "`NUMBER` of changes of each class to list; all are counted")
	recordFlags(command, &c.config)
	evalTimeout(command, &c.timeout, compareTimeout)
}

// allowed reads what may change. Everything that is wrong is told at once.
func (c *comparing) allowed() ([]impact.Allowance, error) {
	var all []impact.Allowance
	var faults []error
	for _, text := range c.allow {
		a, err := impact.ParseAllowance(text)
		if err != nil {
			faults = append(faults, fmt.Errorf("--allow: %w", err))
			continue
		}
		all = append(all, a)
	}
	if c.allowFile != "" {
		file, err := os.Open(c.allowFile)
		if err != nil {
			return nil, errors.Join(append(faults, err)...)
		}
		defer func() { _ = file.Close() }() // it was only read
		more, err := impact.ReadAllowances(c.allowFile, file)
		all, faults = append(all, more...), append(faults, err)
	}
	return all, errors.Join(faults...)
}

// run decides everything twice, and prints what changes. The record is read when the decisions or a bundle come from there.
func (c *comparing) run(cmd *cobra.Command, asked server.Comparison) (err error) {
	if c.timeout <= 0 {
		return usageError{errNoTime}
	}
	if c.most < 0 {
		return usageError{errors.New("--list is a number of changes, 0 for none")}
	}
	if asked.Allowed, err = c.allowed(); err != nil {
		return usageError{err}
	}
	asked.Most, asked.Since = c.most, c.since.at
	switch {
	case c.cases != "" && c.since.text != "":
		return usageError{errors.New("--cases has no dates of record; leave --since out")}
	case len(asked.Files) > 0 && (c.cases != "" || c.since.text != ""):
		return usageError{errors.New("name files, or say --cases or --since; not several of these")}
	case c.cases != "":
		asked.Cases, asked.CasesName = os.DirFS(c.cases), c.cases
	case len(asked.Files) == 0:
		asked.Record = true
	}
	if err := errors.Join(named(asked.Old.Bundle), named(asked.New.Bundle)); err != nil {
		return usageError{err}
	}
	var record *server.RecordConfig
	if asked.Record || kept(asked.Old.Bundle) || kept(asked.New.Bundle) {
		config, err := readingRecord(cmd, c.config)
		if err != nil {
			return err
		}
		record = &config
	}
	rooms, err := server.OpenComparing(cmd.Context(), record, c.timeout)
	if err != nil {
		return err
	}
	defer func() { _ = rooms.Close() }() // it was only read

	shown := newProgress(cmd.ErrOrStderr(), "deciding twice", "decisions")
	effect, err := rooms.Compare(cmd.Context(), policies.FS(), asked, shown.reached)
	shown.end()
	if err != nil {
		return err
	}
	if err := c.print(cmd.OutOrStdout(), effect); err != nil {
		return err
	}
	if effect.Stopped > 0 {
		return findingError{fmt.Sprintf("%s of %s not allowed", counted(effect.Stopped, "change"), counted(effect.Decided, "decision"))}
	}
	return nil
}

// kept says whether a bundle can only be found beside the record.
func kept(bundle string) bool {
	if bundle == server.BuiltIn {
		return false
	}
	_, err := os.Stat(bundle)
	return err != nil
}

// named refuses what can be the name of no bundle, so that a slip in the name of a folder is not answered with a record that is not
// there.
func named(bundle string) error {
	if bundle == server.Active || !kept(bundle) || server.Revision(bundle) {
		return nil
	}
	_, err := server.DigestOf(bundle, nil)
	return fmt.Errorf("the bundle %s: is neither a folder nor an archive here, and %w", bundle, err)
}

func (c *comparing) print(out io.Writer, effect impact.Effect) error {
	buffered := bufio.NewWriter(out)
	var err error
	switch c.format.value {
	case "table":
		var text strings.Builder
		err = effect.WriteTable(&text)
		fmt.Fprint(buffered, printable(text.String()))
	case "html":
		err = effect.WriteHTML(buffered)
	default:
		err = json.MarshalWrite(buffered, effect, jsontext.WithIndent("  "), json.Deterministic(true))
		fmt.Fprintln(buffered)
	}
	return errors.Join(err, buffered.Flush())
}

// past is a flag that takes a time that has passed: so many days or hours ago, or a day or an instant.
type past struct {
	text string
	at   time.Time
}

func (p *past) String() string { return p.text }

// Type is shown nowhere: the usage of the flag names its word itself.
func (p *past) Type() string { return "time" }

// Set takes 30d, what Go takes for a duration, or what decision.ParseAsOf takes.
func (p *past) Set(text string) error {
	days, counts := strings.CutSuffix(text, "d")
	if n, err := strconv.ParseUint(days, 10, 16); counts && err == nil {
		p.text, p.at = text, time.Now().AddDate(0, 0, -int(n))
		return nil
	}
	if ago, err := time.ParseDuration(text); err == nil && ago > 0 {
		p.text, p.at = text, time.Now().Add(-ago)
		return nil
	}
	at, err := decision.ParseAsOf(text)
	if err != nil {
		return fmt.Errorf("%.60q is no time; write 30d or 12h for so long ago, or a day or an instant, such as 2026-11-23", text)
	}
	p.text, p.at = text, at
	return nil
}
