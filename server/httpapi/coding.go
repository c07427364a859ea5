package httpapi

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"greenchannel/server/problem"
)

// codingOf is how a body is declared to be encoded: all codings, where there are several.
func codingOf(header http.Header) string {
	return strings.TrimSpace(strings.Join(header.Values("Content-Encoding"), ", "))
}

// otherCoding is why a body is refused that is encoded as nobody reads it here. It names the codings that are read.
type otherCoding struct{ read string }

func (o otherCoding) Error() string { return "content coding other than " + o.read }

// wouldTake says with a refusal what would have been taken (RFC 9110, 15.5.16): codings where the coding is at fault and only
// there (12.5.3), else the media types of the route.
func wouldTake(c *gin.Context, refusal error) {
	if other, ok := errors.AsType[otherCoding](refusal); ok {
		c.Header("Accept-Encoding", other.read)
		return
	}
	body := operation(c).Body
	if body == nil {
		return
	}
	var taken []string
	for _, content := range body.Contents {
		taken = append(taken, content.MediaType)
	}
	c.Header("Accept", strings.Join(taken, ", "))
}

// zipped says whether a body is declared as compressed by gzip.
func zipped(header http.Header) bool {
	coding := codingOf(header)
	return strings.EqualFold(coding, "gzip") || strings.EqualFold(coding, "x-gzip") // one and the same (RFC 9110)
}

// plainly reads a body as it was before it was compressed, if it was. What comes out may be no longer than what may be
// sent plain, so that a few bytes do not become many.
func plainly(header http.Header, sent io.Reader, most int64) io.Reader {
	if !zipped(header) {
		return sent
	}
	return &unzipping{sent: &arriving{from: sent}, most: most}
}

// unzipping undoes gzip while a body is read.
type unzipping struct {
	sent  *arriving
	plain io.Reader // nil before the first byte is asked for
	most  int64
}

// arriving remembers why a body did not arrive.
type arriving struct {
	from io.Reader
	err  error
}

func (a *arriving) Read(p []byte) (int, error) {
	n, err := a.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		a.err = err
	}
	return n, err
}

func (u *unzipping) Read(p []byte) (int, error) {
	if u.plain == nil {
		plain, err := gzip.NewReader(u.sent)
		if err != nil {
			return 0, u.fault(err)
		}
		u.plain = http.MaxBytesReader(nil, plain, u.most)
	}
	n, err := u.plain.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = u.fault(err)
	}
	return n, err
}

// fault tells a body that did not arrive, is too long or breaks off from one that is no gzip.
func (u *unzipping) fault(err error) error {
	if u.sent.err != nil {
		return u.sent.err
	}
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return err
	}
	if u.plain != nil && errors.Is(err, io.ErrUnexpectedEOF) {
		return problem.Wrap(err, problem.Malformed, "The gzip of the body breaks off before its end; send it whole.")
	}
	return problem.Wrap(err, problem.Malformed, "The body is declared as gzip and is none; send it plain, or compress it again.")
}
