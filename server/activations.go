package server

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"greenchannel/server/bundle"
	"greenchannel/server/decision"
	"greenchannel/server/identity"
	"greenchannel/server/journal"
	"greenchannel/server/problem"
)

// What became of a bundle. The words stand in the record, as the outcome.
const (
	bundleKept      = "kept"
	bundleActivated = "activated"
	bundleRefused   = "refused"
)

// actionDraft is to put the folder of an author into force as it was saved: neither examined nor signed, so that it counts
// for nothing afterwards.
const actionDraft = "draft"

// activation is what the record says of a bundle: the result of a record of that kind.
type activation struct {
	// Action is what was asked for: keep, activate or draft; Outcome is one of the words above.
	Action  string `json:"action"`
	Outcome string `json:"outcome"`
	// Archive is the hash of the bytes that came in; only of what was to be kept and could be read.
	Archive string `json:"archive,omitzero"`
	// Digest, Name and Revision are those of the bundle, as far as it could be read.
	Digest   string `json:"digest,omitzero"`
	Name     string `json:"name,omitzero"`
	Revision string `json:"revision,omitzero"`
	// Before is the digest of the bundle that was active until then.
	Before string `json:"before,omitzero"`
	// Signature is the one that was verified; absent where none was.
	Signature *bundle.Signature `json:"signature,omitzero"`
	// Tests and Cases are how many tests of its own it has passed, and how many cases it has decided.
	Tests int `json:"tests,omitzero"`
	Cases int `json:"cases,omitzero"`
	// Problem is the kind of failure, and Errors what was told.
	Problem problem.Kind    `json:"problem,omitzero"`
	Errors  []problem.Fault `json:"errors,omitzero"`
}

// event is an activation with its place in the record.
type event struct {
	activation
	seq    uint64
	at     string
	caller string
}

// standing is what the record says of one bundle.
type standing struct {
	// passed says that it was checked: it compiled, passed its own tests and decided the cases.
	passed     bool
	signatures []bundle.Signature
	events     []event // the oldest first; at most mostEvents, the newest
}

// mostEvents is how many events of one bundle are held to be shown.
const mostEvents = 100

// standings follow what the record says of bundles. They are read anew from where they ended, since other nodes record as well.
type standings struct {
	mu       sync.Mutex
	seen     uint64
	byDigest map[string]*standing
	inForce  []string // digests, the one that was activated last at the end; each once
	newest   event    // the activation of that one
}

// of gives what is known of a bundle. The answer is shared, and not to be changed.
func (s *standings) of(ctx context.Context, kept *journal.Journal, digest string) (standing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.catchUp(ctx, kept); err != nil {
		return standing{}, err
	}
	if known := s.byDigest[digest]; known != nil {
		return *known, nil
	}
	return standing{}, nil
}

// last gives the digests of the bundles that were in force, the one that was activated last first.
func (s *standings) last(ctx context.Context, kept *journal.Journal) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.catchUp(ctx, kept); err != nil {
		return nil, err
	}
	newest := slices.Clone(s.inForce)
	slices.Reverse(newest)
	return newest, nil
}

// latest gives the activation that was recorded last, by whichever node; one without a place where there is none.
func (s *standings) latest(ctx context.Context, kept *journal.Journal) (event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.catchUp(ctx, kept)
	return s.newest, err
}

// catchUp reads what was recorded since it last did.
func (s *standings) catchUp(ctx context.Context, kept *journal.Journal) error {
	const page = 100
	var fresh []*journal.Record
	for before := uint64(0); ; {
		records, err := kept.Activations(ctx, before, page)
		if err != nil {
			return err
		}
		known := false
		for _, record := range records {
			if known = record.Seq <= s.seen; known {
				break
			}
			fresh, before = append(fresh, record), record.Seq
		}
		if known || len(records) < page {
			break
		}
	}
	for _, record := range slices.Backward(fresh) {
		if err := s.take(record); err != nil {
			return err
		}
		s.seen = record.Seq
	}
	return nil
}

func (s *standings) take(record *journal.Record) error {
	e := event{seq: record.Seq, at: decision.Instant(record.At), caller: record.Caller}
	if err := json.Unmarshal(record.Result, &e.activation); err != nil {
		return fmt.Errorf("record %d, of what became of a bundle: %w", record.Seq, err)
	}
	if e.Digest == "" {
		return nil
	}
	if s.byDigest == nil {
		s.byDigest = map[string]*standing{}
	}
	known := s.byDigest[e.Digest]
	if known == nil {
		known = &standing{}
		s.byDigest[e.Digest] = known
	}
	known.passed = known.passed || e.Outcome != bundleRefused && e.Action != actionDraft
	if e.Signature != nil && !slices.Contains(known.signatures, *e.Signature) {
		known.signatures = append(slices.Clip(known.signatures), *e.Signature)
	}
	known.events = append(slices.Clip(known.events), e)
	if more := len(known.events) - mostEvents; more > 0 {
		known.events = known.events[more:]
	}
	if e.Outcome == bundleActivated && e.Action != actionDraft {
		s.inForce = append(slices.DeleteFunc(s.inForce, func(other string) bool { return other == e.Digest }), e.Digest)
		s.newest = e
	}
	return nil
}

// tell records what became of a bundle: who asked, when, and how it ended. The record of an activation names the bundle, so
// that it is never pruned; a draft that decided nothing may be.
func (s *shelf) tell(ctx context.Context, a activation) error {
	input, err := json.Marshal(activation{Action: a.Action, Archive: a.Archive, Digest: a.Digest})
	if err != nil {
		return err
	}
	result, err := json.Marshal(a)
	if err != nil {
		return err
	}
	draft := decision.Record{
		ID: s.rooms.Decisions.NewID(), Kind: decision.KindActivation, Clock: s.rooms.Decisions.Now().UTC(),
		Input: input, Facts: []byte("{}"), Reads: []byte("[]"), Result: result,
		Caller: identity.Name(ctx), Outcome: a.Outcome,
	}
	if a.Outcome == bundleActivated && a.Action != actionDraft {
		draft.Bundle = a.Digest
	}
	_, err = s.rooms.Decisions.Journal.Append(context.WithoutCancel(ctx), draft, 0, nil)
	return err
}

// tellRefusal records that a bundle was refused, if that is what the error says, and gives the error on. A request that was
// called off, or names nothing, refuses nothing.
func (s *shelf) tellRefusal(ctx context.Context, a activation, err error) error {
	known := problem.Of(err)
	switch known.Kind {
	case problem.Invalid, problem.Conflict, problem.Undecided, problem.TooLarge:
	default:
		return err
	}
	a.Outcome, a.Problem, a.Errors = bundleRefused, known.Kind, known.Faults
	if len(a.Errors) == 0 {
		a.Errors = []problem.Fault{{Detail: known.Detail}}
	}
	log := s.rooms.record.config.Log
	log.WarnContext(ctx, "bundle refused", "caller", identity.Name(ctx), "action", a.Action, "digest", a.Digest, "archive", a.Archive, "errors", len(a.Errors), "first", a.Errors[0].String())
	if lost := s.tell(ctx, a); lost != nil {
		log.ErrorContext(ctx, "the refusal of a bundle could not be recorded", "err", lost)
	}
	return err
}
