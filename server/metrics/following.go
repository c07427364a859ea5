package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Fetching is how the server is that the bundle comes from.
type Fetching struct {
	// Activated, Unchanged, Refused and Failed count the looks at it, by how they ended.
	Activated, Unchanged, Refused, Failed uint64
	// Confirmed is when it last said that the bundle is the one; zero for never.
	Confirmed time.Time
	Stale     bool
}

// Fetching shows it; ask is called when somebody looks.
func (m *Metrics) Fetching(ask func() Fetching) {
	for result, of := range map[string]func(Fetching) uint64{
		"activated": func(f Fetching) uint64 { return f.Activated },
		"unchanged": func(f Fetching) uint64 { return f.Unchanged },
		"refused":   func(f Fetching) uint64 { return f.Refused },
		"failed":    func(f Fetching) uint64 { return f.Failed },
	} {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "greenchannel_bundle_fetches_total", Help: "Looks for a new bundle at its server, by how they ended.",
			ConstLabels: prometheus.Labels{"result": result},
		}, func() float64 { return float64(of(ask())) }))
	}
	m.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "greenchannel_bundle_confirmed_timestamp_seconds", Help: "When the server last confirmed the fetched bundle; 0 for never.",
		}, func() float64 {
			if at := ask().Confirmed; !at.IsZero() {
				return float64(at.UnixMilli()) / 1000
			}
			return 0
		}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "greenchannel_bundle_stale", Help: "1 while that is too long ago.",
		}, func() float64 {
			if ask().Stale {
				return 1
			}
			return 0
		}),
	)
}

// Heeding is how this node puts into force what others have activated.
type Heeding struct {
	// Followed counts the bundles that it put into force, Failed the attempts that were in vain.
	Followed, Failed uint64
	// Behind says that one that ought to be in force here is not.
	Behind bool
}

// Heeding shows it; ask is called when somebody looks.
func (m *Metrics) Heeding(ask func() Heeding) {
	counter := func(result string, of func(Heeding) uint64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "greenchannel_activations_followed_total", Help: "Activations by other nodes, by whether they were put into force here; each failure is repeated.",
			ConstLabels: prometheus.Labels{"result": result},
		}, func() float64 { return float64(of(ask())) })
	}
	m.registry.MustRegister(
		counter("followed", func(h Heeding) uint64 { return h.Followed }),
		counter("failed", func(h Heeding) uint64 { return h.Failed }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "greenchannel_activation_behind", Help: "1 while another node has put a bundle into force that is not in force here.",
		}, func() float64 {
			if ask().Behind {
				return 1
			}
			return 0
		}),
	)
}

// Shipping is how far the records are that are sent away.
type Shipping struct {
	// Records is how many there are, and Shipped how many of them the server has.
	Records, Shipped uint64
	// Uploads and Failures count what was sent since the start.
	Uploads, Failures uint64
}

// Shipping shows it; ask is called when somebody looks.
func (m *Metrics) Shipping(ask func() Shipping) {
	counter := func(name, help string, of func(Shipping) uint64) {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, func() float64 { return float64(of(ask())) }))
	}
	counter("greenchannel_decision_log_uploads_total", "Chunks of decision logs that the server has taken.", func(s Shipping) uint64 { return s.Uploads })
	counter("greenchannel_decision_log_failures_total", "Attempts to send decision logs that failed; each is repeated.", func(s Shipping) uint64 { return s.Failures })
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "greenchannel_decision_log_lag_records", Help: "Records that the server of the decision logs does not have yet.",
	}, func() float64 {
		s := ask()
		return float64(max(s.Records, s.Shipped) - s.Shipped)
	}))
}
