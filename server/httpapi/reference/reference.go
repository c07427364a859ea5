// Package reference makes the reference page of the API: one HTML page that reads without scripts, prints, and loads
// nothing but its own style. It is made of the same description as the OpenAPI document, so the two cannot differ. It
// answers no request.
package reference

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"greenchannel/server/decision"
	"greenchannel/server/httpapi/openapi"
)

//go:embed style.css
var style []byte

//go:embed page.html
var pageText string

// Style is the style sheet of the page.
func Style() []byte { return style }

// Page makes the page.
func Page(d *openapi.Description, policy decision.PolicyRef) ([]byte, error) {
	page, err := template.New("page").Funcs(template.FuncMap{
		"paragraphs": paragraphs, "indented": indented, "curl": curl, "pretty": pretty, "sent": sent,
		"lower": strings.ToLower, "cut": cut,
	}).Parse(pageText)
	if err != nil {
		return nil, err
	}
	shown, err := contents(d, policy)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := page.Execute(&out, shown); err != nil {
		return nil, fmt.Errorf("make the reference page: %w", err)
	}
	return out.Bytes(), nil
}

// view is what the page shows.
type view struct {
	*openapi.Description
	Policy   decision.PolicyRef
	Chapters []chapter
	Schemas  []schema
}

type chapter struct {
	openapi.Tag
	Operations []operation
}

type operation struct {
	openapi.Operation
	Parameters []parameter
	Bodies     []content
	Answers    []answer
	Problems   []openapi.Problem
}

type parameter struct {
	openapi.Parameter
	Row openapi.Row
}

type content struct {
	MediaType string
	Row       openapi.Row
}

type answer struct {
	openapi.Answer
	Contents []content
	Headers  []openapi.Header
}

type schema struct {
	Name string
	Self openapi.Row
	Rows []openapi.Row
}

func contents(d *openapi.Description, policy decision.PolicyRef) (view, error) {
	v := view{Description: d, Policy: policy}
	for _, tag := range d.Tags {
		c := chapter{Tag: tag}
		for _, o := range d.Operations {
			if o.Tag != tag.Name {
				continue
			}
			one, err := shown(d, o)
			if err != nil {
				return view{}, fmt.Errorf("%s %s: %w", o.Method, o.Path, err)
			}
			c.Operations = append(c.Operations, one)
		}
		v.Chapters = append(v.Chapters, c)
	}
	for _, c := range d.Components {
		rows, err := d.Rows(c.JSON)
		if err != nil {
			return view{}, fmt.Errorf("the schema %s: %w", c.Name, err)
		}
		v.Schemas = append(v.Schemas, schema{c.Name, rows[0], rows[1:]})
	}
	return v, nil
}

func shown(d *openapi.Description, o openapi.Operation) (operation, error) {
	one := operation{Operation: o, Problems: d.ProblemsOf(o)}
	for _, p := range d.ParametersOf(o) {
		row, err := rowOf(d, p.Schema)
		if err != nil {
			return one, err
		}
		one.Parameters = append(one.Parameters, parameter{p, row})
	}
	var err error
	if o.Body != nil {
		if one.Bodies, err = contentsOf(d, o.Body.Contents); err != nil {
			return one, err
		}
	}
	for _, a := range o.Answers {
		said := answer{Answer: a, Headers: a.Headers}
		if said.Contents, err = contentsOf(d, a.Contents); err != nil {
			return one, err
		}
		one.Answers = append(one.Answers, said)
	}
	return one, nil
}

func contentsOf(d *openapi.Description, contents []openapi.Content) ([]content, error) {
	var all []content
	for _, c := range contents {
		row, err := rowOf(d, c.Schema)
		if err != nil {
			return nil, err
		}
		all = append(all, content{c.MediaType, row})
	}
	return all, nil
}

func rowOf(d *openapi.Description, s openapi.Schema) (openapi.Row, error) {
	text, err := d.Resolve(s)
	if err != nil {
		return openapi.Row{}, err
	}
	rows, err := d.Rows(text)
	if err != nil {
		return openapi.Row{}, err
	}
	return rows[0], nil
}

// span is a piece of a paragraph.
type span struct {
	Text         string
	Code, Strong bool
}

// paragraphs reads the little of Markdown that descriptions use: `code`, **strong** and empty lines.
func paragraphs(text string) [][]span {
	var all [][]span
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		var spans []span
		for i, piece := range strings.Split(paragraph, "`") {
			if i%2 == 1 {
				spans = append(spans, span{Text: piece, Code: true})
				continue
			}
			for k, part := range strings.Split(piece, "**") {
				if part != "" {
					spans = append(spans, span{Text: part, Strong: k%2 == 1})
				}
			}
		}
		if len(spans) > 0 {
			all = append(all, spans)
		}
	}
	return all
}

// indented is how far a member stands in, for the style.
func indented(row openapi.Row) string { return fmt.Sprintf("d%d", min(row.Depth, 5)) }

// cut parts a path before its last name, so that the name stands out.
func cut(path string) []string {
	at := strings.LastIndexByte(path, '.') + 1
	return []string{path[:at], path[at:]}
}

// pretty lays JSON out for reading.
func pretty(text []byte) (string, error) {
	value := jsontext.Value(text).Clone()
	if err := value.Indent(jsontext.WithIndent("  ")); err != nil {
		return "", err
	}
	return string(value), nil
}

// sent names the file that the body of an example is in.
func sent(e openapi.Example) string {
	if e.MediaType != "" {
		return "request"
	}
	return "request.json"
}

// curl is the request of an example as one types it.
func curl(o openapi.Operation, e openapi.Example) string {
	path := o.Template()
	for name, value := range e.Path {
		path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(value))
	}
	query := make([]string, 0, len(e.Query))
	for _, pair := range e.Query {
		query = append(query, url.QueryEscape(pair.Name)+"="+url.QueryEscape(pair.Value))
	}
	if len(query) > 0 {
		path += "?" + strings.Join(query, "&")
	}
	line := "curl"
	if o.Method != http.MethodGet && (o.Method != http.MethodPost || len(e.Body) == 0) {
		line += " -X " + o.Method
	}
	line += " 'http://127.0.0.1:8181" + path + "'"
	if len(e.Body) > 0 {
		mediaType := e.MediaType
		if mediaType == "" {
			mediaType = "application/json"
		}
		line += " \\\n  -H 'Content-Type: " + mediaType + "'"
	}
	for _, pair := range e.Header {
		line += " \\\n  -H '" + pair.Name + ": " + pair.Value + "'"
	}
	if len(e.Body) > 0 {
		line += " \\\n  --data-binary @" + sent(e)
	}
	return line
}
