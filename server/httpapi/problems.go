package httpapi

import (
	"fmt"
	"log/slog"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/go-json-experiment/json"

	"greenchannel/server/problem"
)

// details is a problem document of RFC 9457.
type details struct {
	Type      string          `json:"type"`
	Title     string          `json:"title"`
	Status    int             `json:"status"`
	Detail    string          `json:"detail"`
	Instance  string          `json:"instance"`
	RequestID string          `json:"request_id"`
	Errors    []problem.Fault `json:"errors,omitzero"`
}

// reply is what all problems of one kind have in common.
type reply struct {
	status int
	title  string
}

// replies gives every kind its HTTP status and title. The type is /problems/ and the kind.
func replies() map[problem.Kind]reply {
	return map[problem.Kind]reply{
		problem.Malformed:            {http.StatusBadRequest, "The request cannot be read"},
		problem.Invalid:              {http.StatusUnprocessableEntity, "The request breaks the contract"},
		problem.TooLarge:             {http.StatusRequestEntityTooLarge, "The request is too large"},
		problem.UnsupportedMedia:     {http.StatusUnsupportedMediaType, "The media type is not supported"},
		problem.NotFound:             {http.StatusNotFound, "Nothing is known under that name"},
		problem.MethodNotAllowed:     {http.StatusMethodNotAllowed, "The method is not allowed here"},
		problem.Undecided:            {http.StatusInternalServerError, "The policies gave no valid answer"},
		problem.Deadline:             {http.StatusServiceUnavailable, "The evaluation took too long"},
		problem.Cancelled:            {http.StatusServiceUnavailable, "The evaluation was called off"},
		problem.NotReady:             {http.StatusServiceUnavailable, "The service is not ready"},
		problem.Stale:                {http.StatusConflict, "What was read has changed meanwhile"},
		problem.InFlight:             {http.StatusConflict, "The same request is being answered"},
		problem.KeyReused:            {http.StatusUnprocessableEntity, "The idempotency key stands for another body"},
		problem.Unrecorded:           {http.StatusServiceUnavailable, "The record is not available"},
		problem.PreconditionRequired: {http.StatusPreconditionRequired, "The change has to name what it changes"},
		problem.PreconditionFailed:   {http.StatusPreconditionFailed, "What is to be changed is not as it was"},
		problem.Internal:             {http.StatusInternalServerError, "The service failed"},
	}
}

// fail is the one way out for errors. The cause of what is our fault goes to the log, never to the client.
func (a api) fail(c *gin.Context, err error) { fail(c, a.Log, err) }

func fail(c *gin.Context, log *slog.Logger, err error) {
	p := problem.Of(err)
	known, ok := replies()[p.Kind]
	if !ok {
		known = replies()[problem.Internal]
	}
	if known.status >= http.StatusInternalServerError && p.Kind != problem.NotReady {
		log.ErrorContext(c.Request.Context(), "request failed",
			"problem", p.Kind, "err", err, "path", c.Request.URL.Path, "request_id", c.GetString(requestIDKey))
	}
	body, err := json.Marshal(details{
		Type:      "/problems/" + string(p.Kind),
		Title:     known.title,
		Status:    known.status,
		Detail:    p.Detail,
		Instance:  c.Request.URL.EscapedPath(),
		RequestID: c.GetString(requestIDKey),
		Errors:    p.Faults,
	})
	if err != nil {
		log.ErrorContext(c.Request.Context(), "problem document not written", "err", err)
		c.AbortWithStatus(http.StatusInternalServerError)
		return
	}
	write(c, known.status, "application/problem+json", body)
	c.Abort()
}

func (a api) noRoute(c *gin.Context) {
	a.fail(c, problem.New(problem.NotFound, fmt.Sprintf("There is nothing at %.100q.", c.Request.URL.Path)))
}

func (a api) noMethod(c *gin.Context) {
	a.fail(c, problem.New(problem.MethodNotAllowed, fmt.Sprintf(
		"%.20q is not allowed at %.100q; allowed: %s.", c.Request.Method, c.Request.URL.Path, c.Writer.Header().Get("Allow"))))
}
