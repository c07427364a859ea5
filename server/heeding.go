package server

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"greenchannel/server/metrics"
	"greenchannel/server/problem"
)

// heeding puts into force what another node has activated, as the record says that all of them share. It records nothing
// itself, so that nodes cannot answer each other for ever. Drafts are for their author alone and are not heeded; nor does a
// node heed anything whose bundle a server or a folder gives: that says what is in force there.
type heeding struct {
	rooms *Rooms
	// heeded is the place of the last activation that holds here, or that was passed over at the start on purpose.
	heeded uint64
	// behind is the activation that ought to hold here and cannot; nil while none is.
	behind atomic.Pointer[event]

	followed, failed atomic.Uint64
}

// A bundle that cannot be put into force is tried again: the database may have been away. That it lacks a signature, or does not
// compile here, is not mended by trying, but by what is recorded next, which is heeded at once.
const (
	firstPause   = time.Second
	longestPause = time.Minute
)

// follow heeds each activation that is recorded, until ctx ends.
func (h *heeding) follow(ctx context.Context) {
	var again <-chan time.Time
	for pause := firstPause; ; {
		select {
		case <-ctx.Done():
			return
		case <-h.rooms.record.activations:
			pause = firstPause
		case <-again:
			pause = min(2*pause, longestPause)
		}
		again = nil
		if err := h.heed(ctx); err != nil && ctx.Err() == nil {
			again = time.After(pause)
		}
	}
}

// heed puts the bundle of the latest activation into force, unless it is so already.
func (h *heeding) heed(ctx context.Context) error {
	r := h.rooms
	r.shelf.activating.Lock() // what this node activates itself is recorded and in force before, or comes after
	defer r.shelf.activating.Unlock()
	before, _ := r.Engine.Active()
	latest, err := r.standings.latest(ctx, r.record.journal)
	if err != nil {
		latest = event{} // what is known is not the latest, perhaps
	} else if latest.seq > h.heeded && latest.Digest != before.Digest {
		err = h.enforce(ctx, latest, before.Digest)
	}
	if err != nil && ctx.Err() == nil {
		h.failed.Add(1)
		h.behind.Store(&latest)
		r.record.config.Log.ErrorContext(ctx, "what another node has put into force is not in force here",
			"seq", latest.seq, "digest", latest.Digest, "caller", latest.caller, "active", before.Digest, "err", err)
	}
	if err != nil {
		return err
	}
	h.heeded = max(h.heeded, latest.seq)
	h.behind.Store(nil)
	return nil
}

func (h *heeding) enforce(ctx context.Context, latest event, before string) error {
	r := h.rooms
	if err := r.resume(ctx, latest.Digest); err != nil {
		return err
	}
	h.followed.Add(1)
	log := r.record.config.Log
	log.InfoContext(ctx, "bundle activated, as on another node", "seq", latest.seq, "caller", latest.caller,
		"bundle", latest.Name, "revision", latest.Revision, "digest", latest.Digest, "before", before)
	r.tellServing(ctx, log)
	return nil
}

// ready says why this node decides otherwise than the record says that all nodes do, if it does.
func (h *heeding) ready() error {
	latest := h.behind.Load()
	if latest == nil {
		return nil
	}
	active, _ := h.rooms.Engine.Active()
	if latest.Digest == "" { // the record could not even be asked
		return problem.New(problem.NotReady, "It is not known whether another node has put a bundle into force, since the record cannot be read. The operator finds the reason in the log.")
	}
	return problem.New(problem.NotReady, fmt.Sprintf(
		"Another node has put the bundle %s into force and this one cannot; it still decides by %s. The operator finds the reason in the log.", latest.Digest, active.Digest))
}

// figures shows it in the metrics.
func (h *heeding) figures(m *metrics.Metrics) {
	m.Heeding(func() metrics.Heeding {
		return metrics.Heeding{Followed: h.followed.Load(), Failed: h.failed.Load(), Behind: h.behind.Load() != nil}
	})
}
