package server

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"greenchannel/server/bundle"
	"greenchannel/server/engine"
)

// Resume lets the rooms take in signed bundles as the activation says, and puts the bundle into force that was activated last
// by the record, on whichever node. It is an error when that one cannot be used: what an operator has put into force is not
// to be replaced in silence.
func (r *Rooms) Resume(ctx context.Context, how Activation) error {
	var err error
	if r.trust, err = newTrust(how.Keys); err != nil {
		return err
	}
	log := r.record.config.Log
	if r.trust.asked && len(r.trust.keys.IDs()) == 0 {
		log.Warn("keys are configured, and none of them can verify a bundle: no bundle can be uploaded or activated")
	}
	last, err := r.standings.latest(ctx, r.record.journal)
	if err != nil || last.seq == 0 {
		return err
	}
	r.heeding.heeded = last.seq
	digest := last.Digest
	switch {
	case digest == r.Bundle.Digest:
		return nil
	case how.StartEmbedded:
		log.Warn("starting with the bundle of the program, as told; by the record another was activated last", "digest", r.Bundle.Digest, "activated", digest)
		return nil
	}
	if err := r.resume(ctx, digest); err != nil {
		return notResumed(digest, err)
	}
	log.Info("the bundle that was activated last is in force again", "digest", digest, "embedded", r.Bundle.Digest)
	return nil
}

// resume puts a bundle into force that was so before or elsewhere, where it was examined, and records nothing. It is an error when
// it may not decide here, or cannot; then what is in force stays.
func (r *Rooms) resume(ctx context.Context, digest string) error {
	generation, signed, err := r.resumed(ctx, digest)
	if err != nil {
		return err
	}
	before, _ := r.Engine.Active()
	r.generations.swap(before.Digest, digest, generation)
	r.Engine.Activate(generation)
	if !signed && digest != r.Bundle.Digest {
		r.record.config.Log.WarnContext(ctx, "the active bundle is UNSIGNED as far as this service knows", "digest", digest)
	}
	return nil
}

// resumed gives the generation of such a bundle, and whether it is signed.
func (r *Rooms) resumed(ctx context.Context, digest string) (generation *engine.Generation, signed bool, err error) {
	known, err := r.standings.of(ctx, r.record.journal, digest)
	if err != nil {
		return nil, false, err
	}
	if digest != r.Bundle.Digest && !r.trust.accepts(known.signatures) {
		return nil, false, errors.New("it is not signed by a key that is configured")
	}
	generation, err = r.generations.of(ctx, r.record.journal, digest)
	if broken, ok := errors.AsType[*unusableError](err); ok {
		err = fmt.Errorf("it cannot be compiled: %s", bundle.Faults(broken.err)[0])
	}
	return generation, len(known.signatures) > 0, err
}

// resumeFetched puts the bundle into force that was fetched last. It is recorded only where the record never had it in force:
// nodes that fetch nothing would put it into force as well, and give up what an operator has activated since.
func (r *Rooms) resumeFetched(ctx context.Context, digest string) error {
	known, err := r.standings.last(ctx, r.record.journal)
	if err != nil {
		return err
	}
	if !slices.Contains(known, digest) {
		_, err := r.shelf.Activate(ctx, digest)
		return err
	}
	r.shelf.activating.Lock()
	defer r.shelf.activating.Unlock()
	before, _ := r.Engine.Active()
	if before.Digest == digest {
		return nil
	}
	if err := r.resume(ctx, digest); err != nil {
		return err
	}
	r.record.config.Log.InfoContext(ctx, "the bundle that was fetched last is in force again, on this node", "digest", digest, "before", before.Digest)
	return nil
}

func notResumed(digest string, why error) error {
	return fmt.Errorf("the bundle %s was activated last and cannot be put into force again: %w; mend that, or start with the bundle of the program (--start-with embedded) and activate another", digest, why)
}

// warm compiles the bundles that were in force before, as many as are held, so that the way back is as quick after a start as
// it was before. It ends with ctx.
func (r *Rooms) warm(ctx context.Context) {
	last, err := r.standings.last(ctx, r.record.journal)
	for i, digest := range last {
		if i > mostRested || err != nil || ctx.Err() != nil {
			break
		}
		generation, unusable := r.generations.of(ctx, r.record.journal, digest)
		if unusable == nil {
			r.generations.rest(digest, generation)
		}
	}
	if err != nil && ctx.Err() == nil {
		r.record.config.Log.Warn("the bundles that were in force before are not at hand yet", "err", err)
	}
}
