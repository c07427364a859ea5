package openapi

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/jsonschema-go/jsonschema"
)

// firstFault is the first status that says that something is wrong.
const firstFault = 400

// Describe resolves the schemas of an API.
func Describe(a API) (*Description, error) {
	d := &Description{API: a}
	for _, f := range a.Schemas {
		known, err := adopt(d.Components, f)
		if err != nil {
			return nil, err
		}
		d.Components = known
	}
	earlier := map[reflect.Type]*jsonschema.Schema{reflect.TypeFor[jsontext.Value](): {}}
	for _, t := range a.Types {
		c, err := d.component(t, earlier)
		if err != nil {
			return nil, err
		}
		if _, twice := d.Component(t.Name); twice {
			return nil, fmt.Errorf("the schema %s is there already", t.Name)
		}
		d.Components = append(d.Components, c)
		earlier[t.Of] = &jsonschema.Schema{Ref: componentRoot + t.Name}
	}
	return d, nil
}

// Document writes the description as an OpenAPI 3.1 document.
func (d *Description) Document() ([]byte, error) {
	w := &writer{d: d}
	document := object{
		{"openapi", "3.1.0"},
		{"info", object{
			{"title", d.Title}, {"version", d.Version}, {"description", d.Description},
			{"license", object{{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}},
		}},
		{"servers", []any{object{{"url", "/"}, {"description", "The service that gave this document."}}}},
		{"tags", w.tags()},
		{"paths", w.paths()},
		{"components", object{{"schemas", w.schemas()}}},
	}
	if w.err != nil {
		return nil, w.err
	}
	return json.Marshal(document)
}

// writer writes the parts; the first error stops nothing and is kept.
type writer struct {
	d   *Description
	err error
}

func (w *writer) schema(s Schema) jsontext.Value {
	text, err := w.d.resolve(s)
	if err != nil && w.err == nil {
		w.err = err
	}
	return text
}

func (w *writer) tags() []any {
	var list []any
	for _, tag := range w.d.Tags {
		list = append(list, object{
			{"name", tag.Name}, {"description", tag.Description}, {"x-title", tag.Title}, {"x-title-zh", tag.TitleZH},
		})
	}
	return list
}

func (w *writer) schemas() object {
	var all object
	for _, c := range w.d.Components {
		all = append(all, member{c.Name, jsontext.Value(c.JSON)})
	}
	return all
}

func (w *writer) paths() object {
	all := object{}
	for _, o := range w.d.Operations {
		path := o.Template()
		var methods object
		for _, m := range all {
			if m.name == path {
				methods, _ = m.value.(object)
			}
		}
		all = all.with(path, append(methods, member{strings.ToLower(o.Method), w.operation(o)}))
	}
	return all
}

func (w *writer) operation(o Operation) object {
	var body object
	if o.Body != nil {
		body = object{
			{"description", o.Body.Description}, {"required", true},
			{"content", w.contents(o.Body.Contents, func(e Example, mediaType string) []byte {
				if e.Status >= firstFault {
					return nil // an example of a bad request does not fit the schema; the reference page shows it
				}
				if (e.MediaType == "" && mediaType == "application/json") || e.MediaType == mediaType {
					return e.Body
				}
				return nil
			}, o.Examples)},
		}
	}
	return object{
		{"operationId", o.ID}, {"tags", []any{o.Tag}}, {"summary", o.Summary}, {"x-summary-zh", o.SummaryZH},
		{"description", o.Description}, {"parameters", w.parameters(o)}, {"requestBody", body}, {"responses", w.responses(o)},
	}
}

func (w *writer) parameters(o Operation) []any {
	var list []any
	for _, p := range w.d.ParametersOf(o) {
		var examples object
		for _, e := range o.Examples {
			if value, stated := e.value(p); stated {
				examples = append(examples, member{e.Name, object{{"summary", e.Summary}, {"value", typedValue(w.schema(p.Schema), value)}}})
			}
		}
		list = append(list, object{
			{"name", p.Name}, {"in", string(p.In)}, {"required", p.Required || p.In == InPath},
			{"description", p.Description}, {"schema", w.schema(p.Schema)}, {"examples", examples},
		})
	}
	return list
}

// typedValue writes a value of the URL as its schema has it: a number is no text.
func typedValue(schema jsontext.Value, value string) any {
	var said struct {
		Type string `json:"type"`
	}
	if json.Unmarshal(schema, &said) == nil && said.Type == "integer" {
		if n, err := strconv.ParseInt(value, 10, 64); err == nil {
			return n
		}
	}
	return jsontext.Value(strconv.AppendQuote(nil, value))
}

// value is what an example states for a parameter.
func (e Example) value(p Parameter) (string, bool) {
	from := e.Query
	switch p.In {
	case InPath:
		value, stated := e.Path[p.Name]
		return value, stated
	case InHeader:
		from = e.Header
	case InQuery:
	}
	for _, pair := range from {
		if pair.Name == p.Name {
			return pair.Value, true
		}
	}
	return "", false
}

func (w *writer) contents(contents []Content, shown func(Example, string) []byte, examples []Example) object {
	var all object
	for _, c := range contents {
		var values object
		for _, e := range examples {
			if text := shown(e, c.MediaType); len(text) > 0 && document(c.MediaType) {
				values = append(values, member{e.Name, object{{"summary", e.Summary}, {"value", jsontext.Value(text)}}})
			}
		}
		all = append(all, member{c.MediaType, object{{"schema", w.schema(c.Schema)}, {"examples", values}}})
	}
	return all
}

// document says whether a media type is that of one JSON document, which an example can be; lines of them are not.
func document(mediaType string) bool {
	return strings.HasSuffix(mediaType, "json") && !strings.HasSuffix(mediaType, "ndjson")
}

func (w *writer) responses(o Operation) object {
	var all object
	for _, a := range o.Answers {
		all = append(all, member{strconv.Itoa(a.Status), object{
			{"description", a.Description}, {"headers", w.headers(w.d.HeadersOf(o, a))},
			{"content", w.contents(a.Contents, func(e Example, _ string) []byte {
				if e.Status == a.Status {
					return e.Answer
				}
				return nil
			}, o.Examples)},
		}})
	}
	if o.Conditional {
		all = append(all, member{"304", object{
			{"description", "What the client has is still so: If-None-Match names the ETag of the answer."},
			{"headers", w.headers(w.d.HeadersOf(o, Answer{Status: 304}))},
		}})
	}
	return append(all, w.problems(o)...)
}

// problems has one answer for each status, with the types of problem that it can be.
func (w *writer) problems(o Operation) object {
	var all object
	byStatus := map[int][]Problem{}
	var order []int
	for _, p := range w.d.ProblemsOf(o) {
		if byStatus[p.Status] == nil {
			order = append(order, p.Status)
		}
		byStatus[p.Status] = append(byStatus[p.Status], p)
	}
	for _, status := range order {
		var said []string
		var types []any
		retry := false
		for _, p := range byStatus[status] {
			said = append(said, "`"+p.Type()+"`: "+p.Title+". "+p.Meaning)
			types = append(types, p.Type())
			retry = retry || p.RetryAfter
		}
		a := Answer{Status: status}
		if retry {
			a.Headers = []Header{{Name: "Retry-After", Description: "Seconds after which another try may succeed.", Schema: JSON(`{"type": "integer", "minimum": 1}`)}}
		}
		a.Headers = append(a.Headers, Header{Name: "Content-Language", Description: "Languages of the document.", Required: true, Schema: Text()})
		var shown object
		for _, e := range o.Examples {
			if e.Status == status && len(e.Answer) > 0 {
				shown = append(shown, member{e.Name, object{{"summary", e.Summary}, {"value", jsontext.Value(e.Answer)}}})
			}
		}
		all = append(all, member{strconv.Itoa(status), object{
			{"description", strings.Join(said, "\n\n")}, {"headers", w.headers(w.d.HeadersOf(o, a))},
			{"content", object{{"application/problem+json", object{
				{"schema", object{
					{"$ref", componentRoot + ProblemSchema},
					{"properties", object{{"type", object{{"enum", types}}}}},
				}},
				{"examples", shown},
			}}}},
		}})
	}
	return all
}

func (w *writer) headers(headers []Header) object {
	var all object
	for _, h := range headers {
		all = append(all, member{h.Name, object{
			{"description", h.Description}, {"required", h.Required}, {"schema", w.schema(h.Schema)},
		}})
	}
	return all
}

// ParametersOf are the parameters of an operation, with those that its shape brings.
func (a *API) ParametersOf(o Operation) []Parameter {
	all := append([]Parameter(nil), o.Parameters...)
	if o.Conditional {
		all = append(all, Parameter{
			Name: "If-None-Match", In: InHeader, Schema: Text(),
			Description: "ETag of what the client has; 304 if that is still so.",
		})
	}
	return all
}

// HeadersOf are the headers of an answer, with those that its shape brings.
func (a *API) HeadersOf(o Operation, answer Answer) []Header {
	all := []Header{{
		Name: "X-Request-ID", Required: true, Schema: JSON(`{"type": "string", "minLength": 1}`),
		Description: "Name of the request: the client's own as it was sent, else a new one.",
	}}
	for name, description := range map[string]string{
		"RateLimit-Policy": "How often a caller may ask, where there is a limit (draft-ietf-httpapi-ratelimit-headers).",
		"RateLimit":        "What is left of that, and until when.",
	} {
		all = append(all, Header{Name: name, Description: description, Schema: Text()})
	}
	slices.SortFunc(all, func(a, b Header) int { return strings.Compare(a.Name, b.Name) })
	if answer.Status == 401 {
		all = append(all, Header{Name: "WWW-Authenticate", Description: "How to say who calls.", Schema: Text()})
	}
	if answer.Status == 415 {
		all = append(all,
			Header{Name: "Accept", Description: "Media types that the route reads, where the media type is at fault.", Schema: Text()},
			Header{Name: "Accept-Encoding", Description: "Content codings that the route reads, where the coding is at fault.", Schema: Text()})
	}
	if o.Conditional && (answer.Status == 200 || answer.Status == 304) {
		all = append(all, Header{
			Name: "ETag", Required: true, Schema: JSON(`{"type": "string", "pattern": "^\"[^\"]+\"$"}`),
			Description: "Strong validator of the answer, to the byte.",
		})
	}
	return append(all, answer.Headers...)
}
