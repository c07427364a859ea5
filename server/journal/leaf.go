package journal

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"hash/crc32"

	"golang.org/x/mod/sumdb/tlog"
)

// leafTag opens every leaf. It names the format, so that no leaf of another format, or of another log, has the same bytes.
const leafTag = "greenchannel/journal/record/v1\n"

// field is one recorded field. The order of fields is the order of the leaf and of the check sums, and is part of the
// format. Place and instant come last, because only they are not known before the record has its turn.
type field struct {
	name  string
	bytes func(*Record) []byte
}

// fields lists every recorded field, by the name of its column.
func fields() []field {
	return []field{
		{"id", func(r *Record) []byte { return []byte(r.ID) }},
		{"kind", func(r *Record) []byte { return []byte(r.Kind) }},
		{"clock", func(r *Record) []byte { return number(r.Clock.UnixNano()) }},
		{"bundle", func(r *Record) []byte { return []byte(r.Bundle) }},
		{"input", func(r *Record) []byte { return r.Input }},
		{"reads", func(r *Record) []byte { return r.Reads }},
		{"facts", func(r *Record) []byte { return r.Facts }},
		{"result", func(r *Record) []byte { return r.Result }},
		{"caller", func(r *Record) []byte { return []byte(r.Caller) }},
		{"idempotency_key", func(r *Record) []byte { return []byte(r.IdempotencyKey) }},
		{"request_hash", func(r *Record) []byte { return r.RequestHash[:] }},
		{"application_id", func(r *Record) []byte { return []byte(r.ApplicationID) }},
		{"exporter", func(r *Record) []byte { return []byte(r.Exporter) }},
		{"outcome", func(r *Record) []byte { return []byte(r.Outcome) }},
		{"at", func(r *Record) []byte { return number(r.At.UnixNano()) }},
		{"seq", func(r *Record) []byte { return number(int64(r.Seq)) }},
	}
}

// late is how many fields at the end of fields are known only when a record gets its place.
const late = 2

// number is an integer as eight bytes, most significant first, in two's complement.
func number(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }

// Leaf is the canonical encoding of a record: the tag, then each field as its length in four bytes, most significant
// first, and its bytes. The README documents it byte by byte.
func (r *Record) Leaf() []byte {
	leaf := []byte(leafTag)
	for _, f := range fields() {
		leaf = appendField(leaf, f.bytes(r))
	}
	return leaf
}

// Hash is the leaf hash of the record: SHA-256 of a zero byte and the leaf.
func (r *Record) Hash() Hash { return tlog.RecordHash(r.Leaf()) }

func appendField(leaf, value []byte) []byte {
	leaf = binary.BigEndian.AppendUint32(leaf, uint32(len(value)))
	return append(leaf, value...)
}

// draft is a record on its way: everything is hashed but what only the writer knows. It is sealed once.
type draft struct {
	record Record
	hash   hash.Hash
	sums   []byte
}

// newDraft does the costly part of the hashing outside the lock.
func newDraft(e *Entry) *draft {
	d := &draft{
		record: Record{
			ID: e.ID, Kind: e.Kind, Clock: instant(e.Clock.UnixNano()), Bundle: e.Bundle,
			Input: whole(e.Input), Reads: whole(e.Reads), Facts: whole(e.Facts), Result: whole(e.Result),
			Caller: e.Caller, IdempotencyKey: e.IdempotencyKey, RequestHash: sha256.Sum256(e.Input),
			ApplicationID: e.ApplicationID, Exporter: e.Exporter, Outcome: e.Outcome,
		},
		hash: sha256.New(),
	}
	d.hash.Write([]byte{0}) // as tlog.RecordHash
	d.hash.Write([]byte(leafTag))
	all := fields()
	for _, f := range all[:len(all)-late] {
		d.write(f)
	}
	return d
}

// write adds a field to the hash and its check sum to the sums. A hash never fails to be written to.
func (d *draft) write(f field) {
	value := f.bytes(&d.record)
	d.hash.Write(binary.BigEndian.AppendUint32(nil, uint32(len(value))))
	d.hash.Write(value)
	d.sums = binary.BigEndian.AppendUint32(d.sums, fieldSum(value))
}

// seal gives the record its place and its instant, and returns the leaf hash.
func (d *draft) seal(seq uint64, at int64) Hash {
	d.record.Seq, d.record.At = seq, instant(at)
	all := fields()
	for _, f := range all[len(all)-late:] {
		d.write(f)
	}
	return Hash(d.hash.Sum(nil))
}

// whole makes nothing an empty value: what is absent is recorded as no bytes.
func whole(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// castagnoli is the polynomial of the check sums that stand beside the leaf hash. The hash proves; the sums tell which
// field, and for a single byte which byte, does not agree any more.
func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

func fieldSum(value []byte) uint32 { return crc32.Checksum(value, castagnoli()) }

// sums are the check sums of all fields, four bytes each.
func (r *Record) sums() []byte {
	var sums []byte
	for _, f := range fields() {
		sums = binary.BigEndian.AppendUint32(sums, fieldSum(f.bytes(r)))
	}
	return sums
}
