package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"greenchannel/server/decision"
	"greenchannel/server/engine"
	"greenchannel/server/httpapi"
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
	// EvalTimeout is how long one evaluation may take.
	EvalTimeout time.Duration
	// DrainDelay is how long requests are still taken after the service said that it is not ready, so that what stands in
	// front of it notices; none unless set.
	DrainDelay time.Duration
	// DrainTimeout is how long requests under way may take to end when the service stops; 10 seconds unless set.
	DrainTimeout time.Duration
	// Log takes what the operator has to know; slog's default unless set.
	Log *slog.Logger
	// Listening is told the address once connections are accepted.
	Listening func(net.Addr)
}

// Run serves until ctx ends, then drains: it is no longer ready, takes no new request, and lets those under way end, for
// a bounded time. It returns nil after an orderly end.
func Run(ctx context.Context, config Config) error {
	config = config.withDefaults()
	// The address is taken first: a second service on it must not wait for, or touch, the record of the first.
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", config.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", config.Listen, err)
	}
	rooms, err := OpenRecorded(ctx, config.Policies, config.EvalTimeout, config.Record)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	return errors.Join(serve(ctx, config, rooms, listener), rooms.Close())
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

func serve(ctx context.Context, config Config, rooms *Rooms, listener net.Listener) error {
	var draining atomic.Bool
	// Requests outlive ctx, which only says that the service has to stop; what is still under way when the drain is over
	// is called off by this one.
	requests, callOff := context.WithCancel(context.WithoutCancel(ctx))
	defer callOff()
	server := &http.Server{
		Handler:           handler(config, rooms, &draining),
		BaseContext:       func(net.Listener) context.Context { return requests },
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      readTimeout + config.EvalTimeout + writeGrace,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(config.Log.Handler(), slog.LevelWarn),
	}
	announce(config, rooms, listener.Addr())

	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve on %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	draining.Store(true)
	config.Log.Info("draining", "delay", config.DrainDelay, "timeout", config.DrainTimeout)
	select {
	case err := <-failed:
		return fmt.Errorf("serve on %s: %w", listener.Addr(), err)
	case <-time.After(config.DrainDelay):
	}
	return drain(config, server, callOff, failed)
}

// drain lets requests under way end, and calls off those that do not.
func drain(config Config, server *http.Server, callOff context.CancelFunc, failed <-chan error) error {
	patience, done := context.WithTimeout(context.Background(), config.DrainTimeout)
	defer done()
	err := server.Shutdown(patience)
	if err != nil {
		callOff() // ends evaluations, so that their requests are answered before their connections are closed
		last, done := context.WithTimeout(context.Background(), time.Second)
		defer done()
		if late := server.Shutdown(last); late != nil {
			err = errors.Join(err, server.Close())
		}
		err = fmt.Errorf("requests were still under way after %s and were called off: %w", config.DrainTimeout, err)
	}
	if served := <-failed; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	if err == nil {
		config.Log.Info("stopped")
	}
	return err
}

func handler(config Config, rooms *Rooms, draining *atomic.Bool) http.Handler {
	deps := rooms.Doors()
	deps.Log, deps.BaseURL = config.Log, config.BaseURL
	deps.Ready = func() (decision.PolicyRef, error) { return readiness(rooms, draining) }
	return httpapi.New(deps)
}

// Doors is what the HTTP face needs of rooms that keep a record. Log has to be set; Ready is that of a service that does
// not drain.
func (r *Rooms) Doors() httpapi.Deps {
	return httpapi.Deps{
		Read:      r.Engine.Read,
		ReadParty: r.Engine.ReadParty,
		Decisions: r.Decisions,
		Controls:  r.Engine,
		OPA:       r.Engine.Door(),
		Recorded:  r.recordedAnswer,
		Screener:  r.Engine,
		AuthZEN:   r.Engine,
		Record:    r.record,
		Registry:  r.record,
		Registrar: r.registrar(),
		Replay:    func(ctx context.Context, id, revision string) (any, error) { return r.Replay(ctx, id, revision) },
		Caller:    func(*http.Request) string { return anybody },
		Ready:     func() (decision.PolicyRef, error) { return readiness(r, new(atomic.Bool)) },
		Now:       time.Now,
	}
}

// anybody is the caller of a service that does not ask who calls.
const anybody = "anonymous"

// readiness is false before a bundle is active, while the live tables do not follow the record, and from the first moment
// of the drain.
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
	return policy, nil
}

// announce says where the service listens, and warns where others than this machine can reach it.
func announce(config Config, rooms *Rooms, addr net.Addr) {
	policy, _ := rooms.Engine.Active()
	config.Log.Info("listening", "address", addr.String(), "bundle", policy.Name, "revision", policy.Revision, "digest", policy.Digest)
	if tcp, ok := addr.(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		config.Log.Warn("listening beyond this machine, and the service does not ask who calls: whoever reaches the port can use it",
			"address", addr.String())
	}
	config.Listening(addr)
}

// recordedAnswer decides and records the application that an OPA client sends as the input of the entry point.
func (r *Rooms) recordedAnswer(ctx context.Context, input []byte) (answer []byte, id string, err error) {
	app, err := r.Engine.Read(input)
	if err != nil {
		return nil, "", err
	}
	record, err := r.Decisions.Decide(ctx, decision.Request{App: app, Caller: anybody})
	if err != nil {
		return nil, "", err
	}
	answer, err = record.Answer()
	return answer, record.ID, err
}
