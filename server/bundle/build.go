package bundle

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// What a manifest says that build has written, all of it made from the rest of the bundle. The digest leaves it out, as it
// does the revision, so that sources and archive have one digest.
const (
	manifestRevision = "revision"
	manifestMetadata = "metadata"
	manifestBuilt    = "built"
)

// Built is what build writes into the manifest of an archive, as metadata.built, beside the revision.
type Built struct {
	Digest string `json:"digest" jsonschema:"Digest of the content, for which the revision is short."`
	// Entrypoints carry `entrypoint: true`.
	Entrypoints []string          `json:"entrypoints" jsonschema:"The documents that are to be asked for, as paths."`
	Schemas     map[string]string `json:"schemas" jsonschema:"Digests of the schemas, by their names."`
}

// Build makes the archive of a policy folder that leaves the house: the same files as Pack, and a manifest that states the
// revision and what Built says. The same sources make the same bytes. What keeps the folder from being a bundle is told as
// Load tells it.
func Build(fsys fs.FS) ([]byte, *Bundle, error) {
	b, err := Load(fsys)
	if err != nil {
		return nil, nil, err
	}
	built, err := built(fsys, b)
	if err != nil {
		return nil, nil, fmt.Errorf("build bundle: %w", err)
	}
	manifest, err := stated(fsys, b.Revision, built)
	if err != nil {
		return nil, nil, fmt.Errorf("build bundle: %w", err)
	}
	archive, err := pack(fsys, manifest)
	if err != nil {
		return nil, nil, err
	}
	if len(archive) > MaxArchiveBytes {
		return nil, nil, fmt.Errorf("build bundle: the archive has %d bytes, and no service takes more than %d", len(archive), MaxArchiveBytes)
	}
	b.Stated, b.Built = b.Revision, built
	return archive, b, nil
}

// built makes what the manifest is to say of a bundle.
func built(fsys fs.FS, b *Bundle) (*Built, error) {
	all := &Built{Digest: b.Digest, Entrypoints: entrypoints(b.Modules), Schemas: map[string]string{}}
	err := fs.WalkDir(fsys, schemasFolder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".json" {
			return err
		}
		text, err := fs.ReadFile(fsys, name)
		sum := sha256.Sum256(text)
		all.Schemas[path.Dir(strings.TrimPrefix(name, schemasFolder+"/"))] = digestPrefix + hex.EncodeToString(sum[:])
		return err
	})
	return all, err
}

// entrypoints lists the documents that carry `entrypoint: true`, as paths below data.
func entrypoints(modules map[string]*ast.Module) []string {
	paths := map[string]bool{}
	for _, module := range modules {
		for _, annotations := range module.Annotations {
			if annotations.Entrypoint {
				paths[strings.ReplaceAll(strings.TrimPrefix(target(module, annotations), "data."), ".", "/")] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(paths))
}

// stated writes the manifest of a folder with what build says beside it.
func stated(fsys fs.FS, revision string, built *Built) ([]byte, error) {
	text, err := fs.ReadFile(fsys, manifestFile)
	if err != nil {
		return nil, err
	}
	manifest, metadata, err := manifestOf(text)
	if err != nil {
		return nil, err
	}
	metadata[manifestBuilt] = built
	manifest[manifestRevision], manifest[manifestMetadata] = revision, metadata
	out, err := json.MarshalIndent(manifest, "", "  ")
	return append(out, '\n'), err
}

// readBuilt reads what an earlier build wrote; nil where there is nothing.
func readBuilt(stated any) (*Built, error) {
	if stated == nil {
		return nil, nil
	}
	text, err := json.Marshal(stated)
	if err != nil {
		return nil, err
	}
	b := new(Built)
	if err := json.Unmarshal(text, b); err != nil {
		return nil, &FileError{manifestFile, fmt.Errorf("metadata.%s: %w", manifestBuilt, err)}
	}
	return b, nil
}

// Disagreement says where the manifest of a bundle states what its content does not bear out; nil where it agrees, or states
// nothing. A folder or an archive of a stock `opa build` states nothing unless told to.
func (b *Bundle) Disagreement(fsys fs.FS) error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, &FileError{manifestFile, fmt.Errorf(format, args...)})
	}
	if b.Stated != "" && b.Stated != b.Revision && b.Stated != b.Digest {
		fault("the revision is stated as %.80q, and the content has %q; build the archive again with greenchannel bundle build", b.Stated, b.Revision)
	}
	if b.Built != nil {
		want, err := built(fsys, b)
		if err != nil {
			return err
		}
		said, wanted := asJSON(b.Built), asJSON(want)
		if !bytes.Equal(said, wanted) {
			fault("metadata.built is not what the content makes; build the archive again with greenchannel bundle build")
		}
	}
	return errors.Join(faults...)
}

func asJSON(b *Built) []byte {
	text, err := json.Marshal(b)
	if err != nil {
		panic(err) // texts are always JSON
	}
	return text
}

// File is one file of a bundle.
type File struct {
	Path   string `json:"path" jsonschema:"Its place in the bundle."`
	Bytes  int64  `json:"bytes" jsonschema:"Its length."`
	Digest string `json:"digest" jsonschema:"Its hash."`
}

// Files lists the files of a folder or an unpacked archive, in order: with whole all that are there, else those that count.
func Files(fsys fs.FS, whole bool) ([]File, error) {
	var files []File
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !whole && !counts(name) {
			return err
		}
		text, err := fs.ReadFile(fsys, name)
		sum := sha256.Sum256(text)
		files = append(files, File{name, int64(len(text)), digestPrefix + hex.EncodeToString(sum[:])})
		return err
	})
	slices.SortFunc(files, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	return files, err
}
