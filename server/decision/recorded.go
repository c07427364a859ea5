package decision

import (
	"bytes"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
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
	decided.DecisionID, decided.DecidedAt = id, Instant(now)
	result, err := Encode(decided)
	if err != nil {
		return Record{}, err
	}
	clock, err := time.Parse(time.RFC3339, decided.AsOf)
	if err != nil {
		return Record{}, fmt.Errorf("the decision is as of %q: %w", decided.AsOf, err)
	}
	return Record{
		ID: id, Kind: KindDecision, Clock: clock.UTC(), Bundle: decided.Policy.Digest,
		Input: ask.App.body, Facts: verdict.Facts, Reads: verdict.Reads, Result: result,
		Caller: ask.Caller, IdempotencyKey: ask.IdempotencyKey,
		ApplicationID: ask.App.id, Exporter: ask.App.exporter, Outcome: string(decided.Outcome),
	}, nil
}

// Answer is what a client is given for a record: the recorded result, and where it was recorded. That cannot stand in the
// result itself, since the hash is over the result too. It is the same today and years later.
func (r Record) Answer() ([]byte, error) {
	where, err := json.Marshal(RecordOf{Seq: r.Seq, Hash: r.Hash})
	if err != nil {
		return nil, fmt.Errorf("write where the record stands: %w", err)
	}
	body, closed := bytes.CutSuffix(r.Result, []byte("}"))
	if !closed || len(body) < len(`{"x":0`) {
		return nil, fmt.Errorf("record %d has a result that is no object with fields", r.Seq)
	}
	return fmt.Appendf(bytes.Clone(body), `,"record":%s}`, where), nil
}
