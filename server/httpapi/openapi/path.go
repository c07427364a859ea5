package openapi

import "strings"

// segment is a part of a path between slashes: a text, or a parameter.
type segment struct {
	text, name string
	rest       bool // the parameter takes slashes as well
}

func segments(path string) []segment {
	var parts []segment
	for text := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		name, opened := strings.CutPrefix(text, "{")
		if !opened {
			parts = append(parts, segment{text: text})
			continue
		}
		name, rest := strings.CutSuffix(strings.TrimSuffix(name, "}"), "...")
		parts = append(parts, segment{name: name, rest: rest})
	}
	return parts
}

// Template is the path as OpenAPI writes it: every parameter in braces.
func (o Operation) Template() string {
	return o.written(func(s segment) string { return "{" + s.name + "}" })
}

// Pattern is the path as a router with :name and *name writes it.
func (o Operation) Pattern() string {
	return o.written(func(s segment) string {
		if s.rest {
			return "*" + s.name
		}
		return ":" + s.name
	})
}

func (o Operation) written(parameter func(segment) string) string {
	var path strings.Builder
	for _, s := range segments(o.Path) {
		path.WriteByte('/')
		if s.name == "" {
			path.WriteString(s.text)
		} else {
			path.WriteString(parameter(s))
		}
	}
	return path.String()
}

// Fits says whether the path of a request, still percent-encoded, is one of this operation.
func (o Operation) Fits(path string) bool {
	rest := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for _, s := range segments(o.Path) {
		switch {
		case s.rest:
			return len(rest) > 0
		case len(rest) == 0, s.name == "" && rest[0] != s.text, s.name != "" && rest[0] == "":
			return false
		}
		rest = rest[1:]
	}
	return len(rest) == 0
}
