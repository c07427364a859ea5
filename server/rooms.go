// Package server assembles the rooms of greenchannel (bundle, store, engine, decision, httpapi) into a service, runs it,
// and drains it. It is the only package that knows all rooms, and it has no opinion of its own: what is decided stands in
// the policies, how it is read and answered in the rooms.
package server

import (
	"context"
	"fmt"
	"io/fs"
	"time"

	"github.com/google/uuid"

	"greenchannel/server/bundle"
	"greenchannel/server/decision"
	"greenchannel/server/engine"
	"greenchannel/server/store"
)

// Rooms are the assembled rooms, all but HTTP: enough to decide.
type Rooms struct {
	Bundle    *bundle.Bundle
	Engine    *engine.Engine
	Decisions *decision.Service
}

// Open loads the policy folder, compiles it over a store of its own, and activates it. An evalTimeout of zero is the
// engine's default.
func Open(ctx context.Context, policies fs.FS, evalTimeout time.Duration) (*Rooms, error) {
	loaded, err := bundle.Load(policies)
	if err != nil {
		return nil, err
	}
	data, err := store.New(loaded.Data, store.Screening())
	if err != nil {
		return nil, fmt.Errorf("fill the store from bundle %s: %w", loaded.Revision, err)
	}
	generation, err := engine.Compile(ctx, loaded, data)
	if err != nil {
		return nil, err
	}
	evaluating := engine.New(evalTimeout)
	evaluating.Activate(generation)
	return &Rooms{
		Bundle: loaded,
		Engine: evaluating,
		Decisions: &decision.Service{
			Policy: evaluating,
			Now:    time.Now,
			NewID:  func() string { return uuid.Must(uuid.NewV7()).String() }, // fails only where there is no randomness at all
		},
	}, nil
}

// Bundle names the bundle that a policy folder makes, without compiling it.
func Bundle(policies fs.FS) (decision.PolicyRef, error) {
	loaded, err := bundle.Load(policies)
	if err != nil {
		return decision.PolicyRef{}, err
	}
	return decision.PolicyRef{Name: loaded.Name, Revision: loaded.Revision, Digest: loaded.Digest}, nil
}
