package decision

import (
	"bytes"
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// RecordOf names a record: its place in the journal, and the hash by which it stands in the journal's tree.
type RecordOf struct {
	Seq  uint64 `json:"seq"`
	Hash string `json:"hash"`
}

// Encode writes a decision as it is answered and recorded: one form for one decision, to the byte.
func Encode(decided Decision) ([]byte, error) {
	body, err := json.Marshal(decided, json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("write the decision: %w", err)
	}
	return body, nil
}

// drafted makes of a verdict what has to be recorded: the decision with its id and its time.
func drafted(ask Request, verdict Verdict, id string, now time.Time) (Record, error) {
	decided := verdict.Decision
	clock, err := time.Parse(time.RFC3339, decided.AsOf)
	if err != nil {
		return Record{}, fmt.Errorf("the decision is as of %q: %w", decided.AsOf, err)
	}
	return Record{
		ID: id, Kind: KindDecision, Clock: clock.UTC(), Bundle: decided.Policy.Digest,
		Input: ask.App.body, Facts: verdict.Facts, Reads: verdict.Reads, Result: decided.recorded(id, Instant(now)),
		Caller: ask.Caller, IdempotencyKey: ask.IdempotencyKey,
		ApplicationID: ask.App.id, Exporter: ask.App.exporter, Outcome: string(decided.Outcome),
	}, nil
}

// Answer is what a client is given for a record: the recorded result, and where it was recorded. That cannot stand in the
// result itself, since the hash is over the result too. It is the same today and years later.
func (r Record) Answer() ([]byte, error) {
	body, closed := bytes.CutSuffix(r.Result, []byte("}"))
	if !closed || len(body) < len(`{"x":0`) {
		return nil, fmt.Errorf("record %d has a result that is no object with fields", r.Seq)
	}
	const around = len(`,"record":{"seq":18446744073709551615,"hash":""}}`)
	answer := append(make([]byte, 0, len(body)+len(r.Hash)+around), body...)
	answer = strconv.AppendUint(append(answer, `,"record":{"seq":`...), r.Seq, 10)
	answer, err := jsontext.AppendQuote(append(answer, `,"hash":`...), r.Hash)
	if err != nil {
		return nil, fmt.Errorf("write where the record stands: %w", err)
	}
	return append(answer, '}', '}'), nil
}
