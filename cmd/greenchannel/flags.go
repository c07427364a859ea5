package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"greenchannel/server/decision"
	"greenchannel/server/problem"
)

// errNoTime refuses a limit that nothing could keep.
var errNoTime = errors.New("--eval-timeout must be more than nothing, such as 2s")

// choice is a flag that takes one of a few words.
type choice struct {
	value   string
	allowed []string
}

func (c *choice) String() string { return c.value }

// Type is shown nowhere: the usage of each flag names its word itself.
func (c *choice) Type() string { return "word" }

// Set takes one of the allowed words.
func (c *choice) Set(text string) error {
	if !slices.Contains(c.allowed, text) {
		return fmt.Errorf("%q is not one of %s", text, strings.Join(c.allowed, ", "))
	}
	c.value = text
	return nil
}

// outcomes is a flag that takes outcomes, separated by commas.
type outcomes []decision.Outcome

func (o *outcomes) String() string {
	var names []string
	for _, outcome := range *o {
		names = append(names, string(outcome))
	}
	return strings.Join(names, ",")
}

// Type is shown nowhere: the usage of the flag names its word itself.
func (o *outcomes) Type() string { return "outcomes" }

// Set takes every name or none; an outcome that nobody knows would never be reached, and the guard never bite.
func (o *outcomes) Set(text string) error {
	var taken outcomes
	for name := range strings.SplitSeq(text, ",") {
		outcome := decision.Outcome(strings.TrimSpace(name))
		if !outcome.Known() {
			return unknownOutcome(string(outcome))
		}
		taken = append(taken, outcome)
	}
	*o = append(*o, taken...)
	return nil
}

func unknownOutcome(name string) error {
	known := outcomes(decision.Outcomes())
	names := strings.Split(known.String(), ",")
	hint := ""
	if near, ok := decision.Nearest(name, names); ok {
		hint = fmt.Sprintf(" (did you mean %s?)", near)
	}
	return fmt.Errorf("there is no outcome %q%s; the outcomes are %s", name, hint, strings.Join(names, ", "))
}

// instant is a flag that takes an instant or a day.
type instant struct {
	text string
	at   time.Time
}

func (i *instant) String() string { return i.text }

// Type is shown nowhere: the usage of the flag names its word itself.
func (i *instant) Type() string { return "instant" }

// Set takes RFC 3339 with an offset, or a day in Beijing.
func (i *instant) Set(text string) error {
	at, err := decision.ParseAsOf(text)
	if err != nil {
		return errors.New(problem.Of(err).Detail)
	}
	i.text, i.at = text, at
	return nil
}

// arguments makes an error about arguments one about usage.
func arguments(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{err}
		}
		return nil
	}
}

// subcommand refuses a word that is no command below this one.
func subcommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := ""
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hint = "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return fmt.Errorf("unknown command %q for %q%s", args[0], cmd.CommandPath(), hint)
}
