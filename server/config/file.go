package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"
	"go.yaml.in/yaml/v3"
)

// longestFile bounds a file; configuration is short.
const longestFile = 1 << 20

// reading is one file while it is read: every fault is kept, so that all are told at once.
type reading struct {
	name     string
	fields   map[string]*field
	sections map[string]section
	lookup   func(string) (string, bool) // of the environment, for ${NAME} in OPA's blocks
	faults   []Fault
	sources  map[string]Source
}

func (r *reading) fault(line int, format string, args ...any) {
	r.faults = append(r.faults, Fault{Place: fmt.Sprintf("%s:%d", r.name, line), Detail: fmt.Sprintf(format, args...)})
}

// read sets the fields that a YAML document states.
func (r *reading) read(text []byte) {
	if len(text) > longestFile {
		r.fault(1, "is longer than %d bytes", longestFile)
		return
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		return // an empty file states nothing
	case err != nil:
		r.faults = append(r.faults, Fault{Place: r.name, Detail: "is not YAML: " + strings.TrimPrefix(err.Error(), "yaml: ")})
		return
	}
	var second yaml.Node
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		r.fault(second.Line, "holds more than one document; only one can be the configuration")
	}
	if root := document.Content[0]; root.Kind != yaml.ScalarNode || root.Tag != "!!null" {
		r.section("", root)
	}
}

func (r *reading) section(path string, node *yaml.Node) {
	if node.Kind != yaml.MappingNode {
		r.fault(node.Line, "%s has to be keys with values", orWhole(path))
		return
	}
	known := r.sections[path].keys
	r.pairs(node, func(key, value *yaml.Node) {
		below := strings.TrimPrefix(path+"."+key.Value, ".")
		switch {
		case !slices.Contains(known, key.Value):
			r.unknown(path, key, known)
		case r.fields[below] == nil:
			r.section(below, value)
		default:
			r.field(r.fields[below], key, value)
		}
	})
}

// pairs visits a mapping; keys that stand twice are faults, since a reader sees only one of them.
func (r *reading) pairs(node *yaml.Node, visit func(key, value *yaml.Node)) {
	first := map[string]int{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			r.fault(key.Line, "a key has to be one word")
			continue
		}
		if line, twice := first[key.Value]; twice {
			r.fault(key.Line, "%.60q stands twice; it was set in line %d already", key.Value, line)
			continue
		}
		first[key.Value] = key.Line
		visit(key, value)
	}
}

func (r *reading) unknown(path string, key *yaml.Node, known []string) {
	detail := fmt.Sprintf("%.60q is no key of %s", key.Value, orWhole(path))
	if place, ok := r.otherwise(key.Value); ok {
		detail += fmt.Sprintf("; it is %s in a file", place)
	} else if near, ok := nearest(key.Value, known); ok {
		detail += fmt.Sprintf("; did you mean %q?", near)
	} else if place, ok := r.elsewhere(key.Value); ok {
		detail += fmt.Sprintf("; there is %s", place)
	} else {
		detail += "; its keys are " + strings.Join(known, ", ")
	}
	r.fault(key.Line, "%s", detail)
}

// otherwise finds the key that is set by a flag or a variable of the environment of that name.
func (r *reading) otherwise(name string) (string, bool) {
	variable := strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(name))
	if !strings.HasPrefix(variable, EnvironmentPrefix) {
		variable = EnvironmentPrefix + variable
	}
	for path, f := range r.fields {
		if f.variable() == variable && strings.Contains(path, ".") {
			return path, true
		}
	}
	return "", false
}

// elsewhere finds a key that is written at the wrong depth.
func (r *reading) elsewhere(key string) (string, bool) {
	var found []string
	for path := range r.fields {
		if strings.HasSuffix(path, "."+key) {
			found = append(found, path)
		}
	}
	slices.Sort(found)
	return strings.Join(found, " and "), len(found) > 0
}

func (r *reading) field(f *field, key, node *yaml.Node) {
	value, ok := r.value(f, node)
	if !ok {
		return
	}
	f.value.Set(reflect.ValueOf(value))
	r.sources[f.path] = Source{Kind: FromFile, Name: fmt.Sprintf("%s:%d", r.name, key.Line)}
}

// value reads a node as what the field holds. Nothing is converted: a port that was written as a number would lose its
// zeros, and yes is not true.
func (r *reading) value(f *field, node *yaml.Node) (any, bool) {
	if node.Kind == yaml.AliasNode || node.Anchor != "" {
		r.fault(node.Line, "%s uses an anchor; write the value out", f.path)
		return nil, false
	}
	if node.Tag == "!!null" {
		r.fault(node.Line, "%s has no value; give it one or take the key out", f.path)
		return nil, false
	}
	switch f.value.Interface().(type) {
	case []string:
		return r.list(f, node)
	case map[string]string:
		return r.names(f, node)
	case nil:
		value := r.raw(f.path, node)
		return value, value != nil
	}
	scratch := &field{value: reflect.New(f.value.Type()).Elem()}
	tags := map[reflect.Kind][]string{
		reflect.String: {"!!str"}, reflect.Bool: {"!!bool"}, reflect.Int: {"!!int"},
		reflect.Float64: {"!!float", "!!int"}, reflect.Int64: {"!!str"},
	}[f.value.Kind()]
	if node.Kind != yaml.ScalarNode || !slices.Contains(tags, node.Tag) || scratch.setText(node.Value) != nil {
		r.fault(node.Line, "%s has to be %s%s", f.path, f.wants(), quoteHint(f, node))
		return nil, false
	}
	return scratch.value.Interface(), true
}

func quoteHint(f *field, node *yaml.Node) string {
	_, text := f.value.Interface().(string)
	_, span := f.value.Interface().(time.Duration)
	switch {
	case node.Kind != yaml.ScalarNode:
		return ""
	case text:
		return "; put it in quotes"
	case span && node.Tag == "!!int":
		return "; a number needs its unit"
	}
	return fmt.Sprintf(", not %.60q", node.Value)
}

func (r *reading) list(f *field, node *yaml.Node) (any, bool) {
	if node.Kind != yaml.SequenceNode {
		r.fault(node.Line, "%s has to be a list of words, such as [a, b]", f.path)
		return nil, false
	}
	all := []string{}
	for _, item := range node.Content {
		if item.Kind != yaml.ScalarNode || item.Tag != "!!str" || item.Value == "" {
			r.fault(item.Line, "%s has to be a list of words", f.path)
			return nil, false
		}
		all = append(all, item.Value)
	}
	return all, true
}

func (r *reading) names(f *field, node *yaml.Node) (any, bool) {
	if node.Kind != yaml.MappingNode {
		r.fault(node.Line, "%s has to be names with a text each", f.path)
		return nil, false
	}
	all, sound := map[string]string{}, true
	r.pairs(node, func(key, value *yaml.Node) {
		if value.Kind != yaml.ScalarNode || value.Tag != "!!str" {
			r.fault(value.Line, "%s.%s has to be a text", f.path, key.Value)
			sound = false
			return
		}
		all[key.Value] = value.Value
	})
	return all, sound
}

// raw keeps the shape of a node, in the types of JSON. As OPA does, it puts in variables of the environment; one that is
// not there is a fault, since an empty password is no password.
func (r *reading) raw(path string, node *yaml.Node) any {
	switch node.Kind {
	case yaml.MappingNode:
		all := map[string]any{}
		r.pairs(node, func(key, value *yaml.Node) { all[key.Value] = r.raw(path+"."+key.Value, value) })
		return all
	case yaml.SequenceNode:
		all := []any{}
		for _, item := range node.Content {
			all = append(all, r.raw(path, item))
		}
		return all
	case yaml.ScalarNode:
		return r.scalar(path, node)
	default:
		r.fault(node.Line, "%s uses an anchor; write the value out", path)
		return nil
	}
}

func (r *reading) scalar(path string, node *yaml.Node) any {
	if node.Tag == "!!str" {
		variable := regexp.MustCompile(`\$\{([^}]*)\}`)
		return variable.ReplaceAllStringFunc(node.Value, func(reference string) string {
			name := reference[2 : len(reference)-1]
			value, ok := r.lookup(name)
			if !ok {
				r.fault(node.Line, "%s names the environment variable %.60q, which is not set", path, name)
			}
			return value
		})
	}
	var value any
	if err := node.Decode(&value); err != nil {
		r.fault(node.Line, "%s cannot be read: %v", path, err)
		return nil
	}
	if f, odd := value.(float64); odd && (math.IsNaN(f) || math.IsInf(f, 0)) {
		r.fault(node.Line, "%s is no number", path)
		return nil
	}
	if at, odd := value.(time.Time); odd {
		return at.Format(time.RFC3339)
	}
	return value
}

func orWhole(path string) string {
	if path == "" {
		return "the configuration"
	}
	return path
}

// nearest finds the word that was probably meant: one that differs by at most a third of its letters.
func nearest(word string, known []string) (string, bool) {
	best, least := "", math.MaxInt
	for _, candidate := range known {
		distance := levenshtein.ComputeDistance(strings.ToLower(strings.ReplaceAll(word, "-", "_")), strings.ToLower(candidate))
		if distance <= max(1, len(candidate)/3) && distance < least {
			best, least = candidate, distance
		}
	}
	return best, best != ""
}
