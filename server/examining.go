package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	"greenchannel/server/bundle"
	"greenchannel/server/corpus"
	"greenchannel/server/decision"
	"greenchannel/server/engine"
	"greenchannel/server/problem"
)

// Bounds of the examination of a bundle. They are there for one that would never end; a sound one needs some seconds.
const (
	testPatience = 5 * time.Minute
	casePatience = 30 * time.Second // of one case
)

// examined is a bundle that may be put into force.
type examined struct {
	generation   *engine.Generation
	tests, cases int
}

// examine asks of a bundle all that it has to hold before it may decide anything: that it says what it is, asks for no more
// than is allowed and compiles; then that its own tests pass; then that it decides every case. What is wrong with one step is
// told all at once; the next is not begun then.
func (s *shelf) examine(ctx context.Context, folder fs.FS) (examined, error) {
	loaded, err := bundle.Load(folder)
	if err != nil {
		return examined{}, err
	}
	return s.examineLoaded(ctx, folder, loaded)
}

// examineLoaded is examine for a bundle that was loaded from its folder. It takes the data of the bundle over.
func (s *shelf) examineLoaded(ctx context.Context, folder fs.FS, loaded *bundle.Bundle) (e examined, err error) {
	narrowed, beyond := loaded.Within(s.rooms.Bundle)
	tests, unread := loaded.Tests(folder)
	var uncompiled error
	e.generation, uncompiled = compileLoaded(ctx, narrowed, s.rooms.Live)
	if err = errors.Join(loaded.Disagreement(folder), beyond, unread, uncompiled); err != nil {
		return e, err
	}
	loaded.Data, narrowed.Data = nil, nil // the generation has it in its own form; both at once are a gigabyte for a long list
	limited, done := context.WithTimeoutCause(ctx, testPatience, fmt.Errorf("they took longer than %s", testPatience))
	defer done()
	if e.tests, err = e.generation.Test(limited, narrowed, tests); err != nil {
		return e, err
	}
	// It is the very generation that may be put into force, and nothing of that is made twice.
	e.cases, err = tried(ctx, e.generation)
	return e, err
}

// tried decides every case by a generation, as by a service that has recorded nothing, so that what is on file here changes
// nothing. It has to come to a decision on each, and to every outcome on some.
func tried(ctx context.Context, generation *engine.Generation) (decided int, err error) {
	cases, err := corpus.Cases()
	if err != nil {
		return 0, err
	}
	trying := engine.New(casePatience).Unrecorded(generation)
	type answer struct {
		outcome decision.Outcome
		err     error
	}
	answers := make([][]answer, len(cases))
	next := make(chan int)
	var working sync.WaitGroup
	for range engine.Aside() {
		working.Go(func() {
			for i := range next {
				for _, asOf := range cases[i].AsOf {
					outcome, err := try(ctx, trying, cases[i].Application, asOf)
					answers[i] = append(answers[i], answer{outcome, err})
				}
			}
		})
	}
	for i := range cases {
		next <- i
	}
	close(next)
	working.Wait()
	if ctx.Err() != nil {
		return 0, problem.Wrap(context.Cause(ctx), problem.Cancelled, "The bundle was called off while it was tried on the cases.")
	}

	reached := map[decision.Outcome]bool{}
	var faults []error
	for i, all := range answers {
		for j, one := range all {
			if one.err != nil {
				faults = append(faults, fmt.Errorf("the case %q, as of %s: %s", cases[i].Name, cases[i].AsOf[j], whole(one.err)))
				continue
			}
			decided++
			reached[one.outcome] = true
		}
	}
	for _, outcome := range decision.Outcomes() {
		if !reached[outcome] {
			faults = append(faults, fmt.Errorf("no case ends in %s any more; every outcome has to remain within reach", outcome))
		}
	}
	return decided, errors.Join(faults...)
}

func try(ctx context.Context, trying *engine.Engine, application []byte, asOf string) (decision.Outcome, error) {
	at, err := decision.ParseAsOf(asOf)
	if err != nil {
		return "", err
	}
	app, err := trying.Read(application)
	if err != nil {
		return "", err
	}
	verdict, err := trying.Evaluate(ctx, app, at)
	if err != nil {
		return "", err
	}
	return verdict.Decision.Outcome, nil
}

// whole tells all of an error, on one line: the cases are ours, so nothing of an applicant is in it.
func whole(err error) string {
	said := []string{err.Error()}
	if known := problem.Of(err); known != nil {
		said = []string{known.Detail}
		for _, fault := range known.Faults {
			said = append(said, fault.String())
		}
		if cause := errors.Unwrap(err); cause != nil && len(known.Faults) == 0 {
			said = append(said, cause.Error())
		}
	}
	return strings.ReplaceAll(strings.Join(slices.Compact(said), " "), "\n", "; ")
}
