package decision

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"greenchannel/server/decision/stream"
)

// quick compiles the schema for reading in one pass; nil where it uses what cannot be read so.
func (f form) quick(places ...string) *stream.Validator {
	v, ok := stream.Compile(f.root, stream.Limits{Depth: MaxDepth, Values: maxValues, Name: maxName, Digits: maxDigits}, places...)
	if !ok {
		return nil
	}
	return v
}

// The places of an application that are looked at.
const (
	placeID = iota
	placeExporter
	placeLine
)

func placesOfApplication() []string { return []string{"id", "exporter/name", "items/*/line"} }

// readQuickly reads an application that is sound; false where that cannot be said, or where it is not.
func (r *Reader) readQuickly(body []byte) (Application, bool) {
	if r.quick == nil || len(body) > MaxBytes {
		return Application{}, false
	}
	var room [16]stream.Span
	places, sound := r.quick.Sound(body, room[:0])
	if !sound {
		return Application{}, false
	}
	app := Application{by: r}
	last, identified := int64(-1), false
	for _, place := range places {
		ok := true
		switch place.Place {
		case placeID:
			app.id, ok = place.Text(body)
			ok = ok && !strings.Contains(app.id, noText)
			identified = ok
		case placeExporter:
			app.exporter, ok = place.Text(body)
			ok = ok && !strings.Contains(app.exporter, noText)
		case placeLine:
			// Lines that are numbered upwards have different numbers.
			line, err := strconv.ParseInt(string(body[place.Start:place.End]), 10, 64)
			ok = err == nil && line > last
			last = line
		}
		if !ok {
			return Application{}, false
		}
	}
	app.body = slices.Clone(body)
	return app, identified
}

// fitsType says whether whatever a schema takes is a value of a type, written in full, and so is the same when it is read
// and written again. It is asked of decisions, whose schema comes from the bundle.
func fitsType(s *jsonschema.Schema, t reflect.Type, absent bool) bool {
	if t == reflect.TypeFor[jsontext.Value]() {
		return true
	}
	if s == nil {
		return false
	}
	if s.Ref != nil {
		return fitsType(s.Ref, t, absent)
	}
	if len(s.AnyOf) > 0 {
		return !slices.ContainsFunc(s.AnyOf, func(part *jsonschema.Schema) bool { return !fitsType(part, t, absent) })
	}
	types := typesOf(s)
	if t.Kind() == reflect.Pointer {
		if absent {
			return false
		}
		if types = slices.DeleteFunc(types, func(name string) bool { return name == "null" }); len(types) == 0 {
			return true
		}
		t = t.Elem()
	}
	if len(types) != 1 {
		return false
	}
	switch t.Kind() {
	case reflect.String:
		return types[0] == "string" && (!absent || statesText(s))
	case reflect.Bool:
		return types[0] == "boolean" && !absent
	case reflect.Int, reflect.Int64:
		return types[0] == "integer" && (!absent || s.Minimum != nil && s.Minimum.Sign() > 0)
	case reflect.Slice:
		if types[0] != "array" || absent || s.Items2020 == nil || !fitsType(s.Items2020, t.Elem(), false) {
			return false
		}
		return !slices.ContainsFunc(s.PrefixItems, func(part *jsonschema.Schema) bool { return !fitsType(part, t.Elem(), false) })
	case reflect.Struct:
		return types[0] == "object" && !absent && fitsStruct(s, t)
	default:
		return false
	}
}

// typesOf are the types that a schema takes, also where it does not say so in a word of its own.
func typesOf(s *jsonschema.Schema) []string {
	if s.Types != nil {
		return s.Types.ToStrings()
	}
	if s.Const != nil {
		if _, text := (*s.Const).(string); text {
			return []string{"string"}
		}
	}
	return nil
}

// statesText says whether a text that is stated is never empty.
func statesText(s *jsonschema.Schema) bool {
	if s.Const != nil {
		return *s.Const != ""
	}
	return s.MinLength != nil && *s.MinLength > 0 || s.Format != nil && slices.Contains([]string{"date", "date-time", "uuid"}, s.Format.Name)
}

func fitsStruct(s *jsonschema.Schema, t reflect.Type) bool {
	if s.AdditionalProperties != false || s.MaxProperties != nil {
		return false
	}
	known := map[string]bool{}
	for i := range t.NumField() {
		name, mayBeAbsent := nameOf(t.Field(i))
		known[name] = true
		part, named := s.Properties[name]
		switch {
		case t.Field(i).Type == reflect.TypeFor[PolicyRef](): // is added by the service
		case !named:
			if !mayBeAbsent {
				return false
			}
		case !mayBeAbsent && !slices.Contains(s.Required, name):
			return false
		case !fitsType(part, t.Field(i).Type, mayBeAbsent):
			return false
		}
	}
	for name := range s.Properties {
		if !known[name] && name != "record" { // which no policy may state
			return false
		}
	}
	return true
}
