package server

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"greenchannel/server/bundle"
	"greenchannel/server/engine"
	"greenchannel/server/journal"
	"greenchannel/server/problem"
	"greenchannel/server/store"
)

// mostGenerations is how many compiled bundles are held beside those in use. One takes some megabytes, and a second to
// compile.
const mostGenerations = 4

// mostRested is how many bundles that were in force are held, however many others are asked for: the way back to them is quick.
const mostRested = 8

// generations are the bundles that were compiled to decide again, and those in use. All share the live tables.
type generations struct {
	live *store.Live

	mu    sync.Mutex
	inUse map[string]*engine.Generation // by digest; not let go while it is in use
	rests []rested                      // those that were in force, the one that was so last at the end
	made  map[string]*making            // by digest
	order []string                      // the digests of made, the one longest not asked for first
}

// rested is a generation that was in force.
type rested struct {
	digest     string
	generation *engine.Generation
}

// making is a generation that is being compiled, and when done is closed, has been.
type making struct {
	done       chan struct{}
	generation *engine.Generation
	err        error
}

func newGenerations(live *store.Live) *generations {
	return &generations{live: live, inUse: map[string]*engine.Generation{}, made: map[string]*making{}}
}

// hold keeps a generation at hand that is there anyway.
func (g *generations) hold(digest string, generation *engine.Generation) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inUse[digest] = generation
}

// lend keeps a generation at hand that was made elsewhere, as long as those that are made here.
func (g *generations) lend(digest string, generation *engine.Generation) {
	if _, m, mine := g.claim(digest); mine {
		m.generation = generation
		close(m.done)
	}
}

// swap holds a generation in place of another, which rests then: the way back is quick.
func (g *generations) swap(before, digest string, generation *engine.Generation) {
	g.mu.Lock()
	defer g.mu.Unlock()
	released := g.inUse[before]
	delete(g.inUse, before)
	g.inUse[digest] = generation
	g.rests = slices.DeleteFunc(g.rests, func(r rested) bool { return r.digest == digest })
	if released != nil {
		g.rests = append(g.rests, rested{before, released})
	}
	if more := len(g.rests) - mostRested; more > 0 {
		g.rests = slices.Delete(g.rests, 0, more)
	}
}

// rest keeps a generation at hand that was in force in another life of the service, behind those that were so since.
func (g *generations) rest(digest string, generation *engine.Generation) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.held(digest) == nil && len(g.rests) < mostRested {
		g.rests = slices.Insert(g.rests, 0, rested{digest, generation})
	}
}

// held gives a generation that is in use, or rests.
func (g *generations) held(digest string) *engine.Generation {
	if held := g.inUse[digest]; held != nil {
		return held
	}
	for _, r := range g.rests {
		if r.digest == digest {
			return r.generation
		}
	}
	return nil
}

// unusableError says that a bundle which is kept cannot be compiled.
type unusableError struct {
	digest string
	err    error
}

func (e *unusableError) Error() string {
	return fmt.Sprintf("the bundle that is kept as %s: %v", e.digest, e.err)
}

func (e *unusableError) Unwrap() error { return e.err }

// of gives the generation of a bundle that the journal keeps. Those who ask for the same one at the same time share one
// compilation.
func (g *generations) of(ctx context.Context, kept *journal.Journal, digest string) (*engine.Generation, error) {
	there, m, mine := g.claim(digest)
	if there != nil {
		return there, nil
	}
	if mine {
		// Others may be waiting for it by then, so it does not end with the one that asked first.
		m.generation, m.err = g.make(context.WithoutCancel(ctx), kept, digest)
		if m.err != nil {
			g.forget(digest)
		}
		close(m.done)
	}
	select {
	case <-m.done:
		return m.generation, m.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// claim finds a generation, or one that is being made, or says that the caller has to make it.
func (g *generations) claim(digest string) (there *engine.Generation, m *making, mine bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if held := g.held(digest); held != nil {
		return held, nil, false
	}
	m, known := g.made[digest]
	if known {
		g.order = slices.DeleteFunc(g.order, func(other string) bool { return other == digest })
	} else {
		m = &making{done: make(chan struct{})}
		g.made[digest] = m
	}
	g.order = append(g.order, digest)
	if len(g.order) > mostGenerations {
		delete(g.made, g.order[0]) // who is waiting for it has it in hand
		g.order = g.order[1:]
	}
	return nil, m, !known
}

func (g *generations) forget(digest string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.made, digest)
	g.order = slices.DeleteFunc(g.order, func(other string) bool { return other == digest })
}

// make compiles a kept bundle, once it is shown to be the one that its digest names.
func (g *generations) make(ctx context.Context, kept *journal.Journal, digest string) (*engine.Generation, error) {
	archive, err := kept.Bundle(ctx, digest)
	if known := problem.Of(err); known != nil && known.Kind == problem.NotFound {
		return nil, problem.Wrap(err, problem.Internal, fmt.Sprintf(
			"The policies with the digest %s are not kept any more, so nothing can be decided with them.", digest))
	}
	if err != nil {
		return nil, err
	}
	folder, err := bundle.Unpack(archive.Archive)
	if err != nil {
		return nil, &unusableError{digest, err}
	}
	loaded, generation, err := compiled(ctx, folder, g.live)
	if err != nil {
		return nil, &unusableError{digest, err}
	}
	if loaded.Digest != digest {
		return nil, fmt.Errorf("the bundle that is kept as %s has the digest %s, so it is not the one that decided", digest, loaded.Digest)
	}
	return generation, nil
}

// digests lists the bundles in use.
func (g *generations) digests() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Collect(maps.Keys(g.inUse))
}

// keptBundle finds the digest of a bundle by its revision, or by the beginning of its digest.
func (r *Rooms) keptBundle(ctx context.Context, revision string) (digest string, err error) {
	uses, err := r.record.journal.Bundles(ctx)
	if err != nil {
		return "", err
	}
	known := r.generations.digests()
	for _, use := range uses {
		known = append(known, use.Digest)
	}
	digest, err = DigestOf(revision, known)
	if err != nil {
		return "", problem.New(problem.Invalid, "The revision names no one bundle.", problem.Fault{Pointer: "?revision", Detail: err.Error()})
	}
	return digest, nil
}

// shortestRevision keeps a slip of the pen from naming a bundle.
const shortestRevision = 4

// Revision says whether a word can be a digest or the beginning of one, with or without "sha256:".
func Revision(word string) bool {
	begins := strings.TrimPrefix(strings.ToLower(word), "sha256:")
	return len(begins) >= shortestRevision && strings.Trim(begins, "0123456789abcdef") == ""
}

// DigestOf finds the one of the digests that begins as stated, with or without "sha256:"; a revision is the beginning of a
// digest.
func DigestOf(stated string, digests []string) (string, error) {
	begins := strings.TrimPrefix(strings.ToLower(stated), "sha256:")
	if !Revision(stated) {
		return "", fmt.Errorf("%.80q is no revision; write at least %d hexadecimal digits of the bundle's digest", stated, shortestRevision)
	}
	var found []string
	for _, digest := range digests {
		if strings.HasPrefix(strings.TrimPrefix(digest, "sha256:"), begins) && !slices.Contains(found, digest) {
			found = append(found, digest)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", fmt.Errorf("no bundle is kept whose digest begins with %s", begins)
	default:
		slices.Sort(found)
		return "", errors.New(begins + " is the beginning of several digests, " + strings.Join(found, ", ") + "; write more of it")
	}
}
