// Package openapi describes an HTTP API: operations with their parameters, bodies, answers, problems and examples, and
// the JSON Schemas of what goes in and out. A Description is written as an OpenAPI 3.1 document, with everything in the
// order in which it was described. JSON Schemas of others are taken in as they are, to the keyword: their definitions
// become components and their references are written anew, nothing else is touched. It knows no router and answers no
// request; package httpapi does, and package reference makes a page of the same Description.
package openapi

import (
	"cmp"
	"slices"

	"greenchannel/server/problem"
)

// API is what is described, before schemas are resolved.
type API struct {
	Title, Version, Description string
	// Tags are the chapters, in order.
	Tags       []Tag
	Operations []Operation
	// Problems are the kinds of problem that an answer can name.
	Problems []Problem
	// Schemas are taken in as they are: the contract of the policies.
	Schemas []Foreign
	// Types are schemas made of Go types. A type may hold those that stand before it, and is then said by reference.
	Types []Type
}

// ProblemSchema is the name of the component that problem documents fit; it has to be one of the Types.
const ProblemSchema = "Problem"

// Tag is a chapter of the API.
type Tag struct{ Name, Title, TitleZH, Description string }

// Problem is one kind of problem and how it is answered.
type Problem struct {
	Kind           problem.Kind
	Status         int
	Title, TitleZH string
	// Meaning says when it happens; RetryAfter that the answer says when to try again.
	Meaning    string
	RetryAfter bool
}

// Type is the URI reference that a problem document carries.
func (p Problem) Type() string { return "/problems/" + string(p.Kind) }

// Operation is one method at one path.
type Operation struct {
	Method string
	// Path has its parameters in braces; {name...} takes the rest of the path, slashes included.
	Path string
	// ID names the operation for generated clients.
	ID                 string
	Tag                string
	Summary, SummaryZH string
	Description        string
	Parameters         []Parameter
	Body               *Body
	Answers            []Answer
	// Problems are the kinds that this operation can answer with beside those that every one of its shape can.
	Problems []problem.Kind
	// Conditional says that the answer has a strong ETag and that If-None-Match is honoured.
	Conditional bool
	// Cached is the Cache-Control of the answer; no-store unless set.
	Cached   string
	Examples []Example
}

// Place is where a parameter stands.
type Place string

// The places of parameters.
const (
	InPath   Place = "path"
	InQuery  Place = "query"
	InHeader Place = "header"
)

// Parameter is one parameter of an operation. Those in the path are required.
type Parameter struct {
	Name        string
	In          Place
	Required    bool
	Description string
	Schema      Schema
}

// Body is the body of a request.
type Body struct {
	Description string
	Contents    []Content
}

// Content is one form of a body or an answer.
type Content struct {
	MediaType string
	Schema    Schema
}

// Answer is what an operation gives when all went well.
type Answer struct {
	Status      int
	Description string
	Headers     []Header
	Contents    []Content
}

// Header is a header of an answer.
type Header struct {
	Name, Description string
	Required          bool
	Schema            Schema
}

// Example is one exchange. Tests carry it out: the request gets the stated status, and the answer is what Answer holds.
type Example struct {
	// Name joins request and answer in the document; it is unique in the operation.
	Name, Summary string
	Path          map[string]string
	Query, Header []Pair
	// MediaType is that of the body; application/json unless set.
	MediaType string
	Body      []byte
	Status    int
	// Answer is JSON, or nil where no answer is shown.
	Answer []byte
}

// Pair is a name and its value.
type Pair struct{ Name, Value string }

// Component is a named schema.
type Component struct {
	Name string
	// JSON is the schema with its members in the order in which they are shown.
	JSON []byte
}

// Description is an API with every schema resolved.
type Description struct {
	API
	// Components are all schemas by name.
	Components []Component
}

// Component gives a component by name.
func (d *Description) Component(name string) ([]byte, bool) {
	at := slices.IndexFunc(d.Components, func(c Component) bool { return c.Name == name })
	if at < 0 {
		return nil, false
	}
	return d.Components[at].JSON, true
}

// PathParameters are those in the path of an operation, in order.
func (o Operation) PathParameters() []string {
	var names []string
	for _, segment := range segments(o.Path) {
		if segment.name != "" {
			names = append(names, segment.name)
		}
	}
	return names
}

// ProblemsOf are the problems that an operation can answer with, the lowest status first.
func (a *API) ProblemsOf(o Operation) []Problem {
	kinds := slices.Concat(o.Problems, []problem.Kind{problem.Malformed, problem.Invalid, problem.Internal})
	if o.Body != nil {
		kinds = append(kinds, problem.TooLarge, problem.UnsupportedMedia)
	}
	var found []Problem
	for _, known := range a.Problems {
		if slices.Contains(kinds, known.Kind) {
			found = append(found, known)
		}
	}
	slices.SortStableFunc(found, func(a, b Problem) int { return cmp.Compare(a.Status, b.Status) })
	return found
}
