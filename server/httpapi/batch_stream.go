package httpapi

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"greenchannel/server/batch"
	"greenchannel/server/problem"
)

// How long a batch may take. The limits of the server are made for one application.
const (
	batchPatience = 15 * time.Second // for each piece of the body to arrive, and of the answer to be taken
	batchLongest  = 30 * time.Minute // for all of it
)

// arrival is a body that is long while it arrives.
type arrival struct {
	body    io.Reader
	control *http.ResponseController
	until   time.Time
	ended   atomic.Bool

	mu  sync.Mutex
	off bool // the request is called off
}

func newArrival(c *gin.Context, most int64) *arrival {
	return &arrival{
		body:    http.MaxBytesReader(c.Writer, c.Request.Body, most),
		control: http.NewResponseController(c.Writer),
		until:   time.Now().Add(batchLongest),
	}
}

// stopWith ends a wait for the body when ctx ends.
func (a *arrival) stopWith(ctx context.Context) (stop func()) {
	remove := context.AfterFunc(ctx, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.off = true
		_ = a.control.SetReadDeadline(time.Now()) // what cannot be hurried ends with the connection
	})
	return func() { remove() }
}

// Read waits for a piece of the body, so long as it may.
func (a *arrival) Read(p []byte) (int, error) {
	if err := a.wait(); err != nil {
		return 0, err
	}
	n, err := a.body.Read(p)
	switch {
	case errors.Is(err, io.EOF):
		a.ended.Store(true)
	case err != nil && a.calledOff():
		err = problem.Wrap(err, problem.Cancelled, offDetail)
	}
	return n, err
}

const offDetail = "The batch was called off; this application and whatever follows was not read."

func (a *arrival) calledOff() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.off
}

func (a *arrival) wait() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	switch {
	case a.off:
		return problem.New(problem.Cancelled, offDetail)
	case now.After(a.until):
		return os.ErrDeadlineExceeded
	}
	_ = a.control.SetReadDeadline(now.Add(batchPatience)) // a connection that has no deadline keeps the patience of the server
	return nil
}

// inMemory is how much of an answer is held in memory before the rest goes to a file.
const inMemory = 4 << 20

// batchReply is the answer to a batch: held back until the status is known, then sent on as it grows.
type batchReply struct {
	api     api
	c       *gin.Context
	form    batch.Form
	in      *arrival
	values  *batch.Writer
	held    bytes.Buffer
	rest    *os.File // what does not fit into held; nil while all does
	begun   bool
	failed  bool // an application failed, so that the status is known
	next    int
	broken  bool  // the last item says that others follow
	refused error // the body is no batch at all
}

func newReply(a api, c *gin.Context, form batch.Form, in *arrival) *batchReply {
	r := &batchReply{api: a, c: c, form: form, in: in}
	r.values = batch.NewWriter(r, form)
	return r
}

// answer takes what came of one application.
func (r *batchReply) answer(a batch.Answer) error {
	if a.Broken && a.Index == 0 {
		r.refused = arrived(a.Err)
		return r.refused
	}
	value, err := r.api.verdictOf(r.c, a)
	if err != nil {
		return err
	}
	r.next, r.broken = a.Index+1, a.Broken
	r.failed = r.failed || a.Err != nil
	if err := r.values.Write(value); err != nil {
		return err
	}
	if r.failed && !r.begun && r.in.ended.Load() {
		return r.begin(http.StatusMultiStatus)
	}
	return nil
}

// end sends what is left, or says why there is nothing to send.
func (r *batchReply) end(sum batch.Summary, err error) {
	_ = r.in.control.SetWriteDeadline(time.Now().Add(batchPatience)) // that of the server may have passed meanwhile
	calledOff := err != nil && r.c.Request.Context().Err() != nil
	switch {
	case r.refused != nil:
		r.api.fail(r.c, r.refused)
		return
	case calledOff && r.next == 0:
		r.api.fail(r.c, problem.Wrap(err, problem.Cancelled, "The batch was called off; nothing was decided."))
		return
	case calledOff && r.broken:
		err = nil // told already
	case calledOff: // told as the last item, so that nobody takes these answers for all
		err = r.answer(batch.Answer{Index: r.next, Broken: true, Err: problem.Wrap(err, problem.Cancelled,
			"The batch was called off; this application and whatever follows was not decided.")})
	}
	if err == nil {
		err = r.values.Close()
	}
	if err == nil && !r.begun {
		status := http.StatusOK
		if r.failed || !sum.Whole() {
			status = http.StatusMultiStatus
		}
		err = r.begin(status)
	}
	switch {
	case err == nil:
	case r.begun:
		panic(http.ErrAbortHandler) // what was cut off must not look whole
	default:
		r.api.fail(r.c, err)
	}
}

// begin sends the status and what was held back.
func (r *batchReply) begin(status int) error {
	mediaType := "application/json"
	if r.form == batch.NDJSON {
		mediaType = ndjson
	}
	r.begun = true
	varies(r.c) // with the language of what is wrong
	r.c.Header("Content-Type", mediaType)
	r.c.Status(status)
	r.c.Writer.WriteHeaderNow()
	if _, err := r.Write(r.held.Bytes()); err != nil {
		return err
	}
	r.held = bytes.Buffer{}
	if r.rest == nil {
		return nil
	}
	if _, err := r.rest.Seek(0, io.SeekStart); err != nil {
		return err
	}
	const piece = 256 << 10
	_, err := io.CopyBuffer(struct{ io.Writer }{r}, struct{ io.Reader }{r.rest}, make([]byte, piece))
	return err
}

// Write sends a piece of the answer, or holds it back.
func (r *batchReply) Write(p []byte) (int, error) {
	switch {
	case r.begun:
		_ = r.in.control.SetWriteDeadline(time.Now().Add(batchPatience))
		return r.c.Writer.Write(p)
	case r.rest == nil && r.held.Len()+len(p) <= inMemory:
		return r.held.Write(p)
	case r.rest == nil:
		file, err := os.CreateTemp("", "greenchannel-batch-*")
		if err != nil {
			return 0, err
		}
		r.rest = file
	}
	return r.rest.Write(p)
}

// close removes what was held back.
func (r *batchReply) close() {
	if r.rest != nil {
		_ = r.rest.Close()
		_ = os.Remove(r.rest.Name())
	}
}
