// Package impact tells what would be decided otherwise. Replay decides a recorded decision again, from its record alone,
// and compares the two byte by byte; a Report names each place in which they differ. It decides nothing itself: how a
// record is decided again is handed in, and so are the records. It knows neither OPA nor where records and bundles are
// kept, and has no opinion on which of two decisions is the better one.
package impact

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"greenchannel/server/decision"
	"greenchannel/server/problem"
)

// Report says whether a recorded decision comes out the same when it is made again.
type Report struct {
	DecisionID     string `json:"decision_id" jsonschema:"Id of the decision."`
	Seq            uint64 `json:"seq" jsonschema:"Its number in the record."`
	ApplicationID  string `json:"application_id" jsonschema:"Reference of the application."`
	RecordedBundle string `json:"recorded_bundle" jsonschema:"Digest of the policies that decided."`
	Bundle         string `json:"bundle" jsonschema:"Digest of the policies that decided again."`
	// Under another bundle, the name of the bundle in the result does not count: it differs always, and says nothing of the
	// application.
	Identical   bool         `json:"identical" jsonschema:"Whether result, facts and reads are the same to the byte; under another bundle, but for the name of the bundle."`
	Differences []Difference `json:"differences" jsonschema:"Where they differ: first in the result, then in the facts, then in the reads."`
	Unavailable *Unavailable `json:"unavailable,omitzero" jsonschema:"Why there is no second decision to compare; absent where there is one."`
}

// Difference is one place in which the two differ.
type Difference struct {
	Pointer string `json:"pointer" jsonschema:"JSON pointer (RFC 6901) into {result: …, facts: …, reads: …} of the record; for what only the new decision has, into that of the new one."`
	// The values have numbers as they are written.
	Recorded jsontext.Value `json:"recorded,omitzero" jsonschema:"The value in the record; absent where there is none, or where the note says it all."`
	Replayed jsontext.Value `json:"replayed,omitzero" jsonschema:"The value in the new decision; absent likewise."`
	Note     string         `json:"note,omitzero" jsonschema:"What differs where it is not the value."`
}

// Unavailable is why a recorded decision cannot be made again.
type Unavailable struct {
	Path   []string        `json:"path,omitzero" jsonschema:"Path under data of a row that the policies read and the record does not have; absent where the reason is another one."`
	Detail string          `json:"detail" jsonschema:"The reason, in words."`
	Faults []problem.Fault `json:"faults,omitzero" jsonschema:"What the policies do not take of the application."`

	cause error
}

// Cause is what the operator may know beyond the detail; nil for nothing. It may quote the application.
func (u *Unavailable) Cause() error { return u.cause }

// NotRecordedError is what deciding again says of a row that the policies read and the record does not have.
type NotRecordedError struct {
	// Path is that of the row, under data.
	Path []string
}

func (e *NotRecordedError) Error() string {
	return fmt.Sprintf("the record does not have the row data.%s, which the policies read", strings.Join(e.Path, "."))
}

// Replay decides a record again with the policies of a digest, and compares. That another bundle cannot decide the
// application (it reads a row that is not recorded, does not take the application, or comes to no decision) is a report
// as well; an error means that nothing is known, and another try may come to a report.
func Replay(ctx context.Context, record decision.Record, bundle string, again func(context.Context, decision.Record) (decision.Verdict, error)) (Report, error) {
	if record.Kind != decision.KindDecision {
		what := "puts a party on file"
		if record.Kind == decision.KindActivation {
			what = "says what became of a bundle"
		}
		return Report{}, problem.New(problem.Invalid, fmt.Sprintf(
			"Record %d %s; it is not a decision, so there is nothing to decide again.", record.Seq, what))
	}
	report := Report{
		DecisionID: record.ID, Seq: record.Seq, ApplicationID: record.ApplicationID,
		RecordedBundle: record.Bundle, Bundle: bundle, Differences: []Difference{},
	}
	verdict, err := again(ctx, record)
	if err != nil {
		report.Unavailable = unavailable(err)
		if report.Unavailable == nil {
			return Report{}, err
		}
		return report, nil
	}
	result, err := asRecorded(record, bundle, verdict.Decision)
	if err != nil {
		return Report{}, err
	}
	d := &differ{found: report.Differences}
	d.document("/result", record.Result, result)
	d.document("/facts", record.Facts, verdict.Facts)
	d.document("/reads", record.Reads, verdict.Reads)
	report.Differences = d.found
	report.Identical = len(d.found) == 0
	return report, nil
}

// unavailable tells why there is no decision, where that is the answer; nil where it is only a failure.
func unavailable(err error) *Unavailable {
	if missing, ok := errors.AsType[*NotRecordedError](err); ok {
		return &Unavailable{Path: missing.Path, Detail: "The policies read a row that the record does not have; what stood there is not known any more.", cause: err}
	}
	switch why := problem.Of(err); why.Kind {
	case problem.Malformed, problem.Invalid, problem.TooLarge, problem.Undecided:
		return &Unavailable{Detail: why.Detail, Faults: why.Faults, cause: err}
	default:
		return nil
	}
}

// asRecorded writes the new decision as it would have been recorded then: with the id and the instant of the record.
// Under another bundle it also takes over how the recorded one names its bundle.
func asRecorded(record decision.Record, bundle string, written decision.Written) ([]byte, error) {
	var then struct {
		DecidedAt string             `json:"decided_at"`
		Policy    decision.PolicyRef `json:"policy"`
	}
	_ = json.Unmarshal(record.Result, &then, jsontext.AllowDuplicateNames(true)) // what cannot be read is found to differ
	decided, err := written.Decision()
	if err != nil {
		return nil, err
	}
	decided.DecisionID, decided.DecidedAt = record.ID, then.DecidedAt
	if bundle != record.Bundle && then.Policy.Digest == record.Bundle {
		decided.Policy = then.Policy
	}
	return decision.Encode(decided)
}
