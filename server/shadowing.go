package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"greenchannel/server/bundle"
	"greenchannel/server/config"
	"greenchannel/server/decision"
	"greenchannel/server/httpapi"
	"greenchannel/server/identity"
	"greenchannel/server/impact"
	"greenchannel/server/metrics"
	"greenchannel/server/problem"
)

// shadowing lets a candidate decide beside the active bundle. What is recorded passes by without waiting for it.
type shadowing struct {
	rooms *Rooms
	// observe is told what came of each decision; it is set before anything is served.
	observe func(impact.ShadowEvent)

	current  atomic.Pointer[candidate] // nil while there is none
	changing sync.Mutex                // held by whoever begins or ends one; no decision asks for it
}

// candidate is a shadow that decides, and how it is ended.
type candidate struct {
	*impact.Shadow
	revision string
	stop     context.CancelFunc
	ended    chan struct{}
}

func newShadowing(rooms *Rooms) *shadowing {
	return &shadowing{rooms: rooms, observe: func(impact.ShadowEvent) {}}
}

// shadowedRecorder leaves each recorded decision with the shadow, if there is one.
type shadowedRecorder struct {
	decision.Recorder
	shadows *shadowing
}

func (r shadowedRecorder) Append(ctx context.Context, draft decision.Record, seen uint64, stale func(decision.Record) bool) (decision.Record, error) {
	record, err := r.Recorder.Append(ctx, draft, seen, stale)
	if err == nil && record.Kind == decision.KindDecision {
		if shadow := r.shadows.current.Load(); shadow != nil {
			shadow.Offer(record)
		}
	}
	return record, err
}

// Begin lets a kept bundle decide a share of what is recorded from now on, instead of the candidate before it.
func (s *shadowing) Begin(ctx context.Context, asked httpapi.ShadowRequest) (httpapi.Shadow, error) {
	digest, err := s.rooms.keptBundle(ctx, asked.Revision)
	if err != nil {
		return httpapi.Shadow{}, inField(err, "/revision")
	}
	settings := impact.ShadowSettings{Bundle: digest, Rate: asked.Rate, Budget: asked.Budget}
	if err := settings.Sound(); err != nil {
		return httpapi.Shadow{}, problem.New(problem.Invalid, "The shadow cannot begin: "+strings.ReplaceAll(err.Error(), "\n", "; ")+".")
	}
	generation, err := s.rooms.generations.of(ctx, s.rooms.record.journal, digest)
	if broken, ok := errors.AsType[*unusableError](err); ok {
		return httpapi.Shadow{}, problem.New(problem.Invalid, "The candidate cannot decide.",
			problem.Fault{Pointer: "/revision", Detail: "names a bundle that is kept and cannot be compiled: " + bundle.Faults(broken.err)[0].String()})
	}
	if err != nil {
		return httpapi.Shadow{}, err
	}
	shadow := impact.NewShadow(settings, time.Now(), func(ctx context.Context, record decision.Record) (decision.Verdict, error) {
		return s.rooms.fromRows(ctx, generation, record)
	}, s.observe)
	s.changing.Lock()
	defer s.changing.Unlock()
	s.end()
	s.start(shadow, digest)
	s.rooms.record.config.Log.InfoContext(ctx, "shadow begun",
		"caller", identity.Name(ctx), "digest", digest, "rate", settings.Rate, "budget", settings.Budget)
	return s.State(ctx, 0, 0)
}

// start lets a shadow decide, outside of any request.
func (s *shadowing) start(shadow *impact.Shadow, digest string) {
	running, stop := context.WithCancel(context.Background())
	c := &candidate{Shadow: shadow, revision: revisionOf(digest), stop: stop, ended: make(chan struct{})}
	go func() {
		defer close(c.ended)
		c.Run(running)
	}()
	s.current.Store(c)
}

// revisionOf is the beginning of a digest that names a bundle for short.
func revisionOf(digest string) string {
	hex := strings.TrimPrefix(digest, "sha256:")
	return hex[:min(len(hex), 12)]
}

// End stops the candidate and tells what came of it.
func (s *shadowing) End(ctx context.Context) (httpapi.Shadow, error) {
	s.changing.Lock()
	defer s.changing.Unlock()
	ended := s.end()
	if ended == nil {
		return noShadow(), nil
	}
	state := ended.told(0, 0)
	state.Running = false
	s.rooms.record.config.Log.InfoContext(ctx, "shadow ended", "caller", identity.Name(ctx), "evaluated", state.Counts.Evaluated, "different", state.Counts.Different)
	return state, nil
}

// end stops the candidate, if there is one, and waits until it decides nothing any more.
func (s *shadowing) end() *candidate {
	before := s.current.Swap(nil)
	if before != nil {
		before.stop()
		<-before.ended
	}
	return before
}

// State tells how the candidate stands, with at most limit of the differences before a number.
func (s *shadowing) State(_ context.Context, before uint64, limit int) (httpapi.Shadow, error) {
	if current := s.current.Load(); current != nil {
		return current.told(before, limit), nil
	}
	return noShadow(), nil
}

func noShadow() httpapi.Shadow {
	return httpapi.Shadow{Differences: []httpapi.ShadowDifference{}}
}

// told is how a candidate stands, in the words of the API.
func (c *candidate) told(before uint64, limit int) httpapi.Shadow {
	state := c.State(before, limit)
	told := httpapi.Shadow{
		Running: true, Digest: state.Settings.Bundle, Revision: c.revision, Rate: state.Settings.Rate, Budget: state.Settings.Budget,
		Since: decision.Instant(state.Since), Differences: []httpapi.ShadowDifference{}, Before: state.Next,
		Counts: httpapi.ShadowCounts{
			Offered: state.Counts.Offered, Sampled: state.Counts.Sampled, Dropped: state.Counts.Dropped, Evaluated: state.Counts.Evaluated,
			Equal: state.Counts.Equal, Different: state.Counts.Different, Failed: state.Counts.Failed, BusySeconds: state.Counts.Busy.Seconds(),
		},
	}
	for _, class := range impact.Classes() {
		if n := state.Counts.Classes[class]; n > 0 && class != impact.Same {
			told.Counts.Classes = append(told.Counts.Classes, httpapi.ShadowClass{Class: string(class), Count: n})
		}
	}
	for _, d := range state.Differences {
		told.Differences = append(told.Differences, shadowDifference(d))
	}
	return told
}

func shadowDifference(d impact.ShadowDifference) httpapi.ShadowDifference {
	told := httpapi.ShadowDifference{
		Number: d.Number, Class: string(d.Class), DecisionID: d.DecisionID, Seq: d.Seq, ApplicationID: d.ApplicationID, AsOf: d.AsOf,
		Old: string(d.Old), New: string(d.New), Came: findings(d.Came), Went: findings(d.Went), Weighs: findings(d.Weighs),
	}
	if u := d.Missing; u != nil {
		told.Unavailable = &httpapi.Unavailable{Path: u.Path, Detail: u.Detail, Faults: u.Faults}
	}
	return told
}

func findings(found []impact.Finding) []httpapi.ShadowFinding {
	var told []httpapi.ShadowFinding
	for _, f := range found {
		told = append(told, httpapi.ShadowFinding(f))
	}
	return told
}

// inField puts the faults of an error into a field of the body.
func inField(err error, pointer string) error {
	known := problem.Of(err)
	if known.Kind != problem.Invalid {
		return err
	}
	faults := slices.Clone(known.Faults)
	for i := range faults {
		faults[i].Pointer = pointer
	}
	return problem.New(problem.Invalid, known.Detail, faults...)
}

// configured begins the shadow of the configuration. That its candidate is not there any more is told, and keeps nobody from
// a decision.
func (s *shadowing) configured(ctx context.Context, shadow config.Shadow) {
	if shadow.Revision == "" {
		return
	}
	_, err := s.Begin(ctx, httpapi.ShadowRequest{Revision: shadow.Revision, Rate: shadow.Rate, Budget: shadow.Budget})
	if err != nil {
		s.rooms.record.config.Log.ErrorContext(ctx, "the shadow of the configuration does not run", "revision", shadow.Revision, "err", fmt.Errorf("begin: %w", err))
	}
}

// counted lets figures be kept of what comes of each decision.
func (s *shadowing) counted(m *metrics.Metrics) {
	s.observe = func(e impact.ShadowEvent) {
		switch {
		case e.Dropped:
			m.ShadowDropped()
		case e.Failed:
			m.ShadowFailed()
		case e.Class == impact.Same:
			m.ShadowEqual()
		default:
			m.ShadowDifferent(string(e.Class), e.Old, e.New)
		}
	}
}
