package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"greenchannel/server/decision"
	"greenchannel/server/httpapi"
	"greenchannel/server/metrics"
	"greenchannel/server/problem"
)

// measured counts what the rooms do. Records are counted where they are made, so that every way to a decision counts.
func measured(rooms *Rooms) *metrics.Metrics {
	m := metrics.New(metrics.Sources{
		Bundle: rooms.Engine.Active,
		Journal: func() (size, followed uint64) {
			followed = rooms.Live.Seq()
			return max(rooms.record.journal.Stats().Size, followed), followed
		},
		Evaluator: func() string {
			name, _ := rooms.serving()
			return name
		},
		Checks: func() metrics.Checks {
			seen := rooms.Engine.Checks()
			return metrics.Checks{
				Same: seen.Done - seen.Different, Different: seen.Different, Unknown: seen.Unknown, Dropped: seen.Dropped, Failed: seen.Failed,
			}
		},
	})
	rooms.Decisions.Journal = measuredRecorder{rooms.Decisions.Journal, m}
	return m
}

type measuredRecorder struct {
	decision.Recorder
	m *metrics.Metrics
}

func (r measuredRecorder) Append(ctx context.Context, draft decision.Record, seen uint64, stale func(decision.Record) bool) (decision.Record, error) {
	record, err := r.Recorder.Append(ctx, draft, seen, stale)
	switch {
	case err != nil:
		r.m.NotAppended(problem.Of(err).Kind)
	case record.Kind == decision.KindDecision:
		// The quotes of a text inside a row are escaped, so that this is the beginning of a path and nothing else.
		r.m.Decided(record.Outcome, bytes.Count(record.Reads, []byte(`["screening","matches",`)))
	}
	return record, err
}

type measuredDecider struct {
	httpapi.Decider
	m *metrics.Metrics
}

func (d measuredDecider) DryRun(ctx context.Context, app decision.Application, at time.Time) (decision.Written, error) {
	decided, err := d.Decider.DryRun(ctx, app, at)
	if err == nil {
		d.m.DryRun(string(decided.Outcome))
	}
	return decided, err
}

type measuredBundles struct {
	httpapi.Bundles
	m *metrics.Metrics
}

func (b measuredBundles) DryRun(ctx context.Context, revision string, application []byte, at time.Time) (decision.Written, error) {
	decided, err := b.Bundles.DryRun(ctx, revision, application, at)
	if err == nil {
		b.m.DryRun(string(decided.Outcome))
	}
	return decided, err
}

type measuredScreener struct {
	httpapi.Screener
	m *metrics.Metrics
}

func (s measuredScreener) Screen(ctx context.Context, name string, at time.Time) (decision.Screening, error) {
	found, err := s.Screener.Screen(ctx, name, at)
	if err == nil && found.Screened {
		s.m.Screened()
	}
	return found, err
}

// listenForMetrics takes the address of the metrics, if there is to be one. Profiles show what the process holds in its
// memory, so only this machine may reach it.
func listenForMetrics(ctx context.Context, address string) (net.Listener, error) {
	if address == "" {
		return nil, nil
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for metrics on %s: %w", address, err)
	}
	if tcp, ok := listener.Addr().(*net.TCPAddr); !ok || !tcp.IP.IsLoopback() {
		return nil, errors.Join(fmt.Errorf(
			"metrics and profiles tell what the process holds in its memory, and %s is reached from elsewhere; choose an address of this machine, such as 127.0.0.1:9090",
			address), listener.Close())
	}
	return listener, nil
}

// serveMetrics shows the figures until stop is called.
func serveMetrics(settings Config, listener net.Listener, m *metrics.Metrics) (stop func()) {
	server := &http.Server{Handler: m.Handler(settings.Metrics.Pprof), ReadHeaderTimeout: readHeaderTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			settings.Log.Error("metrics are not shown any more", "err", err)
		}
	}()
	settings.Log.Info("metrics", "address", listener.Addr().String(), "profiles", settings.Metrics.Pprof)
	return func() {
		if err := server.Close(); err != nil {
			settings.Log.Warn("the listener of the metrics was not closed", "err", err)
		}
		<-ended
	}
}
