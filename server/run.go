package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"greenchannel/server/config"
	"greenchannel/server/decision"
	"greenchannel/server/engine"
	"greenchannel/server/httpapi"
	"greenchannel/server/identity"
	"greenchannel/server/problem"
)

// DefaultListen is where the service listens unless told otherwise: on this machine only.
const DefaultListen = "127.0.0.1:8181"

// Bounds of a connection. A client that is slower than this does not hold a place of one that is not.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second
	writeGrace        = 10 * time.Second // to send an answer, on top of reading and evaluating
	idleTimeout       = time.Minute
	maxHeaderBytes    = 16 << 10
	defaultDrain      = 10 * time.Second
)

// Config says how the service runs. The zero value of a field is its default.
type Config struct {
	// Listen is HOST:PORT; DefaultListen unless set.
	Listen string
	// Policies is the policy folder. It must be set.
	Policies fs.FS
	// BaseURL is the address under which clients reach the service; nothing that a request says is taken for it.
	BaseURL string
	// Record says where decisions are recorded. Its folder must be set; its log is this one's.
	Record RecordConfig
	// Activation says which bundles may be put into force, and which one is in force at the start.
	Activation Activation
	// EvalTimeout is how long one evaluation may take.
	EvalTimeout time.Duration
	// Evaluation says how policies are evaluated.
	Evaluation Evaluation
	// Calling says who may call.
	Calling Calling
	// DrainDelay is how long requests are still taken after the service said that it is not ready, so that what stands in
	// front of it notices; none unless set.
	DrainDelay time.Duration
	// DrainTimeout is how long requests under way may take to end when the service stops; 10 seconds unless set.
	DrainTimeout time.Duration
	// Metrics says where figures of the service are served, on this machine; nowhere unless set.
	Metrics config.Metrics
	// Tracing says where traces are sent; none are made unless set.
	Tracing config.Tracing
	// Shadow says which kept bundle decides beside the active one, for comparison; none unless set.
	Shadow config.Shadow
	// Following says what goes on beside the requests.
	Following Following
	// Log takes what the operator has to know; slog's default unless set.
	Log *slog.Logger
	// Listening is told the address once connections are accepted.
	Listening func(net.Addr)
}

// Run serves until ctx ends, then drains: it is no longer ready, takes no new request, and lets those under way end, for
// a bounded time. It returns nil after an orderly end.
func Run(ctx context.Context, settings Config) error {
	settings = settings.withDefaults()
	gate, err := settings.gate()
	if err != nil {
		return err
	}
	// The address is taken first: a second service on it must not wait for, or touch, the record of the first.
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", settings.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", settings.Listen, err)
	}
	figures, err := listenForMetrics(ctx, settings.Metrics.Listen)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	rooms, err := OpenRecorded(ctx, settings.Policies, settings.EvalTimeout, settings.Record)
	if err != nil {
		return errors.Join(err, listener.Close(), closed(figures))
	}
	if err := rooms.Resume(ctx, settings.Activation); err != nil {
		return errors.Join(err, listener.Close(), closed(figures), rooms.Close())
	}
	if err := rooms.follow(ctx, settings); err != nil {
		return errors.Join(err, rooms.Close(), listener.Close(), closed(figures))
	}
	warming, cool := context.WithCancel(ctx)
	var warm sync.WaitGroup
	warm.Go(func() { rooms.warm(warming) })
	err = serve(ctx, settings, rooms, gate, secured(listener, gate), figures)
	cool()
	warm.Wait()
	return errors.Join(err, rooms.Close())
}

// closed closes a listener, if there is one.
func closed(listener net.Listener) error {
	if listener == nil {
		return nil
	}
	return listener.Close()
}

func (c Config) withDefaults() Config {
	if c.Listen == "" {
		c.Listen = DefaultListen
	}
	if c.EvalTimeout <= 0 {
		c.EvalTimeout = engine.DefaultTimeout
	}
	if c.DrainTimeout <= 0 {
		c.DrainTimeout = defaultDrain
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	c.Record.Log = c.Log
	if c.Listening == nil {
		c.Listening = func(net.Addr) {}
	}
	return c
}

func serve(ctx context.Context, settings Config, rooms *Rooms, gate *identity.Gate, listener, figures net.Listener) error {
	defer rooms.evaluating(settings)()
	var draining atomic.Bool
	deps := doors(settings, rooms, gate, &draining)
	if figures != nil {
		counting := measured(rooms)
		deps.Decisions, deps.Screener = measuredDecider{deps.Decisions, counting}, measuredScreener{deps.Screener, counting}
		deps.Bundles = measuredBundles{deps.Bundles, counting}
		deps.Observe = counting.Request
		rooms.heeding.figures(counting)
		rooms.followers.figures(counting, func() uint64 { return rooms.record.journal.Stats().Size })
		deps.Registrar = rooms.registrar() // records as well
		rooms.shadows.counted(counting)
		defer serveMetrics(settings, figures, counting)()
	}
	rooms.shadows.configured(ctx, settings.Shadow)
	handler, stopTraces, err := traced(ctx, settings.Tracing, settings.Following.Labels, settings.Log, httpapi.New(deps))
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer stopTraces()
	// Requests outlive ctx, which only says that the service has to stop; what is still under way when the drain is over
	// is called off by this one.
	requests, callOff := context.WithCancel(context.WithoutCancel(ctx))
	defer callOff()
	server := &http.Server{
		Handler:           handler,
		BaseContext:       func(net.Listener) context.Context { return requests },
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      readTimeout + settings.EvalTimeout + writeGrace,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(settings.Log.Handler(), slog.LevelWarn),
	}
	announce(settings, rooms, listener.Addr())

	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	var tidying sync.WaitGroup
	tidying.Go(debug.FreeOSMemory) // a start holds for a moment twice of what is kept
	defer tidying.Wait()           // nothing goes on when the service has ended
	select {
	case err := <-failed:
		return fmt.Errorf("serve on %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	draining.Store(true)
	settings.Log.Info("draining", "delay", settings.DrainDelay, "timeout", settings.DrainTimeout)
	select {
	case err := <-failed:
		return fmt.Errorf("serve on %s: %w", listener.Addr(), err)
	case <-time.After(settings.DrainDelay):
	}
	return drain(settings, server, callOff, failed)
}

// drain lets requests under way end, and calls off those that do not.
func drain(settings Config, server *http.Server, callOff context.CancelFunc, failed <-chan error) error {
	patience, done := context.WithTimeout(context.Background(), settings.DrainTimeout)
	defer done()
	err := server.Shutdown(patience)
	if err != nil {
		callOff() // ends evaluations, so that their requests are answered before their connections are closed
		last, done := context.WithTimeout(context.Background(), time.Second)
		defer done()
		if late := server.Shutdown(last); late != nil {
			err = errors.Join(err, server.Close())
		}
		err = fmt.Errorf("requests were still under way after %s and were called off: %w", settings.DrainTimeout, err)
	}
	if served := <-failed; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	if err == nil {
		settings.Log.Info("stopped")
	}
	return err
}

// doors are those of a service that drains.
func doors(settings Config, rooms *Rooms, gate *identity.Gate, draining *atomic.Bool) httpapi.Deps {
	deps := rooms.Doors()
	deps.Log, deps.BaseURL = settings.Log, settings.BaseURL
	deps.Callers, deps.Limits = gate, settings.limits()
	deps.Ready = func() (decision.PolicyRef, error) {
		policy, err := readiness(rooms, draining)
		if err == nil {
			err = rooms.sourceReady(settings.Following.Source.FailWhenStale)
		}
		return policy, err
	}
	deps.Source = rooms.sourceState
	return deps
}

// Doors is what the HTTP face needs of rooms that keep a record. Log and Callers have to be set; Ready is that of a service that does
// not drain.
func (r *Rooms) Doors() httpapi.Deps {
	return httpapi.Deps{
		Read:      r.Engine.Read,
		ReadParty: r.Engine.ReadParty,
		Decisions: r.Decisions,
		Explainer: r.Engine,
		Batch:     r.sitting,
		Controls:  r.Engine,
		OPA:       r.Engine.Door(),
		Recorded:  r.recordedAnswer,
		Screener:  r.Engine,
		AuthZEN:   r.Engine,
		Record:    r.record,
		Registry:  r.record,
		Registrar: r.registrar(),
		Replay:    r.replayed,
		Bundles:   r.shelf,
		Shadow:    r.shadows,
		Contract:  r.Engine.Contract,
		Access:    r.Engine,
		Evaluator: r.serving,
		Ready:     func() (decision.PolicyRef, error) { return readiness(r, new(atomic.Bool)) },
		Now:       time.Now,
	}
}

// readiness is false before a bundle is active, while the live tables do not follow the record, while another node has put
// into force what this one cannot, and from the first moment of the drain.
func readiness(rooms *Rooms, draining *atomic.Bool) (decision.PolicyRef, error) {
	policy, active := rooms.Engine.Active()
	switch {
	case draining.Load():
		return decision.PolicyRef{}, problem.New(problem.NotReady, "The service is stopping; it ends what it has begun.")
	case !active:
		return decision.PolicyRef{}, problem.New(problem.NotReady, "No policy bundle is active yet.")
	}
	if err := rooms.record.ready(); err != nil {
		return decision.PolicyRef{}, problem.Wrap(err, problem.NotReady,
			"The live tables do not follow the record; decisions that read them are tried again and may fail. The operator finds the reason in the log.")
	}
	return policy, rooms.heeding.ready()
}

// announce says where the service listens, and warns of what few would want.
func announce(settings Config, rooms *Rooms, addr net.Addr) {
	policy, _ := rooms.Engine.Active()
	settings.Log.Info("listening", "address", addr.String(), "bundle", policy.Name, "revision", policy.Revision, "digest", policy.Digest)
	rooms.tellServing(context.Background(), settings.Log)
	settings.warn(addr)
	settings.Listening(addr)
}

// recordedAnswer decides and records the application that an OPA client sends as the input of the entry point.
func (r *Rooms) recordedAnswer(ctx context.Context, input []byte, key string) (answer []byte, id string, err error) {
	app, err := r.Engine.Read(input)
	if err != nil {
		return nil, "", err
	}
	record, err := r.Decisions.Decide(ctx, decision.Request{App: app, Caller: identity.Name(ctx), IdempotencyKey: key})
	if err != nil {
		return nil, "", err
	}
	answer, err = record.Answer()
	return answer, record.ID, err
}
