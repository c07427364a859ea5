package openapi

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
)

// Alone writes a schema as a JSON Schema that stands by itself, under a title: every component that it leads to is among its
// $defs.
func (d *Description) Alone(title string, s Schema) ([]byte, error) {
	text, err := d.resolve(s)
	if err != nil {
		return nil, err
	}
	root, err := d.opened(text)
	if err != nil {
		return nil, err
	}
	var names []string
	if err := redirect(root, inward(&names)); err != nil {
		return nil, err
	}
	own, there := object(nil), map[string]bool{}
	for len(names) > 0 {
		name := names[0]
		names = names[1:]
		if there[name] {
			continue
		}
		there[name] = true
		component, known := d.Component(name)
		if !known {
			return nil, fmt.Errorf("the schema %s: there is no component %s", title, name)
		}
		parsed, err := parse(component)
		if err != nil {
			return nil, err
		}
		if err := redirect(parsed, inward(&names)); err != nil {
			return nil, fmt.Errorf("the schema %s: %w", name, err)
		}
		own = append(own, member{name, parsed})
	}
	alone := object{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", title}}
	for _, m := range root {
		if m.name != "title" {
			alone = append(alone, m)
		}
	}
	return json.Marshal(append(alone, member{"$defs", own}))
}

// opened is a schema as an object; where it is nothing but the name of a component, that component.
func (d *Description) opened(text []byte) (object, error) {
	parsed, err := parse(text)
	if err != nil {
		return nil, err
	}
	schema, ok := parsed.(object)
	if !ok {
		return nil, fmt.Errorf("the schema %.60q is no object", text)
	}
	if name, named := strings.CutPrefix(schema.text("$ref"), componentRoot); named && len(schema) == 1 {
		if component, known := d.Component(name); known {
			if parsed, err = parse(component); err != nil {
				return nil, err
			}
			schema, _ = parsed.(object)
		}
	}
	return schema, nil
}

// inward turns references to components into references to definitions, and notes which components those are.
func inward(names *[]string) func(string) (string, error) {
	return func(reference string) (string, error) {
		name, ok := strings.CutPrefix(reference, componentRoot)
		if !ok {
			return "", fmt.Errorf("the reference %q leads to no component", reference)
		}
		*names = append(*names, name)
		return definitions + name, nil
	}
}
