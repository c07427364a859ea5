// Package metrics counts what the service does and shows it to Prometheus, together with the profiles of the process, on
// a listener of its own. It keeps its figures in a registry of its own, so that two services in one process do not mix.
// It decides nothing and sees no body: outcomes, routes, kinds of failure and times are all it is told. What is read at the
// moment of asking (the active bundle, how far the tables follow the record) it asks for.
package metrics

import (
	"net/http"
	"net/http/pprof"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"greenchannel/server/decision"
	"greenchannel/server/problem"
)

// Sources are what is asked when somebody looks.
type Sources struct {
	// Bundle names the active bundle; false while there is none.
	Bundle func() (decision.PolicyRef, bool)
	// Journal is how many records there are, as far as this process knows, and how many of them the live tables hold.
	Journal func() (size, followed uint64)
	// Evaluator names who evaluates the active bundle; empty while there is none.
	Evaluator func() string
	// Checks counts the decisions that were made a second time, and evaluations in which the executor failed.
	Checks func() Checks
}

// Checks are decisions that topdown made again: with the same result, with another, without one in time, or let go since
// others waited. Failed are evaluations that topdown had to take over.
type Checks struct{ Same, Different, Unknown, Dropped, Failed uint64 }

// Metrics are the figures. All methods may be called at the same time.
type Metrics struct {
	registry  *prometheus.Registry
	requests  *prometheus.HistogramVec
	decisions *prometheus.CounterVec
	dryRuns   *prometheus.CounterVec
	failures  *prometheus.CounterVec
	stale     prometheus.Counter
	screening *prometheus.CounterVec
	shadow    *shadowFigures
}

// New makes the figures.
func New(sources Sources) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "greenchannel_http_request_duration_seconds", Help: "Time from the first byte of a request read to the end of its answer, by route.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"method", "route", "status"}),
		decisions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "greenchannel_decisions_total", Help: "Decisions recorded, by outcome.",
		}, []string{"outcome"}),
		dryRuns: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "greenchannel_dry_runs_total", Help: "Decisions worked out and not recorded, by outcome.",
		}, []string{"outcome"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "greenchannel_journal_append_failures_total", Help: "Records that could not be written, by kind of problem.",
		}, []string{"problem"}),
		stale: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "greenchannel_journal_append_stale_total", Help: "Records not written because what they rest on had changed; most are worked out again.",
		}),
		screening: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "greenchannel_screening_runs_total", Help: "Names screened against the party lists, by who asked: a recorded decision or the API.",
		}, []string{"by"}),
	}
	m.shadow = newShadowFigures(m.registry)
	for _, outcome := range decision.Outcomes() { // so that a rate over an outcome that never came is zero, not absent
		m.decisions.WithLabelValues(string(outcome))
		m.dryRuns.WithLabelValues(string(outcome))
	}
	gauge := func(name, help string, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value)
	}
	m.registry.MustRegister(
		m.requests, m.decisions, m.dryRuns, m.failures, m.stale, m.screening,
		gauge("greenchannel_journal_records", "Records of the journal, as far as this process knows.", func() float64 {
			size, _ := sources.Journal()
			return float64(size)
		}),
		gauge("greenchannel_journal_lag_records", "Records of the journal that the live tables do not hold yet.", func() float64 {
			size, followed := sources.Journal()
			if followed > size {
				return 0
			}
			return float64(size - followed)
		}),
		bundleInfo{sources.Bundle, prometheus.NewDesc("greenchannel_bundle_info", "The active bundle; always 1.", []string{"name", "revision", "digest"}, nil)},
		evaluators{
			sources.Evaluator, sources.Checks,
			prometheus.NewDesc("greenchannel_evaluator_info", "Who evaluates the active bundle: executor or topdown; always 1.", []string{"evaluator"}, nil),
			prometheus.NewDesc("greenchannel_evaluator_checks_total", "Decisions chosen to be made again by topdown, by what came of it.", []string{"result"}, nil),
			prometheus.NewDesc("greenchannel_evaluator_failures_total", "Evaluations in which the executor failed and topdown was asked.", nil, nil),
		},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

// Request counts a request; a route that is none is counted as one.
func (m *Metrics) Request(method, route string, status int, took time.Duration) {
	if route == "" {
		route = "none"
	}
	m.requests.WithLabelValues(known(method), route, strconv.Itoa(status)).Observe(took.Seconds())
}

// known keeps words of clients out of the labels.
func known(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

// Decided counts a recorded decision, and the names that were screened for it.
func (m *Metrics) Decided(outcome string, screened int) {
	m.decisions.WithLabelValues(outcome).Inc()
	m.screening.WithLabelValues("decision").Add(float64(screened))
}

// DryRun counts a decision that was not recorded.
func (m *Metrics) DryRun(outcome string) { m.dryRuns.WithLabelValues(outcome).Inc() }

// Screened counts a name that was screened by itself.
func (m *Metrics) Screened() { m.screening.WithLabelValues("api").Inc() }

// NotAppended counts a record that was not written.
func (m *Metrics) NotAppended(kind problem.Kind) {
	if kind == problem.Stale {
		m.stale.Inc()
		return
	}
	m.failures.WithLabelValues(string(kind)).Inc()
}

// Handler shows the figures at /metrics and, if wanted, profiles at /debug/pprof/. Profiles tell what the process holds in
// its memory: they are for a listener that only this machine reaches.
func (m *Metrics) Handler(profiles bool) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	if !profiles {
		return mux
	}
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}

// bundleInfo shows the active bundle as it is when somebody looks, so that an old one leaves no trace.
type bundleInfo struct {
	active func() (decision.PolicyRef, bool)
	desc   *prometheus.Desc
}

func (b bundleInfo) Describe(to chan<- *prometheus.Desc) { to <- b.desc }

func (b bundleInfo) Collect(to chan<- prometheus.Metric) {
	if policy, active := b.active(); active {
		to <- prometheus.MustNewConstMetric(b.desc, prometheus.GaugeValue, 1, policy.Name, policy.Revision, policy.Digest)
	}
}
