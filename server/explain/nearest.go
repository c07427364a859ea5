package explain

import (
	"context"
	"math/bits"
	"strings"

	"greenchannel/server/decision"
)

// MostEvaluations is how often an application is decided for one nearest green before the search is given up.
const MostEvaluations = 200

const (
	mostChanges = 64 // that are looked at; a set of them is a word of bits
	mostRounds  = 4  // in which a change that is offered calls for another
)

// Judged is what the policies say of an application, changed or not.
type Judged struct {
	// Sound is false for an application that breaks the contract; the rest is empty then.
	Sound    bool
	Decision decision.Decision
	// Changes are those that the policies offer for it, and Blocking what stands between it and the green channel.
	Changes  []Change
	Blocking []Blocker
}

// Judge decides an application; always by the same policies, on the same data and as of the same instant.
type Judge func(ctx context.Context, application []byte) (Judged, error)

// Nearest searches the smallest set of offered changes with which the outcome is the green channel; of several as small, the
// first in the order in which they are offered. It relies on what the policies promise: that a change makes no condition fail. So a
// set that does not do is not helped by leaving something out, and a change without which all others do not do is in every
// set that does.
func Nearest(ctx context.Context, application []byte, judge Judge) (NearestGreen, error) {
	s := search{ctx: ctx, application: application, judge: judge, known: map[set]Judged{}}
	found := NearestGreen{Changes: []Change{}, BlockedBy: []Blocker{}, Complete: true}
	all, err := s.offers()
	if err != nil {
		return NearestGreen{}, err
	}
	every := s.try(all)
	if !green(every) {
		found.Complete, found.BlockedBy, found.Evaluations = !s.cut, append(found.BlockedBy, every.Blocking...), s.evaluations
		return found, s.err
	}
	smallest := s.smallest(all)
	proof := s.try(smallest)
	found.Evaluations, found.Complete = s.evaluations, !s.cut
	if s.err != nil {
		return NearestGreen{}, s.err
	}
	_, patch, err := applied(application, s.of(smallest))
	if err != nil {
		return NearestGreen{}, err
	}
	d := proof.Decision
	found.Reachable, found.Changes = true, append(found.Changes, patch...)
	found.Decision = &Outcome{Outcome: d.Outcome, Eligible: d.GreenChannel.Eligible, Channel: d.GreenChannel.Channel, Missing: d.Missing}
	return found, nil
}

// set is a set of offered changes, by their places among the offers.
type set uint64

func (s set) has(i int) bool { return s&(1<<i) != 0 }

// search holds what one search knows.
type search struct {
	ctx         context.Context //nolint:containedctx // a search lives as long as one call
	application []byte
	judge       Judge
	changes     []Change
	known       map[set]Judged
	evaluations int
	cut         bool // something was not looked at
	err         error
}

func green(j Judged) bool { return j.Sound && j.Decision.Outcome == decision.GreenChannelReview }

// offers gathers the changes that the policies offer, and those that they offer once these are made. What would be taken out stays
// in meanwhile, since it would move the places of the rest.
func (s *search) offers() (set, error) {
	var all, staying set
	for range mostRounds {
		judged := s.try(staying)
		if s.err != nil || green(judged) {
			break
		}
		before := all
		for _, change := range judged.Changes {
			if s.offered(change) {
				continue
			}
			if len(s.changes) == mostChanges {
				s.cut = true
				break
			}
			at := set(1) << len(s.changes)
			s.changes = append(s.changes, change)
			if all |= at; change.Op != opRemove {
				staying |= at
			}
		}
		if all == before {
			break
		}
	}
	return all, s.err
}

// offered says whether a change is known already: at one place the first counts, but a list takes any number.
func (s *search) offered(change Change) bool {
	for _, known := range s.changes {
		if known.Pointer == change.Pointer && (!strings.HasSuffix(change.Pointer, "/-") || string(known.Value) == string(change.Value)) {
			return true
		}
	}
	return false
}

// smallest finds the smallest set within one that does.
func (s *search) smallest(all set) set {
	var needed, open set
	enough := all // what is left when each change that can be left out is, one after the other
	for i := range s.changes {
		one := set(1) << i
		if !green(s.try(all &^ one)) {
			needed |= one
		} else if open |= one; green(s.try(enough &^ one)) {
			enough &^= one
		}
	}
	least := bits.OnesCount64(uint64(enough &^ needed))
	for size := range least + 1 {
		found, ok := s.among(needed, open, size, 0)
		if ok || s.err != nil {
			return found
		}
		if s.evaluations >= MostEvaluations {
			s.cut = s.cut || size < least // there is none smaller, and only the order is left open
			break
		}
	}
	return enough
}

// among adds size of the open changes, from a place on, and gives the first set that does.
func (s *search) among(chosen, open set, size, from int) (set, bool) {
	if size == 0 {
		if s.evaluations >= MostEvaluations || s.err != nil {
			return 0, false
		}
		return chosen, green(s.try(chosen))
	}
	for i := from; i < len(s.changes); i++ {
		if !open.has(i) {
			continue
		}
		if found, ok := s.among(chosen|1<<i, open, size-1, i+1); ok {
			return found, true
		}
	}
	return 0, false
}

func (s *search) of(chosen set) []Change {
	var changes []Change
	for i, change := range s.changes {
		if chosen.has(i) {
			changes = append(changes, change)
		}
	}
	return changes
}

// try decides the application with a set of changes, once. Changes that cannot be made without others make nothing sound.
func (s *search) try(chosen set) Judged {
	if judged, known := s.known[chosen]; known || s.err != nil {
		return judged
	}
	body, _, err := applied(s.application, s.of(chosen))
	var judged Judged
	if err == nil {
		s.evaluations++
		judged, s.err = s.judge(s.ctx, body)
	}
	s.known[chosen] = judged
	return judged
}
