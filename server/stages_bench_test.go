package server

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"greenchannel/policies"
	"greenchannel/server/decision"
	"greenchannel/server/httpapi"
)

// BenchmarkStages times one request from the inside to the outside, for one application of as many lines: reading it; deciding it;
// writing the answer; all of it with the record; and as the HTTP handler does it, without a network.
//
//	go test -tags nomsgpack -run '^$' -bench Stages -cpuprofile /tmp/cpu ./server
func BenchmarkStages(b *testing.B) {
	quiet := slog.New(slog.DiscardHandler)
	rooms, err := OpenRecorded(b.Context(), policies.FS(), time.Minute, RecordConfig{Data: b.TempDir(), Log: quiet})
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := rooms.Close(); err != nil {
			b.Error(err)
		}
	}()
	settings := Config{Log: quiet}.withDefaults()
	gate, err := settings.gate()
	if err != nil {
		b.Fatal(err)
	}
	handler := httpapi.New(doors(settings, rooms, gate, new(atomic.Bool)))
	ids := 0
	for _, lines := range []int{1, 5, 100} {
		ask := asked{b, magnetToGermany(b, lines), &ids}
		app := ask.read(rooms)
		stages := []struct {
			name string
			do   func()
		}{
			{"read", func() { ask.read(rooms) }},
			{"decide", func() { ask.must(rooms.Decisions.DryRun(b.Context(), app, time.Now())) }},
			{"write", nil},
			{"record", func() {
				record, err := rooms.Decisions.Decide(b.Context(), decision.Request{App: ask.another(rooms), Caller: "bench"})
				if err != nil {
					b.Fatal(err)
				}
				if _, err := record.Answer(); err != nil {
					b.Fatal(err)
				}
			}},
			{"handler", func() {
				request := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "http://localhost/v1/dry-runs", bytes.NewReader(ask.body))
				request.RemoteAddr = "127.0.0.1:1"
				request.Header.Set("Content-Type", "application/json")
				answer := httptest.NewRecorder()
				handler.ServeHTTP(answer, request)
				if answer.Code != http.StatusOK {
					b.Fatal(answer.Code, answer.Body)
				}
			}},
		}
		written := ask.must(rooms.Decisions.DryRun(b.Context(), app, time.Now()))
		stages[2].do = func() {
			if len(written.JSON()) == 0 {
				b.Fatal("nothing is written")
			}
		}
		for _, stage := range stages {
			b.Run(fmt.Sprintf("lines=%d/%s", lines, stage.name), func(b *testing.B) {
				b.ReportAllocs()
				before := processor(b)
				for b.Loop() {
					stage.do()
				}
				b.ReportMetric(float64((processor(b)-before).Microseconds())/float64(b.N), "cpu-µs/op")
			})
		}
	}
}

// processor is the time that this process has spent on processors, which others at work on the machine do not change much.
func processor(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

type asked struct {
	b    *testing.B
	body []byte
	ids  *int
}

func (a asked) read(rooms *Rooms) decision.Application {
	app, err := rooms.Engine.Read(a.body)
	if err != nil {
		a.b.Fatal(err)
	}
	return app
}

func (a asked) must(written decision.Written, err error) decision.Written {
	if err != nil || written.Outcome == "" {
		a.b.Fatal(err, written.Outcome)
	}
	return written
}

// another is an application of another exporter and end user, as those are that come one after the other.
func (a asked) another(rooms *Rooms) decision.Application {
	*a.ids++
	body := bytes.ReplaceAll(a.body, []byte("BENCH-1"), fmt.Appendf(nil, "BENCH-%d", *a.ids))
	for _, name := range []string{"Bench Magnetics", "Schwarzwald Antriebe GmbH"} {
		body = bytes.ReplaceAll(body, []byte(name), fmt.Appendf(nil, "%s %d", name, *a.ids%1000))
	}
	return asked{a.b, body, a.ids}.read(rooms)
}

// magnetToGermany is an application of the corpus with its line repeated.
func magnetToGermany(b *testing.B, lines int) []byte {
	b.Helper()
	text, err := os.ReadFile("../tests/cases/applications/magnet_to_germany.json")
	if err != nil {
		b.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		b.Fatal(err)
	}
	fields["id"], fields["exporter"] = "BENCH-1", map[string]any{"name": "Bench Magnetics"}
	line := fields["items"].([]any)[0].(map[string]any)
	var items []any
	for n := range lines {
		one := map[string]any{}
		for name, value := range line {
			one[name] = value
		}
		one["line"] = n + 1
		items = append(items, one)
	}
	fields["items"] = items
	body, err := json.Marshal(fields, json.Deterministic(true))
	if err != nil {
		b.Fatal(err)
	}
	return body
}
