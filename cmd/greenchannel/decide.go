package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"greenchannel/policies"
	"greenchannel/server"
	"greenchannel/server/decision"
	"greenchannel/server/explain"
	"greenchannel/server/problem"
)

// decideTimeout is how long the policies may take for one application here. Nobody else waits, so it is longer than that
// of the service.
const decideTimeout = 10 * time.Second

// deciding is the command line of decide.
type deciding struct {
	asOf    instant
	format  choice
	lang    choice
	failOn  outcomes
	explain string
	timeout time.Duration
}

// newDecide decides one application.
func newDecide() *cobra.Command {
	d := deciding{
		format: choice{value: "json", allowed: []string{"json", "text"}},
		lang:   choice{value: "en", allowed: []string{"en", "zh"}},
	}
	command := &cobra.Command{
		Use:   "decide FILE|-",
		Short: "Decide one application, and print the decision",
		Long: `Decide one application from a file, or from standard input with "-", and print the decision as JSON or
as a sheet to read. It is a dry run: the decision has no id, and nothing is recorded. What was decided
before is not known to it: rules that look at history see none.

With --explain the decision is explained: why each named rule fired or which condition of it failed
first, with file, line and values; "why" names the rules that the outcome turns on; "nearest" searches
the smallest set of changes with which the application would take the green channel, and proves it by
deciding again. Without a word it means why,nearest.

Exit code 0 when a decision was reached, whatever it is; 1 when it is one of --fail-on; 2 when the
input or the service is at fault.`,
		Example: `  greenchannel decide application.json --format text --lang zh
  greenchannel decide - --as-of 2026-11-23 --fail-on prohibited,refer_for_refusal < application.json
  greenchannel decide application.json --explain --format text
  greenchannel decide application.json --explain=nearest,RF-14,GC-P05`,
		Args: arguments(oneFile),
		RunE: interruptible(func(cmd *cobra.Command, args []string) error { return d.run(cmd, args[0]) }),
	}
	flags := command.Flags()
	flags.Var(&d.asOf, "as-of", "`INSTANT` or day to decide as of, such as 2026-11-23 (default now)")
	flags.Var(&d.format, "format", "`FORMAT` of the decision: json, or text for a sheet to read")
	flags.Var(&d.lang, "lang", "`LANGUAGE` of the sheet, en or zh")
	flags.Var(&d.failOn, "fail-on", "`OUTCOME,...` for which the exit code is 1")
	flags.StringVar(&d.explain, "explain", "", "explain the decision: `WORD,...` of why, nearest, all and ids of rules")
	flags.Lookup("explain").NoOptDefVal = "why,nearest"
	evalTimeout(command, &d.timeout, decideTimeout)
	return command
}

func oneFile(command *cobra.Command, args []string) error {
	if len(args) == 2 && command.Flags().Changed("explain") {
		return fmt.Errorf("name one application file, not %s and %s; what is to be explained is written with an equals sign: --explain=WORD", args[0], args[1])
	}
	if len(args) != 1 {
		return fmt.Errorf("name one application file, or - for standard input; %d were named", len(args))
	}
	return nil
}

func (d *deciding) run(cmd *cobra.Command, file string) error {
	if d.timeout <= 0 {
		return usageError{errNoTime}
	}
	body, err := readInput(file, cmd.InOrStdin())
	if err != nil {
		return err
	}
	rooms, err := server.Open(cmd.Context(), policies.FS(), d.timeout)
	if err != nil {
		return err
	}
	app, err := rooms.Engine.Read(body)
	if err != nil {
		return inputError{file, problem.Of(err)}
	}
	decided, explanation, err := d.decide(cmd.Context(), rooms, app)
	if err != nil {
		return err
	}
	if err := d.print(cmd.OutOrStdout(), app, decided, explanation); err != nil {
		return err
	}
	if slices.Contains(d.failOn, decided.Outcome) {
		return outcomeError{decided.Outcome}
	}
	return nil
}

// decide decides, and explains if that is asked for; nil if not.
func (d *deciding) decide(ctx context.Context, rooms *server.Rooms, app decision.Application) (decision.Decision, *explain.Explanation, error) {
	at := d.asOf.at
	if d.asOf.text == "" {
		at = rooms.Decisions.Now()
	}
	if d.explain == "" {
		written, err := rooms.Decisions.DryRun(ctx, app, at)
		if err != nil {
			return decision.Decision{}, nil, err
		}
		decided, err := written.Decision()
		return decided, nil, err
	}
	explained, err := rooms.Engine.Explain(ctx, app, at, d.explain)
	if known := problem.Of(err); err != nil && known.Kind == problem.Invalid {
		err = usageError{unexplained(known.Faults)}
	}
	return explained.Decision, &explained.Explanation, err
}

func unexplained(faults []problem.Fault) error {
	var all []error
	for _, fault := range faults {
		all = append(all, fmt.Errorf("--explain: %s", fault.Detail))
	}
	return errors.Join(all...)
}

func (d *deciding) print(out io.Writer, app decision.Application, decided decision.Decision, explanation *explain.Explanation) error {
	if d.format.value == "text" {
		return printSheet(out, d.lang.value, app, decided, explanation)
	}
	var answer any = decided
	if explanation != nil {
		answer = explain.Explained{Decision: decided, Explanation: *explanation}
	}
	body, err := json.Marshal(answer, jsontext.WithIndent("  "), json.Deterministic(true))
	if err != nil {
		return err
	}
	_, err = out.Write(append(body, '\n'))
	return err
}

// readInput reads no more than can be an application.
func readInput(file string, stdin io.Reader) ([]byte, error) {
	return readAtMost(file, stdin, decision.MaxBytes+1)
}

// readAtMost reads a file, or standard input for "-".
func readAtMost(file string, stdin io.Reader, most int64) ([]byte, error) {
	in := stdin
	if file != "-" {
		opened, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer func() { _ = opened.Close() }()
		in = opened
	}
	return io.ReadAll(io.LimitReader(in, most))
}

// inputError is an application that cannot be read.
type inputError struct {
	file string
	why  *problem.Error
}

func (e inputError) Error() string { return e.lines() }

// lines tells each fault on a line of its own, as file:line: pointer: detail, which editors can follow.
func (e inputError) lines() string {
	file := e.file
	if file == "-" {
		file = "standard input"
	}
	var text strings.Builder
	for _, fault := range e.why.Faults {
		place := file + ":" + strconv.Itoa(fault.Line) + ": "
		if fault.Pointer != "" {
			place += fault.Pointer + ": "
		}
		text.WriteString(printable(place+fault.Detail) + "\n")
	}
	if e.why.Kind != problem.Malformed || len(e.why.Faults) == 0 { // of a document that cannot be read, the fault says all
		text.WriteString(printable(file+": "+e.why.Detail) + "\n")
	}
	return text.String()
}

// outcomeError is a decision that was reached, and that the caller asked to fail on.
type outcomeError struct{ outcome decision.Outcome }

func (e outcomeError) Error() string {
	return fmt.Sprintf("the outcome is %s, one of --fail-on", e.outcome)
}
