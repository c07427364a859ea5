package metrics

import "github.com/prometheus/client_golang/prometheus"

// evaluators shows who evaluates and how its decisions were checked, as it is when somebody looks.
type evaluators struct {
	serving func() string
	checks  func() Checks

	info, checked, failures *prometheus.Desc
}

func (e evaluators) Describe(to chan<- *prometheus.Desc) {
	to <- e.info
	to <- e.checked
	to <- e.failures
}

func (e evaluators) Collect(to chan<- prometheus.Metric) {
	if name := e.serving(); name != "" {
		to <- prometheus.MustNewConstMetric(e.info, prometheus.GaugeValue, 1, name)
	}
	counts := e.checks()
	for result, count := range map[string]uint64{
		"same": counts.Same, "different": counts.Different, "unknown": counts.Unknown, "dropped": counts.Dropped,
	} {
		to <- prometheus.MustNewConstMetric(e.checked, prometheus.CounterValue, float64(count), result)
	}
	to <- prometheus.MustNewConstMetric(e.failures, prometheus.CounterValue, float64(counts.Failed))
}
