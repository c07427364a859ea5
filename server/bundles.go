package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"greenchannel/server/bundle"
	"greenchannel/server/decision"
	"greenchannel/server/engine"
	"greenchannel/server/explain"
	"greenchannel/server/httpapi"
	"greenchannel/server/identity"
	"greenchannel/server/problem"
)

// shelf keeps bundles that come in beside the record, and puts those that are kept into force.
type shelf struct {
	rooms *Rooms
	// checking is taken by whoever checks a bundle: one at a time, since that takes a second and hundreds of megabytes.
	checking chan struct{}
	// standings are what the record says of bundles.
	standings *standings
	// activating is held from the question which bundle is active to the answer that another is.
	activating sync.Mutex
}

func newShelf(rooms *Rooms) *shelf {
	return &shelf{rooms: rooms, checking: make(chan struct{}, 1), standings: rooms.standings}
}

// Kept lists the bundles that are kept, the newest first.
func (s *shelf) Kept(ctx context.Context) ([]httpapi.Bundle, error) {
	uses, err := s.rooms.record.journal.Bundles(ctx)
	if err != nil {
		return nil, err
	}
	active, _ := s.rooms.Engine.Active()
	listed := make([]httpapi.Bundle, 0, len(uses))
	for _, use := range slices.Backward(uses) {
		known, err := s.standings.of(ctx, s.rooms.record.journal, use.Digest)
		if err != nil {
			return nil, err
		}
		listed = append(listed, httpapi.Bundle{
			Digest: use.Digest, Name: use.Name, Revision: use.Revision, KeptAt: decision.Instant(use.KeptAt), Bytes: use.Bytes,
			Records: use.Records, First: use.First, Last: use.Last, Active: use.Digest == active.Digest,
			Activations: use.Activations, Embedded: use.Digest == s.rooms.Bundle.Digest,
			Signed: len(known.signatures) > 0, SignedBy: signers(known.signatures),
		})
	}
	return listed, nil
}

// signers names the keys by which a bundle was signed.
func signers(signatures []bundle.Signature) string {
	var ids []string
	for _, signature := range signatures {
		ids = append(ids, signature.KeyID)
	}
	slices.Sort(ids)
	return strings.Join(slices.Compact(ids), ", ")
}

// Described is what is known of one kept bundle: what the list says, and what became of it.
func (s *shelf) Described(ctx context.Context, revision string) (httpapi.BundleDescription, error) {
	digest, err := s.rooms.keptBundle(ctx, revision)
	if err != nil {
		if known := problem.Of(err); known.Kind == problem.Invalid && len(known.Faults) == 1 {
			err = problem.New(problem.NotFound, fmt.Sprintf("No one bundle is named: %s.", known.Faults[0].Detail))
		}
		return httpapi.BundleDescription{}, err
	}
	entry, known, err := s.entry(ctx, digest)
	if err == nil && !known {
		err = problem.New(problem.NotFound, fmt.Sprintf("The bundle %s is not kept any more.", digest))
	}
	if err != nil {
		return httpapi.BundleDescription{}, err
	}
	said, err := s.standings.of(ctx, s.rooms.record.journal, digest)
	description := httpapi.BundleDescription{Bundle: entry, Events: []httpapi.BundleEvent{}}
	for _, e := range slices.Backward(said.events) {
		one := httpapi.BundleEvent{
			Seq: e.seq, At: e.at, Caller: e.caller, Outcome: e.Outcome, Action: e.Action, Before: e.Before, Tests: e.Tests, Cases: e.Cases, Errors: e.Errors,
		}
		if e.Signature != nil {
			one.SignedBy = e.Signature.KeyID
		}
		description.Events = append(description.Events, one)
	}
	return description, err
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

// Keep examines the bundle in an archive as if it were to be activated, and keeps it; false when it was kept already. What
// became of it is recorded, who sent it as well.
func (s *shelf) Keep(ctx context.Context, archive []byte) (httpapi.Bundle, bool, error) {
	select {
	case s.checking <- struct{}{}:
		defer func() { <-s.checking }()
	case <-ctx.Done():
		return httpapi.Bundle{}, false, problem.Wrap(context.Cause(ctx), problem.Cancelled, "The bundle was called off before it was checked; it is not kept.")
	}
	told := activation{Action: "keep", Archive: hashOf(archive)}
	kept, added, err := s.keep(ctx, archive, &told)
	if err != nil {
		return httpapi.Bundle{}, false, s.tellRefusal(ctx, told, err)
	}
	return kept, added, nil
}

// Refuse records that an archive was refused before it could be checked, such as one that is too long to be read.
func (s *shelf) Refuse(ctx context.Context, reason error) error {
	return s.tellRefusal(ctx, activation{Action: "keep"}, reason)
}

func hashOf(archive []byte) string {
	sum := sha256.Sum256(archive)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// keep is Keep, and says of the bundle what it finds out.
func (s *shelf) keep(ctx context.Context, archive []byte, told *activation) (httpapi.Bundle, bool, error) {
	folder, err := bundle.Unpack(archive)
	if err == nil {
		told.Signature, err = s.rooms.trust.verified(folder)
	}
	if err != nil {
		return httpapi.Bundle{}, false, refused(err)
	}
	named, err := bundle.Load(folder)
	if err != nil {
		return httpapi.Bundle{}, false, refused(err)
	}
	told.Digest, told.Name, told.Revision = named.Digest, named.Name, named.Revision
	known, err := s.standings.of(ctx, s.rooms.record.journal, named.Digest)
	if err != nil {
		return httpapi.Bundle{}, false, err
	}
	there, kept, err := s.entry(ctx, named.Digest)
	if err != nil {
		return httpapi.Bundle{}, false, err
	}
	sound := known.passed || named.Digest == s.rooms.Bundle.Digest
	if kept && sound && named.Disagreement(folder) == nil && (told.Signature == nil || slices.Contains(known.signatures, *told.Signature)) {
		return there, false, nil
	}
	if err := s.shelve(ctx, folder, named, sound, told); err != nil {
		return httpapi.Bundle{}, false, err
	}
	there, stays, err := s.entry(ctx, named.Digest)
	if err == nil && !stays {
		err = fmt.Errorf("the bundle %s is not there any more as soon as it was kept", named.Digest)
	}
	return there, !kept, err
}

// shelve examines a bundle, unless it has passed before, keeps it, and records that it is kept.
func (s *shelf) shelve(ctx context.Context, folder fs.FS, named *bundle.Bundle, sound bool, told *activation) error {
	r := s.rooms
	if sound {
		if err := named.Disagreement(folder); err != nil {
			return refused(err)
		}
	} else {
		found, err := s.examineLoaded(ctx, folder, named)
		if err != nil {
			return refused(err)
		}
		told.Tests, told.Cases = found.tests, found.cases
		r.generations.lend(named.Digest, found.generation)
	}
	if err := r.record.keep(ctx, named, folder); err != nil {
		return err
	}
	told.Outcome = bundleKept
	if err := s.tell(ctx, *told); err != nil {
		return err
	}
	log := r.record.config.Log
	log.InfoContext(ctx, "bundle kept", "caller", identity.Name(ctx), "bundle", told.Name, "revision", told.Revision, "digest", told.Digest, "tests", told.Tests, "cases", told.Cases)
	if told.Signature == nil {
		log.WarnContext(ctx, "the bundle is UNSIGNED as far as this service knows: no keys are configured, so nobody's signature was asked for", "digest", told.Digest)
	}
	return nil
}

// mostFaults is how many faults of a bundle one answer tells.
const mostFaults = 100

// refused is the answer to a bundle that cannot be used.
func refused(err error) error {
	if known, ok := errors.AsType[*problem.Error](err); ok && known.Kind == problem.Cancelled {
		return err
	}
	return problem.New(problem.Invalid, "The bundle cannot be used, so it is not kept; errors names each file that has to be mended.", faultsOf(err)...)
}

func faultsOf(err error) []problem.Fault {
	faults := bundle.Faults(err)
	if more := len(faults) - mostFaults; more > 0 {
		faults = append(faults[:mostFaults], problem.Fault{Detail: fmt.Sprintf("%d more are not told here", more)})
	}
	return faults
}

// Activate puts a kept bundle into force. Evaluations under way end by the one that they began with. It is recorded before
// it decides anything; a refusal is recorded as well.
func (s *shelf) Activate(ctx context.Context, revision string) (httpapi.Bundle, error) {
	r := s.rooms
	digest, err := r.keptBundle(ctx, revision)
	if err != nil {
		if known := problem.Of(err); known.Kind == problem.Invalid && len(known.Faults) == 1 { // the revision is the path here
			err = problem.New(problem.NotFound, fmt.Sprintf("No one bundle is named: %s.", known.Faults[0].Detail))
		}
		return httpapi.Bundle{}, err
	}
	told := activation{Action: "activate", Digest: digest}
	entry, err := s.activate(ctx, digest, &told)
	if err != nil {
		return httpapi.Bundle{}, s.tellRefusal(ctx, told, err)
	}
	return entry, nil
}

func (s *shelf) activate(ctx context.Context, digest string, told *activation) (httpapi.Bundle, error) {
	generation, err := s.fit(ctx, digest, told)
	if err != nil {
		return httpapi.Bundle{}, err
	}
	return s.enforce(ctx, digest, generation, told)
}

// enforce lets a generation answer from now on, once the record says so.
func (s *shelf) enforce(ctx context.Context, digest string, generation *engine.Generation, told *activation) (httpapi.Bundle, error) {
	r := s.rooms
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
		// It may be in force here and, by the record, another one everywhere else: then all are told that it is this one.
		last, err := s.standings.latest(ctx, r.record.journal)
		if err != nil || last.seq == 0 || last.Digest == digest {
			return entry, err
		}
	}
	told.Outcome, told.Name, told.Revision, told.Before = bundleActivated, entry.Name, entry.Revision, before.Digest
	if err := s.tell(ctx, *told); err != nil {
		return httpapi.Bundle{}, err
	}
	if digest != before.Digest {
		r.generations.swap(before.Digest, digest, generation)
		r.Engine.Activate(generation)
	}
	entry.Activations++
	log := r.record.config.Log
	log.InfoContext(ctx, "bundle activated",
		"caller", identity.Name(ctx), "bundle", entry.Name, "revision", entry.Revision, "digest", digest, "before", before.Digest)
	r.tellServing(ctx, r.record.config.Log)
	if !entry.Signed && !entry.Embedded {
		log.WarnContext(ctx, "the active bundle is UNSIGNED as far as this service knows; configure keys so that nobody puts policies into force unseen", "digest", digest)
	}
	return entry, nil
}

// fit gives the generation of a kept bundle that may be put into force: one that was signed by a key of today, and that has
// passed its examination once. Where no record says so, it is examined now.
func (s *shelf) fit(ctx context.Context, digest string, told *activation) (*engine.Generation, error) {
	r := s.rooms
	known, err := s.standings.of(ctx, r.record.journal, digest)
	if err != nil {
		return nil, err
	}
	embedded := digest == r.Bundle.Digest
	if !embedded && !r.trust.accepts(known.signatures) {
		return nil, problem.New(problem.Conflict, "The bundle is not signed by a key that is configured, so the active one stays. Sign it and upload it again; then it can be activated.")
	}
	generation, err := r.generations.of(ctx, r.record.journal, digest)
	if broken, ok := errors.AsType[*unusableError](err); ok {
		return nil, unfit(broken.err)
	}
	if err != nil || known.passed || embedded {
		return generation, err
	}
	archive, err := r.record.journal.Bundle(ctx, digest)
	if err != nil {
		return nil, err
	}
	folder, err := bundle.Unpack(archive.Archive)
	if err != nil {
		return nil, unfit(err)
	}
	select {
	case s.checking <- struct{}{}:
		defer func() { <-s.checking }()
	case <-ctx.Done():
		return nil, problem.Wrap(context.Cause(ctx), problem.Cancelled, "The activation was called off before the bundle was checked; the active one stays.")
	}
	found, err := s.examine(ctx, folder)
	if err != nil {
		return nil, unfit(err)
	}
	told.Tests, told.Cases = found.tests, found.cases
	return generation, nil
}

// unfit is the answer to a bundle that is kept and cannot be put into force.
func unfit(err error) error {
	if known := problem.Of(err); known != nil && known.Kind == problem.Cancelled {
		return err
	}
	return problem.New(problem.Conflict, "The bundle cannot decide, so the active one stays; errors names what is wrong with it.", faultsOf(err)...)
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

// Rules lists the ids of the rules that a kept bundle can explain.
func (s *shelf) Rules(ctx context.Context, revision string) ([]string, error) {
	kept, err := s.kept(ctx, revision)
	if err != nil {
		return nil, err
	}
	return kept.Rules()
}

// DryRun decides an application by a kept bundle, whichever is active.
func (s *shelf) DryRun(ctx context.Context, revision string, application []byte, at time.Time) (decision.Written, error) {
	pinned, app, err := s.pinned(ctx, revision, application)
	if err != nil {
		return decision.Written{}, err
	}
	decisions := *s.rooms.Decisions
	decisions.Policy = pinned
	return decisions.DryRun(ctx, app, at)
}

// Explain decides an application by a kept bundle and explains the decision.
func (s *shelf) Explain(ctx context.Context, revision string, application []byte, at time.Time, asked string) (explain.Explained, error) {
	pinned, app, err := s.pinned(ctx, revision, application)
	if err != nil {
		return explain.Explained{}, err
	}
	return pinned.Explain(ctx, app, at, asked)
}

// pinned gives the engine on a kept bundle, and the application as that bundle reads it.
func (s *shelf) pinned(ctx context.Context, revision string, application []byte) (*engine.Engine, decision.Application, error) {
	kept, err := s.kept(ctx, revision)
	if err != nil {
		return nil, decision.Application{}, err
	}
	app, err := kept.Read(application)
	return kept, app, err
}

// kept gives the engine on the one kept bundle that a revision names.
func (s *shelf) kept(ctx context.Context, revision string) (*engine.Engine, error) {
	r := s.rooms
	digest, err := r.keptBundle(ctx, revision)
	if err != nil {
		return nil, err
	}
	generation, err := r.generations.of(ctx, r.record.journal, digest)
	if broken, ok := errors.AsType[*unusableError](err); ok {
		return nil, problem.New(problem.Invalid, "The bundle cannot decide.",
			problem.Fault{Pointer: "?revision", Detail: "names a bundle that is kept and cannot be compiled: " + bundle.Faults(broken.err)[0].String()})
	}
	if err != nil {
		return nil, err
	}
	return r.Engine.On(generation), nil
}
