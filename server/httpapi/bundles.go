package httpapi

import (
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"greenchannel/server/decision"
	"greenchannel/server/explain"
	"greenchannel/server/problem"
)

// Bundles keeps bundles of policies and says which one answers.
type Bundles interface {
	// Kept lists the bundles that are kept, the newest first.
	Kept(ctx context.Context) ([]Bundle, error)
	// Keep checks a bundle and keeps it; added is false when it was kept already. What is wrong with it comes all at once,
	// in an error of kind Invalid.
	Keep(ctx context.Context, archive []byte) (kept Bundle, added bool, err error)
	// Refuse records that an archive was refused before it could be checked, and gives the reason back.
	Refuse(ctx context.Context, reason error) error
	// Described says of the one kept bundle that a digest or the beginning of one names what became of it.
	Described(ctx context.Context, revision string) (BundleDescription, error)
	// Activate lets the kept bundle answer that a digest or the beginning of one names.
	Activate(ctx context.Context, revision string) (Bundle, error)
	// Rules lists the ids of the rules that the kept bundle can explain which a revision names. A revision that names none
	// is an error of kind Invalid, as it is for the two that follow.
	Rules(ctx context.Context, revision string) ([]string, error)
	// DryRun decides an application, unread so far, by the kept bundle that a revision names.
	DryRun(ctx context.Context, revision string, application []byte, at time.Time) (decision.Written, error)
	// Explain does the same and explains the decision.
	Explain(ctx context.Context, revision string, application []byte, at time.Time, asked string) (explain.Explained, error)
}

// MaxArchiveBytes is the longest archive of a bundle that is read.
const MaxArchiveBytes = 64 << 20

// archiveTypes are the media types of a gzipped tar archive: its plain name, and the one that registries know it by.
func archiveTypes() []string {
	return []string{"application/gzip", "application/vnd.oci.image.layer.v1.tar+gzip"}
}

// Bundle is a kept bundle, and what it has decided.
type Bundle struct {
	Digest   string `json:"digest" jsonschema:"Digest over everything in it that can change a decision."`
	Name     string `json:"name" jsonschema:"Its name."`
	Revision string `json:"revision" jsonschema:"The beginning of the digest, for short."`
	KeptAt   string `json:"kept_at" jsonschema:"When it was first kept."`
	Bytes    int64  `json:"bytes" jsonschema:"Length of the archive that is kept."`
	Records  uint64 `json:"records" jsonschema:"How many decisions name it."`
	First    uint64 `json:"first,omitzero" jsonschema:"Number of the first of them; absent while there is none."`
	Last     uint64 `json:"last,omitzero" jsonschema:"Number of the last of them; absent while there is none."`
	Active   bool   `json:"active" jsonschema:"Whether it answers now, in the process that was asked."`

	Activations uint64 `json:"activations" jsonschema:"How often it was put into force."`
	Embedded    bool   `json:"embedded" jsonschema:"Whether it is the one that the program of the service brings."`
	Signed      bool   `json:"signed" jsonschema:"Whether a signature of it was verified. Where no keys are configured, none is asked for, and a bundle counts as unsigned."`
	SignedBy    string `json:"signed_by,omitzero" jsonschema:"Ids of the keys by which it was signed; absent while no signature was verified."`
}

// BundleDescription is a kept bundle, and what became of it.
type BundleDescription struct {
	Bundle Bundle        `json:"bundle" jsonschema:"What the list says of it."`
	Events []BundleEvent `json:"events" jsonschema:"What became of it, the newest first: the last hundred. The record has all of it."`
}

// BundleEvent is one thing that became of a bundle.
type BundleEvent struct {
	Seq      uint64          `json:"seq" jsonschema:"Number of the record that says so."`
	At       string          `json:"at" jsonschema:"When it was recorded."`
	Caller   string          `json:"caller" jsonschema:"Who asked."`
	Action   string          `json:"action" jsonschema:"What was asked for: keep or activate."`
	Outcome  string          `json:"outcome" jsonschema:"How it ended: kept, activated or refused."`
	Before   string          `json:"before,omitzero" jsonschema:"Digest of the bundle that was active until then."`
	SignedBy string          `json:"signed_by,omitzero" jsonschema:"Id of the key by which it was signed."`
	Tests    int             `json:"tests,omitzero" jsonschema:"How many tests of its own it has passed then; absent where it had passed before."`
	Cases    int             `json:"cases,omitzero" jsonschema:"How many cases it has decided then."`
	Errors   []problem.Fault `json:"errors,omitzero" jsonschema:"Why it was refused."`
}

// bundles are those that are kept.
type bundles struct {
	Bundles []Bundle `json:"bundles" jsonschema:"The bundles, the newest first."`
}

func (a api) keptBundles(ctx context.Context, _ none) (bundles, error) {
	kept, err := a.Bundles.Kept(ctx)
	return bundles{kept}, err
}

// shelved is a bundle that was sent, as it is kept.
type shelved struct {
	Bundle
	added bool
}

func (s shelved) status() int {
	if s.added {
		return http.StatusCreated
	}
	return http.StatusOK
}

// headers name the place of the bundle.
func (s shelved) headers() map[string]string {
	return map[string]string{"Location": "/v1/bundles/" + s.Digest}
}

// archive reads a bundle as it is sent.
func (a api) archive(c *gin.Context) ([]byte, error) {
	if _, err := parameters(c); err != nil {
		return nil, err
	}
	header := c.Request.Header
	mediaType, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil || !slices.Contains(archiveTypes(), mediaType) {
		return nil, problem.New(problem.UnsupportedMedia, fmt.Sprintf(
			"The body is declared as %.100q; send a gzipped tar archive as %s.", header.Get("Content-Type"), strings.Join(archiveTypes(), " or ")))
	}
	if coding := codingOf(header); coding != "" && !strings.EqualFold(coding, "identity") {
		return nil, problem.Wrap(otherCoding{"identity"}, problem.UnsupportedMedia, fmt.Sprintf(
			"The body is encoded as %.40q; send the archive as it is.", coding))
	}
	if c.Request.ContentLength > MaxArchiveBytes {
		return nil, a.Bundles.Refuse(c.Request.Context(), tooLong())
	}
	in := newArrival(c, MaxArchiveBytes)
	defer in.stopWith(c.Request.Context())()
	body, err := io.ReadAll(in)
	if err == nil {
		_ = in.control.SetWriteDeadline(time.Now().Add(shelvingPatience)) // that of the server may have passed meanwhile
		return body, nil
	}
	known := problem.Of(unread(err))
	switch {
	case in.calledOff():
		return nil, problem.Wrap(err, problem.Cancelled, "The request was called off; the bundle is not kept.")
	case known.Kind == problem.TooLarge:
		return nil, a.Bundles.Refuse(c.Request.Context(), tooLong())
	}
	return nil, known
}

// shelvingPatience is how long a bundle may take to be checked, and its answer to be taken.
const shelvingPatience = 10 * time.Minute

func tooLong() error {
	return problem.New(problem.TooLarge, fmt.Sprintf("The archive is longer than %d bytes; keep to the policies what they need.", MaxArchiveBytes))
}

func (a api) shelve(ctx context.Context, archive []byte) (shelved, error) {
	kept, added, err := a.Bundles.Keep(ctx, archive)
	return shelved{kept, added}, err
}

// digest decodes the digest of a bundle, or the beginning of one, from the path.
func (a api) digest(c *gin.Context) (string, error) {
	_, err := parameters(c)
	return c.Param("digest"), err
}

func (a api) describeBundle(ctx context.Context, revision string) (BundleDescription, error) {
	return a.Bundles.Described(ctx, revision)
}

func (a api) activate(ctx context.Context, revision string) (Bundle, error) {
	return a.Bundles.Activate(ctx, revision)
}
