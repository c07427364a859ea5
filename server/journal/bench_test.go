package journal_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

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
	took := make([]time.Duration, b.N)
	b.ResetTimer()
	for range goroutines {
		group.Go(func() {
			for n := left.Add(-1); n >= 0; n = left.Add(-1) {
				e := entry(1)
				e.Input, e.Result = input, result
				begun := time.Now()
				if _, err := j.Append(context.Background(), e); err != nil {
					b.Error(err)
					return
				}
				took[n] = time.Since(begun)
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
	slices.Sort(took)
	for name, share := range map[string]int{"p50": 500, "p99": 990, "p99.9": 999, "max": 1000} {
		b.ReportMetric(float64(took[(b.N-1)*share/1000].Microseconds()), name+"-µs")
	}
}

// BenchmarkSync is the yardstick of the machine: one writer that waits for the disk at each 2 KB, at the end of a file that
// grows, and over what a file holds already, as a WAL that was used before. What the journal reaches with one goroutine has
// to be read beside it, from the same run.
func BenchmarkSync(b *testing.B) {
	const reach = 1000
	block := make([]byte, 2<<10)
	for _, file := range []struct {
		name string
		at   func(n int64) int64
	}{
		{"growing", func(n int64) int64 { return n }},
		{"over", func(n int64) int64 { return n % reach }},
	} {
		at := file.at
		b.Run(file.name, func(b *testing.B) {
			file, err := os.Create(filepath.Join(b.TempDir(), "file"))
			if err != nil {
				b.Fatal(err)
			}
			defer file.Close()
			if _, err := file.Write(bytes.Repeat(block, reach)); err != nil {
				b.Fatal(err)
			}
			for n := int64(reach); b.Loop(); n++ {
				if _, err := file.WriteAt(block, at(n)*int64(len(block))); err != nil {
					b.Fatal(err)
				}
				if err := file.Sync(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "syncs/s")
		})
	}
}

// BenchmarkOpenAndTail opens a journal that is there and reads it from the first record to the last, as a projection does
// that has no snapshot. GREENCHANNEL_JOURNAL_TAIL says how many records; 10,000 when it does not.
func BenchmarkOpenAndTail(b *testing.B) {
	records := 10_000
	if text := os.Getenv("GREENCHANNEL_JOURNAL_TAIL"); text != "" {
		var err error
		if records, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	for _, g := range grounds(b) {
		b.Run(fmt.Sprintf("%s/records=%d", g.name, records), func(b *testing.B) {
			j, err := g.tryOpen()
			if err != nil {
				b.Fatal(err)
			}
			fillMany(b, j, records)
			close1(b, j)
			b.ResetTimer()
			for b.Loop() {
				openAndTail(b, g, uint64(records))
			}
			b.ReportMetric(float64(b.N*records)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

// fillMany appends many records of 2 KB.
func fillMany(b testing.TB, j *journal.Journal, records int) {
	b.Helper()
	var group sync.WaitGroup
	var left atomic.Int64
	left.Store(int64(records))
	for range 256 {
		group.Go(func() {
			for {
				n := left.Add(-1)
				if n < 0 {
					return
				}
				e := entry(int(n))
				e.Result = append(e.Result, bytes.Repeat([]byte(" "), 1800)...)
				if _, err := j.Append(context.Background(), e); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
}

func openAndTail(b *testing.B, g ground, records uint64) {
	b.Helper()
	start := time.Now()
	j, err := g.tryOpen()
	if err != nil {
		b.Fatal(err)
	}
	opened := time.Since(start)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for r, err := range j.Tail(ctx, 0) {
		if err != nil {
			b.Fatal(err)
		}
		if r.Seq == records {
			break
		}
	}
	b.ReportMetric(opened.Seconds()*1000, "ms-to-open")
	close1(b, j)
}

// BenchmarkVerify verifies a whole journal.
func BenchmarkVerify(b *testing.B) {
	const records = 10_000
	for _, g := range grounds(b) {
		b.Run(g.name, func(b *testing.B) {
			j := g.open(b)
			fillMany(b, j, records)
			for b.Loop() {
				if n := sound(b, j); n != records {
					b.Fatalf("%d records, want %d", n, records)
				}
			}
			b.ReportMetric(float64(b.N*records)/b.Elapsed().Seconds(), "records/s")
		})
	}
}
