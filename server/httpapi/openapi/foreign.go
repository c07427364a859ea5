package openapi

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Foreign is a JSON Schema of somebody else that becomes a component, and its definitions with it.
type Foreign struct {
	Name string
	// JSON is the schema; it refers to nothing outside itself.
	JSON []byte
	// Description replaces that of the schema, if set.
	Description string
	// Require names members that must be there beyond what the schema asks for, and Without those that are left out.
	Require, Without []string
	// Beside are further members by name, that need not be there: each is a component.
	Beside map[string]string
}

const definitions = "#/$defs/"

// adopt takes a schema in. A definition that is known already, to the byte, is shared; another of the same name gets the
// name of the schema in front.
func adopt(known []Component, f Foreign) ([]Component, error) {
	parsed, err := parse(f.JSON)
	if err != nil {
		return nil, fmt.Errorf("the schema %s: %w", f.Name, err)
	}
	root, ok := parsed.(object)
	if !ok {
		return nil, fmt.Errorf("the schema %s is no object", f.Name)
	}
	var own object
	kept := make(object, 0, len(root))
	for _, m := range root {
		switch m.name {
		case "$schema", "$id":
		case "$defs":
			if own, ok = m.value.(object); !ok {
				return nil, fmt.Errorf("the schema %s: $defs is no object", f.Name)
			}
		default:
			kept = append(kept, m)
		}
	}
	if f.Description != "" {
		kept = kept.with("description", f.Description)
	}
	if kept, err = f.trimmed(kept); err != nil {
		return nil, err
	}
	names, err := namesFor(known, f.Name, own)
	if err != nil {
		return nil, err
	}
	add := func(name string, schema any) error {
		text, err := json.Marshal(schema)
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(known, func(c Component) bool { return c.Name == name }); i >= 0 {
			if bytes.Equal(known[i].JSON, text) {
				return nil
			}
			return fmt.Errorf("the schema %s: there is another component %s", f.Name, name)
		}
		known = append(known, Component{name, text})
		return nil
	}
	if err := rename(kept, names); err != nil {
		return nil, fmt.Errorf("the schema %s: %w", f.Name, err)
	}
	f.joined(kept)
	if err := add(f.Name, kept); err != nil {
		return nil, err
	}
	for _, definition := range own {
		if err := rename(definition.value, names); err != nil {
			return nil, fmt.Errorf("the schema %s: %w", f.Name, err)
		}
		if err := add(names[definition.name], definition.value); err != nil {
			return nil, err
		}
	}
	return known, nil
}

// namesFor gives each definition the name of its component. What two definitions refer to may differ while they read the
// same, so one is shared only if everything it refers to is.
func namesFor(known []Component, root string, own object) (map[string]string, error) {
	names := map[string]string{}
	for _, definition := range own {
		names[definition.name] = camel(definition.name)
	}
	for settled := false; !settled; {
		settled = true
		for _, definition := range own {
			name := names[definition.name]
			at := slices.IndexFunc(known, func(c Component) bool { return c.Name == name })
			if at < 0 {
				continue
			}
			text, err := json.Marshal(definition.value)
			if err != nil {
				return nil, err
			}
			copied, err := parse(text)
			if err != nil {
				return nil, err
			}
			if err := rename(copied, names); err != nil {
				return nil, err
			}
			if text, err = json.Marshal(copied); err != nil {
				return nil, err
			}
			if !bytes.Equal(text, known[at].JSON) {
				names[definition.name], settled = root+camel(definition.name), false
			}
		}
	}
	return names, nil
}

// rename writes references to definitions as references to components.
func rename(value any, names map[string]string) error {
	return redirect(value, func(reference string) (string, error) {
		name, known := names[strings.TrimPrefix(reference, definitions)]
		if !strings.HasPrefix(reference, definitions) || !known {
			return "", fmt.Errorf("the reference %q leads to no definition", reference)
		}
		return componentRoot + name, nil
	})
}

// redirect writes each reference in a schema anew.
func redirect(value any, to func(reference string) (string, error)) error {
	switch v := value.(type) {
	case []any:
		for _, entry := range v {
			if err := redirect(entry, to); err != nil {
				return err
			}
		}
	case object:
		for i, m := range v {
			text, isText := m.value.(jsontext.Value)
			if m.name != "$ref" || !isText || text.Kind() != jsontext.KindString {
				if err := redirect(m.value, to); err != nil {
					return err
				}
				continue
			}
			var reference string
			if err := json.Unmarshal(text, &reference); err != nil {
				return err
			}
			target, err := to(reference)
			if err != nil {
				return err
			}
			v[i].value = target
		}
	}
	return nil
}

// trimmed asks for more members, and leaves out others.
func (f Foreign) trimmed(root object) (object, error) {
	for i, m := range root {
		switch m.name {
		case "required":
			list, _ := m.value.([]any)
			for _, name := range f.Require {
				list = append(list, name)
			}
			root[i].value = list
		case "properties":
			properties, _ := m.value.(object)
			for _, name := range slices.Concat(f.Require, f.Without) {
				if !properties.has(name) {
					return nil, fmt.Errorf("the schema %s has no member %q", f.Name, name)
				}
			}
			root[i].value = slices.DeleteFunc(properties, func(p member) bool { return slices.Contains(f.Without, p.name) })
		}
	}
	return root, nil
}

// joined adds the further members. Their components may come later.
func (f Foreign) joined(root object) {
	for i, m := range root {
		properties, ok := m.value.(object)
		if m.name != "properties" || !ok {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(f.Beside)) {
			properties = append(properties, member{name, object{{"$ref", componentRoot + f.Beside[name]}}})
		}
		root[i].value = properties
	}
}

// camel makes EndUse of end_use.
func camel(name string) string {
	var out strings.Builder
	for word := range strings.SplitSeq(name, "_") {
		if word != "" {
			out.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return out.String()
}
