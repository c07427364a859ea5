package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"time"

	"greenchannel/server/decision"
	"greenchannel/server/engine"
	"greenchannel/server/impact"
	"greenchannel/server/journal"
	"greenchannel/server/problem"
	"greenchannel/server/store"
)

// Terms are what one of the two decisions of each application is made under.
type Terms struct {
	// Bundle names the policies: a folder or an archive on disk, BuiltIn, Active, or the beginning of the digest of a bundle
	// that is kept.
	Bundle string
	// AsOf is the instant that all are decided as of; zero for that of each record or case. Files have none of their own.
	AsOf time.Time
}

// Comparison says what is decided twice, and what may come out otherwise. Just one of Record, Cases and Files is set.
type Comparison struct {
	Old, New Terms
	// Record says that recorded decisions are decided again: those made at Since or later.
	Record bool
	Since  time.Time
	// Cases is a folder of case files, and CasesName what it is called.
	Cases     fs.FS
	CasesName string
	// Files are applications. What was decided before is not known to them.
	Files []File
	// Allowed is what may change, and Most how many changes of each class are listed.
	Allowed []impact.Allowance
	Most    int
}

// File is an application as it stands in a file.
type File struct {
	Name string
	Body []byte
}

// OpenComparing makes rooms that compare what is decided under other terms, with a record to read where config names one.
// The built-in policies are those of the program; no bundle may use more built-in functions than they do. Close ends the rooms.
func OpenComparing(ctx context.Context, config *RecordConfig, evalTimeout time.Duration) (*Rooms, error) {
	if config != nil {
		return OpenReading(ctx, *config, evalTimeout)
	}
	live := store.NewLive()
	return &Rooms{Engine: engine.New(evalTimeout), Live: live, generations: newGenerations(live)}, nil
}

// Compare decides every application of a comparison twice, on all processors, and tells what changes. Progress is told how
// many of all are done.
func (r *Rooms) Compare(ctx context.Context, builtIn fs.FS, asked Comparison, progress func(done, total uint64)) (impact.Effect, error) {
	gate, err := impact.NewGate(asked.Allowed)
	if err != nil {
		return impact.Effect{}, problem.New(problem.Invalid, err.Error())
	}
	older, newer, err := r.sides(ctx, builtIn, asked)
	if err != nil {
		return impact.Effect{}, err
	}
	matter, err := r.matter(ctx, asked, slices.Concat(older.elements, newer.elements))
	if err != nil {
		return impact.Effect{}, err
	}
	tally := impact.NewTally(matter.source, older.basis(), newer.basis(), gate, asked.Most)
	for _, note := range matter.notes {
		tally.Note(note)
	}
	done := uint64(0)
	err = inOrder(ctx, matter.applications, func(ctx context.Context, app *submitted) (*impact.Change, error) {
		if app == nil {
			return nil, nil
		}
		change, err := impact.Compare(ctx, app.about(older), r.decider(older, app), r.decider(newer, app))
		if err != nil {
			return nil, fmt.Errorf("decide %s twice: %w", app.Name(), err)
		}
		return &change, nil
	}, func(change *impact.Change) error {
		if change != nil {
			tally.Add(*change)
		}
		done++
		progress(done, matter.total)
		return nil
	})
	return tally.Effect(), err
}

// submitted is one application that is decided twice.
type submitted struct {
	impact.Subject
	body []byte
	// at is the instant that it is about by itself; zero for none.
	at time.Time
	// rows lays out the rows that it is decided with, as a record has them; nil for those of an empty store.
	rows func(at time.Time) ([]byte, error)
}

// about names the application with the instant of its old decision.
func (s *submitted) about(older *side) impact.Subject {
	about := s.Subject
	about.AsOf = decision.Instant(older.instant(s))
	return about
}

// decider decides an application under the terms of one side.
func (r *Rooms) decider(under *side, app *submitted) impact.Decider {
	return func(ctx context.Context) (decision.Verdict, error) {
		at := under.instant(app).Truncate(time.Millisecond) // as the service does, since that is what a decision can state
		if app.rows == nil {
			read, err := under.engine.Read(app.body)
			if err != nil {
				return decision.Verdict{}, err
			}
			return under.engine.Evaluate(ctx, read, at)
		}
		rows, err := app.rows(at)
		if err != nil {
			return decision.Verdict{}, err
		}
		return r.fromRows(ctx, under.generation, decision.Record{Seq: app.Seq, Input: app.body, Clock: at, Reads: rows})
	}
}

// fromRows decides a record again under a generation, from its own rows.
func (r *Rooms) fromRows(ctx context.Context, generation *engine.Generation, record decision.Record) (decision.Verdict, error) {
	verdict, err := r.Engine.Again(ctx, generation, record)
	if missing, ok := errors.AsType[*store.NotRecordedError](err); ok {
		err = &impact.NotRecordedError{Path: missing.Path}
	}
	return verdict, err
}

// matter is what is decided twice.
type matter struct {
	source       string
	applications iter.Seq2[*submitted, error] // nil for what is passed over
	total        uint64
	notes        []string
}

func (r *Rooms) matter(ctx context.Context, asked Comparison, elements []string) (matter, error) {
	switch {
	case asked.Record:
		return r.recordedMatter(ctx, asked)
	case asked.Cases != nil:
		return caseMatter(asked, elements)
	default:
		return fileMatter(asked), nil
	}
}

// recordedMatter is the recorded decisions from an instant on.
func (r *Rooms) recordedMatter(ctx context.Context, asked Comparison) (matter, error) {
	if r.record == nil {
		return matter{}, errNoFolder
	}
	m := matter{source: "the record", notes: []string{
		"Each decision sees the rows of its record: what was decided before, who was on file and which names were near, as it was found then.",
	}}
	if !asked.New.AsOf.Equal(asked.Old.AsOf) {
		m.notes = append(m.notes, "Orders within so many days are counted as of the day of the record, not as of the other day.")
	}
	if !asked.Since.IsZero() {
		m.source += " since " + decision.Instant(asked.Since)
	}
	kept := r.record.journal
	head, err := kept.Head(ctx)
	if err != nil {
		return matter{}, err
	}
	first, err := since(ctx, kept, head.Size, asked.Since)
	if err != nil {
		return matter{}, err
	}
	m.total = head.Size + 1 - first
	m.applications = func(yield func(*submitted, error) bool) {
		if first > head.Size {
			return
		}
		for record, err := range kept.Range(ctx, first, head.Size) {
			if !yield(recordedSubmission(record), err) || err != nil {
				return
			}
		}
	}
	return m, nil
}

func recordedSubmission(record *journal.Record) *submitted {
	if record == nil || record.Kind != journal.Decision {
		return nil
	}
	return &submitted{
		Subject: impact.Subject{DecisionID: record.ID, Seq: record.Seq, ApplicationID: record.ApplicationID},
		body:    record.Input, at: record.Clock,
		rows: func(time.Time) ([]byte, error) { return record.Reads, nil },
	}
}

// since finds the number of the first record that was made at an instant or later; one more than there are for none. The
// instants grow with the numbers.
func since(ctx context.Context, kept *journal.Journal, size uint64, at time.Time) (uint64, error) {
	low, high := uint64(1), size+1
	for low < high {
		middle := low + (high-low)/2
		record, err := kept.BySeq(ctx, middle)
		if err != nil {
			return 0, err
		}
		if record.At.Before(at) {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low, nil
}

// fileMatter is applications from files.
func fileMatter(asked Comparison) matter {
	return matter{
		source: "applications from files", total: uint64(len(asked.Files)),
		notes: []string{"What was decided before, and who is on file, is not known here."},
		applications: func(yield func(*submitted, error) bool) {
			for _, file := range asked.Files {
				if !yield(&submitted{Subject: impact.Subject{Place: file.Name, ApplicationID: idOf(file.Body)}, body: file.Body}, nil) {
					return
				}
			}
		},
	}
}
