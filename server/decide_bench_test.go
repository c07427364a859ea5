package server

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkDecide asks a running service over so many connections at once, with the record (POST /v1/decisions) and without
// (POST /v1/dry-runs), in turns and in one process. Every connection is an exporter of its own, as clients are.
func BenchmarkDecide(b *testing.B) {
	text, err := os.ReadFile("../tests/cases/applications/magnet_to_germany.json")
	if err != nil {
		b.Fatal(err)
	}
	r := start(b, Config{})
	ask := &asking{url: "http://" + r.addr, application: text}
	for _, connections := range []int{1, 8, 64} {
		for _, path := range []string{"/v1/dry-runs", "/v1/decisions"} {
			name := map[string]string{"/v1/dry-runs": "without", "/v1/decisions": "recorded"}[path]
			b.Run(fmt.Sprintf("connections=%d/%s", connections, name), func(b *testing.B) { ask.all(b, path, connections) })
		}
	}
	if err := r.end(); err != nil {
		b.Error(err)
	}
}

type asking struct {
	url         string
	application []byte
	count       atomic.Int64
}

// all lets b.N applications be decided over so many connections.
func (a *asking) all(b *testing.B, path string, connections int) {
	var left atomic.Int64
	left.Store(int64(b.N))
	began := time.Now()
	var clients sync.WaitGroup
	for c := range connections {
		clients.Go(func() {
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for left.Add(-1) >= 0 {
				if err := a.once(b, client, path, c); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	clients.Wait()
	b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "decisions/s")
}

func (a *asking) once(b *testing.B, client *http.Client, path string, connection int) error {
	// The end user is another one as well: a certificate that many exporters present is history for all of them.
	text := strings.ReplaceAll(string(a.application), "Schwarzwald Antriebe GmbH", fmt.Sprint("Bench Antriebe ", connection))
	var fields map[string]any
	if err := json.Unmarshal([]byte(text), &fields); err != nil {
		return err
	}
	fields["id"] = fmt.Sprint("BENCH-", a.count.Add(1))
	fields["exporter"] = map[string]any{"name": fmt.Sprint("Bench Magnetics ", connection)}
	body, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, a.url+path, strings.NewReader(string(body)))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode > http.StatusCreated || !strings.Contains(string(answer), `"outcome"`) {
		return fmt.Errorf("status %d, %v: %.200s", response.StatusCode, err, answer)
	}
	return nil
}
