package journal

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/tlog"

	"greenchannel/server/problem"
)

// Hash is a SHA-256 hash of the log's tree (RFC 6962); it prints as base64.
type Hash = tlog.Hash

// Kind says what was recorded.
type Kind string

// The kinds of record.
const (
	Decision Kind = "decision" // an application was decided
	Party    Kind = "party"    // an entry of the registry of parties was put
	// Activation is what became of a bundle of policies: it came in and was kept, was refused, or was put into force.
	Activation Kind = "activation"
)

func (k Kind) known() bool { return k == Decision || k == Party || k == Activation }

// Limits of what is recorded. A caller that meets them hears so before anything is written.
const (
	// MaxKeyBytes is the longest idempotency key.
	MaxKeyBytes = 255
	// MaxRecordBytes bounds the exact bytes of one record: input, reads, facts and result together.
	MaxRecordBytes = 64 << 20
)

// Entry is what a caller wants recorded. The journal keeps it as it is and adds the place (Seq), the instant (At) and the
// hash of the input.
type Entry struct {
	// ID is a UUIDv7 in its canonical lower-case text; no two records share one.
	ID   string
	Kind Kind
	// Clock is the instant the rules were asked about.
	Clock time.Time
	// Bundle is the digest of the policies that decided, or of those that were put into force; empty where there are none. It
	// must be kept (KeepBundle) before.
	Bundle string
	// Input is the exact body, Reads the JSON array of {path, value} of live and computed rows in the order in which they
	// were read, Facts the JSON object of what the policies want remembered, and Result the exact bytes of the answer.
	Input, Reads, Facts, Result []byte
	// Caller is who asked. Idempotency keys belong to one caller.
	Caller string
	// IdempotencyKey is the caller's own word for this request; empty for none.
	IdempotencyKey string
	// ApplicationID, Exporter and Outcome are copies for those who query with SQL.
	ApplicationID, Exporter, Outcome string

	// Check, when set, is called inside the lock that gives records their place, once for every record after Snapshot, in
	// order, those of the same group commit included. An error refuses the entry and is what Append returns: ErrStale, or
	// one that wraps it, says that what was read has changed since. It must be quick, must not call the journal and must
	// not change the record, of which Input, Reads and Result may be left out (nil).
	Check func(later *Record) error
	// Snapshot is the Seq up to which the caller had seen the records. Where that lies past the end, or far behind it
	// (10,000 records), the entry is refused with ErrStale.
	Snapshot uint64
}

// Record is one line of the journal: exact bytes, nothing derived from them but RequestHash. Records are shared between
// all who read them, and must not be changed.
type Record struct {
	// Seq counts the records of a journal from 1 without gaps.
	Seq  uint64
	ID   string
	Kind Kind
	// At is the instant the record was made and Clock the instant the rules were asked about, both in UTC to the
	// nanosecond. At grows with Seq.
	At, Clock                   time.Time
	Bundle                      string
	Input, Reads, Facts, Result []byte
	Caller                      string
	IdempotencyKey              string
	// RequestHash is the SHA-256 of Input.
	RequestHash                      [sha256.Size]byte
	ApplicationID, Exporter, Outcome string
}

// Receipt says where an entry was recorded.
type Receipt struct {
	Seq uint64
	// Hash is the leaf hash of the record in the Merkle tree.
	Hash Hash
	At   time.Time
	// Clamped says that the clock had gone back, so At is the instant after the record before instead.
	Clamped bool
}

// sound refuses what neither database could give back unchanged.
func (e *Entry) sound() error {
	if !isUUIDv7(e.ID) {
		return fmt.Errorf("journal: %q is no UUIDv7 in lower-case text", e.ID)
	}
	if !e.Kind.known() {
		return fmt.Errorf("journal: unknown kind of record %q", e.Kind)
	}
	if !instant(e.Clock.UnixNano()).Equal(e.Clock) {
		return fmt.Errorf("journal: the clock %s lies outside 1678 to 2262, the years that can be recorded to the nanosecond", e.Clock)
	}
	for _, text := range []struct{ name, value string }{
		{"bundle", e.Bundle},
		{"caller", e.Caller},
		{"Idempotency-Key", e.IdempotencyKey},
		{"application id", e.ApplicationID},
		{"exporter", e.Exporter},
		{"outcome", e.Outcome},
	} {
		if err := plain(text.name, text.value); err != nil {
			return err
		}
	}
	if err := keySound(e.IdempotencyKey); err != nil {
		return err
	}
	if size := len(e.Input) + len(e.Reads) + len(e.Facts) + len(e.Result); size > MaxRecordBytes {
		return problem.New(problem.TooLarge, fmt.Sprintf(
			"The record would have %d bytes; the most that is recorded is %d. Split the application.", size, MaxRecordBytes))
	}
	return nil
}

// plain refuses text that a database would refuse or cut short.
func plain(name, value string) error {
	switch {
	case !utf8.ValidString(value):
		return problem.New(problem.Invalid, fmt.Sprintf("The %s is not UTF-8, so it cannot be recorded.", name))
	case strings.IndexByte(value, 0) >= 0:
		return problem.New(problem.Invalid, fmt.Sprintf("The %s holds the character U+0000, so it cannot be recorded; take it out.", name))
	}
	return nil
}

func keySound(key string) error {
	if len(key) > MaxKeyBytes {
		return problem.New(problem.Invalid, fmt.Sprintf(
			"The Idempotency-Key has %d bytes; the longest is %d. A UUID will do.", len(key), MaxKeyBytes))
	}
	return plain("Idempotency-Key", key)
}

func isUUIDv7(id string) bool {
	if len(id) != 36 || id[14] != '7' || !strings.ContainsRune("89ab", rune(id[19])) {
		return false
	}
	for i, c := range []byte(id) {
		switch dash := i == 8 || i == 13 || i == 18 || i == 23; {
		case dash && c != '-':
			return false
		case !dash && !strings.ContainsRune("0123456789abcdef", rune(c)):
			return false
		}
	}
	return true
}

// instant is the one form in which instants are kept and compared.
func instant(ns int64) time.Time { return time.Unix(0, ns).UTC() }
