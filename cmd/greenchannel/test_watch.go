package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"greenchannel/server/policytest"
	"greenchannel/server/watch"
)

// again runs the tests now and whenever something below the paths is saved, until it is interrupted. A run that fails ends
// nothing: that is what the author is at work on.
func (f *testFlags) again(cmd *cobra.Command, options policytest.Options) error {
	folders := slices.Clone(options.Paths)
	if options.Cases != "" {
		folders = append(folders, options.Cases)
	}
	watched, err := watch.Open(folders...)
	if err != nil {
		return err
	}
	run := func(ctx context.Context, _ time.Time) {
		if err := f.once(ctx, cmd.OutOrStdout(), cmd.ErrOrStderr(), options); err != nil && ctx.Err() == nil {
			report(cmd.ErrOrStderr(), cmd, err)
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "waiting for a file to be saved\n")
	}
	run(cmd.Context(), time.Now())
	return watched.Follow(cmd.Context(), run)
}
