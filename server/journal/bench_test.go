package journal_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"greenchannel/server/journal"
)

// BenchmarkAppend records from some goroutines at once. A record of 2 KB is a small decision, one of 12 KB a usual one.
func BenchmarkAppend(b *testing.B) {
	for _, g := range grounds(b) {
		for _, size := range []int{2 << 10, 12 << 10} {
			for _, goroutines := range []int{1, 8, 64} {
				b.Run(fmt.Sprintf("%s/bytes=%d/goroutines=%d", g.name, size, goroutines), func(b *testing.B) {
					benchmarkAppend(b, g, size, goroutines)
				})
			}
		}
	}
}

func benchmarkAppend(b *testing.B, g ground, size, goroutines int) {
	j := g.open(b)
	input, result := make([]byte, size/4), make([]byte, size-size/4)
	for i := range input {
		input[i] = 'i'
	}
	for i := range result {
		result[i] = byte('a' + i*i%23)
	}
	before := j.Stats()
	var left atomic.Int64
	left.Store(int64(b.N))
	var group sync.WaitGroup
	b.ResetTimer()
	for range goroutines {
		group.Go(func() {
			for left.Add(-1) >= 0 {
				e := entry(1)
				e.Input, e.Result = input, result
				if _, err := j.Append(context.Background(), e); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	b.StopTimer()
	after := j.Stats()
	if got := after.Records - before.Records; got != uint64(b.N) {
		b.Fatalf("%d records, want %d", got, b.N)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(float64(b.N)/float64(after.Groups-before.Groups), "records/commit")
}

var _ journal.Record
