package httpapi

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"greenchannel/server/decision"
	"greenchannel/server/decision/query"
)

// maxBatchBytes is the longest batch that is read, before and after it is decompressed.
const maxBatchBytes = 32 * decision.MaxBytes

// asked takes a question off the wire; what is asked is understood elsewhere.
func (a api) asked(c *gin.Context, path []string, maxBytes int64) (query.Question, error) {
	parameters := c.Request.URL.Query() // like OPA: what is misspelt is not there
	q := query.Question{
		Path:  path,
		Input: last(parameters, "input"),
		Query: last(parameters, "q"),
		At:    a.Now().Truncate(resolution),
		Options: query.Options{
			Pretty:              flag(parameters, "pretty"),
			Provenance:          flag(parameters, "provenance"),
			Metrics:             flag(parameters, "metrics"),
			Instrument:          flag(parameters, "instrument"),
			RuleLabels:          flag(parameters, "rule_labels"),
			StrictBuiltinErrors: flag(parameters, "strict-builtin-errors"),
			Explain:             explainMode(parameters),
			Bundles:             flag(parameters, "bundle") || flag(parameters, "bundles"),
			Plugins:             flag(parameters, "plugins"),
			ExcludePlugins:      parameters["exclude-plugin"],
		},
	}
	if a.Recorded != nil {
		key, err := keyOf(c.Request.Header)
		if err != nil {
			return q, err
		}
		q.Recorded = a.underKey(key, maxBytes == maxBatchBytes)
	}
	if c.Request.Method != http.MethodPost {
		return q, nil
	}
	q.YAML = strings.Contains(c.Request.Header.Get("Content-Type"), "yaml")
	var err error
	q.Body, err = body(c, maxBytes)
	return q, err
}

// underKey decides what is sent under a key of the client's. Of a batch each input has a key of its own, made of that of the
// batch and of the input, so that a batch which is sent again finds what was decided, in whatever order.
func (a api) underKey(key string, batch bool) query.Recorded {
	return func(ctx context.Context, input []byte) ([]byte, string, error) {
		own := key
		if key != "" && batch {
			digest := sha256.Sum256(slices.Concat([]byte(key), []byte{0}, input)) // no key has a zero byte
			own = "inputs-" + hex.EncodeToString(digest[:])
		}
		return a.Recorded(ctx, input, own)
	}
}

// body reads a body, and decompresses it where it says so.
func body(c *gin.Context, maxBytes int64) ([]byte, error) {
	sent, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, maxBytes))
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, fmt.Errorf("request body too large: exceeds limit of %d bytes", tooLarge.Limit)
	}
	if err != nil || !strings.Contains(c.Request.Header.Get("Content-Encoding"), "gzip") {
		return sent, err
	}
	compressed, err := gzip.NewReader(bytes.NewReader(sent))
	if err != nil {
		return nil, fmt.Errorf("could not decompress the body: %w", err)
	}
	plain, err := io.ReadAll(io.LimitReader(compressed, maxBytes+1))
	if err == nil {
		err = compressed.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("could not decompress the body: %w", err)
	}
	if int64(len(plain)) > maxBytes {
		return nil, fmt.Errorf("request body too large: decompressed size exceeds limit of %d bytes", maxBytes)
	}
	return plain, nil
}

// flag reads a parameter that is set when it is true, or stated once without a value.
func flag(parameters url.Values, name string) bool {
	stated := parameters[name]
	if len(stated) == 1 && stated[0] == "" {
		return true
	}
	for _, value := range stated {
		if strings.EqualFold(value, "true") {
			return true
		}
	}
	return false
}

func last(parameters url.Values, name string) *string {
	stated := parameters[name]
	if len(stated) == 0 {
		return nil
	}
	return &stated[len(stated)-1]
}

// explainMode is the first mode of explanation that is known.
func explainMode(parameters url.Values) string {
	for _, mode := range parameters["explain"] {
		switch mode {
		case "notes", "fails", "full", "debug":
			return mode
		}
	}
	return ""
}

// fromElsewhere says whether a browser sends this for a page of another site. OPA takes a body of any media type, which
// such a page could make a browser send; here it would leave a record, and so would a GET.
func fromElsewhere(r *http.Request) bool {
	asWrite := *r
	asWrite.Method = http.MethodPost
	return http.NewCrossOriginProtection().Check(&asWrite) != nil
}
