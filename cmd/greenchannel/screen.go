package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"greenchannel/policies"
	"greenchannel/server"
	"greenchannel/server/batch"
	"greenchannel/server/decision"
	"greenchannel/server/problem"
	lists "greenchannel/server/sheet"
)

// screening is the command line of screen.
type screening struct {
	asOf     instant
	format   choice
	lang     choice
	template choice
	encoding choice
	failOn   outcomes
	output   string
	sheet    string
	ignore   []string
	timeout  time.Duration
}

// newScreen decides a catalogue or an order list.
func newScreen() *cobra.Command {
	s := screening{
		format:   choice{allowed: []string{"table", "csv", "xlsx"}},
		lang:     choice{value: "en", allowed: []string{"en", "zh"}},
		template: choice{allowed: []string{"csv", "xlsx"}},
		encoding: choice{allowed: lists.Encodings()},
	}
	command := &cobra.Command{
		Use:   "screen FILE|-",
		Short: "Decide a catalogue or an order list, row by row",
		Long: `Decide a catalogue or an order list from CSV, XLSX or NDJSON (an application a line), and print a row for
each of its rows: line status, entries of the control list, outcome, reasons, what is missing and what
to do next. --template prints a list with every column that can be read, in English or Chinese.

Rows that share an application_id are the lines of one application. A file that names no exporter, end
user or destination is a catalogue: only the status of its lines is asked, and the outcome is not.
It is a dry run: nothing is recorded.

Exit code 0 when every row was decided, whatever the outcome; 1 when an outcome is one of --fail-on; 2 when
the file or the service is at fault. Of a faulty file every fault is told by row and column, and no row is decided.`,
		Example: `  greenchannel screen --template csv --lang zh > list.csv
  greenchannel screen list.csv --as-of 2026-11-23
  greenchannel screen orders.xlsx --sheet 2026 --output decided.xlsx --fail-on prohibited`,
		Args: arguments(s.args),
		RunE: interruptible(s.run),
	}
	flags := command.Flags()
	flags.Var(&s.asOf, "as-of", "`INSTANT` or day to decide as of, such as 2026-11-23 (default now)")
	flags.Var(&s.format, "format", "`FORMAT` of the answer: table, csv or xlsx (default by the ending of --output, else table)")
	flags.StringVar(&s.output, "output", "", "`FILE` to write the answer to (default standard output)")
	flags.Var(&s.lang, "lang", "`LANGUAGE` of heads and texts, en or zh; the words of the contract stay as they are in CSV and XLSX")
	flags.Var(&s.failOn, "fail-on", "`OUTCOME,...` for which the exit code is 1")
	flags.StringVar(&s.sheet, "sheet", "", "`NAME` of the sheet of a workbook (default the first that is visible)")
	flags.Var(&s.encoding, "encoding", "`ENCODING` of a text file (default found out): "+strings.Join(lists.Encodings(), ", "))
	flags.StringSliceVar(&s.ignore, "ignore", nil, "`COLUMN,...` of the file that are not read")
	flags.Var(&s.template, "template", "print an empty list as `FORMAT` csv or xlsx, and decide nothing")
	evalTimeout(command, &s.timeout, decideTimeout)
	return command
}

func (s *screening) args(_ *cobra.Command, args []string) error {
	switch {
	case s.template.value != "" && len(args) > 0:
		return errors.New("--template prints a list; name no file with it")
	case s.template.value == "" && len(args) != 1:
		return fmt.Errorf("name one file, or - for standard input; %d were named (--template prints a list to begin with)", len(args))
	}
	return nil
}

func (s *screening) run(cmd *cobra.Command, args []string) error {
	if s.timeout <= 0 {
		return usageError{errNoTime}
	}
	if len(args) == 0 { // the template may also be asked for in the environment
		if s.template.value == "" {
			return usageError{errors.New("name one file")}
		}
		return s.write(cmd, s.template.value, func(out io.Writer) error {
			if s.template.value == "xlsx" {
				return lists.TemplateXLSX(out, s.lang.value)
			}
			return lists.TemplateCSV(out, s.lang.value)
		})
	}
	format, err := s.chosen(cmd.OutOrStdout())
	if err = errors.Join(err, s.sameFile(args[0])); err != nil {
		return usageError{err}
	}
	rooms, err := server.Open(cmd.Context(), policies.FS(), s.timeout)
	if err != nil {
		return err
	}
	book, err := s.read(cmd, rooms, args[0])
	if err != nil {
		return err
	}
	rows, err := s.decide(cmd, rooms, book)
	if err != nil {
		return err
	}
	if err := s.write(cmd, format, func(out io.Writer) error { return s.print(out, format, book, rows) }); err != nil {
		return err
	}
	return s.verdict(rows)
}

// chosen is the format of the answer.
func (s *screening) chosen(out io.Writer) (string, error) {
	format := s.format.value
	if format == "" {
		format = "table"
		if ending := strings.TrimPrefix(strings.ToLower(filepath.Ext(s.output)), "."); slices.Contains(s.format.allowed, ending) {
			format = ending
		}
	}
	return format, s.unfit(format, out)
}

// unfit says that an answer cannot go to where it would.
func (s *screening) unfit(format string, out io.Writer) error {
	if format == "xlsx" && s.output == "" && newPaper(out).terminal {
		return errors.New("a workbook is not for the terminal; name a file with --output")
	}
	return nil
}

// sameFile refuses to write the answer over the question.
func (s *screening) sameFile(name string) error {
	in, inErr := os.Stat(name)
	out, outErr := os.Stat(s.output)
	if s.output != "" && name != "-" && inErr == nil && outErr == nil && os.SameFile(in, out) {
		return fmt.Errorf("--output %s is the file that is read; name another", s.output)
	}
	return nil
}

func (s *screening) read(cmd *cobra.Command, rooms *server.Rooms, name string) (*lists.Book, error) {
	data, err := readAtMost(name, cmd.InOrStdin(), lists.MaxBytes+1)
	if err != nil {
		return nil, err
	}
	shown := name
	if name == "-" {
		shown = "standard input"
	}
	book, err := lists.Read(shown, data, lists.Options{
		Read: rooms.Engine.Read, Sheet: s.sheet, Encoding: s.encoding.value, Ignore: s.ignore,
	})
	if faulty := new(lists.Faulty); errors.As(err, &faulty) {
		return nil, faultyFile{faulty}
	}
	if err != nil {
		return nil, err
	}
	if book.Kind == lists.Catalogue && len(s.failOn) > 0 {
		return nil, fmt.Errorf("%s is a catalogue, for which no outcome is asked: --fail-on would never bite; state exporter, end_user and destination, or leave it out", shown)
	}
	for _, note := range book.Notes {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s\n", printable(shown), printable(note))
	}
	return book, nil
}

// decide asks about everything in the book, on all cores, and gives the rows in the order of the file.
func (s *screening) decide(cmd *cobra.Command, rooms *server.Rooms, book *lists.Book) ([]lists.Row, error) {
	at := s.asOf.at
	if s.asOf.text == "" {
		at = rooms.Decisions.Now() // one instant for all rows
	}
	total := 0
	for _, ask := range book.Asks {
		total += len(ask.Lines)
	}
	shown := newProgress(cmd.ErrOrStderr(), "screening", "rows")
	defer shown.end()
	var rows []lists.Row
	err := batch.Ordered(cmd.Context(), runtime.GOMAXPROCS(0), slices.Values(book.Asks),
		func(ctx context.Context, ask lists.Ask) []lists.Row {
			written, err := rooms.Decisions.DryRun(ctx, ask.App, at)
			if err != nil {
				return lists.Failed(ask, problem.Of(err).Detail)
			}
			decided, err := written.Decision()
			if err != nil {
				return lists.Failed(ask, problem.Of(err).Detail)
			}
			return lists.Rows(book.Kind, ask, decided)
		},
		func(decided []lists.Row) error {
			rows = append(rows, decided...)
			shown.reached(uint64(len(rows)), uint64(total))
			return nil
		})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(rows, func(a, b lists.Row) int { return a.Row - b.Row })
	return rows, nil
}

func (s *screening) print(out io.Writer, format string, book *lists.Book, rows []lists.Row) error {
	switch format {
	case "csv":
		return lists.WriteCSV(out, s.lang.value, rows)
	case "xlsx":
		return lists.WriteXLSX(out, s.lang.value, rows, s.notes(book))
	}
	return printRows(out, s.lang.value, s.notes(book), rows)
}

// notes are what an answer says beside its rows.
func (s *screening) notes(book *lists.Book) []string {
	p := phrases()
	said := []decision.Text{p.dryRun, {
		EN: "The service recommends; the authority decides. What stands behind a row: greenchannel decide.",
		ZH: "本系统仅作建议，由主管部门决定。各行的完整依据请见 greenchannel decide。",
	}}
	if book.Kind == lists.Catalogue {
		said = append([]decision.Text{lists.CatalogueNote()}, said...)
	}
	var notes []string
	for _, text := range said {
		notes = append(notes, sheet{chinese: s.lang.value == "zh"}.say(text))
	}
	return notes
}

// verdict makes the exit code of the rows.
func (s *screening) verdict(rows []lists.Row) error {
	undecided := 0
	for _, row := range rows {
		if row.Status == lists.Undecided {
			undecided++
		}
	}
	if undecided > 0 {
		return fmt.Errorf("%d of %d rows could not be decided; they say why", undecided, len(rows))
	}
	for _, row := range rows {
		if slices.Contains(s.failOn, row.Outcome) {
			return outcomeError{row.Outcome}
		}
	}
	return nil
}

// write gives an output file its whole content or none: what stood there is replaced when all is written.
func (s *screening) write(cmd *cobra.Command, format string, content func(io.Writer) error) error {
	if s.output == "" {
		if err := s.unfit(format, cmd.OutOrStdout()); err != nil {
			return usageError{err}
		}
		return content(cmd.OutOrStdout())
	}
	file, err := os.CreateTemp(filepath.Dir(s.output), ".greenchannel-*")
	if err != nil {
		return err
	}
	err = content(file)
	err = errors.Join(err, file.Close())
	if err == nil {
		err = os.Rename(file.Name(), s.output)
	}
	if err != nil {
		_ = os.Remove(file.Name())
	}
	return err
}

// faultyFile is a file of which every fault is told on a line of its own.
type faultyFile struct{ *lists.Faulty }

func (f faultyFile) Unwrap() error { return f.Faulty }

func (f faultyFile) lines() string {
	n := "one fault"
	if len(f.Faults) > 1 {
		n = fmt.Sprintf("%d faults", len(f.Faults))
	}
	return printable(f.Error()) + printable(f.Name) + ": " + n + "; nothing was decided.\n"
}
