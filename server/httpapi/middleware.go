package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
	"go.opentelemetry.io/otel/propagation"
	oteltrace "go.opentelemetry.io/otel/trace"

	"greenchannel/server/identity"
	"greenchannel/server/problem"
)

const (
	requestIDHeader = "X-Request-ID"
	requestIDKey    = "greenchannel.request_id"
)

// requestID gives every request a name, so that a client's complaint finds its line in the log: the client's own, else a new
// one. The client gets its own back to the byte, whatever it is, as AuthZEN asks (10.1.3); net/http lets no line break
// through. Log and problem documents hold the beginning of one that is long.
func requestID(c *gin.Context) {
	id := c.GetHeader(requestIDHeader)
	if id == "" {
		id = uuid.NewString()
	}
	c.Header(requestIDHeader, id)
	c.Set(requestIDKey, strings.ToValidUTF8(id[:min(len(id), longestRequestID)], ""))
}

// longestRequestID is how much of the name of a request is logged, in bytes.
const longestRequestID = 256

// accessLog writes one line for each request: never a body, a query or a header of the client.
func accessLog(log *slog.Logger) gin.HandlerFunc {
	return func(c *gin.Context) {
		start := time.Now()
		c.Next()
		log.InfoContext(c.Request.Context(), "request", append(named(c),
			"method", c.Request.Method,
			"path", c.Request.URL.Path,
			"status", c.Writer.Status(),
			"bytes", max(c.Writer.Size(), 0),
			"duration", time.Since(start),
			"remote", c.Request.RemoteAddr,
			"caller", identity.Name(c.Request.Context()),
		)...)
	}
}

// named are the names by which a request is found in the log.
func named(c *gin.Context) []any {
	names := []any{"request_id", c.GetString(requestIDKey)}
	if id := traceID(c.Request.Context()); id != "" {
		names = append(names, "trace_id", id)
	}
	return names
}

// traceHeader is where W3C Trace Context says which trace a request belongs to.
const traceHeader = "Traceparent"

// trace continues the trace of the client (W3C Trace Context) where nothing before has: with tracing off, its id still
// stands in the log and in problem documents.
func trace(c *gin.Context) {
	ctx := c.Request.Context()
	if c.GetHeader(traceHeader) != "" && !oteltrace.SpanContextFromContext(ctx).IsValid() {
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(c.Request.Header))
		c.Request = c.Request.WithContext(ctx)
	}
	c.Next()
	if span := oteltrace.SpanFromContext(ctx); span.IsRecording() && c.FullPath() != "" {
		span.SetName(c.Request.Method + " " + c.FullPath())
	}
}

func traceID(ctx context.Context) string {
	if span := oteltrace.SpanContextFromContext(ctx); span.IsValid() {
		return span.TraceID().String()
	}
	return ""
}

// observed tells each request to who counts them, by its route: paths of clients are without number.
func observed(observe func(method, route string, status int, took time.Duration)) gin.HandlerFunc {
	return func(c *gin.Context) {
		start := time.Now()
		c.Next()
		route := c.FullPath()
		if o := operation(c); o.Path != "" {
			route = o.Template()
		}
		observe(c.Request.Method, route, c.Writer.Status(), time.Since(start))
	}
}

// headers keeps browsers and caches from making anything of an answer but what it is. Decisions are confidential and hold
// for an instant, so nothing is stored.
func headers(c *gin.Context) {
	c.Header("Cache-Control", "no-store")
	c.Header("X-Content-Type-Options", "nosniff")
	c.Header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	c.Header("Referrer-Policy", "no-referrer")
}

// recovery turns a panic into a problem document without internals; the log keeps them.
func (a api) recovery(c *gin.Context) {
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}
		if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(cause) // net/http's own way to drop a connection
		}
		a.Log.ErrorContext(c.Request.Context(), "panic", append(named(c), "cause", cause, "stack", string(debug.Stack()))...)
		if c.Writer.Written() {
			panic(http.ErrAbortHandler) // half an answer must not pass for a whole one
		}
		a.fail(c, problem.Of(fmt.Errorf("panic: %v", cause)))
	}()
	c.Next()
}
