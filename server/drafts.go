package server

import (
	"cmp"
	"context"
	"slices"
)

// tidyDrafts removes the oldest drafts that decided nothing, but for so many; with 0, none. What was examined, was put into force
// otherwise, is the program's own, or decides now, here or in the shadow, is no draft to remove. That one has decided something
// is looked at when it is removed, in one step with it: what is recorded can always be decided again.
func (s *shelf) tidyDrafts(ctx context.Context, keep int) error {
	if keep == 0 {
		return nil
	}
	select {
	case s.checking <- struct{}{}: // nobody may be about to keep one of them
		defer func() { <-s.checking }()
	default:
		return nil // the next draft tidies up
	}
	s.activating.Lock()
	defer s.activating.Unlock()
	idle, err := s.idleDrafts(ctx)
	if err != nil || len(idle) <= keep {
		return err
	}
	r := s.rooms
	removed, err := r.record.journal.DropBundles(ctx, idle[:len(idle)-keep]...)
	if len(removed) > 0 {
		r.record.config.Log.InfoContext(ctx, "older editions of the folder removed, which decided nothing", "bundles", len(removed))
	}
	return err
}

// idleDrafts are the digests of the drafts that decided nothing and do not decide now, the one that was in force longest ago first.
func (s *shelf) idleDrafts(ctx context.Context) ([]string, error) {
	r := s.rooms
	uses, err := r.record.journal.Bundles(ctx)
	if err != nil {
		return nil, err
	}
	busy := []string{r.Bundle.Digest}
	if active, _ := r.Engine.Active(); active.Digest != "" {
		busy = append(busy, active.Digest)
	}
	if shadow := r.shadows.current.Load(); shadow != nil {
		busy = append(busy, shadow.State(0, 0).Settings.Bundle)
	}
	type draft struct {
		digest string
		last   uint64
	}
	var idle []draft
	for _, use := range uses {
		if use.Records+use.Activations > 0 || slices.Contains(busy, use.Digest) {
			continue
		}
		known, err := s.standings.of(ctx, r.record.journal, use.Digest)
		if err != nil {
			return nil, err
		}
		if !known.passed && len(known.events) > 0 && !slices.ContainsFunc(known.events, func(e event) bool { return e.Action != actionDraft }) {
			idle = append(idle, draft{use.Digest, known.events[len(known.events)-1].seq})
		}
	}
	slices.SortFunc(idle, func(a, b draft) int { return cmp.Compare(a.last, b.last) })
	digests := make([]string, 0, len(idle))
	for _, d := range idle {
		digests = append(digests, d.digest)
	}
	return digests, nil
}
