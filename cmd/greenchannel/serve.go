package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"greenchannel/policies"
	"greenchannel/server"
	"greenchannel/server/config"
)

// newServe runs the decision service until it is told to stop.
func newServe() *cobra.Command {
	command := &cobra.Command{
		Use:   "serve",
		Short: "Run the decision service",
		Long: `Run the decision service over HTTP until SIGINT or SIGTERM; then end what was begun, and stop.

Every decision is in the data folder, on disk, before it is answered: one SQLite file, unless --journal
names a PostgreSQL database that several services share.

On the loopback nobody is asked who calls, unless that is configured. Beyond this machine the service starts
only when it can find out: by static tokens, JSON Web Tokens or client certificates. "greenchannel config
reference" says how, and "greenchannel config" what holds.

Policies are those of the program, unless the configuration names a server that a bundle is fetched from
(services, bundles), or --watch a folder that is put into force as soon as it is saved. What is wrong with it
then is told here, with file, line and reason, and the last good policies stay in force.

Exit code 0 when it was told to stop and has; 2 when it cannot start, or broke off.`,
		Example: `  greenchannel serve --data record
  greenchannel serve --watch policies
  greenchannel serve --config greenchannel.yaml`,
		Args: arguments(cobra.NoArgs),
		RunE: interruptible(func(cmd *cobra.Command, _ []string) error {
			loaded, err := settingsOf(cmd)
			if err != nil {
				return err
			}
			if loaded.Data == "" {
				loaded.Data = standardData()
			}
			if loaded.Data == "" {
				return usageError{errNoData}
			}
			running, err := running(loaded.Config)
			if err != nil {
				return err
			}
			running.Following.Terminal = cmd.ErrOrStderr()
			running.Log = slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))
			return server.Run(cmd.Context(), running)
		}),
	}
	configured(command)
	return command
}

// running is how the service runs by a configuration.
func running(c config.Config) (server.Config, error) {
	activation := server.Activation{StartEmbedded: c.StartWith == config.StartWithEmbedded}
	if c.Keys != nil {
		var err error
		if activation.Keys, err = json.Marshal(c.Keys); err != nil {
			return server.Config{}, fmt.Errorf("keys: %w", err)
		}
	}
	remote, err := c.Remote()
	return server.Config{
		Activation:   activation,
		Listen:       c.Listen,
		Policies:     policies.FS(),
		BaseURL:      c.BaseURL,
		Record:       server.RecordConfig{Data: c.Data, Journal: c.Journal.URL},
		EvalTimeout:  c.EvalTimeout,
		Evaluation:   server.Evaluation{Evaluator: c.Evaluator, Checked: c.Checked},
		Metrics:      c.Metrics,
		Tracing:      c.Tracing,
		Shadow:       c.Shadow,
		DrainDelay:   c.Drain.Delay,
		DrainTimeout: c.Drain.Timeout,
		Calling:      server.Calling{TLS: c.TLS, Identity: c.Identity, Limits: c.Limits},
		Following:    server.Following{Remote: remote, Source: c.Source, Labels: c.Labels, Watch: c.Watch, WatchKept: c.WatchKept},
	}, err
}

func evalTimeout(command *cobra.Command, timeout *time.Duration, standard time.Duration) {
	command.Flags().DurationVar(timeout, "eval-timeout", standard, "longest `TIME` that the policies may take for one application")
}
