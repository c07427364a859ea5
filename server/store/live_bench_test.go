package store_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/storage"

	"greenchannel/server/decision"
	"greenchannel/server/store"
)

// history makes the decision of a Seq out of many: exporters with a hundred applications each on average, over three
// years, five parties and eight rules each; every hundredth is for one exporter, end user and element. One in ten
// applications is decided twice.
func history(seq, many int) decision.Record {
	exporter := seq * 7919 % max(many/100, 20)
	application := seq
	if seq%10 == 0 {
		application = seq - 5
		exporter = application * 7919 % max(many/100, 20)
	}
	endUser := exporter*3 + application%3
	if seq%100 == 1 {
		exporter, endUser = 0, 0
	}
	at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(seq) * 3 * 365 * 24 * time.Hour / time.Duration(many))
	facts := fmt.Appendf(nil, `{"exporter":"9135020000%08d","orders":[{"end_user":"End User %d Motor Works GmbH","element":"Dy","kg":%d.%03d},`+
		`{"end_user":"End User %[2]d Motor Works GmbH","element":"Tb","kg":0.5}],`+
		`"certificates":[{"party":"End User %[2]d Motor Works GmbH","issued_on":"2026-01-%02[5]d","type":"end_user_certificate","contract":"C-%[6]d"}],`+
		`"parties":["Exporter %[1]d Magnetics Co., Ltd.","End User %[2]d Motor Works GmbH","Consignee %[7]d","Forwarder %[8]d","Owner %[1]d"],`+
		`"rules":["RF-%[9]d","RE-LIC-%[9]d","GC-P01","GC-P02","GC-P03","RF-12","RE-CTL-001","RE-END-%[9]d"]}`,
		exporter, endUser, seq%50, seq%1000, application%28+1, application, seq%997, seq%31, seq%23)
	return decision.Record{
		Seq: uint64(seq), ID: fmt.Sprintf("019a0000-0000-7000-8000-%012d", seq), Kind: decision.KindDecision, At: at, Facts: facts,
		ApplicationID: fmt.Sprintf("APP-%d", application), Exporter: fmt.Sprintf("9135020000%08d", exporter), Outcome: []string{"green_channel", "standard_review", "enhanced_review"}[seq%3],
	}
}

func heap() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / (1 << 20)
}

func BenchmarkLive(b *testing.B) {
	for _, many := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("records=%d", many), func(b *testing.B) {
			benchmarkLive(b, many)
		})
	}
}

func benchmarkLive(b *testing.B, many int) {
	pages := pagesOnDisk(b)
	var live *store.Live
	var spent time.Duration
	var size float64
	b.Run("build", func(b *testing.B) {
		if live == nil { // once, however long the rest is measured
			before := heap()
			live, spent = built(b, many, pages)
			size = heap() - before
		}
		b.ReportMetric(float64(spent.Microseconds())/float64(many), "µs/record")
		b.ReportMetric(size, "MB")
		b.ReportMetric(0, "ns/op")
	})
	if live == nil {
		return // it was not asked for
	}
	next := many
	b.Run("apply one", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			next++
			if err := live.Apply(history(next, many)); err != nil {
				b.Fatal(err)
			}
		}
	})
	benchmarkSaved(b, live)
	benchmarkRows(b, live)
	benchmarkSearch(b, live.Snapshot())
}

// pagesOnDisk is a file of pages, as the service has one.
func pagesOnDisk(b *testing.B) *os.File {
	b.Helper()
	file, err := os.CreateTemp(b.TempDir(), "pages")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = file.Close() })
	return file
}

// built takes in many records, a thousand at a time, and says how long that took.
func built(b *testing.B, many int, pages store.PageFile) (live *store.Live, spent time.Duration) {
	live = store.NewLiveIn(pages)
	for seq := 1; seq <= many; {
		batch := make([]decision.Record, 0, 1000)
		for ; len(batch) < cap(batch) && seq <= many; seq++ {
			batch = append(batch, history(seq, many))
		}
		begun := time.Now()
		if err := live.Apply(batch...); err != nil {
			b.Fatal(err)
		}
		spent += time.Since(begun)
	}
	return live, spent
}

func benchmarkSaved(b *testing.B, live *store.Live) {
	v := live.Snapshot()
	var file bytes.Buffer
	if err := v.Save(&file, store.Stamp{Seq: v.Seq()}); err != nil {
		b.Fatal(err)
	}
	b.Run("save", func(b *testing.B) {
		for b.Loop() {
			if err := v.Save(io.Discard, store.Stamp{Seq: v.Seq()}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(file.Len())/(1<<20), "MB")
	})
	b.Run("restore", func(b *testing.B) {
		pages := pagesOnDisk(b)
		for b.Loop() {
			if _, _, err := store.Restore(bytes.NewReader(file.Bytes()), pages); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func benchmarkRows(b *testing.B, live *store.Live) {
	s := filled(b, nil, live)
	v := live.Snapshot()
	at := time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)
	row := func(exporter, endUser int) storage.Path {
		return storage.Path{"history", "orders", ordersOf("APP-1", fmt.Sprintf("9135020000%08d", exporter), fmt.Sprintf("end user %d motor works gmbh", endUser), "Dy")}
	}
	for name, at2 := range map[string]storage.Path{"orders of one in many": row(7, 22), "orders of the busiest": row(0, 0)} {
		b.Run(name, func(b *testing.B) {
			txn := storage.NewTransactionOrDie(b.Context(), s, storage.TransactionParams{Context: store.AsOf(nil, at)})
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Read(b.Context(), txn, at2); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("touches", func(b *testing.B) {
		reads := noting(b, s, at, row(7, 22), row(0, 0))
		later := make([]decision.Record, 64)
		for i := range later {
			later[i] = history(int(v.Seq())+i+1, int(v.Seq()))
			later[i].Facts = bytes.ReplaceAll(later[i].Facts, []byte("End User"), []byte("Other"))
			later[i].ApplicationID += "x"
		}
		i := 0
		b.ReportAllocs()
		for b.Loop() {
			if i++; reads.Touches(later[i%64]) {
				b.Fatal("touched")
			}
		}
	})
}

func benchmarkSearch(b *testing.B, v *store.LiveSnapshot) {
	for name, f := range map[string]store.Filter{
		"the newest of all": {}, "one application": {ApplicationID: "APP-21"}, "an exporter": {Exporter: "913502000000000007"},
		"a rule of one in 23": {Rule: "RF-7"}, "nobody": {Party: "Nobody at all"},
		"an old month": {From: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2024, 1, 2, 0, 0, 0, 0, time.UTC)},
	} {
		b.Run("search "+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Decisions(f, 0, 50); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
