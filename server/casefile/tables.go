package casefile

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"go.yaml.in/yaml/v3"
)

// Tables are what the service's tables say where a case says it in their place. A table that the case does not name has
// nothing to say: no name is near a listed one, nothing was decided before, nobody is on file.
type Tables struct {
	// Given says that some table is given or was not run, so that the case is decided without the service.
	Given bool

	screening map[string]any // by name; null for a name that was not screened
	history   []earlier
	registry  map[string]any // by name
	notRun    map[string]bool
}

// tables reads how the tables of the service answer: as they are, not at all, or as it is given.
func (l *loaded) tables(file string, c *Case) Tables {
	t := Tables{notRun: map[string]bool{}}
	for name, node := range map[string]*yaml.Node{"screening": &c.Screening, "history": &c.History, "registry": &c.Registry} {
		want := yaml.MappingNode
		if name == "history" {
			want = yaml.SequenceNode
		}
		switch {
		case node.Kind == 0 || node.Value == "run":
			continue
		case node.Value == "not_run":
			t.notRun[name] = true
		case node.Kind != want:
			l.fault(file, node.Line, "%s is run, not_run, or what it says, not %q", name, node.Value)
		case name == "history":
			t.history = l.history(file, node)
		default:
			given, err := plain(node)
			if err != nil {
				l.fault(file, node.Line, "%v", err)
				continue
			}
			if name == "screening" {
				t.screening = given.(map[string]any)
			} else {
				t.registry = given.(map[string]any)
			}
		}
		t.Given = true
	}
	return t
}

// history reads what was decided before.
func (l *loaded) history(file string, node *yaml.Node) []earlier {
	var all []earlier
	for i, each := range node.Content {
		one := earlier{Application: fmt.Sprintf("EARLIER-%d", i+1), Outcome: "standard_review"}
		if !l.keys(file, each, reflect.TypeOf(one)) {
			continue
		}
		if err := each.Decode(&one); err != nil {
			l.fault(file, each.Line, "%v", err)
			continue
		}
		if fault := one.fault(); fault != "" {
			l.fault(file, each.Line, "%s", fault)
		}
		all = append(all, one)
	}
	return all
}

// Rows lays the tables out as the policies read them: a row for every key that this application can ask for. A table that
// was not run is not there. The elements are those that Symbols gives.
func (t Tables) Rows(body []byte, at time.Time, elements []string) (map[string]any, error) {
	var app application
	if err := json.Unmarshal(body, &app); err != nil {
		return nil, err
	}
	var tree any
	if err := json.Unmarshal(body, &tree); err != nil {
		return nil, err
	}
	data := map[string]any{}
	if !t.notRun["screening"] {
		matches, err := named("screening", names(tree), t.screening)
		if err != nil {
			return nil, err
		}
		data["screening"] = map[string]any{"matches": matches}
	}
	if !t.notRun["history"] {
		data["history"] = app.before(names(tree), elements, t.history, at)
	}
	if !t.notRun["registry"] {
		everybody := names(tree)
		for _, d := range app.Documents {
			everybody[d.Party] = true
		}
		parties, err := named("registry", everybody, t.registry)
		if err != nil {
			return nil, err
		}
		data["registry"] = map[string]any{"parties": parties}
	}
	return data, nil
}

// named gives every name what is given for it, else nothing found. A name that is given as null was not asked for, and
// has no row.
func named(table string, borne map[string]bool, given map[string]any) (map[string]any, error) {
	rows := map[string]any{}
	for name := range borne {
		rows[name] = []any{}
	}
	for name, found := range given {
		if !borne[name] {
			return nil, fmt.Errorf("%s speaks of %q, whom the application does not name", table, name)
		}
		if rows[name] = found; found == nil {
			delete(rows, name)
		}
	}
	return rows, nil
}

// names finds every name in an application, of whomever.
func names(node any) map[string]bool {
	found := map[string]bool{}
	var walk func(node any)
	walk = func(node any) {
		switch n := node.(type) {
		case map[string]any:
			for key, value := range n {
				if name, ok := value.(string); ok && (key == "name" || key == "name_local") {
					found[name] = true
				}
				walk(value)
			}
		case []any:
			for _, value := range n {
				walk(value)
			}
		}
	}
	walk(node)
	return found
}

// Symbols finds every element that the control list of a data document names.
func Symbols(data map[string]any) ([]string, error) {
	tree, err := json.Marshal(data["rareearth"])
	if err != nil {
		return nil, err
	}
	var law struct {
		Reference struct {
			List struct {
				Entries map[string]struct {
					Symbols []string `json:"symbols"`
				} `json:"entries"`
			} `json:"control_list"`
		} `json:"reference"`
	}
	if err := json.Unmarshal(tree, &law); err != nil {
		return nil, err
	}
	var all []string
	for _, entry := range law.Reference.List.Entries {
		all = append(all, entry.Symbols...)
	}
	return sorted(all), nil
}
