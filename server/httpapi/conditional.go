package httpapi

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/klauspost/compress/gzhttp"
)

// fresh gives an answer its ETag, unless it has one, and says whether the client has that very answer already.
func fresh(c *gin.Context, body []byte) bool {
	etag := c.Writer.Header().Get("ETag")
	if etag == "" {
		sum := sha256.Sum256(body)
		etag = `"` + hex.EncodeToString(sum[:16]) + `"`
		c.Header("ETag", etag)
	}
	return satisfied(c.Request.Header.Values("If-None-Match"), etag)
}

// satisfied says whether If-None-Match names an ETag. A client that states it as weak means the same bytes.
func satisfied(stated []string, etag string) bool {
	for _, line := range stated {
		for one := range strings.SplitSeq(line, ",") {
			one = strings.TrimPrefix(strings.TrimSpace(one), "W/")
			if one == etag || one == "*" {
				return true
			}
		}
	}
	return false
}

const (
	gzipSuffix = "-gzip"
	smallest   = 1024 // bytes of a body that is worth compressing
)

// compressed compresses answers of 1 KiB and more for whoever accepts gzip. The ETag of a compressed answer is another
// one, as it is of other bytes; what a client then states in a condition is taken back to the plain one, so that no
// handler needs to know.
func compressed(next http.Handler) http.Handler {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(smallest), gzhttp.SuffixETag(gzipSuffix), gzhttp.EnableZstd(false))
	if err != nil {
		return next // cannot be: the options are constants; plain answers are right too
	}
	inner := wrap(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		coded := false
		for _, name := range []string{"If-None-Match", "If-Match"} {
			for i, value := range r.Header[name] {
				if plain := strings.ReplaceAll(value, gzipSuffix+`"`, `"`); plain != value {
					if !coded {
						r, coded = r.Clone(r.Context()), true
					}
					r.Header[name][i] = plain
				}
			}
		}
		if coded {
			w = &stillCoded{w}
		}
		inner.ServeHTTP(w, r)
	})
}

// stillCoded gives a 304 the ETag of the compressed answer that the client has.
type stillCoded struct{ http.ResponseWriter }

func (s *stillCoded) WriteHeader(status int) {
	if etag := s.Header().Get("ETag"); status == http.StatusNotModified && etag != "" && !strings.HasSuffix(etag, gzipSuffix+`"`) {
		s.Header().Set("ETag", strings.TrimSuffix(etag, `"`)+gzipSuffix+`"`)
	}
	s.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController find what the connection can do.
func (s *stillCoded) Unwrap() http.ResponseWriter { return s.ResponseWriter }
