package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"strings"

	"github.com/open-policy-agent/opa/v1/util"
)

const (
	digestPrefix   = "sha256:"
	revisionLength = 12
)

// digest hashes what is kept of a bundle: a line for each file, in the order of the paths, with the hash of its bytes and
// its path; and over those lines once more. The lines are what `sha256sum` prints, so that anyone can check them.
func digest(fsys fs.FS) (string, error) {
	names, err := contents(fsys)
	if err != nil {
		return "", err
	}
	var lines strings.Builder
	for _, name := range names {
		sum, err := hashOf(fsys, name)
		if err != nil {
			return "", err
		}
		lines.WriteString(hex.EncodeToString(sum) + "  " + name + "\n")
	}
	sum := sha256.Sum256([]byte(lines.String()))
	return digestPrefix + hex.EncodeToString(sum[:]), nil
}

// hashOf hashes a file piece by piece: the scheduler cannot interrupt the hashing of one piece, and everybody would wait for
// that of a long file.
func hashOf(fsys fs.FS, name string) ([]byte, error) {
	hash := sha256.New()
	if name == manifestFile {
		text, err := fs.ReadFile(fsys, name)
		if err == nil {
			text, err = withoutRevision(text)
		}
		hash.Write(text)
		return hash.Sum(nil), err
	}
	file, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(hash, file)
	return hash.Sum(nil), errors.Join(err, file.Close())
}

// withoutRevision leaves out of the manifest what build writes there, since that is made from the digest and from files that
// count themselves; it writes the rest in one form, whatever its spaces and order.
func withoutRevision(text []byte) ([]byte, error) {
	manifest, metadata, err := manifestOf(text)
	if err != nil {
		return nil, err
	}
	delete(manifest, manifestRevision)
	delete(metadata, manifestBuilt)
	return json.Marshal(manifest)
}

// manifestOf reads a manifest, and the metadata in it: an object of its own where there is none.
func manifestOf(text []byte) (manifest, metadata map[string]any, err error) {
	if err := util.UnmarshalJSON(text, &manifest); err != nil {
		return nil, nil, &FileError{manifestFile, err}
	}
	metadata, stated := manifest[manifestMetadata].(map[string]any)
	if !stated {
		metadata = map[string]any{}
	}
	return manifest, metadata, nil
}
