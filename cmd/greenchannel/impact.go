package main

import (
	"errors"
	"time"

	"github.com/spf13/cobra"

	"greenchannel/server"
)

// newImpact tells what a coming day would decide otherwise.
func newImpact() *cobra.Command {
	c := newComparing()
	var on, from instant
	var under string
	command := &cobra.Command{
		Use:   "impact --on DAY [FILE...]",
		Short: "Tell which decisions a coming day would change",
		Long: `Decide the same applications twice under the same policies: as of when they were decided, and as of another day. What
changes is what windows that open or close do, such as a suspension that ends.

The applications are those recorded, or those of --cases, or those of the files, which hold one each. Recorded ones
and cases are about the instant of their own, and files about now, unless --as-of says otherwise. Orders that were
counted within so many days of a recorded decision are not counted anew for the other day.

` + comparingHelp,
		Example: `  greenchannel impact --on 2027-01-10 --since 90d
  greenchannel impact --on 2026-11-10 --as-of 2026-11-09 application.json
  greenchannel impact --on 2027-01-10 --as-of 2026-11-23 --cases tests/cases --format html > impact.html`,
		RunE: interruptible(func(cmd *cobra.Command, files []string) error {
			if on.text == "" {
				return usageError{errors.New("say --on DAY: the day that is asked about")}
			}
			asked := server.Comparison{Old: server.Terms{Bundle: under, AsOf: from.at}, New: server.Terms{Bundle: under, AsOf: on.at}}
			for _, name := range files {
				body, err := readInput(name, cmd.InOrStdin())
				if err != nil {
					return err
				}
				asked.Files = append(asked.Files, server.File{Name: name, Body: body})
			}
			if len(files) > 0 && from.text == "" {
				asked.Old.AsOf = time.Now()
			}
			return c.run(cmd, asked)
		}),
	}
	flags := command.Flags()
	flags.Var(&on, "on", "`DAY` or instant that is asked about, such as 2027-01-10")
	flags.Var(&from, "as-of", "`INSTANT` or day that it is compared with (default that of each decision or case, and now for files)")
	flags.StringVar(&under, "bundle", server.BuiltIn, "`BUNDLE` to decide by, named as for \"bundle diff\"")
	c.flags(command)
	return command
}
