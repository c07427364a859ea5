package decision

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// mostListed is how many allowed values an error names; of a longer list (all countries) it says what it is a list of.
const mostListed = 20

// explainer says in plain words what is wrong with a document, and how to mend it.
type explainer struct {
	form form
	root any
	// meaning is what the place that refers to the schema in question says of itself: "destination" says more than "country".
	meaning string
}

// faults flattens the tree of schema errors: wherever a schema only groups or refers, what it leads to is told instead.
func (x explainer) faults(err *jsonschema.ValidationError) []fault {
	switch k := err.ErrorKind.(type) {
	case *kind.Reference:
		if schema := x.schemaOf(err); schema != nil {
			x.meaning = firstSentence(schema.Description)
		}
		return x.all(err)
	case *kind.Schema, *kind.Group, *kind.AllOf:
		return x.all(err)
	case *kind.AnyOf:
		return x.alternatives(err)
	case *kind.OneOf:
		if k.Subschemas == nil {
			return x.alternatives(err)
		}
		return x.single(err, "", "fits more than one of the forms that exclude each other"+x.about(err)+"; keep one")
	case *kind.Required:
		return x.missing(err, k.Missing, "is required and not stated")
	case *kind.DependentRequired:
		return x.missing(err, k.Missing, fmt.Sprintf("is required, because %q is stated", k.Prop))
	case *kind.AdditionalProperties:
		return x.unknown(err, k.Properties)
	case *kind.FalseSchema:
		return x.single(err, "", "is not allowed here; leave it out")
	default:
		return x.single(err, "", x.plain(err))
	}
}

func (x explainer) all(err *jsonschema.ValidationError) []fault {
	var found []fault
	for _, cause := range err.Causes {
		inner := x
		if len(cause.InstanceLocation) != len(err.InstanceLocation) {
			inner.meaning = "" // it spoke of the place around this one
		}
		found = append(found, inner.faults(cause)...)
	}
	return found
}

// single is one fault at the place of the error, or at a member of it.
func (x explainer) single(err *jsonschema.ValidationError, member, detail string) []fault {
	return []fault{{pointer: pointerTo(err.InstanceLocation, member), detail: detail, offset: -1}}
}

func (x explainer) missing(err *jsonschema.ValidationError, names []string, why string) []fault {
	var found []fault
	for _, name := range names {
		detail := fmt.Sprintf("the field %q %s", name, why)
		if schema := x.schemaOf(err); schema != nil {
			if meaning := described(schema.Properties[name]); meaning != "" {
				detail += ": " + meaning
			}
		}
		found = append(found, x.single(err, name, detail)...)
	}
	return found
}

func (x explainer) unknown(err *jsonschema.ValidationError, names []string) []fault {
	var known []string
	if schema := x.schemaOf(err); schema != nil {
		known = keys(schema.Properties)
	}
	var found []fault
	for _, name := range names {
		detail := fmt.Sprintf("there is no field %q here", shorten(name))
		if near, ok := Nearest(name, known); ok {
			detail += fmt.Sprintf("; did you mean %q?", near)
		} else if len(known) > 0 {
			detail += "; the fields are " + strings.Join(sorted(known), ", ")
		}
		found = append(found, x.single(err, name, detail)...)
	}
	return found
}

// alternatives explains why none of several forms fits. If the forms differ only in type, or only in which field they
// ask for, that is the answer; else the form that comes nearest is explained.
func (x explainer) alternatives(err *jsonschema.ValidationError) []fault {
	var types, fields []string
	for _, cause := range err.Causes {
		at := strip(cause)
		if len(at.InstanceLocation) != len(err.InstanceLocation) {
			continue
		}
		switch k := at.ErrorKind.(type) {
		case *kind.Type:
			types = append(types, k.Want...)
		case *kind.Required:
			fields = append(fields, strings.Join(k.Missing, " with "))
		}
	}
	switch len(err.Causes) {
	case 0:
		return x.single(err, "", "fits none of the allowed forms"+x.about(err))
	case len(fields):
		return x.single(err, "", "needs at least one of these fields: "+strings.Join(fields, ", ")+x.about(err))
	case len(types):
		return x.single(err, "", x.wrongType(err, types))
	}
	return x.nearestOf(err.Causes)
}

// nearestOf explains the alternative that leaves the fewest faults, an alternative of another type being far.
func (x explainer) nearestOf(causes []*jsonschema.ValidationError) []fault {
	var best []fault
	least := -1
	for _, cause := range causes {
		found := x.faults(cause)
		distance := len(found)
		if _, otherType := strip(cause).ErrorKind.(*kind.Type); otherType {
			distance += 1000
		}
		if least < 0 || distance < least {
			best, least = found, distance
		}
	}
	return best
}

// plain explains an error that concerns one value.
func (x explainer) plain(err *jsonschema.ValidationError) string {
	switch k := err.ErrorKind.(type) {
	case *kind.Type:
		return x.wrongType(err, k.Want)
	case *kind.Enum:
		return x.notOneOf(err, k)
	case *kind.Const:
		return fmt.Sprintf("is %s, but must be %s", shown(k.Got), shown(k.Want))
	case *kind.Format:
		return formatFault(k)
	case *kind.Pattern:
		if meaning := x.about(err); meaning != "" {
			return fmt.Sprintf("%q does not have the expected form%s", shorten(k.Got), meaning)
		}
		return fmt.Sprintf("%q does not have the expected form, the pattern %s", shorten(k.Got), k.Want)
	case *kind.Not:
		return x.excluded(err)
	case *kind.Contains, *kind.MinContains:
		return "needs at least one entry of this kind: " + x.sought(err)
	case *kind.MaxContains:
		return fmt.Sprintf("has %d entries of this kind, but at most %d may be: %s", len(k.Got), k.Want, x.sought(err))
	default:
		return bounds(err.ErrorKind)
	}
}

func (x explainer) wrongType(err *jsonschema.ValidationError, want []string) string {
	value := lookup(x.root, err.InstanceLocation)
	detail := fmt.Sprintf("is %s, but must be %s", typeName(value), strings.Join(typeNames(want), " or "))
	text, isText := value.(string)
	_, numeric := new(big.Rat).SetString(text)
	numeric = numeric && bounded(text) && !strings.Contains(text, "/")
	switch {
	case value == nil:
		return detail + "; if it is not known, leave the field out"
	case isText && numeric && wants(want, "number", "integer"):
		return detail + "; write it without quotes"
	case wants(want, "string") && isNumber(value):
		return detail + "; write it in quotes"
	}
	return detail
}

func (x explainer) notOneOf(err *jsonschema.ValidationError, k *kind.Enum) string {
	var allowed, values []string
	for _, value := range k.Want {
		if text, ok := value.(string); ok {
			allowed = append(allowed, text)
		}
		values = append(values, shown(value))
	}
	detail := fmt.Sprintf("%s is not one of %s", shown(k.Got), strings.Join(values, ", "))
	if len(values) > mostListed {
		detail = fmt.Sprintf("%s is not one of the %d values allowed here", shown(k.Got), len(values)) + x.about(err)
	}
	if text, ok := k.Got.(string); ok {
		detail += suggest(text, allowed)
	}
	return detail
}

// excluded explains a `not`.
func (x explainer) excluded(err *jsonschema.ValidationError) string {
	detail := "is not allowed"
	if value := lookup(x.root, err.InstanceLocation); value != nil && !isContainer(value) {
		detail = shown(value) + " is not allowed here"
	}
	if schema := x.schemaOf(err); schema != nil && schema.Not != nil {
		if meaning := described(schema.Not); meaning != "" {
			return detail + ": " + meaning
		}
		if fields := schema.Not.Required; len(fields) > 1 {
			return "the fields " + listing(fields) + " exclude each other; keep one"
		}
	}
	return detail + x.about(err)
}

// sought describes what a list has to contain.
func (x explainer) sought(err *jsonschema.ValidationError) string {
	schema := x.schemaOf(err)
	if schema == nil || schema.Contains == nil {
		return "the required form"
	}
	if meaning := described(schema.Contains); meaning != "" {
		return meaning
	}
	var traits []string
	for _, name := range sorted(keys(schema.Contains.Properties)) {
		property := schema.Contains.Properties[name]
		switch {
		case property.Const != nil:
			traits = append(traits, fmt.Sprintf("%s %s", name, shown(*property.Const)))
		case property.Enum != nil:
			var values []string
			for _, value := range property.Enum.Values {
				values = append(values, shown(value))
			}
			traits = append(traits, fmt.Sprintf("%s %s", name, strings.Join(values, " or ")))
		}
	}
	if len(traits) == 0 {
		return "the required form"
	}
	return strings.Join(traits, " and ")
}

// about gives what the schema says of the place, after a colon.
func (x explainer) about(err *jsonschema.ValidationError) string {
	own := described(x.schemaOf(err))
	switch {
	case x.meaning != "" && own != "" && x.meaning != own:
		return ": " + x.meaning + " (" + own + ")"
	case x.meaning != "" || own != "":
		return ": " + cmp.Or(x.meaning, own)
	}
	return ""
}

func (x explainer) schemaOf(err *jsonschema.ValidationError) *jsonschema.Schema {
	return x.form.at[err.SchemaURL]
}

// described is the first sentence that a schema, or what it refers to, says of itself.
func described(schema *jsonschema.Schema) string {
	for ; schema != nil; schema = schema.Ref {
		if schema.Description != "" {
			return firstSentence(schema.Description)
		}
	}
	return ""
}

func firstSentence(text string) string {
	first, _, _ := strings.Cut(text, ". ")
	return strings.TrimSuffix(first, ".")
}

// strip goes through whatever merely refers or groups one error.
func strip(err *jsonschema.ValidationError) *jsonschema.ValidationError {
	for len(err.Causes) == 1 {
		switch err.ErrorKind.(type) {
		case *kind.Reference, *kind.Group, *kind.AllOf, *kind.Schema:
			err = err.Causes[0]
		default:
			return err
		}
	}
	return err
}

func formatFault(k *kind.Format) string {
	value := shown(k.Got)
	switch k.Want {
	case "date":
		return value + " is not a date; write YYYY-MM-DD, a day that exists"
	case "date-time":
		return value + " is not an instant; write RFC 3339 with the offset, such as 2026-11-23T09:00:00+08:00"
	default:
		return fmt.Sprintf("%s is not a valid %s", value, k.Want)
	}
}

// bounds explains an error of length, size or range.
func bounds(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.MinItems:
		return fmt.Sprintf("has %d entries, but needs at least %d", k.Got, k.Want)
	case *kind.MaxItems:
		return fmt.Sprintf("has %d entries, but at most %d are allowed", k.Got, k.Want)
	case *kind.MinProperties:
		return fmt.Sprintf("has %d fields, but needs at least %d", k.Got, k.Want)
	case *kind.MaxProperties:
		return fmt.Sprintf("has %d fields, but at most %d are allowed", k.Got, k.Want)
	case *kind.MinLength:
		if k.Got == 0 {
			return "is empty; state it, or leave the field out if that is allowed"
		}
		return fmt.Sprintf("is %d characters long, but needs at least %d", k.Got, k.Want)
	case *kind.MaxLength:
		return fmt.Sprintf("is %d characters long, but at most %d are allowed", k.Got, k.Want)
	case *kind.Minimum:
		return fmt.Sprintf("is %s, but must be at least %s", decimal(k.Got), decimal(k.Want))
	case *kind.Maximum:
		return fmt.Sprintf("is %s, but must be at most %s", decimal(k.Got), decimal(k.Want))
	case *kind.ExclusiveMinimum:
		return fmt.Sprintf("is %s, but must be more than %s", decimal(k.Got), decimal(k.Want))
	case *kind.ExclusiveMaximum:
		return fmt.Sprintf("is %s, but must be less than %s", decimal(k.Got), decimal(k.Want))
	case *kind.MultipleOf:
		return fmt.Sprintf("is %s, but must be a multiple of %s", decimal(k.Got), decimal(k.Want))
	case *kind.UniqueItems:
		return fmt.Sprintf("entries %d and %d are the same; state each once", k.Duplicates[0], k.Duplicates[1])
	default:
		return k.LocalizedString(message.NewPrinter(language.English))
	}
}

func pointerTo(location []string, member string) string {
	var pointer strings.Builder
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	for _, token := range location {
		pointer.WriteByte('/')
		pointer.WriteString(escape.Replace(token))
	}
	if member != "" {
		pointer.WriteByte('/')
		pointer.WriteString(escape.Replace(member))
	}
	return pointer.String()
}

// lookup gives the value at a location, or nil.
func lookup(value any, location []string) any {
	for _, token := range location {
		switch v := value.(type) {
		case map[string]any:
			value = v[token]
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(v) {
				return nil
			}
			value = v[i]
		default:
			return nil
		}
	}
	return value
}

func isNumber(value any) bool { _, ok := value.(json.Number); return ok }

// decimal writes a bound as people write it, exactly when it has an end.
func decimal(r *big.Rat) string {
	if r.IsInt() {
		return r.Num().String()
	}
	return strings.TrimRight(r.FloatString(12), "0")
}
