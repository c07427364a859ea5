package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"greenchannel/server/bundle"
	"greenchannel/server/casefile"
	"greenchannel/server/decision"
	"greenchannel/server/engine"
	"greenchannel/server/impact"
	"greenchannel/server/journal"
	"greenchannel/server/problem"
)

// Names of bundles that are no digests.
const (
	// BuiltIn are the policies that the program carries.
	BuiltIn = "built-in"
	// Active are the policies that made the last recorded decision.
	Active = "active"
)

// side is one of the two ways in which each application is decided.
type side struct {
	policy     decision.PolicyRef
	generation *engine.Generation
	engine     *engine.Engine // with that generation
	asOf       time.Time
	elements   []string // that the control list names
}

func (s *side) basis() impact.Basis {
	basis := impact.Basis{PolicyRef: s.policy}
	if !s.asOf.IsZero() {
		basis.AsOf = decision.Instant(s.asOf)
	}
	return basis
}

func (s *side) instant(app *submitted) time.Time {
	if s.asOf.IsZero() {
		return app.at
	}
	return s.asOf
}

// sides compiles what the two sides decide by; once, where it is the same.
func (r *Rooms) sides(ctx context.Context, builtIn fs.FS, asked Comparison) (older, newer *side, err error) {
	base, err := bundle.Load(builtIn)
	if err != nil {
		return nil, nil, err
	}
	older, err = r.side(ctx, base, builtIn, asked.Old)
	if err == nil && asked.New.Bundle == asked.Old.Bundle {
		same := *older
		same.asOf = asked.New.AsOf
		return older, &same, nil
	}
	newer, second := r.side(ctx, base, builtIn, asked.New)
	return older, newer, errors.Join(err, second)
}

func (r *Rooms) side(ctx context.Context, base *bundle.Bundle, builtIn fs.FS, terms Terms) (*side, error) {
	folder, digest, err := r.folderOf(ctx, builtIn, terms.Bundle)
	if err != nil {
		return nil, fmt.Errorf("the bundle %s: %w", terms.Bundle, err)
	}
	loaded, err := bundle.Load(folder)
	if err != nil {
		return nil, fmt.Errorf("the bundle %s: %w", terms.Bundle, err)
	}
	if digest != "" && loaded.Digest != digest {
		return nil, fmt.Errorf("the bundle that is kept as %s has the digest %s, so it is not the one that decided", digest, loaded.Digest)
	}
	narrowed, beyond := loaded.Within(base)
	generation, err := compileLoaded(ctx, narrowed, r.Live)
	if err = errors.Join(beyond, err); err != nil {
		return nil, fmt.Errorf("the bundle %s: %w", terms.Bundle, err)
	}
	elements, err := casefile.Symbols(loaded.Data)
	if err != nil {
		return nil, fmt.Errorf("the bundle %s: %w", terms.Bundle, err)
	}
	return &side{
		policy:     decision.PolicyRef{Name: loaded.Name, Revision: loaded.Revision, Digest: loaded.Digest},
		generation: generation, engine: r.Engine.On(generation), asOf: terms.AsOf, elements: elements,
	}, nil
}

// folderOf finds a bundle by its name. The digest is that of a kept one, which its content has to have.
func (r *Rooms) folderOf(ctx context.Context, builtIn fs.FS, name string) (folder fs.FS, digest string, err error) {
	if name == BuiltIn {
		return builtIn, "", nil
	}
	if found, err := os.Stat(name); err == nil {
		folder, err := onDisk(name, found.IsDir())
		return folder, "", err
	}
	if r.record == nil {
		return nil, "", errors.New("is neither a folder nor an archive, and no record is read that could keep it")
	}
	if name == Active {
		digest, err = r.lastDecidedBy(ctx)
	} else {
		digest, err = r.keptDigest(ctx, name)
	}
	if err != nil {
		return nil, "", err
	}
	kept, err := r.record.journal.Bundle(ctx, digest)
	if err != nil {
		return nil, "", err
	}
	folder, err = bundle.Unpack(kept.Archive)
	return folder, digest, err
}

func onDisk(name string, isFolder bool) (fs.FS, error) {
	if isFolder {
		return os.DirFS(name), nil
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	archive, err := io.ReadAll(io.LimitReader(file, bundle.MaxArchiveBytes+1))
	if err != nil {
		return nil, err
	}
	return bundle.Unpack(archive)
}

// keptDigest finds a kept bundle by the beginning of its digest.
func (r *Rooms) keptDigest(ctx context.Context, name string) (string, error) {
	uses, err := r.record.journal.Bundles(ctx)
	if err != nil {
		return "", err
	}
	var known []string
	for _, use := range uses {
		known = append(known, use.Digest)
	}
	digest, err := DigestOf(name, known)
	if err != nil {
		return "", fmt.Errorf("is neither a folder nor an archive here, and %w", err)
	}
	return digest, nil
}

// lastDecidedBy finds the bundle of the last recorded decision.
func (r *Rooms) lastDecidedBy(ctx context.Context) (string, error) {
	uses, err := r.record.journal.Bundles(ctx)
	if err != nil {
		return "", err
	}
	var last journal.BundleUse
	for _, use := range uses {
		if use.Last > last.Last {
			last = use
		}
	}
	if last.Last == 0 {
		return "", problem.New(problem.NotFound, "Nothing is recorded yet, so no bundle has decided.")
	}
	return last.Digest, nil
}
