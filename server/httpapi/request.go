package httpapi

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"greenchannel/server/decision"
	"greenchannel/server/problem"
)

// readApplication reads the body of a request as an application.
func (a api) readApplication(c *gin.Context) (decision.Application, error) {
	body, err := readBody(c)
	if err != nil {
		return decision.Application{}, err
	}
	return a.Read(body)
}

// readBody reads a body that is declared as JSON, up to what any document may have.
func readBody(c *gin.Context) ([]byte, error) {
	if err := declaredAsJSON(c.Request.Header); err != nil {
		return nil, err
	}
	sent := http.MaxBytesReader(c.Writer, c.Request.Body, decision.MaxBytes)
	body, err := io.ReadAll(plainly(c.Request.Header, sent, decision.MaxBytes))
	if err != nil {
		return nil, unread(err)
	}
	return body, nil
}

const idempotencyKey = "Idempotency-Key"

// keyOf reads the caller's own word for a request. One that is stated has to be one word, as a name of something that must
// not happen twice.
func keyOf(header http.Header) (string, error) {
	stated := header.Values(idempotencyKey)
	switch {
	case len(stated) == 0:
		return "", nil
	case len(stated) > 1:
		return "", problem.New(problem.Malformed, "Idempotency-Key is stated more than once; state it once.")
	}
	key := stated[0]
	if len(key) >= 2 && key[0] == '"' && key[len(key)-1] == '"' { // a string of structured fields (RFC 8941)
		key = key[1 : len(key)-1]
	}
	odd := func(r rune) bool { return r < '!' || r > '~' || r == '"' || r == '\\' }
	if key == "" || len(key) > longestKey || strings.ContainsFunc(key, odd) {
		return "", problem.New(problem.Malformed, fmt.Sprintf(
			"Idempotency-Key has to be 1 to %d visible characters without quotes, spaces and backslashes, such as a UUID.", longestKey))
	}
	return key, nil
}

// longestKey is the longest idempotency key, in bytes.
const longestKey = 255

// declaredAsJSON refuses a body that is not declared as JSON in UTF-8, plain or as gzip. That also keeps out forms that a page of
// another site could make a browser send.
func declaredAsJSON(header http.Header) error {
	mediaType, params, err := mime.ParseMediaType(header.Get("Content-Type"))
	switch charset, stated := params["charset"]; {
	case err != nil || mediaType != "application/json":
		return problem.New(problem.UnsupportedMedia, fmt.Sprintf(
			"The body is declared as %q; send application/json.", header.Get("Content-Type")))
	case stated && !strings.EqualFold(charset, "utf-8"):
		return problem.New(problem.UnsupportedMedia, fmt.Sprintf("The body is declared as JSON in %q; send UTF-8.", charset))
	}
	if coding := codingOf(header); coding != "" && !strings.EqualFold(coding, "identity") && !zipped(header) {
		return problem.Wrap(otherCoding{"gzip"}, problem.UnsupportedMedia, fmt.Sprintf("The body is encoded as %q; send it plain or as gzip.", coding))
	}
	return nil
}

// unread says why a body did not arrive.
func unread(err error) error {
	if known := new(problem.Error); errors.As(err, &known) {
		return err
	}
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return problem.Wrap(err, problem.TooLarge, fmt.Sprintf("The body is longer than %d bytes; split the application.", tooLarge.Limit))
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return problem.Wrap(err, problem.Malformed, "The body did not arrive in time; send it again.")
	}
	return problem.Wrap(err, problem.Malformed, "The body did not arrive whole; send it again.")
}

// parameters gives the query parameters. Every one that is not known, and every one that is stated twice or empty, is a
// fault: a misspelt as_of must not silently mean today. The others are given beside the error, so that what is wrong with their values
// can be told together with it.
func parameters(c *gin.Context, known ...string) (map[string]string, error) {
	query, err := url.ParseQuery(c.Request.URL.RawQuery)
	if err != nil {
		return nil, problem.Wrap(err, problem.Malformed, "The query of the URL is not percent-encoded as it should be.")
	}
	for name, stated := range query {
		if !utf8.ValidString(name) || !utf8.ValidString(strings.Join(stated, "")) {
			return nil, problem.New(problem.Malformed, "The query of the URL is not UTF-8.")
		}
	}
	values := map[string]string{}
	var faults []problem.Fault
	for name, stated := range query {
		switch {
		case !slices.Contains(known, name):
			faults = append(faults, unknownParameter(name, known))
		case len(stated) > 1:
			faults = append(faults, parameterFault(name, fmt.Sprintf("is stated %d times; state it once", len(stated))))
		case strings.TrimSpace(stated[0]) == "":
			faults = append(faults, parameterFault(name, "is empty; give it a value or leave it out"))
		default:
			values[name] = stated[0]
		}
	}
	if len(faults) > 0 {
		slices.SortFunc(faults, func(a, b problem.Fault) int { return strings.Compare(a.Pointer, b.Pointer) })
	}
	return values, together(nil, faults...)
}

// together adds what is wrong with the values of parameters to what is wrong with the parameters themselves: all is told at
// once. Without any fault it is no error.
func together(err error, more ...problem.Fault) error {
	known := &problem.Error{}
	if err != nil {
		if known = problem.Of(err); known.Kind != problem.Invalid {
			return err
		}
	}
	all := slices.Concat(known.Faults, more)
	if len(all) == 0 {
		return nil
	}
	return problem.New(problem.Invalid, "The query of the URL is not understood.", all...)
}

// wanted is the fault of a parameter that has to be stated and is not there at all; one that is empty is told as that.
func wanted(c *gin.Context, name, detail string) []problem.Fault {
	if c.Request.URL.Query().Has(name) {
		return nil
	}
	return []problem.Fault{parameterFault(name, detail)}
}

func parameterFault(name, detail string) problem.Fault {
	const longest = 60
	if len(name) > longest {
		name = strings.ToValidUTF8(name[:longest], "") + "…"
	}
	return problem.Fault{Pointer: "?" + name, Detail: detail}
}

func unknownParameter(name string, known []string) problem.Fault {
	detail := "is no parameter of this route"
	if near, ok := decision.Nearest(name, known); ok {
		detail += fmt.Sprintf("; did you mean %q?", near)
	} else if name == "as_of" {
		detail = "is not for a decision, which is always as of now; ask POST /v1/dry-runs?as_of=… about another day"
	} else if len(known) > 0 {
		detail += "; known: " + strings.Join(known, ", ")
	}
	return parameterFault(name, detail)
}

// asOf is the instant that a request asks about: now, unless it says otherwise. A fault is of what it says.
func (a api) asOf(query map[string]string) (time.Time, []problem.Fault) {
	text, stated := query["as_of"]
	if !stated {
		return a.Now(), nil
	}
	at, err := decision.ParseAsOf(text)
	if err != nil {
		return time.Time{}, []problem.Fault{parameterFault("as_of", problem.Of(err).Detail)}
	}
	return at, nil
}
