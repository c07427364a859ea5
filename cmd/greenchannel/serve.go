package main

import (
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"greenchannel/policies"
	"greenchannel/server"
	"greenchannel/server/engine"
)

// newServe runs the decision service until it is told to stop.
func newServe() *cobra.Command {
	config := server.Config{Policies: policies.FS()}
	command := &cobra.Command{
		Use:   "serve",
		Short: "Run the decision service",
		Long: `Run the decision service over HTTP until SIGINT or SIGTERM; then end what was begun, and stop.

Every decision is in the data folder, on disk, before it is answered: one SQLite file, unless --journal
names a PostgreSQL database that several services share.

The service does not ask who calls: beyond this machine, put something in front of it that does.`,
		Args: arguments(cobra.NoArgs),
		RunE: interruptible(func(cmd *cobra.Command, _ []string) error {
			if config.EvalTimeout <= 0 {
				return usageError{errNoTime}
			}
			if config.Record.Data == "" {
				return usageError{errNoData}
			}
			config.Log = slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))
			return server.Run(cmd.Context(), config)
		}),
	}
	command.Flags().StringVar(&config.Listen, "listen", server.DefaultListen, "`HOST:PORT` to listen on; port 0 takes a free one")
	command.Flags().StringVar(&config.BaseURL, "base-url", "", "`URL` under which clients reach the service, for its AuthZEN metadata")
	recordFlags(command, &config.Record)
	evalTimeout(command, &config.EvalTimeout, engine.DefaultTimeout)
	return command
}

func evalTimeout(command *cobra.Command, timeout *time.Duration, standard time.Duration) {
	command.Flags().DurationVar(timeout, "eval-timeout", standard, "longest `TIME` that the policies may take for one application")
}
