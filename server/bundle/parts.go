package bundle

import (
	"bytes"
	"errors"
	"io/fs"
	"path"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/util"
)

// loadCapabilities reads the list of built-ins that policies may use. Without it any built-in would do, so it must be there.
func (b *Bundle) loadCapabilities(fsys fs.FS) error {
	text, err := fs.ReadFile(fsys, capabilitiesFile)
	if err != nil {
		return err
	}
	if b.Capabilities, err = ast.LoadCapabilitiesJSON(bytes.NewReader(text)); err != nil {
		return &FileError{capabilitiesFile, err}
	}
	if len(b.Capabilities.Builtins) == 0 {
		return &FileError{capabilitiesFile, errors.New("lists no built-in")}
	}
	return nil
}

// loadSchemas reads every schema below schemas/, named by its path as `opa check --schema schemas` does:
// schemas/application/schema.json is schema.application.schema.
func (b *Bundle) loadSchemas(fsys fs.FS) error {
	b.Schemas = ast.NewSchemaSet()
	var faults []error
	err := fs.WalkDir(fsys, schemasFolder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".json" {
			return err
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		faults = append(faults, b.putSchema(name, text))
		return nil
	})
	faults = append(faults, err)
	for file, schema := range map[string]*[]byte{
		ApplicationSchemaFile: &b.ApplicationSchema, DecisionSchemaFile: &b.DecisionSchema, PartySchemaFile: &b.PartySchema,
	} {
		var missing error
		*schema, missing = fs.ReadFile(fsys, file)
		faults = append(faults, missing)
	}
	return errors.Join(faults...)
}

func (b *Bundle) putSchema(name string, text []byte) error {
	var schema any
	if err := util.UnmarshalJSON(text, &schema); err != nil {
		return &FileError{name, err}
	}
	b.Schemas.Put(schemaRef(name), schema)
	return nil
}

func schemaRef(name string) ast.Ref {
	ref := ast.Ref{ast.SchemaRootDocument}
	for part := range strings.SplitSeq(strings.TrimSuffix(strings.TrimPrefix(name, schemasFolder+"/"), path.Ext(name)), "/") {
		ref = append(ref, ast.StringTerm(part))
	}
	return ref
}
