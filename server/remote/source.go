package remote

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	opabundle "github.com/open-policy-agent/opa/v1/bundle"
	"github.com/open-policy-agent/opa/v1/download"

	"greenchannel/server/config"
	"greenchannel/server/problem"
)

// Gate is what a fetched bundle has to pass, as one that is uploaded.
type Gate interface {
	// Pass checks a bundle, keeps it and puts it into force. An error of kind Invalid, TooLarge or Conflict is a verdict on
	// the bundle; any other says that it could not be judged now.
	Pass(ctx context.Context, archive []byte) (Held, error)
	// Check says all that is wrong with an archive, and keeps nothing.
	Check(ctx context.Context, archive []byte) error
}

// Held names a bundle that is kept.
type Held struct{ Name, Revision, Digest string }

// State is how a source is.
type State struct {
	// Name is that of the bundle in the configuration; Service and Resource say where it comes from.
	Name, Service, Resource string
	// Held is the last good bundle, and FetchedAt when it came; zero where none ever did.
	Held      Held
	FetchedAt time.Time
	// CheckedAt is when the server last sent that bundle, or said that it is still the one.
	CheckedAt time.Time
	// Age is how long ago that was, and Stale whether it is too long; without a bundle it is stale from the beginning.
	Age   time.Duration
	Stale bool
	// Fault says why the last look was no success; empty where it was. FailedAt is when it began to be none.
	Fault    string
	FailedAt time.Time
	// Activated, Unchanged, Refused and Failed count the looks since the start, by how they ended.
	Activated, Unchanged, Refused, Failed uint64
}

// Source looks for a new bundle at a server, as OPA does.
type Source struct {
	name, service, resource string
	how                     *opabundle.VerificationConfig
	server                  *server
	loader                  loader
	gate                    Gate
	file                    string
	staleAfter              time.Duration
	now                     func() time.Time
	log                     *slog.Logger

	// Of the one goroutine that looks:
	etag    string            // of what was judged last
	judged  [sha256.Size]byte // that archive
	verdict error             // on it; nil where it was good

	mu    sync.Mutex // guards state
	state State
}

// loader is one of OPA's two downloaders.
type loader interface {
	Start(context.Context)
	Stop(context.Context)
	Trigger(context.Context) error
	SetCache(etag string)
}

// SourceOptions say what a source needs beside the configuration.
type SourceOptions struct {
	// Folder is the data folder: what was fetched last is noted there.
	Folder string
	// StaleAfter is how long after the last success a bundle is stale.
	StaleAfter time.Duration
	Gate       Gate
	Log        *slog.Logger
	Now        func() time.Time
}

// sourceFile notes what was fetched last; the bundle itself is kept beside the record.
const sourceFile = "source.json"

// note is what is kept of a source.
type note struct {
	Name     string    `json:"name"`
	URL      string    `json:"url"`
	Resource string    `json:"resource"`
	ETag     string    `json:"etag,omitempty"`
	Bundle   Held      `json:"bundle"`
	Fetched  time.Time `json:"fetched_at"`
	Checked  time.Time `json:"checked_at"`
}

// OpenSource prepares the source of the configuration; it asks nobody yet.
func OpenSource(from config.Remote, options SourceOptions) (*Source, error) {
	block := from.Bundle
	server, err := dial(from, block.Service, options.Log)
	if err != nil {
		return nil, err
	}
	s := &Source{
		name: from.BundleName, service: block.Service, resource: block.Resource, how: block.Signing,
		server: server, gate: options.Gate, file: filepath.Join(options.Folder, sourceFile),
		staleAfter: options.StaleAfter, now: options.Now, log: options.Log.With("source", from.BundleName),
		state: State{Name: from.BundleName, Service: block.Service, Resource: block.Resource},
	}
	if block.Signing != nil && !block.Signing.SignatureRequired() {
		s.log.Warn("keys are named and no signing block asks for a signature, so that an unsigned bundle is taken; add signing to the bundle")
	}
	most := min(block.SizeLimitBytes, MostBytes)
	readers := ast.ParserOptions{RegoVersion: ast.RegoV1, ProcessAnnotation: true}
	if strings.EqualFold(server.client.Config().Type, "oci") {
		layout := filepath.Join(options.Folder, "oci")
		if err := errors.Join(os.RemoveAll(layout), os.MkdirAll(layout, 0o700)); err != nil { // what was fetched is kept elsewhere
			return nil, fmt.Errorf("source %s: %w", s.name, err)
		}
		s.loader = download.NewOCI(block.Config, server.client, block.Resource, layout).WithCallback(s.received).
			WithBundleVerificationConfig(block.Signing).WithSizeLimitBytes(most).WithBundlePersistence(true).WithBundleParserOpts(readers)
	} else {
		s.loader = download.New(block.Config, server.client, block.Resource).WithCallback(s.received).
			WithBundleVerificationConfig(block.Signing).WithSizeLimitBytes(most).WithBundlePersistence(true).WithBundleParserOpts(readers).
			WithBundleName(s.name).
			WithLazyLoadingMode(true) // data is judged behind the gate, where every fault of it is told
	}
	s.recall()
	return s, nil
}

// recall takes up what was noted by the process before. Its ETag is that of one place, and means nothing to another.
func (s *Source) recall() {
	var last note
	known, err := readKept(s.file, &last)
	if err != nil {
		s.log.Warn("what was fetched last is not known; it is fetched again", "file", s.file, "err", err)
	}
	if !known || last.Name != s.name {
		return
	}
	s.state.Held, s.state.FetchedAt, s.state.CheckedAt = last.Bundle, last.Fetched, last.Checked
	if last.URL == s.server.client.Config().URL && last.Resource == s.resource {
		s.etag = last.ETag
		s.loader.SetCache(s.etag)
	}
}

// Forget says, before Follow begins, that the last good bundle cannot be used any more, so that it is fetched anew.
func (s *Source) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.Held, s.state.FetchedAt, s.state.CheckedAt = Held{}, time.Time{}, time.Time{}
	s.etag = ""
	s.loader.SetCache("")
}

// Follow looks until ctx ends.
func (s *Source) Follow(ctx context.Context) {
	s.loader.Start(ctx)
	look := time.NewTicker(max(s.staleAfter/10, time.Millisecond))
	defer look.Stop()
	stale := false
	for {
		select {
		case <-ctx.Done():
			s.loader.Stop(context.WithoutCancel(ctx))
			s.server.close()
			return
		case <-look.C:
		}
		state := s.State()
		if state.Stale && !stale {
			s.log.Warn("the bundle of the source is stale", "revision", state.Held.Revision, "confirmed", state.CheckedAt, "stale_after", s.staleAfter, "err", state.Fault)
		}
		stale = state.Stale
	}
}

// State says how the source is now.
func (s *Source) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := s.state
	if !state.CheckedAt.IsZero() {
		state.Age = max(s.now().Sub(state.CheckedAt), 0)
	}
	state.Stale = state.CheckedAt.IsZero() || state.Age > s.staleAfter
	return state
}

// received is told by OPA's downloader how a look ended. An error makes it look again soon.
func (s *Source) received(ctx context.Context, u download.Update) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case u.Error != nil:
		s.loader.SetCache(s.etag) // OPA has forgotten it, and would fetch what it has
		s.ended(&s.state.Failed, s.whole(ctx, u.Error))
		return u.Error
	case u.Bundle == nil:
		s.ended(&s.state.Unchanged, s.verdict)
		return nil
	}
	archive := s.server.tap.take()
	if archive == nil { // the registry's blob was at hand
		var err error
		if archive, err = io.ReadAll(u.Raw); err != nil {
			return err
		}
	}
	return s.arrived(ctx, archive, u.ETag)
}

// whole adds what else is wrong with an archive of which OPA tells the first fault. One whose signature is not in order is
// not looked at.
func (s *Source) whole(ctx context.Context, err error) error {
	_, rego := errors.AsType[ast.Errors](err)
	archive := s.server.tap.take()
	if archive == nil || s.how != nil && !rego {
		return err
	}
	if all := s.gate.Check(ctx, archive); all != nil {
		return all
	}
	return err
}

// arrived judges an archive. Who sends it again, without an ETag, is not judged again.
func (s *Source) arrived(ctx context.Context, archive []byte, etag string) error {
	sum := sha256.Sum256(archive)
	if sum == s.judged {
		s.etag = etag
		s.ended(&s.state.Unchanged, s.verdict)
		return nil
	}
	held, err := s.gate.Pass(ctx, archive)
	if err != nil && !verdict(err) { // it will be, at the next look
		s.loader.SetCache(s.etag)
		s.ended(&s.state.Failed, err)
		return err
	}
	s.server.tap.forget()
	s.etag, s.judged, s.verdict = etag, sum, err
	if err == nil {
		s.mu.Lock()
		s.state.Held, s.state.FetchedAt = held, s.now()
		s.mu.Unlock()
		s.log.Info("bundle fetched", "revision", held.Revision, "digest", held.Digest, "etag", etag, "bytes", len(archive))
	}
	counter := map[bool]*uint64{true: &s.state.Activated, false: &s.state.Refused}[err == nil]
	s.ended(counter, err)
	return nil // it is judged; the same one is not asked for again
}

// verdict says whether an error is about the bundle, so that it would be the same the next time.
func verdict(err error) bool {
	return slices.Contains([]problem.Kind{problem.Invalid, problem.TooLarge, problem.Conflict}, problem.Of(err).Kind)
}

// ended counts a look and says how it ended: a complaint once, until it changes, and that all is well again.
func (s *Source) ended(counter *uint64, fault error) {
	s.mu.Lock()
	before := s.state.Fault
	*counter++
	if fault != nil {
		s.state.Fault = fault.Error()
		if before == "" {
			s.state.FailedAt = s.now()
		}
	} else {
		s.state.Fault, s.state.FailedAt, s.state.CheckedAt = "", time.Time{}, s.now()
	}
	state := s.state
	s.mu.Unlock()
	switch {
	case fault != nil && state.Fault != before:
		s.log.Error("no new bundle from the source; the last good one stays in force", "revision", state.Held.Revision, "err", state.Fault)
	case fault == nil && before != "":
		s.log.Info("the source is well again", "revision", state.Held.Revision)
	}
	if fault == nil {
		s.note(state)
	}
}

// note writes down what a next process has to know. That it cannot is no harm: it fetches the bundle again.
func (s *Source) note(state State) {
	err := keep(s.file, note{
		Name: s.name, URL: s.server.client.Config().URL, Resource: s.resource, ETag: s.etag,
		Bundle: state.Held, Fetched: state.FetchedAt, Checked: state.CheckedAt,
	})
	if err != nil {
		s.log.Warn("what was fetched last could not be noted; after a start without the server it would not be known", "file", s.file, "err", err)
	}
}
