// Package watch says that something in folders, or in those below them, has changed. It waits until it is quiet again, since
// an editor that saves one file makes several changes: it writes a new one, and puts it in the place of the old. It does
// not read what has changed, and does not know what it is for.
package watch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle is how long it has to be quiet. Editors take some milliseconds between their writes.
const settle = 40 * time.Millisecond

// Folders are watched from the moment they were opened.
type Folders struct{ watcher *fsnotify.Watcher }

// Open watches folders. Of a file its folder is watched, since editors put a new file in its place. Follow has to be
// called, and ends it.
func Open(roots ...string) (*Folders, error) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watch %s: %w", strings.Join(roots, ", "), err)
	}
	f := &Folders{watcher}
	for _, root := range roots {
		info, err := os.Stat(root)
		if err == nil && !info.IsDir() {
			root = filepath.Dir(root)
		}
		if err == nil {
			err = f.add(root)
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("watch %s: %w", root, err), watcher.Close())
		}
	}
	return f, nil
}

// add watches a folder and those below it; hidden ones belong to tools. What is gone already need not be watched.
func (f *Folders) add(root string) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case !entry.IsDir():
			return nil
		case path != root && strings.HasPrefix(entry.Name(), "."):
			return fs.SkipDir
		}
		return f.watcher.Add(path)
	})
}

// Close ends the watch where Follow was never called.
func (f *Folders) Close() error { return f.watcher.Close() }

// Follow calls changed, with the moment of the last change, each time that something has changed and it is quiet again,
// until ctx ends. What changes while changed runs is told after it. It returns what keeps it from watching on.
func (f *Folders) Follow(ctx context.Context, changed func(context.Context, time.Time)) (err error) {
	defer func() { err = errors.Join(err, f.watcher.Close()) }()
	var quiet <-chan time.Time
	var last time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case event, open := <-f.watcher.Events:
			if !open {
				return errors.New("the watch has ended")
			}
			if event.Op == fsnotify.Chmod {
				continue
			}
			if event.Has(fsnotify.Create) { // it may be a folder, with files in it by now
				if err := f.add(event.Name); err != nil {
					return err
				}
			}
			last, quiet = time.Now(), time.After(settle)
		case err := <-f.watcher.Errors: // such as more changes than could be queued: something has changed
			if !errors.Is(err, fsnotify.ErrEventOverflow) {
				return err
			}
			last, quiet = time.Now(), time.After(settle)
		case <-quiet:
			quiet = nil
			changed(ctx, last)
		}
	}
}
