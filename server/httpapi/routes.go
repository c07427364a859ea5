package httpapi

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"greenchannel/server/httpapi/openapi"
	"greenchannel/server/problem"
)

// route is one line of the table: what is said of an operation, and what does it. The router, the OpenAPI document, the
// reference page and the generated client all come from it, so adding a route is adding a line.
type route struct {
	openapi.Operation
	handle gin.HandlerFunc
}

// routes is the table of contents. Whatever a route answers, the guard before it may.
func (a api) routes() []route {
	all := slices.Concat(a.decisionRoutes(), a.reviewRoutes(), a.listRoutes(), a.registryRoutes(), a.journalRoutes(), a.bundleRoutes(), a.shadowRoutes(), a.accessRoutes(), a.serviceRoutes())
	for i := range all {
		for _, kind := range evaluating(problem.Unauthenticated, problem.Forbidden, problem.RateLimited) {
			if !slices.Contains(all[i].Problems, kind) {
				all[i].Problems = append(all[i].Problems, kind)
			}
		}
	}
	return all
}

// Routes registers the table. A route that reads answers HEAD as it does GET.
func (a api) Routes(r gin.IRouter) {
	for _, one := range a.routes() {
		methods := []string{one.Method}
		if one.Method == http.MethodGet {
			methods = append(methods, http.MethodHead)
		}
		for _, method := range methods {
			r.Handle(method, one.Pattern(), a.named, described(one.Operation), one.handle)
		}
	}
	a.opaRoutes(r) // what OPA answers is described by OPA
}

// named finds nothing where a name of the path is left out, as in /v1/decisions//replay.
func (a api) named(c *gin.Context) {
	if slices.ContainsFunc(c.Params, func(p gin.Param) bool { return strings.Trim(p.Value, "/") == "" }) {
		a.noRoute(c)
		c.Abort()
	}
}

const operationKey = "greenchannel.operation"

// described lets what handles a request know what is said of its route.
func described(o openapi.Operation) gin.HandlerFunc {
	return func(c *gin.Context) {
		c.Set(operationKey, o)
		if o.Cached != "" {
			c.Header("Cache-Control", o.Cached)
		}
	}
}

func operation(c *gin.Context) openapi.Operation {
	known, _ := c.Get(operationKey)
	o, _ := known.(openapi.Operation)
	return o
}

// What the lines of the table have in common.
const (
	jsonType = "application/json"
	// revalidated lets an answer be kept and asked about again: the list is law, and the document is the same for all.
	revalidated = "private, no-cache"
)

func jsonAnswer(status int, description string, schema openapi.Schema, headers ...openapi.Header) openapi.Answer {
	return openapi.Answer{
		Status: status, Description: description, Headers: headers,
		Contents: []openapi.Content{{MediaType: jsonType, Schema: schema}},
	}
}

func jsonBody(description string, schema openapi.Schema) *openapi.Body {
	return &openapi.Body{Description: description, Contents: []openapi.Content{{MediaType: jsonType, Schema: schema}}}
}

func inQuery(name, description string, schema openapi.Schema) openapi.Parameter {
	return openapi.Parameter{Name: name, In: openapi.InQuery, Description: description, Schema: schema}
}

func inPath(name, description string, schema openapi.Schema) openapi.Parameter {
	return openapi.Parameter{Name: name, In: openapi.InPath, Required: true, Description: description, Schema: schema}
}

func inHeader(name, description string, schema openapi.Schema) openapi.Parameter {
	return openapi.Parameter{Name: name, In: openapi.InHeader, Description: description, Schema: schema}
}

func required(p openapi.Parameter) openapi.Parameter {
	p.Required = true
	return p
}

func asOfParameter() openapi.Parameter {
	return inQuery("as_of", "The day (from its first moment in Beijing) or the instant asked about, from 1990 to 2199; now unless stated. "+
		"As of a stated day the answer is the same until the policies change.",
		openapi.JSON(`{"type": "string", "minLength": 10, "maxLength": 40}`))
}

func count() openapi.Schema { return openapi.JSON(`{"type": "integer", "minimum": 1}`) }

func words(most int) openapi.Schema {
	if most == 0 {
		return openapi.JSON(`{"type": "string", "minLength": 1}`)
	}
	return openapi.JSON(`{"type": "string", "minLength": 1, "maxLength": ` + itoa(most) + `}`)
}

// evaluating are the problems of whatever asks the policies.
func evaluating(more ...problem.Kind) []problem.Kind {
	return append(more, problem.Undecided, problem.Deadline, problem.Cancelled, problem.NotReady)
}

// reading are the problems of whatever reads the record.
func reading(more ...problem.Kind) []problem.Kind {
	return append(more, problem.Unrecorded, problem.Cancelled, problem.NotReady)
}

// pairs reads name, value, name, value, …
func pairs(stated ...string) []openapi.Pair {
	var all []openapi.Pair
	for i := 0; i+1 < len(stated); i += 2 {
		all = append(all, openapi.Pair{Name: stated[i], Value: stated[i+1]})
	}
	return all
}
