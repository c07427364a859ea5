package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"greenchannel/server/bundle"
	"greenchannel/server/decision"
	"greenchannel/server/journal"
	"greenchannel/server/problem"
	"greenchannel/server/store"
)

// RecordConfig says where the record is kept.
type RecordConfig struct {
	// Data is the data folder: the record, the key that signs it, and what can be made again from the record.
	Data string
	// Journal is the URL of the journal; the SQLite file in Data unless set.
	Journal string
	// Log takes what the operator has to know. It must be set.
	Log *slog.Logger
}

// errNoFolder keeps a record from being begun wherever the program happens to be.
var errNoFolder = errors.New("no data folder is named for the record")

// journalURL names the journal. The folder becomes absolute, since the URL of a relative one would be read as a host.
func (c RecordConfig) journalURL() (string, error) {
	if c.Data == "" {
		return "", errNoFolder
	}
	if c.Journal != "" {
		return c.Journal, nil
	}
	folder, err := filepath.Abs(c.Data)
	if err != nil {
		return "", fmt.Errorf("the data folder %s: %w", c.Data, err)
	}
	return (&url.URL{Scheme: "sqlite", Path: filepath.ToSlash(folder)}).String(), nil
}

// recordbook is the journal with its projection: the live tables follow it record by record.
type recordbook struct {
	journal *journal.Journal
	live    *store.Live
	pages   *pages // nil: the live tables are all in memory
	config  RecordConfig

	unsettled unsettled

	// latest is the instant of the latest record that is known here, in nanoseconds.
	latest atomic.Int64

	// behind says why the live tables do not follow any more; nil while they do.
	behind atomic.Pointer[error]
	// activations has an entry after something became of a bundle that nobody has looked at yet.
	activations chan struct{}

	stop context.CancelFunc
	tail sync.WaitGroup
}

const (
	rebuildBatch = 1000
	// rebuildSilence is how long a rebuild may take before it says how far it is, and between two such lines.
	rebuildSilence = 2 * time.Second
	// saveEvery is after how many records the live tables are saved, so that a start has no more than these to read.
	saveEvery = 100_000
)

// openRecordbook opens the journal, brings the live tables up to its end, and lets them follow.
func openRecordbook(ctx context.Context, config RecordConfig) (*recordbook, error) {
	kept, err := OpenJournal(ctx, config, false)
	if err != nil {
		return nil, err
	}
	book := &recordbook{journal: kept, config: config, activations: make(chan struct{}, 1)}
	book.openPages()
	book.live, err = book.rebuilt(ctx)
	if err == nil {
		err = book.dated(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, book.closePages(), kept.Close())
	}
	following, stop := context.WithCancel(context.WithoutCancel(ctx))
	book.stop = stop
	book.tail.Go(func() { book.follow(following) })
	return book, nil
}

// readRecordbook opens the record of a folder to read it, beside the service that may be writing it.
func readRecordbook(ctx context.Context, config RecordConfig) (*recordbook, error) {
	kept, err := OpenJournal(ctx, config, true)
	if err != nil {
		return nil, err
	}
	return &recordbook{journal: kept, config: config, live: store.NewLive(), stop: func() {}}, nil
}

// rebuilt gives the live tables as they are at the end of the journal: from the last saved state, if there is a sound
// one, and the records after it.
func (b *recordbook) rebuilt(ctx context.Context) (*store.Live, error) {
	live := b.restored(ctx)
	head, err := b.journal.Head(ctx)
	if err != nil {
		return nil, err
	}
	var batch []decision.Record
	said := time.Now()
	for record, err := range b.journal.Range(ctx, live.Seq()+1, head.Size) {
		if err != nil {
			return nil, fmt.Errorf("rebuild the live tables: %w", err)
		}
		batch = append(batch, unhashed(record))
		if len(batch) < rebuildBatch && record.Seq < head.Size {
			continue
		}
		if err := live.Apply(batch...); err != nil {
			return nil, fmt.Errorf("rebuild the live tables: %w", err)
		}
		batch = batch[:0]
		if time.Since(said) > rebuildSilence {
			said = time.Now()
			b.config.Log.Info("rebuilding the live tables", "done", record.Seq, "of", head.Size)
		}
	}
	return live, nil
}

// follow applies each record as it is made, by this node or another.
func (b *recordbook) follow(ctx context.Context) {
	for record, err := range b.journal.Tail(ctx, b.live.Seq()) {
		if err == nil {
			err = b.live.Apply(unhashed(record))
		}
		if ctx.Err() != nil {
			return // an error comes without a record
		}
		if err != nil {
			b.config.Log.Error("the live tables do not follow the record", "seq", b.live.Seq(), "err", err)
			b.behind.Store(&err)
			continue
		}
		b.behind.Store(nil)
		b.reached(record.At)
		if record.Kind == decision.KindActivation {
			select {
			case b.activations <- struct{}{}:
			default: // one look sees all of them
			}
		}
		if seq := b.live.Seq(); seq > 0 && seq%saveEvery == 0 {
			b.save(ctx)
		}
	}
}

// patience is how long anybody waits for the live tables; they are some microseconds behind the record, unless they are
// behind for good.
const patience = time.Second

// caughtUp waits until the live tables hold what was recorded before, or for a while.
func (b *recordbook) caughtUp(ctx context.Context) { b.caughtUpTo(ctx, b.journal.Stats().Size) }

// caughtUpTo waits until the live tables hold a record, or for a while.
func (b *recordbook) caughtUpTo(ctx context.Context, seq uint64) {
	if b.live.Seq() >= seq {
		return
	}
	waiting, enough := context.WithTimeout(ctx, patience)
	defer enough()
	for b.live.Seq() < seq {
		select {
		case <-waiting.Done():
			return
		case <-time.After(50 * time.Microsecond):
		}
	}
}

// dated learns the instant of the last record.
func (b *recordbook) dated(ctx context.Context) error {
	head, err := b.journal.Head(ctx)
	if err == nil && head.Size > 0 {
		b.reached(head.At)
	}
	return err
}

func (b *recordbook) reached(at time.Time) {
	for known := b.latest.Load(); at.UnixNano() > known; known = b.latest.Load() {
		if b.latest.CompareAndSwap(known, at.UnixNano()) {
			return
		}
	}
}

// now is the clock of decisions: that of the machine, but never before the last record. On a clock that has gone back, what
// was recorded in what is then the future would not be seen by the rules that ask what came before.
func (b *recordbook) now() time.Time {
	now := time.Now()
	if latest := time.Unix(0, b.latest.Load()); now.Before(latest) {
		return latest
	}
	return now
}

// ready says why the record is not up to date, if it is not.
func (b *recordbook) ready() error {
	if why := b.behind.Load(); why != nil {
		return *why
	}
	return nil
}

// keep keeps a bundle in the journal by its digest, so that what it decides can be decided again.
func (b *recordbook) keep(ctx context.Context, loaded *bundle.Bundle, policies fs.FS) error {
	archive, err := b.toKeep(ctx, loaded, policies)
	if err != nil {
		return err
	}
	return b.keepAs(ctx, loaded, archive)
}

// toKeep packs a bundle; nil when the journal keeps it already, and it is sound there.
func (b *recordbook) toKeep(ctx context.Context, loaded *bundle.Bundle, policies fs.FS) ([]byte, error) {
	_, err := b.journal.Bundle(ctx, loaded.Digest)
	if err != nil && problem.Of(err).Kind == problem.NotFound {
		return bundle.Pack(policies)
	}
	return nil, err
}

// keepAs keeps what toKeep has packed.
func (b *recordbook) keepAs(ctx context.Context, loaded *bundle.Bundle, archive []byte) error {
	if archive == nil {
		return nil
	}
	err := b.journal.KeepBundle(ctx, journal.KeptBundle{
		Digest: loaded.Digest, Name: loaded.Name, Revision: loaded.Revision, Archive: archive,
	})
	if errors.Is(err, journal.ErrBundleDiffers) {
		return nil // the digest is of the content, so it is the same bundle, compressed by another program
	}
	return err
}

// close stops following, saves the live tables, and closes the journal.
func (b *recordbook) close() error {
	b.stop()
	b.tail.Wait()
	if b.journal.VerifierKey() != "" { // not where it was opened for reading
		b.save(context.Background())
	}
	return errors.Join(b.closePages(), b.journal.Close())
}
