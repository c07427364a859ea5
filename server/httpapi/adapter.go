package httpapi

import (
	"context"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/go-json-experiment/json"
)

// headed is an answer that has something to say in its headers as well.
type headed interface{ headers() map[string]string }

// statused is an answer whose status depends on what came of the request.
type statused interface{ status() int }

// written is an answer that is JSON already, of which nothing is read again.
type written interface{ JSON() []byte }

// typed is the one adapter between HTTP and a function of the domain: it decodes the request, calls do, and writes what
// came of it as JSON with the given status, or a problem document.
func typed[In, Out any](a api, status int, decode func(*gin.Context) (In, error), do func(context.Context, In) (Out, error)) gin.HandlerFunc {
	return func(c *gin.Context) {
		in, err := decode(c)
		if err != nil {
			a.fail(c, err)
			return
		}
		out, err := do(c.Request.Context(), in)
		if err != nil {
			a.fail(c, err)
			return
		}
		body, err := encoded(out)
		if err != nil {
			a.fail(c, err)
			return
		}
		said := status
		if s, ok := any(out).(statused); ok {
			said = s.status()
		}
		if h, ok := any(out).(headed); ok {
			for name, value := range h.headers() {
				c.Header(name, value)
			}
		}
		write(c, said, "application/json", body)
	}
}

func encoded(out any) ([]byte, error) {
	if w, ok := out.(written); ok {
		return w.JSON(), nil
	}
	return json.Marshal(out, json.Deterministic(true))
}

// write sends a whole body; its length is stated, so that one that was cut off is noticed. What the client has already is
// not sent again.
func write(c *gin.Context, status int, mediaType string, body []byte) {
	if status == http.StatusOK && operation(c).Conditional && fresh(c, body) {
		c.Status(http.StatusNotModified)
		c.Writer.WriteHeaderNow()
		return
	}
	c.Header("Content-Type", mediaType)
	c.Header("Content-Length", strconv.Itoa(len(body)))
	c.Status(status)
	c.Writer.WriteHeaderNow()
	if c.Request.Method == http.MethodHead {
		return
	}
	if _, err := c.Writer.Write(body); err != nil {
		_ = c.Error(err) // the client went away; the access log says so
	}
}
