package httpapi

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"
)

// A panic after the answer has begun drops the connection: half an answer must not pass for a whole one. So does net/http's
// own way to do that.
func TestHalfAnAnswerIsDropped(t *testing.T) {
	t.Parallel()
	a := api{Deps: Deps{Log: slog.New(slog.DiscardHandler)}}
	for name, handler := range map[string]gin.HandlerFunc{
		"after the first bytes": func(c *gin.Context) { c.String(http.StatusOK, "half"); panic("broken") },
		"on purpose":            func(*gin.Context) { panic(http.ErrAbortHandler) },
	} {
		gin.SetMode(gin.ReleaseMode)
		r := gin.New()
		r.GET("/", a.recovery, handler)
		func() {
			defer func() {
				if err, ok := recover().(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
					t.Errorf("%s: the connection is not dropped: %v", name, err)
				}
			}()
			r.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), "GET", "/", nil))
			t.Errorf("%s: the request ended as if nothing were", name)
		}()
	}
}
