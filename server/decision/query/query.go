// Package query holds the nouns of what an OPA client asks: a Question about any document of the policies, and the Answer
// in the shapes of OPA's REST API. It stands between httpapi, which knows the transport, and engine, which knows OPA, so
// that neither knows the other. It reads, evaluates and writes nothing.
package query

import (
	"context"
	"time"
)

// Question is one request of an OPA client, taken off the wire and not yet understood.
type Question struct {
	// Path names a document below data, segment by segment; for a policy it is one segment, the id.
	Path []string
	// Body is the body of a POST, decompressed; YAML says how it is written. Both are unset for a GET.
	Body []byte
	YAML bool
	// Input is the parameter of that name of a GET; nil when it is not stated.
	Input *string
	// Query is the parameter q of an ad hoc query by GET; nil when it is not stated.
	Query *string
	// At is the clock of the evaluation.
	At time.Time
	Options
	// Recorded decides an application when the path is the entry point for decisions; nil to evaluate that path like any
	// other, with no record and no decision id.
	Recorded Recorded
}

// Options are the query parameters that change an answer of OPA.
type Options struct {
	Pretty, Provenance, Metrics, Instrument, RuleLabels bool
	// StrictBuiltinErrors makes an error of a failing built-in, which is otherwise undefined.
	StrictBuiltinErrors bool
	// Bundles and Plugins ask about the health of those, ExcludePlugins not about some.
	Bundles, Plugins bool
	ExcludePlugins   []string
	// Explain is notes, fails, full or debug; anything else asks for no explanation.
	Explain string
}

// Recorded decides the application in input, exactly as it was sent, keeps the record, and gives the decision document
// and its id.
type Recorded func(ctx context.Context, input []byte) (result []byte, decisionID string, err error)

// Answer is a whole answer: a document in one of OPA's shapes, error or not.
type Answer struct {
	// Status is the status that OPA's REST API gives it.
	Status int
	// Body is JSON and ends in a line feed.
	Body []byte
	// Cause is what the operator should know about a failure of ours; it is never for the client.
	Cause error
}
