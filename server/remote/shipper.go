package remote

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/open-policy-agent/opa/v1/util"

	"greenchannel/server/config"
)

// Event is one record as it is sent.
type Event struct {
	// Seq is its place; an event with a higher one comes later.
	Seq uint64
	// JSON is an event of OPA's decision logs.
	JSON []byte
}

// Shipper sends the events of a record to a server, in order, each at least once: what the server has taken is noted, and
// what is not noted is sent again. It reads behind the record and holds nobody up.
type Shipper struct {
	server   *server
	path     string
	least    time.Duration // how long a chunk that is not full waits for more
	most     time.Duration // between two attempts
	limit    int
	events   func(ctx context.Context, after uint64) iter.Seq2[Event, error]
	file     string
	journal  string
	log      *slog.Logger
	shipped  atomic.Uint64 // the place up to which the server has all
	uploads  atomic.Uint64
	failures atomic.Uint64

	mu   sync.Mutex // guards told
	told string     // the last complaint, so that it is made once
}

// ShipperOptions say what a shipper needs beside the configuration.
type ShipperOptions struct {
	// Folder is the data folder: how far the server is, is noted there.
	Folder string
	// Journal names the record, so that a place in another one is not taken for a place in this one.
	Journal string
	// Events gives the events after a place, and then each one as it is recorded, until ctx ends. An error is not the end.
	Events func(ctx context.Context, after uint64) iter.Seq2[Event, error]
	Log    *slog.Logger
}

const (
	shippedFile = "decision_logs.json"
	// slowestRetry bounds the pause after a failure, however long the pause after a success is.
	slowestRetry = time.Minute
	firstRetry   = 100 * time.Millisecond
)

// cursor is what is noted of the events that a server has.
type cursor struct {
	Journal string `json:"journal"`
	URL     string `json:"url"`
	Path    string `json:"path"`
	Seq     uint64 `json:"seq"`
}

// OpenShipper prepares what the block decision_logs asks for; nothing is sent yet. A server that has got nothing so far
// gets the record from its beginning.
func OpenShipper(from config.Remote, options ShipperOptions) (*Shipper, error) {
	block := from.DecisionLogs
	server, err := dial(from, block.Service, options.Log)
	if err != nil {
		return nil, err
	}
	s := &Shipper{
		server: server, path: *block.Resource, events: options.Events, journal: options.Journal,
		least: time.Duration(*block.Reporting.MinDelaySeconds), most: time.Duration(*block.Reporting.MaxDelaySeconds),
		limit: int(*block.Reporting.UploadSizeLimitBytes),
		file:  filepath.Join(options.Folder, shippedFile),
		log:   options.Log.With("service", block.Service),
	}
	var last cursor
	known, err := readKept(s.file, &last)
	if err != nil {
		s.log.Warn("how far the decision logs were sent is not known; they are sent from the beginning", "file", s.file, "err", err)
	}
	if known && last.Journal == s.journal && last.URL == s.server.client.Config().URL && last.Path == s.path {
		s.shipped.Store(last.Seq)
	}
	return s, nil
}

// Shipped is the place up to which the server has everything; Uploads and Failures count since the start.
func (s *Shipper) Shipped() (seq, uploads, failures uint64) {
	return s.shipped.Load(), s.uploads.Load(), s.failures.Load()
}

// Follow sends until ctx ends. What is not sent then is sent after the next start.
func (s *Shipper) Follow(ctx context.Context) {
	defer s.server.close()
	arriving := make(chan Event)
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.read(ctx, arriving)
	}()
	defer func() { <-done }()
	var waiting chunk
	var due <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case event := <-arriving:
			size := packedSize(event.JSON)
			if len(waiting.events) > 0 && waiting.size+size > s.limit {
				if !s.send(ctx, waiting.events) {
					return
				}
				waiting, due = chunk{}, nil
			}
			waiting.events, waiting.size = append(waiting.events, event), waiting.size+size
			if due == nil {
				due = time.After(s.least)
			}
		case <-due:
			if !s.send(ctx, waiting.events) {
				return
			}
			waiting, due = chunk{}, nil
		}
	}
}

// chunk are events that are sent together, and about how many bytes they are packed.
type chunk struct {
	events []Event
	size   int
}

// read hands the events over one by one, so that no more of the record is in memory than a chunk.
func (s *Shipper) read(ctx context.Context, arriving chan<- Event) {
	for event, err := range s.events(ctx, s.shipped.Load()) {
		if err != nil {
			s.complain(fmt.Errorf("the record cannot be read: %w", err))
			continue
		}
		select {
		case arriving <- event:
		case <-ctx.Done():
			return
		}
	}
}

// send sends a chunk until the server has it; false when ctx ended before.
func (s *Shipper) send(ctx context.Context, events []Event) bool {
	for retry := 0; ; retry++ {
		err := s.upload(ctx, events)
		if refused, ok := errors.AsType[*statusError](err); ok && refused.status == http.StatusRequestEntityTooLarge && len(events) > 1 {
			half := len(events) / 2
			return s.send(ctx, events[:half]) && s.send(ctx, events[half:])
		}
		if err == nil {
			s.took(events[len(events)-1].Seq)
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		s.failures.Add(1)
		s.complain(err)
		select {
		case <-ctx.Done():
			return false
		case <-time.After(util.DefaultBackoff(float64(firstRetry), float64(max(min(s.most, slowestRetry), firstRetry)), retry)):
		}
	}
}

// took notes that the server has everything up to a place.
func (s *Shipper) took(seq uint64) {
	s.uploads.Add(1)
	s.shipped.Store(seq)
	if s.tell("") {
		s.log.Info("decision logs are taken again", "seq", seq)
	}
	if err := keep(s.file, cursor{Journal: s.journal, URL: s.server.client.Config().URL, Path: s.path, Seq: seq}); err != nil {
		s.log.Warn("how far the decision logs were sent could not be noted; after a start some are sent again", "file", s.file, "err", err)
	}
}

// complain tells a failure once, until it changes.
func (s *Shipper) complain(err error) {
	if text := err.Error(); s.tell(text) {
		s.log.Error("decision logs are not sent; they are kept in the record and tried again", "after", s.shipped.Load(), "err", text)
	}
}

// tell says whether a complaint is another than the last one; an empty one is none.
func (s *Shipper) tell(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	other := text != s.told
	s.told = text
	return other
}

// statusError is an answer that is no success.
type statusError struct {
	status int
	text   string
}

func (e *statusError) Error() string {
	return strings.TrimSpace(fmt.Sprintf("the server answers %d %s %s", e.status, http.StatusText(e.status), e.text))
}

// upload posts events as OPA does: one JSON array, gzipped.
func (s *Shipper) upload(ctx context.Context, events []Event) error {
	response, err := s.server.client.
		WithHeader("Content-Type", "application/json").WithHeader("Content-Encoding", "gzip").
		WithBytes(packed(events)).Do(ctx, http.MethodPost, s.path)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	text, _ := io.ReadAll(io.LimitReader(response.Body, 200)) // what it says is a courtesy
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return &statusError{response.StatusCode, string(text)}
	}
	return nil
}

func packed(events []Event) []byte {
	var out bytes.Buffer
	array := gzip.NewWriter(&out)
	for i, event := range events {
		_, _ = io.WriteString(array, map[bool]string{true: "[", false: ","}[i == 0]) // a buffer takes everything
		_, _ = array.Write(bytes.TrimSpace(event.JSON))
	}
	_, _ = io.WriteString(array, "]")
	_ = array.Close()
	return out.Bytes()
}

// packedSize is how long one event is when it is packed alone. Together they are shorter, so that the sum is a bound.
func packedSize(event []byte) int { return len(packed([]Event{{JSON: event}})) }
