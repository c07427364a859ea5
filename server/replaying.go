package server

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"greenchannel/server/decision"
	"greenchannel/server/engine"
	"greenchannel/server/impact"
	"greenchannel/server/journal"
	"greenchannel/server/problem"
)

// OpenReading makes rooms that only read a record: to decide again what was decided. They have no active bundle, since
// each record brings its own, and may be opened beside the service that keeps the record. Close ends them.
func OpenReading(ctx context.Context, config RecordConfig, evalTimeout time.Duration) (*Rooms, error) {
	book, err := readRecordbook(ctx, config)
	if err != nil {
		return nil, err
	}
	return &Rooms{
		Engine: engine.New(evalTimeout), Live: book.live, record: book, generations: newGenerations(book.live),
	}, nil
}

// Selection says which records are decided again, and with what.
type Selection struct {
	// Which names decisions by id or by number; when empty, all from First to Last are meant, both included.
	Which []string
	// First and Last are numbers of records; 0 is the beginning, and the end.
	First, Last uint64
	// Revision names a kept bundle by the beginning of its digest; empty for the one that decided each record.
	Revision string
}

// Replayed is what came of one record of a selection.
type Replayed struct {
	// Done counts the records of the selection so far, this one included, of Total.
	Done, Total uint64
	// Report is nil for a record that is no decision.
	Report *impact.Report
}

// Replay decides a recorded decision again, from its record alone, and compares. It is named by its id or its number;
// the revision is that of a Selection.
func (r *Rooms) Replay(ctx context.Context, which, revision string) (impact.Report, error) {
	var report impact.Report
	err := r.ReplayAll(ctx, Selection{Which: []string{which}, Revision: revision}, func(one Replayed) error {
		report = *one.Report
		return nil
	})
	return report, err
}

// ReplayAll decides many records again, on all processors, and tells each in the order of the selection. It ends at the
// first record that cannot be read or of which nothing can be said, and at the first error of each.
func (r *Rooms) ReplayAll(ctx context.Context, selected Selection, each func(Replayed) error) error {
	if r.record == nil {
		return problem.New(problem.NotReady, "No record is kept here, so there is nothing to decide again.")
	}
	under := "" // the digest, where it is one for all
	if selected.Revision != "" {
		var err error
		if under, err = r.keptBundle(ctx, selected.Revision); err != nil {
			return err
		}
	}
	records, total, err := r.selected(ctx, selected)
	if err != nil {
		return err
	}
	done := uint64(0)
	return inOrder(ctx, records, func(ctx context.Context, record *journal.Record) (*impact.Report, error) {
		if record.Kind != journal.Decision && len(selected.Which) == 0 {
			return nil, nil
		}
		return r.again(ctx, recordOf(record), under)
	}, func(report *impact.Report) error {
		done++
		return each(Replayed{Done: done, Total: total, Report: report})
	})
}

// selected gives the records of a selection, and how many they are.
func (r *Rooms) selected(ctx context.Context, selected Selection) (iter.Seq2[*journal.Record, error], uint64, error) {
	kept := r.record.journal
	if len(selected.Which) > 0 {
		return func(yield func(*journal.Record, error) bool) {
			for _, which := range selected.Which {
				if record, err := find(ctx, kept, which); !yield(record, err) || err != nil {
					return
				}
			}
		}, uint64(len(selected.Which)), nil
	}
	head, err := kept.Head(ctx)
	if err != nil {
		return nil, 0, err
	}
	first, last := max(selected.First, 1), selected.Last
	if last == 0 {
		last = head.Size
	}
	switch {
	case last > head.Size, first > head.Size && selected.First > 0:
		return nil, 0, problem.New(problem.Invalid, fmt.Sprintf("The record has %d entries; number %d is not there.", head.Size, max(first, last)))
	case first > last && selected.Last > 0:
		return nil, 0, problem.New(problem.Invalid, fmt.Sprintf("The first record asked for, %d, comes after the last, %d.", first, last))
	case head.Size == 0:
		return func(func(*journal.Record, error) bool) {}, 0, nil
	}
	return kept.Range(ctx, first, last), last - first + 1, nil
}

// find finds a record by its number, or by the id of its decision.
func find(ctx context.Context, kept *journal.Journal, which string) (*journal.Record, error) {
	if seq, err := strconv.ParseUint(which, 10, 64); err == nil {
		return kept.BySeq(ctx, seq)
	}
	return kept.Get(ctx, strings.ToLower(which))
}

// again decides one record again; an empty digest means the bundle that decided it.
func (r *Rooms) again(ctx context.Context, record decision.Record, under string) (*impact.Report, error) {
	if under == "" {
		under = record.Bundle
	}
	report, err := impact.Replay(ctx, record, under, func(ctx context.Context, record decision.Record) (decision.Verdict, error) {
		generation, err := r.generations.of(ctx, r.record.journal, under)
		if err != nil {
			return decision.Verdict{}, err
		}
		return r.fromRows(ctx, generation, record)
	})
	if err != nil {
		return nil, fmt.Errorf("decide record %d again: %w", record.Seq, err)
	}
	return &report, nil
}
