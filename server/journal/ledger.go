package journal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// A ledger is one database that a journal is kept in. It knows SQL and nothing of what a record means; the rules (places,
// instants, hashes, refusals) are the writer's, so both databases keep the same ones.
type ledger interface {
	// begin locks the end of the journal against every other writer and gives it. keys are those that the group brings.
	begin(ctx context.Context, group []*draft) (batch, error)
	// head gives the end of the journal as it is committed.
	head(ctx context.Context) (head, error)
	// page gives the records after a place, in order: at most limit of them, and fewer where they are large.
	page(ctx context.Context, after uint64, limit int) ([]row, error)
	// byID and byKey give one record, or errNone.
	byID(ctx context.Context, id string) (row, error)
	byKey(ctx context.Context, caller, key string) (row, error)
	// hashes gives the stored hashes of the rows at these places.
	hashes(ctx context.Context, seqs []uint64) (map[uint64][]byte, error)
	// at gives the rows at these places, in any order; those that are not there are left out.
	at(ctx context.Context, seqs []uint64) ([]row, error)
	// keepBundle adds a bundle, unless one stands under its digest. bundle gives one, or errNone; bundles lists them.
	keepBundle(ctx context.Context, b storedBundle) error
	bundle(ctx context.Context, digest string) (storedBundle, error)
	bundles(ctx context.Context) ([]BundleUse, error)
	// pruneBundles removes those that no record names and that are not to be kept, and gives their digests.
	pruneBundles(ctx context.Context, keep []string) ([]string, error)
	// dropBundles removes those of the named that no record names, and gives their digests.
	dropBundles(ctx context.Context, digests []string) ([]string, error)
	// activations gives the records of that kind before a place, the newest first, and at most limit of them.
	activations(ctx context.Context, before uint64, limit int) ([]row, error)
	// extent gives the first and the last place that hold a row and the size that the head states, all of one instant.
	extent(ctx context.Context) (first, last, size uint64, err error)
	// checkpoints gives the kept checkpoints by size, those after a size and at most limit of them.
	checkpoints(ctx context.Context, after int64, limit int) ([]kept, error)
	// signers lists the public keys of all that have written; enter adds one.
	signers(ctx context.Context) ([]string, error)
	enter(ctx context.Context, verifier string, at time.Time) error
	// found enters the journal's name, its first signer and its empty head, unless another process has been quicker.
	found(ctx context.Context, origin, verifier string, empty head) error
	// origin gives the journal's name, or errNone when there is none yet.
	origin(ctx context.Context) (string, error)
	// audit asks the database itself whether its files are sound. A quick audit may look at less.
	audit(ctx context.Context, quick bool) error
	// hold reserves an idempotency key among all processes, until release. It does not wait: held says who was first.
	hold(ctx context.Context, origin, caller, key string) (release func(), held bool, err error)
	// follow tells, until ctx is done, how far the journal reaches whenever others may have written.
	follow(ctx context.Context, reached func(size uint64))
	close() error
}

// A batch is one transaction of the writer. Either commit or rollback ends it.
type batch interface {
	// head is the end of the journal, locked.
	head() head
	// page is as ledger.page, inside the transaction.
	page(ctx context.Context, after uint64, limit int) ([]row, error)
	// byKey is as ledger.byKey, inside the transaction.
	byKey(ctx context.Context, caller, key string) (row, error)
	// keeps says whether a bundle is kept, for the bundles of the group that the batch was begun with.
	keeps(ctx context.Context, digest string) (bool, error)
	// put adds a row, or answers errTaken when its id or its idempotency key is taken; nothing is added then.
	put(ctx context.Context, r *row) error
	// commit makes the rows and the new end durable. With keep, the note is kept as a checkpoint as well. An error means
	// that nothing was, unless it is ErrUncertain.
	commit(ctx context.Context, end head, keep bool) error
	rollback()
}

var (
	errNone  = errors.New("journal: nothing there")
	errTaken = errors.New("journal: the id or the idempotency key is taken")
)

// head is the end of a journal.
type head struct {
	edge   frontier
	lastAt int64
	// note is the signed checkpoint of this end.
	note []byte
}

// kept is a checkpoint that was kept.
type kept struct {
	size int64
	note []byte
}

// row is a record as it is stored, with what stands beside it.
type row struct {
	Record
	// tree is the leaf hash and the hashes of the subtrees that this leaf completes, one after the other.
	tree []byte
	// sums is the check sum of each field.
	sums []byte
}

// columns lists the columns of a row, in the order of scan and values. What proofs need stands before the long values, so
// that it is found without reading over them.
const columns = "seq, id, kind, at, clock, bundle, caller, idempotency_key, request_hash, application_id, exporter, outcome, tree, sums, input, reads, facts, result"

// values are the columns of a row, for an INSERT.
func (r *row) values() []any {
	return []any{
		int64(r.Seq), r.ID, string(r.Kind), r.At.UnixNano(), r.Clock.UnixNano(), r.Bundle, r.Caller, r.IdempotencyKey,
		r.RequestHash[:], r.ApplicationID, r.Exporter, r.Outcome, r.tree, r.sums, r.Input, r.Reads, r.Facts, r.Result,
	}
}

// scanRow reads the columns of a row.
func scanRow(scan func(...any) error) (row, error) {
	var r row
	var seq, at, clock int64
	var kind string
	var request []byte
	err := scan(&seq, &r.ID, &kind, &at, &clock, &r.Bundle, &r.Caller, &r.IdempotencyKey, &request,
		&r.ApplicationID, &r.Exporter, &r.Outcome, &r.tree, &r.sums, &r.Input, &r.Reads, &r.Facts, &r.Result)
	if err != nil {
		return row{}, err
	}
	r.Seq, r.Kind, r.At, r.Clock = uint64(seq), Kind(kind), instant(at), instant(clock)
	r.Input, r.Reads, r.Facts, r.Result = whole(r.Input), whole(r.Reads), whole(r.Facts), whole(r.Result)
	if len(request) != len(r.RequestHash) {
		return row{}, &Damage{
			Seq: r.Seq, ID: r.ID, Field: "request_hash", Offset: -1,
			Detail: fmt.Sprintf("has %d bytes, not %d", len(request), len(r.RequestHash)),
		}
	}
	copy(r.RequestHash[:], request)
	return r, nil
}

// scanHead reads the columns size, at, edge, note.
func scanHead(scan func(...any) error) (head, error) {
	var size, at int64
	var edge []byte
	var text string
	if err := scan(&size, &at, &edge, &text); err != nil {
		return head{}, err
	}
	if size < 0 {
		return head{}, &Damage{Field: "size", Offset: -1, Detail: fmt.Sprintf("of the head is %d", size)}
	}
	front, err := readFrontier(uint64(size), edge)
	if err != nil {
		return head{}, &Damage{Field: "edge", Offset: -1, Detail: "of the head: " + err.Error()}
	}
	return head{front, at, []byte(text)}, nil
}

// treeReader reads the stored hashes of the tree from the rows that keep them.
type treeReader struct {
	ctx    context.Context
	ledger ledger
}

// ReadHashes makes a treeReader a tlog.HashReader.
func (t treeReader) ReadHashes(indexes []int64) ([]Hash, error) {
	var seqs []uint64
	for _, index := range indexes {
		seq, _ := home(index)
		seqs = append(seqs, seq)
	}
	trees, err := t.ledger.hashes(t.ctx, seqs)
	if err != nil {
		return nil, err
	}
	hashes := make([]Hash, len(indexes))
	for i, index := range indexes {
		seq, level := home(index)
		tree, ok := trees[seq]
		switch {
		case !ok:
			return nil, &Damage{Seq: seq, Field: "seq", Offset: -1, Detail: "the record is missing"}
		case len(tree) < (level+1)*tlog.HashSize:
			return nil, &Damage{Seq: seq, Field: "tree", Offset: int64(len(tree)), Detail: "the stored hashes end too early"}
		}
		hashes[i] = Hash(tree[level*tlog.HashSize:])
	}
	return hashes, nil
}
