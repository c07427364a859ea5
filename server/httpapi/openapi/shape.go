package openapi

import (
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Row is one member of a schema, as a reader sees it.
type Row struct {
	// Path leads from the schema to the member: contract.number, stops[].from; empty for the schema itself.
	Path     string
	Depth    int
	Required bool
	Type     Kind
	// Enum are the values that are allowed, where they are listed; Default is what absence means.
	Enum    []string
	Default string
	// Limits are the other things that are asked for, in words.
	Limits      []string
	Description string
}

// Kind is a type in words, and the component that it names, if it names one.
type Kind struct{ Before, Component string }

// Rows gives a schema and every member that stands in the schema itself; those of other components stand there.
func (d *Description) Rows(schema []byte) ([]Row, error) {
	parsed, err := parse(schema)
	if err != nil {
		return nil, err
	}
	var rows []Row
	d.walk(&rows, parsed, Row{})
	return rows, nil
}

func (d *Description) walk(rows *[]Row, schema any, at Row) {
	s, _ := schema.(object)
	at.Type = kindOf(s)
	at.Description = s.text("description")
	if at.Description == "" && at.Type.Component != "" && at.Type.Before == "" {
		if target, known := d.Component(at.Type.Component); known {
			if parsed, err := parse(target); err == nil {
				described, _ := parsed.(object)
				at.Description = described.text("description")
			}
		}
	}
	at.Enum, at.Default, at.Limits = s.list("enum"), plain(s.get("default")), limits(s)
	depth := at.Depth + 1
	if items, ok := s.get("items").(object); ok {
		if at.Enum == nil {
			at.Enum = items.list("enum")
		}
		at.Limits = append(at.Limits, limits(items)...)
		*rows = append(*rows, at)
		d.members(rows, items, at.Path+"[]", depth)
		return
	}
	*rows = append(*rows, at)
	d.members(rows, s, at.Path, depth)
}

func (d *Description) members(rows *[]Row, s object, path string, depth int) {
	properties, _ := s.get("properties").(object)
	required := s.list("required")
	for _, p := range properties {
		name := p.name
		if path != "" {
			name = path + "." + p.name
		}
		row := Row{Path: name, Depth: depth}
		for _, r := range required {
			row.Required = row.Required || r == p.name
		}
		d.walk(rows, p.value, row)
	}
}

func (o object) get(name string) any {
	for _, m := range o {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

func (o object) text(name string) string {
	switch v := o.get(name).(type) {
	case string:
		return v
	case jsontext.Value:
		var text string
		if json.Unmarshal(v, &text) == nil {
			return text
		}
	}
	return ""
}

func (o object) list(name string) []string {
	entries, _ := o.get(name).([]any)
	var all []string
	for _, entry := range entries {
		all = append(all, plain(entry))
	}
	return all
}

// plain writes a value for people: a text without quotes.
func plain(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case jsontext.Value:
		var text string
		if json.Unmarshal(v, &text) == nil {
			return text
		}
		return string(v)
	}
	text, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	return string(text)
}

// kindOf says in words what a schema asks for.
func kindOf(s object) Kind {
	if reference := s.text("$ref"); reference != "" {
		return Kind{Component: strings.TrimPrefix(reference, componentRoot)}
	}
	if choices, ok := s.get("anyOf").([]any); ok {
		var said []string
		for _, choice := range choices {
			one, _ := choice.(object)
			kind := kindOf(one)
			said = append(said, strings.TrimSpace(kind.Before+" "+kind.Component))
		}
		return Kind{Before: strings.Join(said, " or ")}
	}
	if constant := s.get("const"); constant != nil {
		return Kind{Before: "always " + plain(constant)}
	}
	types := s.list("type")
	if types == nil && s.text("type") != "" {
		types = []string{s.text("type")}
	}
	kind := strings.Join(types, " or ")
	switch kind {
	case "":
		return Kind{Before: "any"}
	case "string":
		kind = "text"
		switch s.text("format") {
		case "date":
			kind = "day"
		case "date-time":
			kind = "instant"
		case "uuid":
			kind = "UUID"
		case "binary":
			kind = "bytes"
		}
	case "string or null":
		kind = "text or null"
	case "integer":
		kind = "whole number"
	case "array":
		items, _ := s.get("items").(object)
		of := kindOf(items)
		return Kind{Before: strings.TrimSpace("list of " + of.Before), Component: of.Component}
	}
	return Kind{Before: kind}
}

// limits says the rest of what a schema asks for.
func limits(s object) []string {
	var all []string
	add := func(words string) {
		if words != "" {
			all = append(all, words)
		}
	}
	add(between(plain(s.get("minimum")), plain(s.get("maximum")), ""))
	if above := plain(s.get("exclusiveMinimum")); above != "" {
		add("more than " + above)
	}
	add(between(atLeastTwo(s.get("minLength")), plain(s.get("maxLength")), " characters"))
	add(between(atLeastTwo(s.get("minItems")), plain(s.get("maxItems")), " entries"))
	if plain(s.get("minItems")) == "1" {
		add("not empty")
	}
	if plain(s.get("uniqueItems")) == "true" {
		add("no entry twice")
	}
	if pattern := plain(s.get("pattern")); pattern != "" {
		add("form " + pattern)
	}
	return all
}

// atLeastTwo leaves a minimum of 1 out: that a text is not empty goes without saying.
func atLeastTwo(value any) string {
	if text := plain(value); text != "1" {
		return text
	}
	return ""
}

func between(least, most, what string) string {
	switch {
	case least != "" && least == most:
		return least + what
	case least != "" && most != "":
		return least + " to " + most + what
	case least != "":
		return "at least " + least + what
	case most != "":
		return "at most " + most + what
	}
	return ""
}
