// Package bundle reads a folder of policies the way `opa build -b` reads it, and names what it read: the name from the
// manifest, a digest over everything that can change a decision, a revision that is short for the digest, and the
// catalogue of rules that the annotations make. It compiles and evaluates nothing (engine does), and keeps nothing.
package bundle

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	opabundle "github.com/open-policy-agent/opa/v1/bundle"
)

// Where the parts of a policy folder stand that are not policies themselves.
const (
	manifestFile     = ".manifest"
	capabilitiesFile = "capabilities/capabilities.json"
	schemasFolder    = "schemas"
	patchFile        = "patch.json" // of a delta bundle
	testSuffix       = "_test.rego"
)

// Where the schemas stand of what goes in, of what comes out, and of parties on file.
const (
	ApplicationSchemaFile = schemasFolder + "/application/schema.json"
	DecisionSchemaFile    = schemasFolder + "/decision/schema.json"
	PartySchemaFile       = schemasFolder + "/registry_party/schema.json"
)

// Bundle is one policy folder, read and named. It is not changed after Load; its parts are shared and must not be either.
type Bundle struct {
	// Name is metadata.name of the manifest.
	Name string
	// Digest is "sha256:" and the hash of the paths and bytes of everything that Pack packs: policies with their tests,
	// data, schemas, capabilities, and the manifest without what Build writes there. Neither prose nor a signature counts: they
	// cannot change a decision.
	Digest string
	// Revision is the first twelve hexadecimal digits of the digest.
	Revision string
	// Stated is the revision that the manifest states; empty for none. It may be any: Disagreement compares it.
	Stated string
	// Built is what Build wrote into the manifest; nil where nothing of it is there.
	Built *Built
	// Roots are the parts of the data document that the bundle is all of, in order.
	Roots []string
	// Modules are the policies by path, with their annotations; tests are left out.
	Modules map[string]*ast.Module
	// Sources are the same policies as they were written, by the same paths.
	Sources map[string]string
	// Data is the data document.
	Data map[string]any
	// ApplicationSchema, DecisionSchema and PartySchema are the JSON Schemas of what goes in, of what comes out, and of
	// parties on file.
	ApplicationSchema, DecisionSchema, PartySchema []byte
	// Schemas are all schemas of the folder, for type checks of policies.
	Schemas *ast.SchemaSet
	// Capabilities are the built-ins that a policy may use.
	Capabilities *ast.Capabilities
}

// Load reads the policy folder fsys. It reports everything that keeps the folder from being a bundle at once, as far as
// it can be read.
func Load(fsys fs.FS) (*Bundle, error) {
	var b Bundle
	without := b.loadCapabilities(fsys)
	err := errors.Join(without, b.loadSchemas(fsys))
	if without != nil { // nobody knows then how the policies are to be read
		return nil, fmt.Errorf("load bundle: %w", err)
	}
	content, unread := read(fsys, b.Capabilities)
	if err = errors.Join(err, unread); err != nil {
		return nil, fmt.Errorf("load bundle: %w", err)
	}
	b.Name, _ = content.Manifest.Metadata["name"].(string)
	if b.Name == "" {
		return nil, fmt.Errorf("load bundle: %w", &FileError{manifestFile, errors.New("states no metadata.name; name the bundle there")})
	}
	b.Stated = content.Manifest.Revision
	if b.Built, err = readBuilt(content.Manifest.Metadata[manifestBuilt]); err != nil {
		return nil, fmt.Errorf("load bundle: %w", err)
	}
	b.Modules, b.Sources, b.Data = modules(content), sources(content), content.Data
	b.Roots = slices.Sorted(slices.Values(*content.Manifest.Roots))
	if b.Digest, err = digest(fsys); err != nil {
		return nil, fmt.Errorf("load bundle: %w", err)
	}
	b.Revision = strings.TrimPrefix(b.Digest, digestPrefix)[:revisionLength]
	return &b, nil
}

// read lets OPA read the folder as a bundle, without the tests.
func read(fsys fs.FS, capabilities *ast.Capabilities) (*opabundle.Bundle, error) {
	if err := noDelta(fsys); err != nil {
		return nil, err
	}
	loader, err := newWholeFiles(fsys)
	if err != nil {
		return nil, err
	}
	content, err := opabundle.NewCustomReader(loader).
		WithSkipBundleVerification(true). // a folder is not signed; what is signed is verified where it comes in
		WithProcessAnnotations(true).     // rules build their findings from them
		WithCapabilities(capabilities).
		WithRegoVersion(ast.RegoV1).
		Read()
	if err != nil {
		return nil, cmp.Or(faulty(fsys, capabilities), err)
	}
	if len(content.WasmModules)+len(content.PlanModules) > 0 {
		return nil, errors.New("the folder holds compiled policies; keep sources only")
	}
	return &content, nil
}

// noDelta refuses changes to another bundle: what they would come to is not known here, and OPA reads nothing else then.
func noDelta(fsys fs.FS) error {
	return fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && path.Base(name) == patchFile {
			return &FileError{name, errors.New("is a change to another bundle; send the whole one")}
		}
		return err
	})
}

func modules(content *opabundle.Bundle) map[string]*ast.Module {
	parsed := make(map[string]*ast.Module, len(content.Modules))
	for _, file := range content.Modules {
		parsed[strings.TrimPrefix(file.Path, "/")] = file.Parsed
	}
	return parsed
}
