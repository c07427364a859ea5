package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"

	"greenchannel/server/decision"
)

const environmentPrefix = "GREENCHANNEL_"

// variable is the environment variable that sets a flag.
func variable(flag string) string {
	return environmentPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// fromEnvironment sets every flag that the command line left alone and the environment states; an empty variable states
// nothing. A variable that looks like a misspelt one is told on warnings; others with our prefix may be somebody else's.
func fromEnvironment(flags *pflag.FlagSet, environment []string, warnings io.Writer) error {
	if readsConfiguration(flags) {
		return nil // config.Load looks at the environment, and knows more of it
	}
	stated := map[string]string{}
	for _, entry := range environment {
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, environmentPrefix) && value != "" {
			stated[name] = value
		}
	}
	var names []string
	var faults []error
	flags.VisitAll(func(flag *pflag.Flag) {
		name := variable(flag.Name)
		names = append(names, name)
		value, ok := stated[name]
		if !ok || flag.Changed || flag.Name == "help" {
			return
		}
		if err := flags.Set(flag.Name, value); err != nil {
			faults = append(faults, fmt.Errorf("%s in the environment: %w", name, err))
		}
	})
	for _, name := range names {
		delete(stated, name)
	}
	for name := range stated {
		if near, ok := misspelt(name, names); ok {
			fmt.Fprintf(warnings, "warning: the environment has %s, which sets nothing; did you mean %s?\n", printable(name), near)
		}
	}
	if len(faults) > 0 {
		return usageError{errors.Join(faults...)}
	}
	return nil
}

// misspelt compares what follows the prefix, since that is all that can differ.
func misspelt(name string, names []string) (string, bool) {
	var endings []string
	for _, known := range names {
		endings = append(endings, strings.TrimPrefix(known, environmentPrefix))
	}
	near, ok := decision.Nearest(strings.TrimPrefix(name, environmentPrefix), endings)
	return environmentPrefix + near, ok
}
