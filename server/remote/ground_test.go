package remote

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"greenchannel/policies"
	"greenchannel/server/bundle"
	"greenchannel/server/config"
	"greenchannel/server/problem"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// told is a log that tests read while it is written.
type told struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *told) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *told) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *told) log() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// configured reads a configuration as the program does.
func configured(t *testing.T, text string) config.Remote {
	t.Helper()
	file := filepath.Join(t.TempDir(), "gc.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	loaded, err := config.Load(config.Inputs{File: file})
	if err != nil {
		t.Fatal(err)
	}
	from, err := loaded.Remote()
	if err != nil {
		t.Fatal(err)
	}
	return from
}

// bundled packs the policies of the program with more files, or other ones in their place.
func bundled(t *testing.T, files map[string]string) (archive []byte, revision string) {
	t.Helper()
	folder := fstest.MapFS{}
	err := fs.WalkDir(policies.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(policies.FS(), name)
		folder[name] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		folder[name] = &fstest.MapFile{Data: []byte(text)}
	}
	if archive, err = bundle.Pack(folder); err != nil {
		t.Fatal(err)
	}
	if loaded, err := bundle.Load(folder); err == nil {
		revision = loaded.Revision
	}
	return archive, revision
}

// edition is a bundle that differs from others by a comment.
func edition(t *testing.T, number int) (archive []byte, revision string) {
	t.Helper()
	archive, revision = bundled(t, map[string]string{"rareearth/edition/edition.rego": fmt.Sprintf("package rareearth.edition\n\nnumber := %d\n", number)})
	if revision == "" {
		t.Fatalf("edition %d cannot be read", number)
	}
	return archive, revision
}

// entrance lets in what can be read as a bundle. What else the service asks of one is tested where that stands.
type entrance struct {
	mu     sync.Mutex
	judged []string // revisions, or that one was refused
	closed error
}

func (e *entrance) Check(_ context.Context, archive []byte) error {
	_, err := e.read(archive)
	return err
}

func (e *entrance) read(archive []byte) (*bundle.Bundle, error) {
	folder, err := bundle.Unpack(archive)
	if err != nil {
		return nil, problem.New(problem.Invalid, "no archive", bundle.Faults(err)...)
	}
	loaded, err := bundle.Load(folder)
	if err != nil {
		return nil, problem.New(problem.Invalid, "no bundle", bundle.Faults(err)...)
	}
	return loaded, nil
}

func (e *entrance) Pass(_ context.Context, archive []byte) (Held, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed != nil {
		return Held{}, e.closed
	}
	loaded, err := e.read(archive)
	if err != nil {
		e.judged = append(e.judged, "refused")
		return Held{}, err
	}
	e.judged = append(e.judged, loaded.Revision)
	return Held{loaded.Name, loaded.Revision, loaded.Digest}, nil
}

func (e *entrance) all() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return strings.Join(e.judged, " ")
}

// fetching opens a source; its looks are asked for one by one, without a pause.
func fetching(t *testing.T, from config.Remote, gate Gate, folder string, log *told) *Source {
	t.Helper()
	s, err := OpenSource(from, SourceOptions{Folder: folder, StaleAfter: time.Hour, Gate: gate, Log: log.log(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.server.close)
	return s
}

// look looks once, and says how the source is then.
func (s *Source) look(t *testing.T) State {
	t.Helper()
	_ = s.loader.Trigger(t.Context()) // what is wrong stands in the state
	return s.State()
}
