// Package server assembles the rooms of greenchannel (bundle, store, engine, journal, decision, httpapi) into a service,
// runs it, and drains it. It is the only package that knows all rooms, and it has no opinion of its own: what is decided
// stands in the policies, how it is kept, read and answered in the rooms.
package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/google/uuid"

	"greenchannel/server/bundle"
	"greenchannel/server/decision"
	"greenchannel/server/engine"
	"greenchannel/server/store"
)

// Rooms are the assembled rooms, all but HTTP.
type Rooms struct {
	// Bundle is the one that the rooms were opened with; Engine says which is active.
	Bundle *bundle.Bundle
	Engine *engine.Engine
	// Decisions can record only where there is a record; everywhere else it decides dry.
	Decisions *decision.Service
	Live      *store.Live

	record      *recordbook // nil: decisions are not recorded
	generations *generations
	shadows     *shadowing // nil where decisions are not recorded
	standings   *standings
	trust       trust
	shelf       *shelf
	heeding     *heeding
	followers   *followers // nil: nothing goes on beside the requests
}

// Open makes rooms that decide without a record: for dry runs of the command line. The history and the registry that
// policies read are there, and empty. An evalTimeout of zero is the engine's default.
func Open(ctx context.Context, policies fs.FS, evalTimeout time.Duration) (*Rooms, error) {
	loaded, err := bundle.Load(policies)
	if err != nil {
		return nil, err
	}
	return furnish(ctx, loaded, evalTimeout, store.NewLive())
}

// OpenRecorded makes rooms that keep a record. It refuses a record that is damaged, foreign or in use, and says what to do.
// Close ends it.
func OpenRecorded(ctx context.Context, policies fs.FS, evalTimeout time.Duration, config RecordConfig) (*Rooms, error) {
	// A start takes as long as the bundle takes to be read and compiled; the record is opened, and the bundle packed, beside that.
	load := sync.OnceValues(func() (*bundle.Bundle, error) { return bundle.Load(policies) })
	go func() { _, _ = load() }() // asked for again below, with its error
	book, err := openRecordbook(ctx, config)
	loaded, unread := load()
	if err != nil {
		return nil, err
	}
	if unread != nil {
		return nil, errors.Join(unread, book.close())
	}
	pack := sync.OnceValues(func() ([]byte, error) { return book.toKeep(ctx, loaded, policies) })
	go func() { _, _ = pack() }()
	rooms, err := furnish(ctx, loaded, evalTimeout, book.live)
	archive, unpacked := pack()
	if err == nil {
		err = unpacked
	}
	if err == nil {
		err = book.keepAs(ctx, loaded, archive)
	}
	if err != nil {
		return nil, errors.Join(err, book.close())
	}
	rooms.shadows = newShadowing(rooms)
	rooms.record, rooms.Decisions.Journal, rooms.Decisions.Now = book, shadowedRecorder{recorder{book}, rooms.shadows}, book.now
	rooms.shelf, rooms.heeding = newShelf(rooms), &heeding{rooms: rooms}
	return rooms, nil
}

// furnish compiles a bundle over a store of its own and the live tables, and activates it.
func furnish(ctx context.Context, loaded *bundle.Bundle, evalTimeout time.Duration, live *store.Live) (*Rooms, error) {
	generation, err := compileLoaded(ctx, loaded, live)
	if err != nil {
		return nil, err
	}
	evaluating := engine.New(evalTimeout)
	evaluating.Activate(generation)
	known := newGenerations(live)
	known.hold(loaded.Digest, generation)
	return &Rooms{
		Bundle: loaded, Engine: evaluating, Live: live, generations: known, standings: &standings{},
		Decisions: &decision.Service{
			Policy: evaluating,
			Turns:  decision.NewTurns(),
			Now:    time.Now,
			NewID:  func() string { return uuid.Must(uuid.NewV7()).String() }, // fails only where there is no randomness at all
		},
	}, nil
}

// compiled makes a generation of a policy folder.
func compiled(ctx context.Context, policies fs.FS, live *store.Live) (*bundle.Bundle, *engine.Generation, error) {
	loaded, err := bundle.Load(policies)
	if err != nil {
		return nil, nil, err
	}
	generation, err := compileLoaded(ctx, loaded, live)
	if err != nil {
		return nil, nil, err
	}
	return loaded, generation, nil
}

func compileLoaded(ctx context.Context, loaded *bundle.Bundle, live *store.Live) (*engine.Generation, error) {
	data, err := store.New(loaded.Data, store.Screening(), live)
	if err != nil {
		return nil, fmt.Errorf("fill the store from bundle %s: %w", loaded.Revision, err)
	}
	return engine.Compile(ctx, loaded, data)
}

// registrar puts parties on file, as decisions are made: by the same clock, and into the same record.
func (r *Rooms) registrar() *decision.Registrar {
	return &decision.Registrar{File: r.record, Journal: r.Decisions.Journal, Now: r.Decisions.Now, NewID: r.Decisions.NewID}
}

// Close ends what goes on, and lets go of the record, if there is one.
func (r *Rooms) Close() error {
	if r.followers != nil {
		r.followers.stop()
	}
	if r.record == nil {
		return nil
	}
	if r.shadows != nil {
		r.shadows.changing.Lock()
		defer r.shadows.changing.Unlock()
		r.shadows.end()
	}
	return r.record.close()
}

// Bundle names the bundle that a policy folder makes, without compiling it.
func Bundle(policies fs.FS) (decision.PolicyRef, error) {
	loaded, err := bundle.Load(policies)
	if err != nil {
		return decision.PolicyRef{}, err
	}
	return decision.PolicyRef{Name: loaded.Name, Revision: loaded.Revision, Digest: loaded.Digest}, nil
}
