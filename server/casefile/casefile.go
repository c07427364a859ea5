// Package casefile reads the cases that say which decision is wanted: an application, a day, what the service's tables
// say, and what is asked of the decision. It tells what is wrong with a case file by file and line, makes the application
// and the tables of a case, and compares a decision with what is wanted. It decides nothing, and knows no OPA: who runs the
// cases (the test command, the comparison of two bundles, tests/cases) evaluates them in its own way.
package casefile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"greenchannel/server/decision"
)

// A Case is one case as it is written; tests/README.md says what each key means.
type Case struct {
	Name        string    `yaml:"case"`
	Why         string    `yaml:"why"`
	Application string    `yaml:"application"`
	Change      yaml.Node `yaml:"change"`
	Without     []string  `yaml:"without"`
	AsOf        yaml.Node `yaml:"as_of"`
	Screening   yaml.Node `yaml:"screening"`
	History     yaml.Node `yaml:"history"`
	Registry    yaml.Node `yaml:"registry"`
	Want        yaml.Node `yaml:"want"`
	WantOn      yaml.Node `yaml:"want_on"`

	// Place is the file and line where the case begins.
	Place string `yaml:"-"`
	// Days are the decisions that are wanted, in the order in which they are asked for.
	Days []Day `yaml:"-"`
	// Tables are what the case says of the service's tables.
	Tables Tables `yaml:"-"`
}

// A Day is one decision that is wanted. AsOf is a day or an instant, as decision.ParseAsOf reads it.
type Day struct {
	AsOf string
	Want Want
}

// A list of cases with everything that is wrong with it.
type loaded struct {
	cases  []*Case
	faults []error
}

func (l *loaded) fault(file string, line int, format string, args ...any) {
	l.faults = append(l.faults, fmt.Errorf("%s:%d: %s", file, line, fmt.Sprintf(format, args...)))
}

// Load reads every case file of a folder, and asks that each file below its folder applications serves some case. All that
// is wrong is told at once, beside the cases that could be read.
func Load(folder fs.FS) ([]*Case, error) {
	files, err := fs.Glob(folder, "*.yaml")
	if err != nil {
		return nil, err
	}
	var l loaded
	for _, file := range files {
		body, err := fs.ReadFile(folder, file)
		if err != nil {
			return nil, err
		}
		l.file(file, body)
	}
	l.names()
	l.applications(folder)
	return l.cases, errors.Join(l.faults...)
}

func (l *loaded) file(name string, body []byte) {
	var root yaml.Node
	if err := yaml.Unmarshal(body, &root); err != nil {
		l.faults = append(l.faults, fmt.Errorf("%s: %w", name, err))
		return
	}
	if len(root.Content) != 1 || root.Content[0].Kind != yaml.SequenceNode {
		l.fault(name, 1, "a case file is a list of cases; begin each with \"- case: …\"")
		return
	}
	l.twice(name, &root)
	for _, node := range root.Content[0].Content {
		l.add(name, node)
	}
}

// twice finds keys that stand twice in one mapping; which of them counts, nobody could tell.
func (l *loaded) twice(file string, node *yaml.Node) {
	seen := map[string]bool{}
	for i, below := range node.Content {
		if node.Kind == yaml.MappingNode && i%2 == 0 {
			if seen[below.Value] {
				l.fault(file, below.Line, "the key %q stands here twice", below.Value)
			}
			seen[below.Value] = true
		}
		l.twice(file, below)
	}
}

func (l *loaded) add(file string, node *yaml.Node) {
	c := &Case{Place: fmt.Sprintf("%s:%d", file, node.Line)}
	if !l.keys(file, node, reflect.TypeOf(*c)) {
		return
	}
	if err := node.Decode(c); err != nil {
		l.fault(file, node.Line, "%v", err)
		return
	}
	for key, value := range map[string]string{"case": c.Name, "why": c.Why, "application": c.Application} {
		if strings.TrimSpace(value) == "" {
			l.fault(file, node.Line, "%q: %s is missing", c.Name, key)
		}
	}
	c.Tables = l.tables(file, c)
	l.days(file, node.Line, c)
	l.cases = append(l.cases, c)
}

// keys tells whether a mapping has only keys that the type knows; those that it does not are faults.
func (l *loaded) keys(file string, node *yaml.Node, of reflect.Type) bool {
	if node.Kind != yaml.MappingNode {
		l.fault(file, node.Line, "keys and values are wanted here")
		return false
	}
	var known []string
	for i := range of.NumField() {
		if name := of.Field(i).Tag.Get("yaml"); name != "" && name != "-" {
			known = append(known, name)
		}
	}
	sound := true
	for i := 0; i < len(node.Content); i += 2 {
		key := node.Content[i]
		if slices.Contains(known, key.Value) {
			continue
		}
		sound = false
		hint := ""
		if near, ok := decision.Nearest(key.Value, known); ok {
			hint = fmt.Sprintf("; did you mean %q?", near)
		}
		l.fault(file, key.Line, "unknown key %q%s", key.Value, hint)
	}
	return sound
}

// days pairs each day that is asked about with what is wanted on it: want, with what want_on says of that day laid over it.
// Where as_of is left out, the days are those of want_on.
func (l *loaded) days(file string, line int, c *Case) {
	asked := texts(&c.AsOf)
	on := map[string]*yaml.Node{}
	for i := 0; i+1 < len(c.WantOn.Content); i += 2 {
		at := c.WantOn.Content[i]
		on[at.Value] = c.WantOn.Content[i+1]
		if c.AsOf.Kind == 0 {
			asked = append(asked, at.Value)
		} else if !slices.Contains(asked, at.Value) {
			l.fault(file, at.Line, "%q: want_on names %s, which as_of does not ask about", c.Name, at.Value)
		}
	}
	if len(asked) == 0 {
		l.fault(file, line, "%q: as_of is missing; a case says on which day it holds", c.Name)
	}
	for i, at := range asked {
		if _, err := decision.ParseAsOf(at); err != nil {
			l.fault(file, line, "%q: %v", c.Name, err)
		}
		if slices.Contains(asked[:i], at) {
			l.fault(file, line, "%q: as_of asks about %s twice", c.Name, at)
		}
		both := &c.Want
		if over := on[at]; over != nil {
			both = overlaid(&c.Want, over)
		}
		l.day(file, line, c, at, both)
	}
}

func (l *loaded) day(file string, line int, c *Case, at string, wanted *yaml.Node) {
	var w Want
	if wanted.Kind == 0 {
		l.fault(file, line, "%q, as of %s: nothing is wanted", c.Name, at)
		return
	}
	if !l.keys(file, wanted, reflect.TypeOf(w)) {
		return
	}
	if err := wanted.Decode(&w); err != nil {
		l.fault(file, wanted.Line, "%q: %v", c.Name, err)
		return
	}
	for _, fault := range w.faults() {
		l.fault(file, wanted.Line, "%q, as of %s: %s", c.Name, at, fault)
	}
	c.Days = append(c.Days, Day{at, w})
}

// overlaid joins two mappings; where both have a key the second wins.
func overlaid(under, over *yaml.Node) *yaml.Node {
	both := &yaml.Node{Kind: yaml.MappingNode, Line: over.Line}
	if under.Kind == yaml.ScalarNode || over.Kind != yaml.MappingNode {
		both.Kind = yaml.ScalarNode // which is then told as the fault that it is
		return both
	}
	both.Content = slices.Clone(over.Content)
	for i := 0; i+1 < len(under.Content); i += 2 {
		hidden := false
		for j := 0; j < len(over.Content); j += 2 {
			hidden = hidden || over.Content[j].Value == under.Content[i].Value
		}
		if !hidden {
			both.Content = append(both.Content, under.Content[i], under.Content[i+1])
		}
	}
	return both
}

// names asks that each case can be found by its name.
func (l *loaded) names() {
	places := map[string]string{}
	for _, c := range l.cases {
		if first, twice := places[c.Name]; twice {
			l.faults = append(l.faults, fmt.Errorf("%s: the case %q is already told at %s", c.Place, c.Name, first))
		}
		places[c.Name] = c.Place
	}
}

// applications asks that each file of an application serves some case.
func (l *loaded) applications(folder fs.FS) {
	files, err := fs.Glob(folder, "applications/*.json")
	if err != nil {
		l.faults = append(l.faults, err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(path.Base(file), ".json")
		if !slices.ContainsFunc(l.cases, func(c *Case) bool { return c.Application == name }) {
			l.faults = append(l.faults, fmt.Errorf("applications/%s.json: no case uses it", name))
		}
	}
}

// Body makes the application of a case: the file, with the changes in their order, then without what is left out. The
// folder is the one from which the case was loaded.
func (c *Case) Body(folder fs.FS) ([]byte, error) {
	text, err := fs.ReadFile(folder, "applications/"+c.Application+".json")
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var app any
	if err := dec.Decode(&app); err != nil {
		return nil, fmt.Errorf("applications/%s.json: %w", c.Application, err)
	}
	for i := 0; i+1 < len(c.Change.Content); i += 2 {
		value, err := plain(c.Change.Content[i+1])
		if err != nil {
			return nil, err
		}
		if app, err = set(app, c.Change.Content[i].Value, value); err != nil {
			return nil, err
		}
	}
	if app, err = unset(app, c.Without); err != nil {
		return nil, err
	}
	return json.Marshal(app)
}

// plain makes of a YAML value the JSON value that it looks like. A date stays the text that it is.
func plain(node *yaml.Node) (any, error) {
	switch node.Kind {
	case yaml.AliasNode:
		return plain(node.Alias)
	case yaml.MappingNode:
		object := map[string]any{}
		for i := 0; i+1 < len(node.Content); i += 2 {
			value, err := plain(node.Content[i+1])
			if err != nil {
				return nil, err
			}
			object[node.Content[i].Value] = value
		}
		return object, nil
	case yaml.SequenceNode:
		list := []any{}
		for _, element := range node.Content {
			value, err := plain(element)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		return list, nil
	default:
		return scalar(node)
	}
}

func scalar(node *yaml.Node) (any, error) {
	switch node.ShortTag() {
	case "!!null":
		return nil, nil
	case "!!bool":
		return node.Value == "true", nil
	case "!!int", "!!float":
		if !json.Valid([]byte(node.Value)) {
			return nil, fmt.Errorf("line %d: %s is no JSON number; quote it if it is text", node.Line, node.Value)
		}
		return json.Number(node.Value), nil
	}
	return node.Value, nil
}

// texts reads one text or a list of them.
func texts(node *yaml.Node) []string {
	if node.Kind == yaml.ScalarNode && node.Value != "" {
		return []string{node.Value}
	}
	var all []string
	for _, element := range node.Content {
		all = append(all, element.Value)
	}
	return all
}
