package journal

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"greenchannel/server/problem"
)

// Inclusion proves that a tree of Size records has the record Seq with the leaf hash Hash. tlog.CheckRecord checks it, with
// Seq-1 as the index; so does any RFC 6962 implementation.
type Inclusion struct {
	Seq, Size  uint64
	Hash, Root Hash
	Proof      []Hash
}

// Consistency proves that a tree of New records begins with the very records of a tree of Old. tlog.CheckTree checks it.
type Consistency struct {
	Old, New         uint64
	OldRoot, NewRoot Hash
	Proof            []Hash
}

// Checkpoint gives the signed statement of size and root that stands for all records committed so far. It is signed anew
// at every group commit.
func (j *Journal) Checkpoint(ctx context.Context) ([]byte, error) {
	end, err := j.Head(ctx)
	return end.Checkpoint, err
}

// ProveInclusion proves that the record seq stands in the tree of a size; 0 means all records committed so far.
func (j *Journal) ProveInclusion(ctx context.Context, seq, size uint64) (Inclusion, error) {
	size, err := j.proofSize(ctx, size)
	if err != nil {
		return Inclusion{}, err
	}
	if seq == 0 || seq > size {
		return Inclusion{}, problem.New(problem.Invalid, fmt.Sprintf("The tree of %d records has no record %d.", size, seq))
	}
	nodes := treeReader{ctx, j.ledger}
	proof, err := tlog.ProveRecord(int64(size), int64(seq-1), nodes)
	if err != nil {
		return Inclusion{}, readFailure(err)
	}
	root, err := tlog.TreeHash(int64(size), nodes)
	if err != nil {
		return Inclusion{}, readFailure(err)
	}
	leaf, err := nodes.ReadHashes([]int64{tlog.StoredHashIndex(0, int64(seq-1))})
	if err != nil {
		return Inclusion{}, readFailure(err)
	}
	if err := tlog.CheckRecord(proof, int64(size), root, int64(seq-1), leaf[0]); err != nil {
		return Inclusion{}, &Damage{Seq: seq, Field: "tree", Offset: -1, Detail: "the stored hashes do not prove this record", cause: err}
	}
	return Inclusion{seq, size, leaf[0], root, proof}, nil
}

// ProveConsistency proves that the tree of one size begins with the tree of a smaller one; 0 for the larger means all
// records committed so far.
func (j *Journal) ProveConsistency(ctx context.Context, older, newer uint64) (Consistency, error) {
	newer, err := j.proofSize(ctx, newer)
	if err != nil {
		return Consistency{}, err
	}
	if older == 0 || older > newer {
		return Consistency{}, problem.New(problem.Invalid, fmt.Sprintf(
			"A tree of %d records cannot be shown to begin with one of %d; choose from 1 to %d.", newer, older, newer))
	}
	nodes := treeReader{ctx, j.ledger}
	proof, err := tlog.ProveTree(int64(newer), int64(older), nodes)
	if err != nil {
		return Consistency{}, readFailure(err)
	}
	oldRoot, err := tlog.TreeHash(int64(older), nodes)
	if err != nil {
		return Consistency{}, readFailure(err)
	}
	newRoot, err := tlog.TreeHash(int64(newer), nodes)
	if err != nil {
		return Consistency{}, readFailure(err)
	}
	if err := tlog.CheckTree(proof, int64(newer), newRoot, int64(older), oldRoot); err != nil {
		return Consistency{}, &Damage{Field: "tree", Offset: -1, Detail: "the stored hashes do not agree with each other", cause: err}
	}
	return Consistency{older, newer, oldRoot, newRoot, proof}, nil
}

// proofSize is the size that a proof is asked for, which the journal must have reached.
func (j *Journal) proofSize(ctx context.Context, size uint64) (uint64, error) {
	end, err := j.ledger.head(ctx)
	switch {
	case err != nil:
		return 0, readFailure(err)
	case end.edge.size == 0:
		return 0, problem.New(problem.Invalid, "The journal has no record yet, so there is nothing to prove.")
	case size > end.edge.size:
		return 0, problem.New(problem.Invalid, fmt.Sprintf("The journal has %d records, and a proof for %d was asked for.", end.edge.size, size))
	case size == 0:
		return end.edge.size, nil
	}
	return size, nil
}

// agrees checks that the tree of a checkpoint is the beginning of this one.
func agrees(nodes tlog.HashReader, size uint64, c checkpoint) error {
	if c.size > size {
		return fmt.Errorf("it is of %d records, and only %d are there", c.size, size)
	}
	root, err := tlog.TreeHash(int64(c.size), nodes)
	if err != nil {
		return err
	}
	if root != c.root {
		return errors.New("the records up to there are not those that were signed")
	}
	return nil
}
