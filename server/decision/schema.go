package decision

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// form is a compiled JSON Schema that can say in plain words what is wrong with a document.
type form struct {
	root *jsonschema.Schema
	// at finds the part of the schema that an error is about, for its names and descriptions.
	at map[string]*jsonschema.Schema
}

// compileForm compiles a schema that refers to nothing outside itself. Formats are asserted: an impossible date is wrong,
// not merely remarkable.
func compileForm(name string, schema []byte) (form, error) {
	const home = "greenchannel:///"
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		return form{}, fmt.Errorf("%s schema: %w", name, err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	compiler.UseLoader(closed{})
	if err := compiler.AddResource(home+name, doc); err != nil {
		return form{}, fmt.Errorf("%s schema: %w", name, err)
	}
	root, err := compiler.Compile(home + name)
	if err != nil {
		return form{}, fmt.Errorf("%s schema: %w", name, err)
	}
	f := form{root: root, at: map[string]*jsonschema.Schema{}}
	f.index(root)
	for location, part := range f.at {
		if part.PropertyNames != nil {
			// The validator reports the wrong place for it (jsonschema 6.0.3 shares the location between siblings).
			return form{}, fmt.Errorf("%s schema: %s: write patternProperties with additionalProperties false instead of propertyNames", name, location)
		}
	}
	return f, nil
}

// closed is a loader that loads nothing: a schema must not make the service read files or the network.
type closed struct{}

func (closed) Load(url string) (any, error) {
	return nil, fmt.Errorf("the schema refers to %s; keep every definition in the schema itself", url)
}

// index remembers every part of the schema by its location.
func (f form) index(s *jsonschema.Schema) {
	if s == nil || f.at[s.Location] != nil {
		return
	}
	f.at[s.Location] = s
	parts := slices.Concat(s.AllOf, s.AnyOf, s.OneOf, s.PrefixItems,
		[]*jsonschema.Schema{s.Ref, s.Not, s.If, s.Then, s.Else, s.Contains, s.Items2020, s.UnevaluatedProperties})
	for _, part := range parts {
		f.index(part)
	}
	for _, part := range s.Properties {
		f.index(part)
	}
	for _, part := range s.PatternProperties {
		f.index(part)
	}
	for _, part := range s.DependentSchemas {
		f.index(part)
	}
	if part, ok := s.AdditionalProperties.(*jsonschema.Schema); ok {
		f.index(part)
	}
}

// check gives every fault of a document against the schema, in no order.
func (f form) check(root any) []fault {
	err := f.root.Validate(root)
	if err == nil {
		return nil
	}
	broken, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		return []fault{{pointer: "", detail: err.Error(), offset: -1}}
	}
	return explainer{form: f, root: root}.faults(broken)
}
