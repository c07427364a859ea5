package store

import (
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
)

// Window is a span of days or instants in Beijing time in which a measure was paused or had ended, as the data states it.
type Window struct {
	From, Until string // Until is empty where the data states no end
	Kind        string // "suspended" or "stopped"; empty means suspended
	Instrument  string // the notice that opened the window
	Confirmed   bool   // false where no such notice was found
}

// fields reads the members of one row and gathers every fault, so that an author mends them in one go.
type fields struct {
	path    storage.Path // of the table
	key     string       // of the row
	object  ast.Object
	members []field
	faults  []error
}

// field is a member of a row.
type field struct {
	name  string
	value ast.Value
}

func (f *fields) of(value ast.Value) {
	object, ok := value.(ast.Object)
	if !ok {
		f.fault("", "an object", value)
		object = ast.NewObject()
	}
	f.object, f.members = object, f.members[:0]
	object.Foreach(func(k, v *ast.Term) {
		if name, ok := k.Value.(ast.String); ok {
			f.members = append(f.members, field{string(name), v.Value})
		}
	})
}

func (f *fields) at(name string) string {
	place := f.path.String() + storage.Path{f.key}.String()
	if name != "" {
		place += "/" + name
	}
	return place
}

func (f *fields) fault(name, want string, found ast.Value) {
	f.faults = append(f.faults, fmt.Errorf("%s: want %s, found %s", f.at(name), want, ast.ValueName(found)))
}

// text reads a text. Absent and null are the empty text.
func (f *fields) text(name string) string {
	switch value := f.value(name).(type) {
	case nil, ast.Null:
		return ""
	case ast.String:
		return string(value)
	default:
		f.fault(name, "a text", value)
		return ""
	}
}

// required reads a text that must be there.
func (f *fields) required(name string) string {
	value := f.text(name)
	if value == "" {
		f.faults = append(f.faults, fmt.Errorf("%s: must not be missing or empty", f.at(name)))
	}
	return value
}

// flag reads a boolean. Absent and null are what the caller says.
func (f *fields) flag(name string, absent bool) bool {
	switch value := f.value(name).(type) {
	case nil, ast.Null:
		return absent
	case ast.Boolean:
		return bool(value)
	default:
		f.fault(name, "true or false", value)
		return absent
	}
}

// texts reads a list of texts.
func (f *fields) texts(name string) []string {
	var all []string
	f.each(name, func(item ast.Value) {
		value, ok := item.(ast.String)
		if !ok {
			f.fault(name, "a list of texts", item)
			return
		}
		all = append(all, string(value))
	})
	return all
}

// windows reads a list of windows.
func (f *fields) windows(name string) []Window {
	var all []Window
	f.each(name, func(item ast.Value) {
		w := &fields{path: f.path, key: f.key}
		w.of(item)
		all = append(all, Window{
			From: w.required("from"), Until: w.text("until"), Kind: w.text("kind"),
			Instrument: w.text("instrument"), Confirmed: w.flag("confirmed", false),
		})
		f.faults = append(f.faults, w.faults...)
	})
	return all
}

func (f *fields) each(name string, do func(ast.Value)) {
	switch value := f.value(name).(type) {
	case nil, ast.Null:
	case *ast.Array:
		value.Foreach(func(item *ast.Term) { do(item.Value) })
	default:
		f.fault(name, "a list", value)
	}
}

func (f *fields) value(name string) ast.Value {
	for i := range f.members { // a row has few, and a look-up in an object of OPA hashes a term
		if f.members[i].name == name {
			return f.members[i].value
		}
	}
	return nil
}

// pairs reads an object of texts.
func (f *fields) pairs(name string) map[string]string {
	found := map[string]string{}
	switch value := f.value(name).(type) {
	case nil, ast.Null:
	case ast.Object:
		value.Foreach(func(k, v *ast.Term) {
			text, ok := v.Value.(ast.String)
			if !ok {
				f.fault(name, "an object of texts", v.Value)
				return
			}
			found[string(k.Value.(ast.String))] = string(text)
		})
	default:
		f.fault(name, "an object of texts", value)
	}
	return found
}

// number reads the value of a setting, which stands as {value, source, ...} like every setting in the reference data.
func (f *fields) number(name string) float64 {
	setting, ok := f.value(name).(ast.Object)
	if !ok {
		f.faults = append(f.faults, fmt.Errorf("%s: want an object with the number under value", f.at(name)))
		return 0
	}
	found := member(setting, "value")
	if found != nil {
		if number, ok := found.Value.(ast.Number); ok {
			if value, ok := number.Float64(); ok {
				return value
			}
		}
	}
	f.faults = append(f.faults, fmt.Errorf("%s/value: want a number", f.at(name)))
	return 0
}
