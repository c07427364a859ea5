package httpapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"runtime"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"greenchannel/server/batch"
	"greenchannel/server/decision"
	"greenchannel/server/problem"
)

// Sitting decides the applications of one batch: all by one bundle and on one snapshot of the data. Its methods may be
// called by several goroutines at once.
type Sitting interface {
	// Decide reads one application, decides it and records it. The key is that of the application; empty for none.
	Decide(ctx context.Context, body []byte, key string) (answer []byte, err error)
	// Close ends the sitting. It is called once, when nothing is under way any more.
	Close()
}

// Limits of a batch.
const (
	batchItems = 10_000
	batchBytes = 256 << 20
	// batchWorkers are the workers for each processor: most of them wait for the disk, and share what is written to it at once.
	batchWorkers = 8
)

const ndjson = "application/x-ndjson"

// verdict is what a batch says of one application.
type verdict struct {
	Index int `json:"index"`
	// Status is the status that POST /v1/decisions would have answered with.
	Status int `json:"status"`
	// Problem says why there is no decision. Where there is one, it stands in its place as "decision".
	Problem *details `json:"problem,omitzero"`
}

// batch decides many applications: a JSON array or NDJSON in, the same out, an answer for each in the order of the
// questions. Whatever is wrong with one is said of that one. The status is 200 when all were decided, and 207 otherwise;
// a body that is no batch at all is a problem of the whole request.
//
// Nothing is sent before the whole body has arrived: the status has to be known, and a client that first sends all and
// then reads must not be kept waiting by its own answers.
func (a api) batch(c *gin.Context) {
	if _, err := parameters(c); err != nil {
		a.fail(c, err)
		return
	}
	form, err := batchForm(c.Request.Header)
	if err != nil {
		a.fail(c, err)
		return
	}
	key, err := keyOf(c.Request.Header)
	if err != nil {
		a.fail(c, err)
		return
	}
	sitting, err := a.Batch(c.Request)
	if err != nil {
		a.fail(c, err)
		return
	}
	defer sitting.Close()

	ctx := c.Request.Context()
	in := newArrival(c, batchBytes)
	defer in.stopWith(ctx)()
	limits := batch.Limits{Items: batchItems, Bytes: decision.MaxBytes}
	body := plainly(c.Request.Header, in, batchBytes)
	items := batch.Array(body, limits)
	if form == batch.NDJSON {
		items = batch.Lines(body, limits)
	}
	r := newReply(a, c, form, in)
	defer r.close()
	sum, err := batch.Run(ctx, batchWorkers*runtime.GOMAXPROCS(0), items,
		func(ctx context.Context, item batch.Item) ([]byte, error) {
			return sitting.Decide(ctx, item.Body, itemKey(key, item.Index))
		}, r.answer)
	r.end(sum, err)
}

// batchForm reads from the media type how the applications are put together.
func batchForm(header http.Header) (batch.Form, error) {
	mediaType, params, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil || mediaType != "application/json" && mediaType != ndjson {
		return 0, problem.New(problem.UnsupportedMedia, fmt.Sprintf(
			"The body is declared as %q; send a JSON array as application/json, or an application a line as %s.", header.Get("Content-Type"), ndjson))
	}
	asJSON := header.Clone() // character set and coding are asked for as everywhere
	asJSON.Set("Content-Type", mime.FormatMediaType("application/json", params))
	if err := declaredAsJSON(asJSON); err != nil {
		return 0, err
	}
	if mediaType == ndjson {
		return batch.NDJSON, nil
	}
	return batch.JSONArray, nil
}

// itemKey derives the key of one application from that of its batch and its place: a batch that is sent again, whole or
// after it broke off, finds what was decided. The hash keeps it short, and apart from keys that clients choose.
func itemKey(key string, index int) string {
	if key == "" {
		return ""
	}
	digest := sha256.Sum256([]byte(key))
	return "batch-" + hex.EncodeToString(digest[:16]) + "-" + strconv.Itoa(index)
}

// verdictOf says in one line what came of an application. A decision is put in as it is: it is JSON already, and long.
func (a api) verdictOf(c *gin.Context, answer batch.Answer) ([]byte, error) {
	if answer.Err != nil {
		p := a.problemOf(c, answer)
		return json.Marshal(verdict{Index: answer.Index, Status: p.Status, Problem: p}, jsontext.AllowInvalidUTF8(true))
	}
	decided := jsontext.Value(answer.Body)
	if bytes.ContainsAny(decided, "\r\n") { // would be the end of a line
		if err := decided.Compact(); err != nil {
			return nil, err
		}
	}
	head, err := json.Marshal(verdict{Index: answer.Index, Status: http.StatusCreated})
	if err != nil {
		return nil, err
	}
	return slices.Concat(bytes.TrimSuffix(head, []byte("}")), []byte(`,"decision":`), decided, []byte("}")), nil
}

func (a api) problemOf(c *gin.Context, answer batch.Answer) *details {
	p := problem.Of(arrived(answer.Err))
	if known, _ := replyTo(p.Kind); known.status >= http.StatusInternalServerError {
		a.Log.ErrorContext(c.Request.Context(), "application of a batch failed", "problem", p.Kind, "err", answer.Err,
			"index", answer.Index, "path", c.Request.URL.Path, "request_id", c.GetString(requestIDKey))
	}
	told := a.told(c, p)
	told.Instance = fmt.Sprintf("%s#/%d", told.Instance, answer.Index)
	return &told
}

// arrived tells errors of the connection as those of a body that did not arrive; all others are told already.
func arrived(err error) error {
	if known := new(problem.Error); errors.As(err, &known) {
		return err
	}
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		return problem.Wrap(err, problem.TooLarge, fmt.Sprintf(
			"The batch is longer than %d bytes; this item and whatever follows was not read. Send them in another batch.", tooLarge.Limit))
	}
	return unread(err)
}
