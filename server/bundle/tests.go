package bundle

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Tests reads the bundle's own tests, from the folder that it was loaded from. They are part of what the digest covers, but
// not of what decides, so Load leaves them out. What cannot be read is told all at once.
func (b *Bundle) Tests(fsys fs.FS) (map[string]*ast.Module, error) {
	parsed := map[string]*ast.Module{}
	var faults []error
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".rego" || !strings.HasSuffix(name, testSuffix) {
			return err
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		module, err := ast.ParseModuleWithOpts(name, string(text), ast.ParserOptions{
			Capabilities: b.Capabilities, ProcessAnnotation: true, RegoVersion: ast.RegoV1,
		})
		if err != nil {
			faults = append(faults, &FileError{name, err})
			return nil //nolint:nilerr // told at the end, with all others
		}
		parsed[name] = module
		return nil
	})
	if err = errors.Join(append(faults, err)...); err != nil {
		return nil, fmt.Errorf("read the tests of the bundle: %w", err)
	}
	return parsed, nil
}
