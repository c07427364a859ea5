package main

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"greenchannel/server"
)

// errNoData refuses to guess where the record is.
var errNoData = errors.New("no data folder is named, and there is no home folder to have one; say --data FOLDER")

// recordFlags are the flags that say where the record is kept, for every command that keeps or reads it.
func recordFlags(command *cobra.Command, config *server.RecordConfig) {
	flags := command.Flags()
	flags.StringVar(&config.Data, "data", standardData(), "`FOLDER` of the record, and of the key that signs it; $XDG_STATE_HOME/greenchannel where that is set")
	flags.Lookup("data").DefValue = "~/.local/state/greenchannel" // so that help is the same on every machine
	flags.StringVar(&config.Journal, "journal", "", "`URL` of the journal, such as postgres://user@host/database (default one SQLite file in the data folder)")
}

// standardData is the data folder where none is named; empty where there is no home folder.
func standardData() string {
	state := os.Getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(state) { // a relative one is to be ignored, says the standard that names it
		home, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		state = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(state, "greenchannel")
}

// readingRecord is the configuration of a command that reads the record: it says on standard error what is wrong, and no
// more.
func readingRecord(command *cobra.Command, config server.RecordConfig) (server.RecordConfig, error) {
	if config.Data == "" {
		return config, usageError{errNoData}
	}
	config.Log = slog.New(slog.NewTextHandler(command.ErrOrStderr(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	return config, nil
}
