package openapi

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/jsonschema-go/jsonschema"
)

const componentRoot = "#/components/schemas/"

// Schema says what a value has to look like: a component by its name, a Go type, or JSON Schema as it is written.
type Schema struct {
	name string
	of   reflect.Type
	text string
}

// Ref is the component of a name.
func Ref(name string) Schema { return Schema{name: name} }

// Of is the component that is made of a Go type.
func Of[T any]() Schema { return Schema{of: reflect.TypeFor[T]()} }

// JSON is a schema as it is written.
func JSON(text string) Schema { return Schema{text: text} }

// Text is any text.
func Text() Schema { return JSON(`{"type": "string"}`) }

// Type makes a component of a Go type: its exported fields by their JSON names, described by their jsonschema tags.
type Type struct {
	Name, Description string
	Of                reflect.Type
	// Fields say more of fields, by their JSON names, than their types do.
	Fields map[string]Schema
}

// TypeOf describes a Go type as a component.
func TypeOf[T any](name, description string, fields map[string]Schema) Type {
	return Type{Name: name, Description: description, Of: reflect.TypeFor[T](), Fields: fields}
}

// named is the name of the component that a schema is; empty where it is none.
func (a *API) named(s Schema) string {
	if s.of == nil {
		return s.name
	}
	at := slices.IndexFunc(a.Types, func(t Type) bool { return t.Of == s.of })
	if at < 0 {
		return ""
	}
	return a.Types[at].Name
}

// Resolve writes a schema as JSON.
func (d *Description) Resolve(s Schema) (jsontext.Value, error) { return d.resolve(s) }

func (a *API) resolve(s Schema) (jsontext.Value, error) {
	if s.text != "" {
		text := jsontext.Value(s.text)
		if !text.IsValid() {
			return nil, fmt.Errorf("the schema %q is no JSON", s.text)
		}
		return text, nil
	}
	name := a.named(s)
	if name == "" {
		return nil, fmt.Errorf("no component is made of the type %v", s.of)
	}
	return json.Marshal(map[string]string{"$ref": componentRoot + name})
}

// component makes the schema of a Go type; earlier ones are referred to.
func (a *API) component(t Type, earlier map[reflect.Type]*jsonschema.Schema) (Component, error) {
	inferred, err := jsonschema.ForType(t.Of, &jsonschema.ForOptions{TypeSchemas: besideEmbedded(t.Of, earlier)})
	if err != nil {
		return Component{}, fmt.Errorf("the schema %s: %w", t.Name, err)
	}
	inferred.Description = t.Description
	denull(inferred)
	text, err := json.Marshal(inferred, json.Deterministic(true))
	if err != nil {
		return Component{}, fmt.Errorf("the schema %s: %w", t.Name, err)
	}
	for name, said := range t.Fields {
		if text, err = a.refine(text, name, said); err != nil {
			return Component{}, fmt.Errorf("the schema %s: %w", t.Name, err)
		}
	}
	return Component{t.Name, text}, nil
}

// besideEmbedded leaves out the types that a type embeds: their fields stand among its own, and nowhere else.
func besideEmbedded(of reflect.Type, earlier map[reflect.Type]*jsonschema.Schema) map[reflect.Type]*jsonschema.Schema {
	if of.Kind() != reflect.Struct {
		return earlier
	}
	beside := maps.Clone(earlier)
	for _, field := range reflect.VisibleFields(of) {
		if field.Anonymous {
			delete(beside, field.Type)
		}
	}
	return beside
}

// refine replaces the schema of a field; its description stays where the new one has none.
func (a *API) refine(text []byte, field string, said Schema) ([]byte, error) {
	better, err := a.resolve(said)
	if err != nil {
		return nil, err
	}
	tree, err := parse(text)
	if err != nil {
		return nil, err
	}
	refined, err := parse(better)
	if err != nil {
		return nil, err
	}
	schema, _ := tree.(object)
	for _, m := range schema {
		properties, ok := m.value.(object)
		if m.name != "properties" || !ok || !properties.has(field) {
			continue
		}
		for i, p := range properties {
			if p.name != field {
				continue
			}
			to, fresh := refined.(object)
			if from, described := p.value.(object); fresh && described && !to.has("description") {
				for _, keyword := range from {
					if keyword.name == "description" {
						to = append(object{keyword}, to...)
					}
				}
				refined = to
			}
			properties[i].value = refined
		}
		return json.Marshal(schema)
	}
	return nil, fmt.Errorf("there is no field %q", field)
}

// denull takes back that lists and what a pointer points to can be null: what is written here never is.
func denull(s *jsonschema.Schema) {
	if len(s.Types) > 0 {
		s.Types = slices.DeleteFunc(s.Types, func(t string) bool { return t == "null" })
	}
	if len(s.Types) == 1 {
		s.Type, s.Types = s.Types[0], nil
	}
	if len(s.Types) == 0 {
		s.Types = nil
	}
	if s.Items != nil {
		denull(s.Items)
	}
	if s.AdditionalProperties != nil {
		denull(s.AdditionalProperties)
	}
	for _, property := range s.Properties {
		denull(property)
	}
}
