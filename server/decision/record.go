package decision

import "time"

// The kinds of record.
const (
	KindDecision = "decision" // an application was decided
	KindParty    = "party"    // an entry of the registry of parties was put
	// KindActivation is what became of a bundle of policies: it was kept, was refused, or was put into force.
	KindActivation = "activation"
)

// Record is one line of the journal as the other rooms see it: exact bytes, and the words that they are found by. It is
// shared and not to be changed.
type Record struct {
	// Seq counts the records from 1 without gaps.
	Seq uint64
	// ID is a UUIDv7: the decision's, or for a party one of the record's own.
	ID string
	// Kind is KindDecision, KindParty or KindActivation.
	Kind string
	// At is the instant the record was made and Clock the instant the rules were asked about, both in UTC. At grows with Seq.
	At, Clock time.Time
	// Bundle is the digest of the policies that decided, or that were put into force; empty for a party.
	Bundle string
	// Input is the body as received. Facts is what the policies want remembered of it (JSON object). Reads is the JSON
	// array of {path, value} of the live and computed rows that were read, in the order of their paths. Result is the exact answer.
	Input, Facts, Reads, Result []byte
	// Caller is who asked, and IdempotencyKey the caller's own word for the request; empty for none.
	Caller, IdempotencyKey string
	// ApplicationID, Exporter and Outcome are those of a decision; empty for a party.
	ApplicationID, Exporter, Outcome string
	// Hash is "sha256:" and the leaf hash of the record in the log, in hex.
	Hash string
}
