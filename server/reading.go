package server

import (
	"context"
	"fmt"
	"slices"

	"greenchannel/server/decision"
	"greenchannel/server/httpapi"
	"greenchannel/server/journal"
	"greenchannel/server/problem"
	"greenchannel/server/store"
)

// What the API reads of the record. The live tables find the places, the journal gives the bytes: an answer about a
// decision is always the recorded one, never a copy of it in memory.

// Decision gives the record of a decision by its id.
func (b *recordbook) Decision(ctx context.Context, id string) (decision.Record, error) {
	found, err := b.journal.Get(ctx, id)
	if err != nil {
		return decision.Record{}, err
	}
	if found.Kind != journal.Decision {
		return decision.Record{}, problem.New(problem.NotFound, fmt.Sprintf("The record %.100q is not that of a decision.", id))
	}
	return recordOf(found), nil
}

// Decisions gives the records of the decisions that a filter asks for, the newest first, that stand before a place; and the
// place to go on from, 0 where there is no more.
func (b *recordbook) Decisions(ctx context.Context, filter httpapi.DecisionFilter, before uint64, limit int) (found []decision.Record, next uint64, err error) {
	wanted := store.Filter{
		ApplicationID: filter.ApplicationID, Exporter: filter.Exporter, Party: filter.Party,
		Outcome: filter.Outcome, Rule: filter.Rule, From: filter.From, To: filter.To,
	}
	state := b.live.Snapshot()
	for {
		seqs, err := state.Decisions(wanted, before, limit+1-len(found))
		if err != nil {
			return nil, 0, err
		}
		for _, seq := range seqs {
			before = seq
			record, err := b.confirmed(ctx, wanted, seq)
			switch {
			case err != nil:
				return nil, 0, err
			case record == nil: // the words of two have one hash
				continue
			case filter.By != nil && record.Caller != *filter.By:
				continue
			case len(found) == limit:
				return found, found[limit-1].Seq, nil
			}
			found = append(found, *record)
		}
		if len(seqs) == 0 {
			return found, 0, nil
		}
	}
}

// confirmed reads the record of a decision that was found; nil when it is not what was wanted.
func (b *recordbook) confirmed(ctx context.Context, wanted store.Filter, seq uint64) (*decision.Record, error) {
	kept, err := b.journal.BySeq(ctx, seq)
	if err != nil {
		return nil, err
	}
	record := recordOf(kept)
	if holds, err := wanted.Holds(record); err != nil || !holds {
		return nil, err
	}
	return &record, nil
}

// Checkpoint is the signed statement of how many records there are and of the hash over all of them.
func (b *recordbook) Checkpoint(ctx context.Context) ([]byte, error) {
	return b.journal.Checkpoint(ctx)
}

// VerifierKey is the public key that checks the checkpoints of this node.
func (b *recordbook) VerifierKey() string { return b.journal.VerifierKey() }

// ProveInclusion proves that a record stands in the tree of a size; 0 for the present one.
func (b *recordbook) ProveInclusion(ctx context.Context, seq, size uint64) (httpapi.Inclusion, error) {
	proof, err := b.journal.ProveInclusion(ctx, seq, size)
	if err != nil {
		return httpapi.Inclusion{}, err
	}
	return httpapi.Inclusion{
		Seq: proof.Seq, Size: proof.Size, Hash: hashText(proof.Hash), Root: hashText(proof.Root), Proof: hashTexts(proof.Proof),
	}, nil
}

// ProveConsistency proves that the tree of one size begins with that of a smaller one; 0 for the present one.
func (b *recordbook) ProveConsistency(ctx context.Context, older, newer uint64) (httpapi.Consistency, error) {
	proof, err := b.journal.ProveConsistency(ctx, older, newer)
	if err != nil {
		return httpapi.Consistency{}, err
	}
	return httpapi.Consistency{
		Old: proof.Old, New: proof.New, OldRoot: hashText(proof.OldRoot), NewRoot: hashText(proof.NewRoot), Proof: hashTexts(proof.Proof),
	}, nil
}

// Leaf is the canonical bytes of a record, whose hash stands in the tree.
func (b *recordbook) Leaf(ctx context.Context, seq uint64) ([]byte, error) {
	record, err := b.journal.BySeq(ctx, seq)
	if err != nil {
		return nil, err
	}
	return record.Leaf(), nil
}

func hashTexts(hashes []journal.Hash) []string {
	texts := make([]string, 0, len(hashes))
	for _, hash := range hashes {
		texts = append(texts, hashText(hash))
	}
	return slices.Clip(texts)
}

// Party gives a party on file, or an error of kind NotFound.
func (b *recordbook) Party(_ context.Context, id string) (httpapi.Party, error) {
	row, err := b.live.Snapshot().Registered(id)
	if err != nil {
		return httpapi.Party{}, err
	}
	if row == nil {
		return httpapi.Party{}, problem.New(problem.NotFound, fmt.Sprintf("No party is on file under %.100q.", id))
	}
	return httpapi.Party{ID: row.ID, Seq: row.Seq, Party: row.Body}, nil
}

// PartiesNamed gives the parties on file under a name.
func (b *recordbook) PartiesNamed(_ context.Context, name string) ([]httpapi.Party, error) {
	rows, err := b.live.Snapshot().RegisteredNamed(name)
	if err != nil {
		return nil, err
	}
	parties := make([]httpapi.Party, 0, len(rows))
	for _, row := range rows {
		parties = append(parties, httpapi.Party{ID: row.ID, Seq: row.Seq, Party: row.Body})
	}
	return parties, nil
}

// PartySeq gives the number of the record by which a party became what it is, 0 for none, and how far the file reaches.
func (b *recordbook) PartySeq(id string) (seq, seen uint64, err error) {
	state := b.live.Snapshot()
	row, err := state.Registered(id)
	if err != nil || row == nil {
		return 0, state.Seq(), err
	}
	return row.Seq, state.Seq(), nil
}

// replayed decides a recorded decision again, in the words of the API.
func (r *Rooms) replayed(ctx context.Context, id, revision string) (httpapi.Replay, error) {
	report, err := r.Replay(ctx, id, revision)
	if err != nil {
		return httpapi.Replay{}, err
	}
	answer := httpapi.Replay{
		DecisionID: report.DecisionID, Seq: report.Seq, ApplicationID: report.ApplicationID,
		RecordedBundle: report.RecordedBundle, Bundle: report.Bundle, Identical: report.Identical,
	}
	for _, d := range report.Differences {
		answer.Differences = append(answer.Differences, httpapi.Difference(d))
	}
	if u := report.Unavailable; u != nil {
		answer.Unavailable = &httpapi.Unavailable{Path: u.Path, Detail: u.Detail, Faults: u.Faults}
	}
	return answer, nil
}
