package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"sync"
	"time"

	"greenchannel/server/bundle"
	"greenchannel/server/decision"
	"greenchannel/server/engine"
	"greenchannel/server/httpapi"
	"greenchannel/server/identity"
	"greenchannel/server/problem"
)

// shelf keeps bundles that come in beside the record, and puts those that are kept into force.
type shelf struct {
	rooms *Rooms
	// checking is taken by whoever checks a bundle: one at a time, since that takes a second and hundreds of megabytes.
	checking chan struct{}
	// activating is held from the question which bundle is active to the answer that another is.
	activating sync.Mutex
}

func newShelf(rooms *Rooms) *shelf { return &shelf{rooms: rooms, checking: make(chan struct{}, 1)} }

// Kept lists the bundles that are kept, the newest first.
func (s *shelf) Kept(ctx context.Context) ([]httpapi.Bundle, error) {
	uses, err := s.rooms.record.journal.Bundles(ctx)
	if err != nil {
		return nil, err
	}
	active, _ := s.rooms.Engine.Active()
	listed := make([]httpapi.Bundle, 0, len(uses))
	for _, use := range slices.Backward(uses) {
		listed = append(listed, httpapi.Bundle{
			Digest: use.Digest, Name: use.Name, Revision: use.Revision, KeptAt: decision.Instant(use.KeptAt), Bytes: use.Bytes,
			Records: use.Records, First: use.First, Last: use.Last, Active: use.Digest == active.Digest,
		})
	}
	return listed, nil
}

// entry is what the list says of one bundle, and whether it stands there.
func (s *shelf) entry(ctx context.Context, digest string) (httpapi.Bundle, bool, error) {
	listed, err := s.Kept(ctx)
	if err != nil {
		return httpapi.Bundle{}, false, err
	}
	at := slices.IndexFunc(listed, func(b httpapi.Bundle) bool { return b.Digest == digest })
	if at < 0 {
		return httpapi.Bundle{}, false, nil
	}
	return listed[at], true, nil
}

// Keep checks the bundle in an archive as if it were to be activated, and keeps it; false when it was kept already.
func (s *shelf) Keep(ctx context.Context, archive []byte) (httpapi.Bundle, bool, error) {
	select {
	case s.checking <- struct{}{}:
		defer func() { <-s.checking }()
	case <-ctx.Done():
		return httpapi.Bundle{}, false, problem.Wrap(context.Cause(ctx), problem.Cancelled, "The bundle was called off before it was checked; it is not kept.")
	}
	folder, err := bundle.Unpack(archive)
	if err != nil {
		return httpapi.Bundle{}, false, refused(err)
	}
	loaded, generation, err := s.checked(ctx, folder)
	if err != nil {
		return httpapi.Bundle{}, false, refused(err)
	}
	there, known, err := s.entry(ctx, loaded.Digest)
	if err != nil || known {
		return there, false, err
	}
	if err := s.rooms.record.keep(ctx, loaded, folder); err != nil {
		return httpapi.Bundle{}, false, err
	}
	s.rooms.generations.lend(loaded.Digest, generation)
	kept, known, err := s.entry(ctx, loaded.Digest)
	if err == nil && !known {
		err = fmt.Errorf("the bundle %s is not there any more as soon as it was kept", loaded.Digest)
	}
	return kept, true, err
}

// checked compiles a folder with the built-ins that both it and the bundle of the service allow, so that whatever uses
// another is told with its line, beside what else is wrong.
func (s *shelf) checked(ctx context.Context, folder fs.FS) (*bundle.Bundle, *engine.Generation, error) {
	loaded, err := bundle.Load(folder)
	if err != nil {
		return nil, nil, err
	}
	narrowed, beyond := loaded.Within(s.rooms.Bundle)
	generation, err := compileLoaded(ctx, narrowed, s.rooms.Live)
	if err := errors.Join(beyond, err); err != nil {
		return nil, nil, err
	}
	return loaded, generation, nil
}

// mostFaults is how many faults of a bundle one answer tells.
const mostFaults = 100

// refused is the answer to a bundle that cannot be used.
func refused(err error) error {
	return problem.New(problem.Invalid, "The bundle cannot be used, so it is not kept; errors names each file that has to be mended.", faultsOf(err)...)
}

func faultsOf(err error) []problem.Fault {
	faults := bundle.Faults(err)
	if more := len(faults) - mostFaults; more > 0 {
		faults = append(faults[:mostFaults], problem.Fault{Detail: fmt.Sprintf("%d more are not told here", more)})
	}
	return faults
}

// Activate puts a kept bundle into force. Evaluations under way end by the one that they began with.
func (s *shelf) Activate(ctx context.Context, revision string) (httpapi.Bundle, error) {
	r := s.rooms
	digest, err := r.keptBundle(ctx, revision)
	if err != nil {
		if known := problem.Of(err); known.Kind == problem.Invalid && len(known.Faults) == 1 { // the revision is the path here
			err = problem.New(problem.NotFound, fmt.Sprintf("No one bundle is named: %s.", known.Faults[0].Detail))
		}
		return httpapi.Bundle{}, err
	}
	generation, err := r.generations.of(ctx, r.record.journal, digest)
	if broken, ok := errors.AsType[*unusableError](err); ok {
		return httpapi.Bundle{}, problem.New(problem.Conflict, "The bundle cannot decide, so the active one stays; errors names what is wrong with it.", faultsOf(broken.err)...)
	}
	if err != nil {
		return httpapi.Bundle{}, err
	}
	s.activating.Lock()
	defer s.activating.Unlock()
	before, _ := r.Engine.Active()
	if err := s.staysOpen(ctx, generation, before.Digest); err != nil {
		return httpapi.Bundle{}, err
	}
	entry, known, err := s.entry(ctx, digest)
	switch {
	case err != nil:
		return httpapi.Bundle{}, err
	case !known: // what it decides could never be decided again
		return httpapi.Bundle{}, problem.New(problem.NotFound, fmt.Sprintf("The bundle %s is not kept any more.", digest))
	}
	entry.Active = true
	if digest == before.Digest {
		return entry, nil
	}
	r.generations.swap(before.Digest, digest, generation)
	r.Engine.Activate(generation)
	r.record.config.Log.InfoContext(ctx, "bundle activated",
		"caller", identity.Name(ctx), "bundle", entry.Name, "revision", entry.Revision, "digest", digest, "before", before.Digest)
	r.tellServing(ctx, r.record.config.Log)
	return entry, nil
}

// staysOpen refuses a generation after which nobody could go back: neither who asks for it now, nor any operator.
func (s *shelf) staysOpen(ctx context.Context, generation *engine.Generation, back string) error {
	callers := []identity.Caller{{Name: "operator", Roles: []string{identity.Operator}, Method: identity.ByToken}}
	if caller, known := identity.From(ctx); known {
		callers = append(callers, caller)
	}
	var reason string
	for _, caller := range callers {
		allowed, why, err := s.rooms.Engine.AllowedBy(ctx, generation, identity.Access{
			Caller: caller, Method: http.MethodPost, Path: []string{"v1", "bundles", back, "activate"},
		}, time.Now())
		switch known := problem.Of(err); {
		case err != nil && (known.Kind == problem.Cancelled || known.Kind == problem.Deadline):
			return err
		case allowed && err == nil:
			return nil
		case reason == "" && err == nil:
			reason = " It says to an operator: " + why
		}
	}
	return problem.New(problem.Conflict,
		"Under this bundle no operator could activate another any more, so the active one stays. Mend system.authz in it."+reason)
}

// DryRun decides an application by a kept bundle, whichever is active.
func (s *shelf) DryRun(ctx context.Context, revision string, application []byte, at time.Time) (decision.Written, error) {
	r := s.rooms
	digest, err := r.keptBundle(ctx, revision)
	if err != nil {
		return decision.Written{}, err
	}
	generation, err := r.generations.of(ctx, r.record.journal, digest)
	if broken, ok := errors.AsType[*unusableError](err); ok {
		return decision.Written{}, problem.New(problem.Invalid, "The bundle cannot decide.",
			problem.Fault{Pointer: "?revision", Detail: "names a bundle that is kept and cannot be compiled: " + bundle.Faults(broken.err)[0].String()})
	}
	if err != nil {
		return decision.Written{}, err
	}
	pinned := r.Engine.On(generation)
	app, err := pinned.Read(application)
	if err != nil {
		return decision.Written{}, err
	}
	decisions := *r.Decisions
	decisions.Policy = pinned
	return decisions.DryRun(ctx, app, at)
}
