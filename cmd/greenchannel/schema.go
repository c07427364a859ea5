package main

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"greenchannel/policies"
	"greenchannel/server/bundle"
	"greenchannel/server/decision"
	"greenchannel/server/httpapi"
	"greenchannel/server/httpapi/openapi"
)

// newSchema gives out the JSON Schemas of what commands print as JSON.
func newSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema [COMMAND]",
		Short: "Print the JSON Schema of what a command prints as JSON",
		Long: `Print the JSON Schema (draft 2020-12) of what a command prints as JSON; without a command, list those that do, with
the flag that asks for it. Where a command prints several documents, one a line, each of them fits the schema.

The schemas are made of what the commands write, and those of decisions and bundles are the ones of the API. A member that
a schema does not name is not written.

Exit code 0 when the schema was printed; 2 when there is none of that command.`,
		Example: `  greenchannel schema
  greenchannel schema bundle diff
  greenchannel schema impact > impact.schema.json`,
		Args: arguments(cobra.ArbitraryArgs),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				rows := [][]string{{"COMMAND", "AS JSON WITH", "DOCUMENTS"}}
				for _, a := range answers() {
					rows = append(rows, []string{a.command, a.flag, map[bool]string{true: "one a line", false: "one"}[a.lines]})
				}
				return printTable(cmd.OutOrStdout(), rows...)
			}
			a, err := answerOf(strings.Join(args, " "))
			if err != nil {
				return usageError{err}
			}
			text, err := a.alone()
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\n", text)
			return err
		},
	}
}

// answer is what a command prints as JSON.
type answer struct {
	command, flag string
	// lines says that there may be several documents, one a line.
	lines  bool
	schema openapi.Schema
}

func answerOf(command string) (answer, error) {
	var names []string
	for _, a := range answers() {
		if a.command == command {
			return a, nil
		}
		names = append(names, a.command)
	}
	hint := ""
	if near, ok := decision.Nearest(command, names); ok {
		hint = " (did you mean " + near + "?)"
	}
	return answer{}, fmt.Errorf("there is no schema of %q%s; \"greenchannel schema\" lists the commands that have one", command, hint)
}

// alone writes the schema with everything that it leads to.
func (a answer) alone() ([]byte, error) {
	described, err := describeAnswers()
	if err != nil {
		return nil, err
	}
	text, err := described.Alone("What greenchannel "+a.command+" prints as JSON", a.schema)
	if err != nil {
		return nil, fmt.Errorf("the schema of %s: %w", a.command, err)
	}
	indented := jsontext.Value(text)
	return indented, indented.Indent(jsontext.WithIndent("  "))
}

// describeAnswers describes what commands print beside what the API answers: some is the same.
func describeAnswers() (*openapi.Description, error) {
	held, err := bundle.Load(policies.FS())
	if err != nil {
		return nil, err
	}
	known, err := httpapi.Describe(decision.Contract{
		Policy:      decision.PolicyRef{Name: held.Name, Revision: held.Revision, Digest: held.Digest},
		Application: held.ApplicationSchema, Decision: held.DecisionSchema, Party: held.PartySchema,
	})
	if err != nil {
		return nil, err
	}
	return openapi.Describe(openapi.API{Schemas: known.Schemas, Types: append(known.Types, answerTypes()...)})
}
