package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/util"
)

const (
	digestPrefix   = "sha256:"
	revisionLength = 12
)

// digest hashes what a decision depends on: a line for each file, in the order of the paths, with the hash of its bytes
// and its path; and over those lines once more. The lines are what `sha256sum` prints, so that anyone can check them.
func digest(fsys fs.FS) (string, error) {
	var lines []string
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !decides(name) {
			return err
		}
		if strings.ContainsAny(name, "\n\\") {
			return fmt.Errorf("%q: a path may hold neither a line break nor a backslash; rename the file", name)
		}
		text, err := fs.ReadFile(fsys, name)
		if err == nil && name == manifestFile {
			text, err = withoutRevision(text)
		}
		if err != nil {
			return err
		}
		sum := sha256.Sum256(text)
		lines = append(lines, hex.EncodeToString(sum[:])+"  "+name+"\n")
		return nil
	})
	if err != nil {
		return "", err
	}
	// By path, not by line: the order must not hang on the hashes.
	slices.SortFunc(lines, func(a, b string) int {
		return strings.Compare(a[2*sha256.Size:], b[2*sha256.Size:])
	})
	sum := sha256.Sum256([]byte(strings.Join(lines, "")))
	return digestPrefix + hex.EncodeToString(sum[:]), nil
}

// decides says whether a file of the folder can change a decision; these are the files that OPA reads from a bundle.
func decides(name string) bool {
	switch base := path.Base(name); {
	case name == manifestFile, base == "data.json", base == "data.yaml", base == "data.yml":
		return true
	default:
		return path.Ext(name) == ".rego" && !strings.HasSuffix(name, testSuffix)
	}
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
