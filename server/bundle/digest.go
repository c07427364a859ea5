package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
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
		text, err := fs.ReadFile(fsys, name)
		if err == nil && name == manifestFile {
			text, err = withoutRevision(text)
		}
		if err != nil {
			return "", err
		}
		sum := sha256.Sum256(text)
		lines.WriteString(hex.EncodeToString(sum[:]) + "  " + name + "\n")
	}
	sum := sha256.Sum256([]byte(lines.String()))
	return digestPrefix + hex.EncodeToString(sum[:]), nil
}

// withoutRevision leaves the revision out of the manifest, since it is made from the digest, and writes the rest in one
// form whatever its spaces and order.
func withoutRevision(text []byte) ([]byte, error) {
	var manifest map[string]any
	if err := util.UnmarshalJSON(text, &manifest); err != nil {
		return nil, fmt.Errorf("%s: %w", manifestFile, err)
	}
	delete(manifest, "revision")
	return json.Marshal(manifest)
}
