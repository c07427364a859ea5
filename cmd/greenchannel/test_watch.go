package main

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/spf13/cobra"

	"greenchannel/server/policytest"
)

// settling is how long the files have to be left alone before the tests run again: an editor saves in several steps.
const settling = 100 * time.Millisecond

// again runs the tests now and whenever something below the paths is saved, until it is interrupted. A run that fails ends
// nothing: that is what the author is at work on.
func (f *testFlags) again(cmd *cobra.Command, options policytest.Options) error {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return err
	}
	defer func() { _ = watcher.Close() }() // nothing is lost
	folders := options.Paths
	if options.Cases != "" {
		folders = append(folders, options.Cases)
	}
	for _, folder := range folders {
		if err := watchBelow(watcher, folder); err != nil {
			return err
		}
	}
	timer := time.NewTimer(0)
	for {
		select {
		case <-cmd.Context().Done():
			return nil
		case event := <-watcher.Events:
			if event.Has(fsnotify.Create) {
				_ = watchBelow(watcher, event.Name) // a file, or gone again: its folder is watched
			}
			timer.Reset(settling)
		case err := <-watcher.Errors:
			return err
		case <-timer.C:
			if err := f.once(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), options); err != nil && cmd.Context().Err() == nil {
				report(cmd.ErrOrStderr(), cmd, err)
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "waiting for a file to be saved\n")
		}
	}
}

// watchBelow watches a folder and all below it. Of a file its folder is watched, since editors put a new file in its place.
func watchBelow(watcher *fsnotify.Watcher, root string) error {
	return filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return watcher.Add(name)
		case name == root:
			return watcher.Add(filepath.Dir(name))
		}
		return nil
	})
}
