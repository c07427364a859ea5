package main

import (
	"slices"
	"time"
)

// spread is a figure over several rounds: the one in the middle, the least and the greatest.
type spread struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

func spreadOf(values []float64) spread {
	if len(values) == 0 {
		return spread{}
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	median := sorted[middle]
	if len(sorted)%2 == 0 {
		median = (sorted[middle-1] + sorted[middle]) / 2
	}
	return spread{Median: median, Min: sorted[0], Max: sorted[len(sorted)-1]}
}

// over gives the spread of a figure of each round.
func over(samples []sample, figure func(sample) float64) spread {
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = figure(s)
	}
	return spreadOf(values)
}

// ratios gives the spread of the ratio of a figure in the same round: what disturbs the machine disturbs both.
func ratios(of, to []sample, figure func(sample) float64) spread {
	var values []float64
	for i := range of {
		if i < len(to) && figure(to[i]) > 0 {
			values = append(values, figure(of[i])/figure(to[i]))
		}
	}
	return spreadOf(values)
}

func microseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }

// The figures of a sample that are compared.
func perSecond(s sample) float64    { return s.perSecond() }
func median(s sample) float64       { return microseconds(s.at(0.50)) }
func late(s sample) float64         { return microseconds(s.at(0.99)) }
func processorPer(s sample) float64 { return microseconds(s.processorPer()) }
