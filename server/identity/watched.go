package identity

import (
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// look is how often, at most, files are looked at for changes.
const look = time.Second

// watched is what was read from files, and is read again when they change. Files that cannot be read any more leave what
// was read last in force, and are told in the log: a slip of an editor must not lock everybody out, nor let anybody in.
type watched[T any] struct {
	files []string
	read  func() (T, error)
	now   func() time.Time
	log   *slog.Logger

	held   atomic.Pointer[T]
	mu     sync.Mutex // guards what follows
	looked time.Time
	stamps []stamp
	told   string // the last complaint, so that it is made once
}

// stamp tells one state of a file from another.
type stamp struct {
	changed time.Time
	size    int64
}

// watch reads the files for the first time; that must not fail.
func watch[T any](files []string, log *slog.Logger, now func() time.Time, read func() (T, error)) (*watched[T], error) {
	w := &watched[T]{files: files, read: read, now: now, log: log, looked: now()}
	w.stamps, _ = stamps(files) // before reading, so that a change meanwhile is seen next time
	value, err := read()
	if err != nil {
		return nil, err
	}
	w.held.Store(&value)
	return w, nil
}

// value is what the files say.
func (w *watched[T]) value() T {
	if w.mu.TryLock() { // whoever comes second meanwhile takes what is held
		defer w.mu.Unlock()
		if now := w.now(); now.Sub(w.looked) >= look || now.Before(w.looked) {
			w.looked = now
			w.refresh()
		}
	}
	return *w.held.Load()
}

func (w *watched[T]) refresh() {
	found, err := stamps(w.files)
	if err == nil && slices.Equal(found, w.stamps) {
		return
	}
	if err == nil {
		w.stamps = found // what cannot be used is tried again when it changes again
		var value T
		if value, err = w.read(); err == nil {
			w.held.Store(&value)
			w.told = ""
			w.log.Info("read again, since it changed", "files", w.files)
			return
		}
	}
	if err.Error() != w.told {
		w.told = err.Error()
		w.log.Error("changed, and cannot be used; what was read before holds on", "files", w.files, "err", err)
	}
}

func stamps(files []string) ([]stamp, error) {
	var all []stamp
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			return nil, fmt.Errorf("look at %s: %w", file, err)
		}
		all = append(all, stamp{info.ModTime(), info.Size()})
	}
	return all, nil
}
