package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"greenchannel/server/config"
)

// configFlag names the file of the configuration; commands that have this flag read the environment as a part of that.
const configFlag = "config"

// setting is a flag that stands for a value of the configuration. It keeps the text; config.Load reads it.
type setting struct {
	config.Flag
	text string
}

func (s *setting) String() string { return s.text }

// Type is the word for the value in the usage.
func (s *setting) Type() string { return s.Arg }

// Set takes what can be a value.
func (s *setting) Set(text string) error {
	if err := s.Check(text); err != nil {
		return err
	}
	s.text = text
	return nil
}

// configured gives a command the flags of the configuration.
func configured(command *cobra.Command) {
	for _, flag := range config.Flags() {
		command.Flags().Var(&setting{Flag: flag, text: flag.Default}, flag.Name, flag.Usage)
	}
	command.Flags().String(configFlag, "", "`FILE` of the configuration; every value can also be set there, and in the environment")
}

func readsConfiguration(flags *pflag.FlagSet) bool { return flags.Lookup(configFlag) != nil }

// settingsOf reads the configuration of a command: its flags, the environment and the file.
func settingsOf(command *cobra.Command) (*config.Loaded, error) {
	in := config.Inputs{Environment: os.Environ(), Flags: map[string]string{}}
	command.Flags().Visit(func(flag *pflag.Flag) {
		switch value := flag.Value.String(); flag.Name {
		case configFlag:
			in.File = value
		default:
			in.Flags[flag.Name] = value
		}
	})
	loaded, err := config.Load(in)
	if err != nil {
		return nil, err
	}
	for _, warning := range loaded.Warnings {
		fmt.Fprintf(command.ErrOrStderr(), "warning: %s\n", printable(warning))
	}
	return loaded, nil
}

// newConfig shows the configuration, and what can be configured.
func newConfig() *cobra.Command {
	command := &cobra.Command{
		Use:   "config",
		Short: "Print the effective configuration, and where each value comes from",
		Long: `Print the configuration that serve would use with the same flags, environment and file, as a file, with the
place that each value comes from beside it. Secrets are left out. What is wrong with it is told, all at once.`,
		Example: `  greenchannel config
  greenchannel config --config greenchannel.yaml --listen 0.0.0.0:8181`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			loaded, err := settingsOf(cmd)
			if err == nil {
				_, err = fmt.Fprint(cmd.OutOrStdout(), loaded)
			}
			return err
		},
	}
	configured(command)
	command.AddCommand(&cobra.Command{
		Use:   "reference",
		Short: "Print what can be configured, in Markdown",
		Long:  "Print every value that can be configured, with its key, variable, flag and standard, in Markdown.",

		Example: `  greenchannel config reference | less`,

		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprint(cmd.OutOrStdout(), config.Reference())
			return err
		},
	})
	return command
}
