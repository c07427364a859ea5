package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/klauspost/compress/gzhttp"

	"greenchannel/server/decision"
	"greenchannel/server/decision/query"
)

// Documents answers what OPA clients ask, in OPA's shapes.
type Documents interface {
	Data(ctx context.Context, q query.Question) query.Answer
	Document(ctx context.Context, q query.Question) query.Answer
	Default(ctx context.Context, q query.Question) query.Answer
	Batch(ctx context.Context, q query.Question) query.Answer
	Bindings(ctx context.Context, q query.Question) query.Answer
	Partial(ctx context.Context, q query.Question) query.Answer
	Policies(ctx context.Context, q query.Question) query.Answer
	Policy(ctx context.Context, q query.Question) query.Answer
	Configuration(ctx context.Context, q query.Question) query.Answer
	Status(ctx context.Context, q query.Question) query.Answer
	Owned(ctx context.Context, q query.Question) query.Answer
	Health(ctx context.Context, q query.Question, plugins map[string]string, ready bool) query.Answer
}

const (
	// resolution of the clock that policies see, as for decisions.
	resolution = time.Millisecond
	// shortestGzip is the shortest answer that OPA compresses, and bestGzip how hard it tries.
	shortestGzip, bestGzip = 1024, 9
	opaUnauthorised        = "unauthorized" //nolint:misspell // OPA's word
	opaInternal            = "internal_error"
	opaTooMany             = "too_many_requests" // a word of ours, since OPA limits nobody
)

// answers are what a path of OPA's answers, by method.
type answers map[string]func(context.Context, query.Question) query.Answer

// opaRoutes is the door of OPA clients: OPA's REST API, as far as it reads. All errors behind it have OPA's shape. What
// would write is refused.
func (a api) opaRoutes(r gin.IRouter) {
	if a.OPA == nil { // a service without that door
		return
	}
	door := opaDoor{a, compression()}
	for _, p := range a.opaPlaces() {
		r.Any(p.pattern(), door.handler(p))
	}
	r.POST("/", door.handler(a.opaRoot())) // GET / is for people
}

// opaRoot is the place of OPA's default decision.
func (a api) opaRoot() place { return place{by: answers{"POST": a.OPA.Default}} }

// opaPlaces is the table of contents of OPA's REST API.
func (a api) opaPlaces() []place {
	d := a.OPA
	return []place{
		{fixed: "v1/data", caught: true, by: answers{"GET": d.Data, "POST": d.Data, "PUT": d.Owned, "PATCH": d.Owned}},
		{fixed: "v1/data", under: true, caught: true, by: answers{"GET": d.Data, "POST": d.Data, "PUT": d.Owned, "PATCH": d.Owned, "DELETE": d.Owned}},
		{fixed: "v0/data", caught: true, by: answers{"POST": d.Document}},
		{fixed: "v0/data", under: true, caught: true, by: answers{"POST": d.Document}},
		{fixed: "v1/batch/data", by: answers{"POST": d.Batch}},
		{fixed: "v1/batch/data", under: true, by: answers{"POST": d.Batch}},
		{fixed: "v1/policies", caught: true, by: answers{"GET": d.Policies}},
		{fixed: "v1/policies", under: true, caught: true, by: answers{"GET": ofName(d.Policy), "PUT": d.Owned, "DELETE": d.Owned}},
		{fixed: "v1/query", caught: true, by: answers{"GET": d.Bindings, "POST": d.Bindings}},
		{fixed: "v1/query", under: true, caught: true},
		{fixed: "v1/compile", by: answers{"POST": d.Partial}},
		{fixed: "v1/config", by: answers{"GET": d.Configuration}},
		{fixed: "v1/status", by: answers{"GET": d.Status}},
		{fixed: "health", by: answers{"GET": a.opaHealth}},
		{fixed: "health", under: true, by: answers{"GET": a.opaHealthByPolicy}},
	}
}

// opaPatterns are OPA's places by their routes.
func (a api) opaPatterns() map[string]*place {
	patterns := map[string]*place{}
	if a.OPA == nil {
		return patterns
	}
	for _, p := range append(a.opaPlaces(), a.opaRoot()) {
		patterns[p.pattern()] = &p
	}
	return patterns
}

// opaPlaceAt is OPA's place at a path whatever the method, since the router knows only the methods that it has heard of;
// nil where there is none.
func (a api) opaPlaceAt(u *url.URL) *place {
	if a.OPA == nil {
		return nil
	}
	for _, p := range a.opaPlaces() {
		if _, below := below(p.fixed, segments(u)); below && p.under == strings.HasPrefix(u.Path, "/"+p.fixed+"/") {
			return &p
		}
	}
	return nil
}

// place is a path of OPA's, or all below it.
type place struct {
	fixed string // such as v1/data; empty for the root
	under bool
	// caught says that OPA has a handler also for methods that are none of by. It sends a slash at the end away before it
	// refuses; elsewhere OPA's multiplexer refuses the method at once.
	caught bool
	by     answers
}

func (p place) pattern() string {
	if p.under {
		return "/" + p.fixed + "/*path"
	}
	return "/" + p.fixed
}

// handled says whether a method comes to one of OPA's handlers; one for GET is for HEAD too, to refuse it.
func (p place) handled(method string) bool {
	return p.caught || p.by[method] != nil || method == http.MethodHead && p.by[http.MethodGet] != nil
}

// opaDoor writes what the documents answer.
type opaDoor struct {
	api
	compress func(http.Handler) http.HandlerFunc
}

// handler does for one place what OPA's multiplexer and its handlers do, in their order.
func (d opaDoor) handler(p place) gin.HandlerFunc {
	return func(c *gin.Context) {
		path, ok := below(p.fixed, segments(c.Request.URL))
		if p.fixed == "" {
			path, ok = nil, true
		}
		method := c.Request.Method
		answer, allowed := p.by[method]
		sent := c.Request.URL.EscapedPath()
		switch to, unclean := cleaned(c.Request.URL); {
		case !ok:
			d.refuseAsOPA(c, http.StatusNotFound, "resource_not_found", "there is nothing at this path")
		case unclean && method != http.MethodConnect:
			redirect(c, to, http.StatusTemporaryRedirect)
		case !p.handled(method):
			c.Writer.Header().Set("Allow", p.by.allow()) // may name none
			http.Error(c.Writer, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		case method != http.MethodHead && len(sent) > 1 && strings.HasSuffix(sent, "/"):
			redirect(c, strings.TrimSuffix(sent, "/"), http.StatusMovedPermanently)
		case !allowed:
			c.Writer.Header().Set("Allow", p.by.allow())
			c.Status(http.StatusMethodNotAllowed)
			c.Writer.WriteHeaderNow()
		case fromElsewhere(c.Request):
			d.refuseAsOPA(c, http.StatusForbidden, opaUnauthorised, "request rejected: it comes from a page of another site")
		default:
			d.answer(c, p.fixed, path, answer)
		}
	}
}

// toOPA is where a path leads that only becomes one of OPA's when its empty and dot segments are resolved, as //v1/data
// does; OPA sends such a request on, whatever comes of it there.
func (a api) toOPA(u *url.URL) (string, bool) {
	to, unclean := cleaned(u)
	if a.OPA == nil || !unclean {
		return "", false
	}
	return to, slices.ContainsFunc(a.opaPlaces(), func(p place) bool {
		return to == "/"+p.fixed || p.under && strings.HasPrefix(to, "/"+p.fixed+"/")
	})
}

// redirect sends a client to another path with the same question.
func redirect(c *gin.Context, to string, status int) {
	if query := c.Request.URL.RawQuery; query != "" {
		to += "?" + query
	}
	c.Redirect(status, to)
}

// allow names the methods of a path.
func (a answers) allow() string {
	var methods []string
	for method := range a {
		methods = append(methods, method)
	}
	slices.Sort(methods)
	return strings.Join(methods, ", ")
}

func (d opaDoor) answer(c *gin.Context, fixed string, path []string, answer func(context.Context, query.Question) query.Answer) {
	maxBytes := int64(decision.MaxBytes)
	if fixed == "v1/batch/data" {
		maxBytes = maxBatchBytes
	}
	q, err := d.asked(c, path, maxBytes)
	if err != nil {
		message := err.Error()
		if fixed == "" || fixed == "v0/data" {
			message = "unexpected parse error for input: " + message
		}
		d.refuseAsOPA(c, http.StatusBadRequest, "invalid_parameter", message)
		return
	}
	given := answer(c.Request.Context(), q)
	if given.Cause != nil {
		d.Log.ErrorContext(c.Request.Context(), "question of an OPA client failed",
			"err", given.Cause, "path", c.Request.URL.Path, "request_id", c.GetString(requestIDKey))
	}
	send := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(given.Status)
		if _, err := w.Write(given.Body); err != nil {
			_ = c.Error(err) // the client went away; the access log says so
		}
	})
	if strings.HasSuffix(fixed, "data") || fixed == "v1/compile" {
		d.compress(send)(c.Writer, c.Request)
		return
	}
	send(c.Writer, c.Request)
}

// refuseAsOPA answers with an error of OPA's.
func (a api) refuseAsOPA(c *gin.Context, status int, code, message string) {
	shown := struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}{code, message}
	body, err := json.Marshal(shown, jsontext.WithIndent("  "), jsontext.EscapeForHTML(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		a.fail(c, err)
		return
	}
	write(c, status, "application/json", append(body, '\n'))
	c.Abort()
}

// compression is gzip as OPA does it: for answers that are worth it, and for clients that ask.
func compression() func(http.Handler) http.HandlerFunc {
	wrap, err := gzhttp.NewWrapper(
		gzhttp.MinSize(shortestGzip),
		gzhttp.CompressionLevel(bestGzip),
		gzhttp.ContentTypeFilter(gzhttp.CompressAllContentTypeFilter),
		gzhttp.EnableZstd(false),
	)
	if err != nil {
		panic(err) // only for a level that gzip does not have
	}
	return wrap
}

// ofName makes one segment of the path, which is the id of a policy: a/b.rego, however it was escaped.
func ofName(answer func(context.Context, query.Question) query.Answer) func(context.Context, query.Question) query.Answer {
	return func(ctx context.Context, q query.Question) query.Answer {
		q.Path = []string{strings.Join(q.Path, "/")}
		return answer(ctx, q)
	}
}
