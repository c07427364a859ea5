// Package journal is the durable record: one append-only row for every decision, on disk before the answer leaves, in one
// SQLite file or in PostgreSQL. The rows are the leaves of a Merkle log with signed checkpoints, so that anyone can check
// that nothing was changed, added or removed. It keeps exact bytes and knows what none of them mean: it does not decide,
// does not index what is inside a decision (that is the store's projection, which tails the journal), and does not delete.
package journal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/bits"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// Options are what may be chosen when a journal is opened.
type Options struct {
	// Folder is where the key that signs checkpoints is kept with PostgreSQL, and must be given then. With SQLite the key is
	// kept in the folder of the file. One process uses a folder at a time.
	Folder string
	// Now is the clock; time.Now when nil.
	Now func() time.Time
	// Log takes what the operator should know; nothing is logged when nil.
	Log *slog.Logger
	// KeepCheckpoint is after how many records a checkpoint is kept for ever; 1024 when 0. The last one is always there.
	KeepCheckpoint uint64
	// ReadOnly opens a journal to verify, read or export it: also while another process has it open, and also when it is
	// damaged. Nothing is appended, nothing brought to a newer form, and no end is checked beforehand.
	ReadOnly bool
	// Trust lists the public keys whose checkpoints are believed. When empty, those are believed that are entered in the
	// journal itself, which shows that nothing broke, but not that nobody has made the journal anew with another key.
	Trust []string
}

// Journal is an open journal. It may be used by many goroutines at once.
type Journal struct {
	ledger   ledger
	folder   *folder
	origin   string
	now      func() time.Time
	signer   signer
	trusted  []string
	queue    chan *waiting
	writer   *writer
	recent   *recent
	progress *progress
	claims   claims

	close    sync.Once
	closing  chan struct{}
	unfollow context.CancelFunc
	followed sync.WaitGroup
	closeErr error
}

// Open opens the journal at a URL and makes it when there is none: sqlite:///path, where the path is a folder, or a file
// that ends in .db; or postgres://user@host/database. It refuses, with a *Refusal that says what to do, a file or database
// that is damaged, foreign, newer than this program, in use by another process, or shorter than this node has seen it.
func Open(ctx context.Context, url string, options Options) (*Journal, error) {
	place, err := locate(url, options.Folder)
	if err != nil {
		return nil, err
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	if options.KeepCheckpoint == 0 {
		options.KeepCheckpoint = 1024
	}
	if options.ReadOnly {
		return openReadOnly(ctx, place, options)
	}
	folder, err := openFolder(place.folder)
	if err != nil {
		return nil, err
	}
	ledger, err := place.open(ctx, folder, options.Log)
	if err != nil {
		return nil, errors.Join(err, folder.close())
	}
	j := &Journal{
		ledger: ledger, folder: folder, trusted: options.Trust, now: options.Now,
		recent: &recent{}, progress: &progress{}, closing: make(chan struct{}),
		queue: make(chan *waiting, queueLength),
	}
	size, err := j.begin(ctx, place, options)
	if err != nil {
		return nil, errors.Join(err, ledger.close(), folder.close())
	}
	j.progress.reached(size)
	j.writer = &writer{
		ledger: ledger, origin: j.origin, signer: j.signer, now: options.Now, every: options.KeepCheckpoint, log: options.Log,
		queue: j.queue, closing: j.closing, stopped: make(chan struct{}),
		recent: j.recent, progress: j.progress, witness: folder.keepWitness,
	}
	go j.writer.run()
	j.follow()
	return j, nil
}

// openReadOnly opens a journal that is there, whatever its state.
func openReadOnly(ctx context.Context, place location, options Options) (*Journal, error) {
	ledger, err := place.openReadOnly(ctx)
	if err != nil {
		return nil, err
	}
	j := &Journal{
		ledger: ledger, folder: &folder{path: place.folder}, trusted: options.Trust,
		recent: &recent{}, progress: &progress{}, closing: make(chan struct{}),
	}
	if j.origin, err = ledger.origin(ctx); err != nil {
		if errors.Is(err, errNone) {
			err = &Refusal{place.shown, "no journal was ever begun there", "name the one that is meant", nil}
		}
		return nil, errors.Join(place.refuse(err), ledger.close())
	}
	j.follow()
	return j, nil
}

func (j *Journal) follow() {
	following, unfollow := context.WithCancel(context.Background())
	j.unfollow = unfollow
	j.followed.Go(func() { j.ledger.follow(following, j.progress.reached) })
}

// begin names the journal, finds its key, and looks whether its end is what it should be.
func (j *Journal) begin(ctx context.Context, place location, options Options) (uint64, error) {
	if err := j.ledger.audit(ctx, true); err != nil {
		return 0, place.refuse(err)
	}
	origin, err := j.ledger.origin(ctx)
	if errors.Is(err, errNone) {
		origin, err = j.found(ctx, place, options.Now())
	}
	if err != nil {
		return 0, place.refuse(err)
	}
	j.origin = origin
	signer, fresh, err := j.folder.signer(origin)
	if err != nil {
		return 0, err
	}
	j.signer = signer
	if err := j.ledger.enter(ctx, signer.verifier, options.Now()); err != nil {
		return 0, place.refuse(err)
	}
	if fresh {
		options.Log.Info("a key for checkpoints was made; keep its public half where others can find it", "verifier", signer.verifier)
	}
	trust, err := j.trust(ctx)
	if err != nil {
		return 0, place.refuse(err)
	}
	size, err := j.soundEnd(ctx, trust)
	if err != nil {
		return 0, place.refuse(err)
	}
	return size, j.seenBefore(ctx, place, trust, size)
}

// found makes a new journal. Where a folder was used with a journal before, an empty database is not its journal.
func (j *Journal) found(ctx context.Context, place location, now time.Time) (string, error) {
	if name, used := j.folder.used(); used {
		return "", &Refusal{
			place.shown, fmt.Sprintf("there is no record there, but %s shows that there was one", j.folder.file(name)),
			"look for the database that belongs to the folder and put it back; to begin a new record, choose a new folder", nil,
		}
	}
	origin := newOrigin()
	s, err := j.folder.draftSigner(origin)
	if err != nil {
		return "", err
	}
	note, err := s.sign(checkpoint{origin, 0, frontier{}.root()})
	if err != nil {
		return "", err
	}
	if err := j.ledger.found(ctx, origin, s.verifier, head{lastAt: now.UnixNano(), note: note}); err != nil {
		return "", err
	}
	return j.ledger.origin(ctx)
}

// trust gives the keys that are believed.
func (j *Journal) trust(ctx context.Context) (trust, error) {
	keys := j.trusted
	if len(keys) == 0 {
		var err error
		if keys, err = j.ledger.signers(ctx); err != nil {
			return trust{}, err
		}
	}
	known, err := newTrust(j.origin, keys)
	if err != nil {
		return trust{}, &Damage{Field: "verifier", Offset: -1, Detail: err.Error()}
	}
	return known, nil
}

// lastRecords is how many records at the end are looked at when a journal is opened; Verify looks at all.
const lastRecords = 1000

// soundEnd checks the end of the journal: the signed checkpoint, the edge of the tree, and the last records.
func (j *Journal) soundEnd(ctx context.Context, known trust) (uint64, error) {
	end, err := j.ledger.head(ctx)
	if err != nil {
		return 0, err
	}
	size := end.edge.size
	if err := known.states(end); err != nil {
		return 0, err
	}
	nodes := treeReader{ctx, j.ledger}
	stored, err := nodes.ReadHashes(edgeIndexes(size))
	if err != nil {
		return 0, err
	}
	for i, node := range stored {
		if node != end.edge.nodes[i] {
			return 0, &Damage{Field: "edge", Offset: int64(i * tlog.HashSize), Detail: "the end of the journal does not agree with its records"}
		}
	}
	first, last, atOnce, err := j.ledger.extent(ctx)
	if err != nil {
		return 0, err
	}
	if last != atOnce || first > 1 {
		return 0, &Damage{Field: "seq", Offset: -1, Detail: fmt.Sprintf("the records reach from %d to %d, and the end states %d", first, last, atOnce)}
	}
	if size == 0 {
		return 0, nil
	}
	for _, err := range j.Range(ctx, size-min(size, lastRecords)+1, size) {
		if err != nil {
			return 0, err
		}
	}
	return size, nil
}

// states checks that a head is the one that its note was signed for.
func (t trust) states(end head) error {
	c, _, err := t.open(end.note)
	if err != nil {
		return &Damage{Field: "note", Offset: -1, Detail: "the checkpoint of the end is not sound", cause: err}
	}
	if c.size != end.edge.size || c.root != end.edge.root() {
		return &Damage{Field: "note", Offset: -1, Detail: fmt.Sprintf(
			"the checkpoint is of %d records with the root %s, and the end states %d with %s", c.size, c.root, end.edge.size, end.edge.root())}
	}
	return nil
}

// edgeIndexes lists the stored hashes that make the edge of a tree, the largest subtree first.
func edgeIndexes(size uint64) []int64 {
	var indexes []int64
	for level := bits.Len64(size) - 1; level >= 0; level-- {
		if size>>level&1 == 1 {
			indexes = append(indexes, tlog.StoredHashIndex(level, int64(size>>level)-1))
		}
	}
	return indexes
}

// seenBefore refuses a journal that lacks records which this node has seen signed: one that was restored from an older
// backup, or another one.
func (j *Journal) seenBefore(ctx context.Context, place location, known trust, size uint64) error {
	witness, err := j.folder.witness()
	if err == nil {
		err = j.agreesWithWitness(ctx, known, witness, size)
	}
	if lacking, lacks := errors.AsType[errLacking](err); lacks {
		return &Refusal{
			place.shown, lacking.Error(),
			"put back the newest copy of the database; if an older one is all there is and the loss is accepted, move the checkpoint away and keep it with a note of the loss", err,
		}
	}
	return err
}

// errLacking says that the journal is not the one of which a checkpoint was kept beside it.
type errLacking struct {
	path  string
	cause error
}

func (e errLacking) Error() string {
	return "it lacks or has changed records that were there before: the checkpoint in " + e.path + " shows it: " + e.cause.Error()
}

// agreesWithWitness checks the journal against the checkpoint that was kept beside it, if there is one.
func (j *Journal) agreesWithWitness(ctx context.Context, known trust, witness []byte, size uint64) error {
	if witness == nil {
		return nil
	}
	path := j.folder.file(witnessFile)
	c, _, err := known.open(witness)
	if err != nil {
		return &Refusal{
			path, "the checkpoint that was kept beside the journal is not sound, or is of another journal",
			"bring the folder and the database together that belong together; if the file itself is broken, move it away", err,
		}
	}
	if err := agrees(treeReader{ctx, j.ledger}, size, c); err != nil {
		return errLacking{path, err}
	}
	return nil
}

// Close lets no more entries in, waits until those that are in are answered, and closes the database.
func (j *Journal) Close() error {
	j.close.Do(func() {
		close(j.closing)
		if j.writer != nil {
			<-j.writer.stopped
		}
		j.unfollow()
		j.followed.Wait()
		if j.writer == nil {
			j.closeErr = j.ledger.close()
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if end, err := j.ledger.head(ctx); err == nil && end.edge.size > 0 {
			j.writer.witnessed(end.note)
		}
		j.closeErr = errors.Join(j.ledger.close(), j.folder.close())
	})
	return j.closeErr
}

// Origin is the name of this journal's log, as its checkpoints carry it.
func (j *Journal) Origin() string { return j.origin }

// VerifierKey is the public key of this node, in the form that sumdb/note reads: it checks the signature of checkpoints.
// A journal that is open for reading only has none.
func (j *Journal) VerifierKey() string { return j.signer.verifier }

// Stats are figures of this process since it opened the journal.
type Stats struct {
	// Records were appended in Groups commits; Failures commits failed; Clamped records met a clock that had gone back.
	Records, Groups, Failures, Clamped uint64
	// Size is how far the journal reaches, as far as this process knows.
	Size uint64
}

// Stats gives the figures.
func (j *Journal) Stats() Stats {
	j.progress.mu.Lock()
	size := j.progress.size
	j.progress.mu.Unlock()
	if j.writer == nil {
		return Stats{Size: size}
	}
	c := &j.writer.counts
	return Stats{c.records.Load(), c.groups.Load(), c.failures.Load(), c.clamped.Load(), size}
}
