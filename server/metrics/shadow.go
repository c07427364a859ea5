package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"greenchannel/server/decision"
)

// shadowFigures count what a candidate makes of recorded decisions.
type shadowFigures struct {
	evaluated *prometheus.CounterVec
	different *prometheus.CounterVec
	dropped   prometheus.Counter
}

func newShadowFigures(registry *prometheus.Registry) *shadowFigures {
	s := &shadowFigures{
		evaluated: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "greenchannel_shadow_evaluations_total", Help: "Recorded decisions that a candidate was asked to make again, by what came of it.",
		}, []string{"result"}),
		different: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "greenchannel_shadow_differences_total", Help: "Decisions that a candidate makes otherwise, by class, recorded outcome, and outcome of the candidate (empty where it comes to none).",
		}, []string{"class", "old", "new"}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "greenchannel_shadow_dropped_total", Help: "Recorded decisions that a candidate was not asked about, because too many were waiting.",
		}),
	}
	for _, result := range []string{"equal", "different", "failed"} {
		s.evaluated.WithLabelValues(result)
	}
	registry.MustRegister(s.evaluated, s.different, s.dropped)
	return s
}

// ShadowEqual counts a decision that a candidate makes in the same way.
func (m *Metrics) ShadowEqual() { m.shadow.evaluated.WithLabelValues("equal").Inc() }

// ShadowDifferent counts a decision that a candidate makes otherwise.
func (m *Metrics) ShadowDifferent(class string, older, newer decision.Outcome) {
	m.shadow.evaluated.WithLabelValues("different").Inc()
	m.shadow.different.WithLabelValues(class, string(older), string(newer)).Inc()
}

// ShadowFailed counts a decision on which a candidate gave no answer.
func (m *Metrics) ShadowFailed() { m.shadow.evaluated.WithLabelValues("failed").Inc() }

// ShadowDropped counts a decision that a candidate was not asked about.
func (m *Metrics) ShadowDropped() { m.shadow.dropped.Inc() }
