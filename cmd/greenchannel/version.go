package main

import (
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"greenchannel/policies"
	"greenchannel/server"
	"greenchannel/server/decision"
)

// versions says what this binary is made of.
type versions struct {
	Version string             `json:"version" jsonschema:"Version of the program."`
	Commit  string             `json:"commit,omitzero" jsonschema:"Commit that it was built of; absent where that is not known."`
	Go      string             `json:"go" jsonschema:"Version of Go."`
	OPA     string             `json:"opa" jsonschema:"Version of the embedded OPA."`
	Bundle  decision.PolicyRef `json:"bundle" jsonschema:"The policies that it brings."`
}

func newVersion() *cobra.Command {
	format := choice{value: "text", allowed: []string{"text", "json"}}
	command := &cobra.Command{
		Use:   "version",
		Short: "Say which service, OPA and policy bundle this binary holds",
		Example: `  greenchannel version
  greenchannel version --format json | jq -r .bundle.digest`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			held, err := held()
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			if format.value == "json" {
				body, err := json.Marshal(held, jsontext.WithIndent("  "))
				if err != nil {
					return err
				}
				_, err = out.Write(append(body, '\n'))
				return err
			}
			_, err = fmt.Fprintf(out, "greenchannel %s\nGo           %s\nOPA          %s\nBundle       %s, revision %s\n             %s\n",
				strings.TrimSpace(held.Version+" "+held.Commit), held.Go, held.OPA, held.Bundle.Name, held.Bundle.Revision, held.Bundle.Digest)
			return err
		},
	}
	command.Flags().Var(&format, "format", "`FORMAT` of the answer, text or json")
	return command
}

// held reads what the build and the embedded policies say of themselves.
func held() (versions, error) {
	bundle, err := server.Bundle(policies.FS())
	if err != nil {
		return versions{}, err
	}
	found := versions{Version: "unknown", Bundle: bundle}
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return found, nil
	}
	found.Version, found.Go = build.Main.Version, build.GoVersion
	for _, setting := range build.Settings {
		if setting.Key == "vcs.revision" {
			found.Commit = setting.Value
		}
	}
	for _, library := range build.Deps {
		if library.Path == "github.com/open-policy-agent/opa" {
			found.OPA = library.Version
		}
	}
	return found, nil
}
