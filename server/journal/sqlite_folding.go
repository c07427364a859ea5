package journal

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"sync/atomic"
)

// When what stands in the WAL is brought into the file.
const (
	// foldBytes is after how many bytes of records that is begun.
	foldBytes = 4 << 20
	// wrapFrames is from how many pages on the WAL is to be written from its beginning again. One that grows costs a commit
	// more than one that is written over, and is read at the start after a failure.
	wrapFrames = 4096
	// netFrames is at how many pages SQLite does it inside of a commit, for all waiting: when nobody else did.
	netFrames = 16384
)

// folding brings into the file what stands in the WAL, on a connection of its own, beside the one that writes. SQLite would
// do so inside of a commit, and those who wait for that commit would wait for the file as well.
type folding struct {
	writer  *sqliteWriter
	log     *slog.Logger
	written atomic.Int64 // bytes of records since it was asked last
	asked   chan struct{}
	stop    context.CancelFunc
	stopped chan struct{}
}

func beginFolding(w *sqliteWriter, log *slog.Logger) *folding {
	ctx, stop := context.WithCancel(context.Background())
	f := &folding{writer: w, log: log, asked: make(chan struct{}, 1), stop: stop, stopped: make(chan struct{})}
	go f.run(ctx)
	return f
}

// wrote counts what was committed. It does not wait.
func (f *folding) wrote(bytes int) {
	if f.written.Add(int64(bytes)) < foldBytes {
		return
	}
	f.written.Store(0)
	select {
	case f.asked <- struct{}{}:
	default: // it is at it
	}
}

// end returns when nothing is folded any more.
func (f *folding) end() {
	f.stop()
	<-f.stopped
}

func (f *folding) run(ctx context.Context) {
	defer close(f.stopped)
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.asked:
		}
		if err := f.fold(ctx); err != nil && ctx.Err() == nil {
			f.log.Warn("what was recorded is on disk, and could not be brought from the WAL into the file; that is tried again", "file", f.writer.path, "err", err)
		}
	}
}

// fold moves all pages that it finds. Where the WAL has become long, the few that came meanwhile follow while nobody writes: the
// next commit then begins the WAL anew.
func (f *folding) fold(ctx context.Context) error {
	return onceSQLite(f.writer.path, func(db *sql.DB) error {
		frames, err := moved(ctx, db)
		if err != nil || frames < wrapFrames {
			return err
		}
		f.writer.mu.Lock()
		defer f.writer.mu.Unlock()
		_, err = moved(ctx, db)
		return err
	}, writing()...)
}

// moved says how many pages stand in the WAL, of which those are in the file that no reader keeps from it.
func moved(ctx context.Context, db *sql.DB) (frames int, err error) {
	var busy, folded int
	if err := db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)").Scan(&busy, &frames, &folded); err != nil {
		return 0, fmt.Errorf("bring the file up to its WAL: %w", err)
	}
	return frames, nil
}
