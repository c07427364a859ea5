package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"greenchannel/server/bundle"
	"greenchannel/server/identity"
	"greenchannel/server/problem"
	"greenchannel/server/watch"
)

// watcher puts a folder into force as soon as it is saved, and tells its author how that went.
type watcher struct {
	shelf    *shelf
	folder   string
	keep     int // editions that decided nothing; 0 for all
	policies fs.FS
	terminal io.Writer
	broken   bool // the last attempt was in vain
}

// watched puts a folder into force and watches it from then on. A folder that cannot decide is refused: there is nothing
// that its author could have meant in its place.
func (r *Rooms) watched(ctx context.Context, settings Config) (watching func(context.Context), err error) {
	folder := settings.Following.Watch
	watched, err := watch.Open(folder)
	if err != nil {
		return nil, err
	}
	w := &watcher{shelf: r.shelf, folder: folder, keep: settings.Following.WatchKept, policies: os.DirFS(folder), terminal: settings.Following.Terminal}
	if _, err := w.reload(ctx); err != nil {
		w.complain(err)
		return nil, errors.Join(fmt.Errorf("the policies in %s cannot decide; mend them and start again", folder), watched.Close())
	}
	return func(ctx context.Context) {
		if err := watched.Follow(ctx, w.saved); err != nil {
			settings.Log.Error("the folder is not watched any more; what is saved in it has no effect", "folder", folder, "err", err)
		}
	}, nil
}

// saved is told that something was saved, and when.
func (w *watcher) saved(ctx context.Context, at time.Time) {
	revision, err := w.reload(ctx)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		w.broken = true
		w.complain(err)
		active, _ := w.shelf.rooms.Engine.Active()
		fmt.Fprintf(w.terminal, "%s: not in force; revision %s stays\n", w.folder, active.Revision)
	case w.broken:
		w.broken = false
		fmt.Fprintf(w.terminal, "%s: all is well again; revision %s in force %s after it was saved\n", w.folder, revision, time.Since(at).Round(time.Millisecond))
	case revision != "":
		fmt.Fprintf(w.terminal, "%s: revision %s in force %s after it was saved\n", w.folder, revision, time.Since(at).Round(time.Millisecond))
	}
	if err := w.shelf.tidyDrafts(ctx, w.keep); err != nil && ctx.Err() == nil {
		w.shelf.rooms.record.config.Log.WarnContext(ctx, "older editions of the folder were not removed", "err", err)
	}
}

// reload puts the folder into force as it is now, and gives its revision; empty where it was in force already.
func (w *watcher) reload(ctx context.Context) (revision string, err error) {
	loaded, err := bundle.Load(w.policies)
	if err != nil {
		return "", err
	}
	if active, _ := w.shelf.rooms.Engine.Active(); active.Digest == loaded.Digest {
		if w.broken {
			return loaded.Revision, nil
		}
		return "", nil
	}
	ctx = identity.With(ctx, identity.Caller{Name: "watch", Method: identity.ByPlace})
	return loaded.Revision, w.shelf.draft(ctx, loaded, w.policies)
}

// draft compiles a folder that its author is working at, keeps it, so that what it decides can be decided again, and puts
// it into force. Its tests are not run: that is the author's next step, and would take longer than the author waits.
func (s *shelf) draft(ctx context.Context, loaded *bundle.Bundle, folder fs.FS) error {
	narrowed, beyond := loaded.Within(s.rooms.Bundle)
	generation, err := compileLoaded(ctx, narrowed, s.rooms.Live)
	if err := errors.Join(beyond, err); err != nil {
		return err
	}
	if err := s.rooms.record.keep(ctx, loaded, folder); err != nil {
		return err
	}
	_, err = s.enforce(ctx, loaded.Digest, generation, &activation{Action: actionDraft, Digest: loaded.Digest})
	return err
}

// complain tells each fault with its file, its line, that line itself, and the reason.
func (w *watcher) complain(err error) {
	faults := bundle.Faults(err)
	if known := problem.Of(err); known != nil && known.Kind != problem.Internal {
		faults = known.Faults
		if len(faults) == 0 {
			faults = []problem.Fault{{Detail: known.Detail}}
		}
	}
	var out bytes.Buffer
	for _, fault := range faults {
		file := strings.ReplaceAll(strings.TrimPrefix(fault.Pointer, "/"), "~0", "~")
		switch {
		case file == "":
			fmt.Fprintf(&out, "%s: %s\n", w.folder, fault.Detail)
		case fault.Line == 0:
			fmt.Fprintf(&out, "%s: %s\n", filepath.Join(w.folder, file), fault.Detail)
		default:
			fmt.Fprintf(&out, "%s:%d: %s\n%s", filepath.Join(w.folder, file), fault.Line, fault.Detail, w.line(file, fault.Line))
		}
	}
	_, _ = w.terminal.Write(out.Bytes()) // an author who does not look cannot be told otherwise
}

// line quotes a line of a file.
func (w *watcher) line(file string, number int) string {
	text, err := fs.ReadFile(w.policies, file)
	lines := strings.Split(string(text), "\n")
	if err != nil || number > len(lines) {
		return ""
	}
	return fmt.Sprintf("%6d | %s\n", number, strings.TrimRight(strings.ReplaceAll(lines[number-1], "\t", "    "), "\r "))
}
