package decision

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// typeName says in words what a JSON value is.
func typeName(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "true or false"
	case string:
		return "text"
	case json.Number:
		return "a number"
	case []any:
		return "a list"
	default:
		return "an object"
	}
}

// typeNames says in words what a schema asks for.
func typeNames(types []string) []string {
	words := map[string]string{
		"null": "null", "boolean": "true or false", "string": "text", "number": "a number",
		"integer": "a whole number", "array": "a list", "object": "an object",
	}
	var named []string
	for _, t := range types {
		if word := words[t]; !slices.Contains(named, word) {
			named = append(named, word)
		}
	}
	return named
}

func wants(types []string, sought ...string) bool {
	return slices.ContainsFunc(types, func(t string) bool { return slices.Contains(sought, t) })
}

// shown repeats a value in an error, shortened.
func shown(value any) string {
	switch v := value.(type) {
	case string:
		return fmt.Sprintf("%q", shorten(v))
	case []any, map[string]any:
		return typeName(v)
	case nil:
		return "null"
	default:
		return shorten(fmt.Sprint(v))
	}
}

func isContainer(value any) bool {
	switch value.(type) {
	case []any, map[string]any:
		return true
	default:
		return false
	}
}

func keys[V any](m map[string]V) []string { return slices.Collect(maps.Keys(m)) }

func sorted(words []string) []string { return slices.Sorted(slices.Values(words)) }
