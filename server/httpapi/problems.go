package httpapi

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/text/language"

	"greenchannel/server/problem"
)

// details is a problem document of RFC 9457.
type details struct {
	Type      string          `json:"type" jsonschema:"Stable name of the kind of problem, relative to the service."`
	Title     string          `json:"title" jsonschema:"The kind in words, in the language that is preferred of English and Chinese."`
	Status    int             `json:"status" jsonschema:"The HTTP status."`
	Detail    string          `json:"detail" jsonschema:"What is wrong this time and how to mend it, in the language of the title."`
	Instance  string          `json:"instance" jsonschema:"Path of the request."`
	RequestID string          `json:"request_id" jsonschema:"Name of the request, as in X-Request-ID; the first 256 bytes of one that is longer."`
	TraceID   string          `json:"trace_id,omitzero" jsonschema:"Id of the trace that the request is part of, if it is part of one."`
	Errors    []problem.Fault `json:"errors,omitzero" jsonschema:"Each place of the input that has to be mended."`
}

// reply is what all problems of one kind have in common.
type reply struct {
	status         int
	title, titleZH string
	meaning        string // when it happens, for the reference
	retry          int    // seconds after which another try may succeed; 0 where the same request will fail again
}

// replies gives every kind its HTTP status and title. The type is /problems/ and the kind.
func replies() map[problem.Kind]reply {
	const moment, while = 1, 5
	return map[problem.Kind]reply{
		problem.Malformed:            {http.StatusBadRequest, "The request cannot be read", "请求无法读取", "The body is no JSON, or a header or the query is not written as it should be.", 0},
		problem.Invalid:              {http.StatusUnprocessableEntity, "The request breaks the contract", "请求不符合约定", "It can be read; `errors` names each place that has to be mended.", 0},
		problem.TooLarge:             {http.StatusRequestEntityTooLarge, "The request is too large", "请求过大", "The body is longer than is read.", 0},
		problem.UnsupportedMedia:     {http.StatusUnsupportedMediaType, "The media type is not supported", "不支持的媒体类型", "The body is not declared as what the route reads: JSON in UTF-8, plain or as gzip, unless it says otherwise.", 0},
		problem.NotFound:             {http.StatusNotFound, "Nothing is known under that name", "该名称下没有内容", "The detail names what is near, where something is.", 0},
		problem.MethodNotAllowed:     {http.StatusMethodNotAllowed, "The method is not allowed here", "此处不允许该方法", "`Allow` names those that are.", 0},
		problem.Undecided:            {http.StatusInternalServerError, "The policies gave no valid answer", "策略未给出有效判定", "Nothing was decided.", 0},
		problem.Deadline:             {http.StatusServiceUnavailable, "The evaluation took too long", "评估超时", "Nothing was decided.", while},
		problem.Cancelled:            {http.StatusServiceUnavailable, "The evaluation was called off", "评估已中止", "The client went away or the service is stopping; nothing was decided.", while},
		problem.NotReady:             {http.StatusServiceUnavailable, "The service is not ready", "服务尚未就绪", "No bundle is active, or the service is stopping.", while},
		problem.Stale:                {http.StatusConflict, "What was read has changed meanwhile", "所依据的内容已变化", "Nothing was decided; the same request may succeed in a moment.", moment},
		problem.InFlight:             {http.StatusConflict, "The same request is being answered", "同一请求正在处理", "The same Idempotency-Key is being answered at this moment.", moment},
		problem.KeyReused:            {http.StatusUnprocessableEntity, "The idempotency key stands for another body", "幂等键已用于其他内容", "Send each application under a key of its own.", 0},
		problem.Unrecorded:           {http.StatusServiceUnavailable, "The record is not available", "记录不可用", "It cannot be written or read at the moment; no record, no decision.", while},
		problem.PreconditionRequired: {http.StatusPreconditionRequired, "The change has to name what it changes", "变更须注明其所改状态", "State the ETag in If-Match.", 0},
		problem.PreconditionFailed:   {http.StatusPreconditionFailed, "What is to be changed is not as it was", "待变更内容已非原状", "Read it again, and change that.", 0},
		problem.Conflict:             {http.StatusConflict, "It cannot be put into force", "不能生效", "With it the service could not decide, or nobody could put another in its place; everything stays as it is.", 0},
		problem.Unauthenticated:      {http.StatusUnauthorized, "It is not known who calls", "未知调用方身份", "`WWW-Authenticate` says how to say it.", 0},
		problem.Forbidden:            {http.StatusForbidden, "The policies do not allow it", "策略不允许该请求", "It is known who calls; the detail names what is lacking.", 0},
		problem.RateLimited:          {http.StatusTooManyRequests, "Too many requests", "请求过于频繁", "`Retry-After` says when the next may come.", moment},
		problem.Internal:             {http.StatusInternalServerError, "The service failed", "服务出错", "The operator finds the reason in the log, by the name of the request.", 0},
	}
}

// fail is the one way out for errors. The cause of what is our fault goes to the log, never to the client.
func (a api) fail(c *gin.Context, err error) {
	p := problem.Of(err)
	known, kind := replyTo(p.Kind)
	if known.status >= http.StatusInternalServerError && kind != problem.NotReady {
		a.Log.ErrorContext(c.Request.Context(), "request failed", append(named(c), "problem", p.Kind, "err", err, "path", c.Request.URL.Path)...)
	}
	told := a.told(c, p)
	told.TraceID = traceID(c.Request.Context())
	body, err := json.Marshal(told, jsontext.AllowInvalidUTF8(true)) // what the client wrote may be named, whatever it is; it is replaced, not repeated
	if err != nil {
		a.Log.ErrorContext(c.Request.Context(), "problem document not written", "err", err)
		c.AbortWithStatus(http.StatusInternalServerError)
		return
	}
	if known.retry > 0 && c.Writer.Header().Get(retryField) == "" { // a limit says its own time
		c.Header(retryField, strconv.Itoa(known.retry))
	}
	if kind == problem.UnsupportedMedia {
		wouldTake(c, p)
	}
	c.Header("Cache-Control", "no-store")
	spoken(c)
	write(c, known.status, "application/problem+json", body)
	c.Abort()
}

// replyTo is what is answered to a kind; a word that is not in the table is none that clients know.
func replyTo(kind problem.Kind) (reply, problem.Kind) {
	known, ok := replies()[kind]
	if !ok {
		return replies()[problem.Internal], problem.Internal
	}
	return known, kind
}

// told is a problem in the language that the client prefers.
func (a api) told(c *gin.Context, p *problem.Error) details {
	known, kind := replyTo(p.Kind)
	told := details{
		Type:      "/problems/" + string(kind),
		Title:     known.title,
		Status:    known.status,
		Detail:    p.Detail,
		Instance:  c.Request.URL.EscapedPath(),
		RequestID: c.GetString(requestIDKey),
		Errors:    p.Faults,
	}
	if !prefersChinese(c.Request.Header) {
		return told
	}
	told.Title = known.titleZH
	told.Detail, _ = a.chinese().Of(p.Detail)
	told.Errors = slices.Clone(p.Faults) // others may hold them
	for i, fault := range told.Errors {
		told.Errors[i].Detail, _ = a.chinese().Of(fault.Detail)
	}
	return told
}

// spoken says in which language the texts of an answer are. What the schema means by a field and what a compiler of
// policies says are English within Chinese as well.
func spoken(c *gin.Context) {
	language := "en"
	if prefersChinese(c.Request.Header) {
		language = "zh"
	}
	c.Header("Content-Language", language)
	varies(c)
}

// varies lets caches know that others may get the texts of an answer in another language.
func varies(c *gin.Context) {
	if !slices.Contains(c.Writer.Header().Values("Vary"), "Accept-Language") {
		c.Writer.Header().Add("Vary", "Accept-Language")
	}
}

// prefersChinese says whether a client would rather read Chinese than English. Texts of decisions are in both.
func prefersChinese(header http.Header) bool {
	wanted, _, err := language.ParseAcceptLanguage(strings.Join(header.Values("Accept-Language"), ", "))
	if err != nil || len(wanted) == 0 {
		return false
	}
	_, index, _ := language.NewMatcher([]language.Tag{language.English, language.Chinese}).Match(wanted...)
	return index == 1
}

func (a api) noRoute(c *gin.Context) {
	if to, ok := a.toOPA(c.Request.URL); ok && c.Request.Method != http.MethodConnect {
		redirect(c, to, http.StatusTemporaryRedirect)
		return
	}
	if c.Request.URL.Path == "/metrics" { // where most would look
		a.fail(c, problem.New(problem.NotFound, "Metrics have a listener of their own, which only this machine may reach: metrics.listen."))
		return
	}
	a.fail(c, problem.New(problem.NotFound, fmt.Sprintf("There is nothing at %.100q.", c.Request.URL.Path)))
}

// noMethod answers OPTIONS with the methods of the place, and refuses all that are not among them.
func (a api) noMethod(c *gin.Context) {
	if p := a.opaPlaceAt(c.Request.URL); p != nil {
		opaDoor{api: a}.handler(*p)(c)
		return
	}
	allowed := c.Writer.Header().Get("Allow")
	if !strings.Contains(allowed, http.MethodOptions) {
		allowed += ", " + http.MethodOptions
	}
	c.Header("Allow", allowed)
	if c.Request.Method == http.MethodOptions {
		c.Status(http.StatusNoContent)
		c.Writer.WriteHeaderNow()
		return
	}
	a.fail(c, problem.New(problem.MethodNotAllowed, fmt.Sprintf(
		"%.20q is not allowed at %.100q; allowed: %s.", c.Request.Method, c.Request.URL.Path, allowed)))
}
