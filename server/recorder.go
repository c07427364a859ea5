package server

import (
	"context"
	"encoding/hex"
	"errors"

	"greenchannel/server/decision"
	"greenchannel/server/journal"
)

// recorder lets the decision service keep its records in the recordbook: it puts one room's words into the other's.
type recorder struct{ *recordbook }

func (r recorder) Claim(ctx context.Context, caller, key string, body []byte) (*decision.Record, func(), error) {
	answered, release, err := r.journal.Claim(ctx, caller, key, body)
	if err != nil || answered == nil {
		return nil, release, err
	}
	record := recordOf(answered)
	return &record, release, nil
}

func (r recorder) Settled(ctx context.Context, exporter string) {
	r.caughtUpTo(ctx, r.unsettled.last(exporter, r.live.Seq()))
}

func (r recorder) Append(ctx context.Context, draft decision.Record, seen uint64, stale func(decision.Record) bool) (decision.Record, error) {
	entry := journal.Entry{
		ID: draft.ID, Kind: journal.Kind(draft.Kind), Clock: draft.Clock, Bundle: draft.Bundle,
		Input: draft.Input, Facts: draft.Facts, Reads: draft.Reads, Result: draft.Result,
		Caller: draft.Caller, IdempotencyKey: draft.IdempotencyKey,
		ApplicationID: draft.ApplicationID, Exporter: draft.Exporter, Outcome: draft.Outcome,
	}
	if stale != nil {
		entry.Snapshot = seen
		entry.Check = func(later *journal.Record) error {
			if stale(unhashed(later)) { // inside the writer's lock, where nobody asks for the hash
				return journal.ErrStale
			}
			return nil
		}
	}
	receipt, err := r.journal.Append(ctx, entry)
	if errors.Is(err, journal.ErrStale) {
		r.caughtUp(ctx) // or the next try would see no more than this one did
	}
	if err != nil {
		return decision.Record{}, err
	}
	r.reached(receipt.At)
	r.unsettled.note(draft.Exporter, receipt.Seq, r.live.Seq())
	if draft.Kind == decision.KindParty {
		r.caughtUp(ctx) // who puts a party on file finds it there
	}
	draft.Seq, draft.At, draft.Hash = receipt.Seq, receipt.At.UTC(), hashText(receipt.Hash)
	return draft, nil
}

// recordOf is a record of the journal in the words of the rooms. The bytes are shared and must not be changed.
func recordOf(r *journal.Record) decision.Record {
	record := unhashed(r)
	record.Hash = hashText(r.Hash())
	return record
}

func unhashed(r *journal.Record) decision.Record {
	return decision.Record{
		Seq: r.Seq, ID: r.ID, Kind: string(r.Kind), At: r.At, Clock: r.Clock, Bundle: r.Bundle,
		Input: r.Input, Facts: r.Facts, Reads: r.Reads, Result: r.Result,
		Caller: r.Caller, IdempotencyKey: r.IdempotencyKey,
		ApplicationID: r.ApplicationID, Exporter: r.Exporter, Outcome: r.Outcome,
	}
}

// hashText writes a hash as digests are written everywhere here.
func hashText(hash journal.Hash) string { return "sha256:" + hex.EncodeToString(hash[:]) }
