package journal

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// Damage is the first thing in a journal that is not as it was recorded.
type Damage struct {
	// Seq and ID name the record; Seq is 0 when the damage lies in no record.
	Seq uint64
	ID  string
	// Field is the column, Offset the byte in it that differs, counted from 0; -1 where that cannot be told.
	Field  string
	Offset int64
	Detail string
	cause  error
}

// Error names the place as closely as it is known.
func (d *Damage) Error() string {
	var text strings.Builder
	text.WriteString("the journal is damaged: ")
	if d.Seq > 0 {
		fmt.Fprintf(&text, "record %d", d.Seq)
		if d.ID != "" {
			fmt.Fprintf(&text, " (%s)", d.ID)
		}
		text.WriteString(": ")
	}
	if d.Field != "" {
		text.WriteString(d.Field)
		if d.Offset >= 0 {
			fmt.Fprintf(&text, ", byte %d", d.Offset)
		}
		text.WriteString(": ")
	}
	text.WriteString(d.Detail)
	if d.cause != nil {
		fmt.Fprintf(&text, " (cause: %v)", d.cause)
	}
	return text.String()
}

// Unwrap gives the cause, if there is one.
func (d *Damage) Unwrap() error { return d.cause }

// intact gives the record of a row when it has the hash under which it was recorded, and says what is wrong otherwise.
func (r *row) intact() (*Record, error) {
	if len(r.tree) >= tlog.HashSize && r.Hash() == Hash(r.tree) {
		return &r.Record, nil
	}
	return nil, r.diagnose()
}

// diagnose names the field that does not have its leaf hash any more. The check sums beside the record tell which, and
// since CRC-32C is linear, they also tell where a single byte was changed; the leaf hash confirms it.
func (r *row) diagnose() *Damage {
	all := fields()
	var changed []int
	if len(r.sums) == 4*len(all) {
		for i, f := range all {
			if fieldSum(f.bytes(&r.Record)) != binary.BigEndian.Uint32(r.sums[4*i:]) {
				changed = append(changed, i)
			}
		}
	}
	d := &Damage{Seq: r.Seq, ID: r.ID, Offset: -1}
	switch {
	case len(r.sums) != 4*len(all):
		d.Field, d.Detail = "sums", fmt.Sprintf("the check sums have %d bytes, not %d, and the record does not have its hash", len(r.sums), 4*len(all))
	case len(r.tree) < tlog.HashSize:
		d.Field, d.Offset, d.Detail = "tree", int64(len(r.tree)), "the stored hashes end too early"
	case len(changed) == 0:
		// The record agrees with its sums, so it is the stored hash that does not.
		leaf := r.Hash()
		d.Field, d.Offset, d.Detail = "tree", int64(differ(r.tree, leaf[:])), "is not the leaf hash of the record, which has its check sums"
	default:
		i := changed[0]
		value := all[i].bytes(&r.Record)
		d.Field, d.Detail = all[i].name, "does not have the check sum under which it was recorded"
		if at, was, ok := r.wrongByte(i, value); ok {
			d.Offset, d.Detail = int64(at), fmt.Sprintf("is %#02x and was recorded as %#02x", value[at], was)
		} else if len(changed) > 1 {
			var others []string
			for _, j := range changed[1:] {
				others = append(others, all[j].name)
			}
			d.Detail += "; likewise " + strings.Join(others, ", ")
		}
	}
	return d
}

// wrongByte finds the one byte of a field whose change explains both its check sum and the leaf hash.
func (r *row) wrongByte(wrong int, value []byte) (at int, was byte, ok bool) {
	table := castagnoli()
	var by [256]byte // the entry of the table, by its highest byte
	for i, entry := range table {
		by[entry>>24] = byte(i)
	}
	// The difference of two sums is the sum of the difference, were it started from nothing: one byte, and then as many
	// zeros as follow it. Take the zeros back one by one until a single byte is left.
	state := fieldSum(value) ^ binary.BigEndian.Uint32(r.sums[4*wrong:])
	for at := len(value) - 1; at >= 0; at-- {
		if difference := by[state>>24]; table[difference] == state && difference != 0 {
			mended := slices.Clone(value)
			mended[at] ^= difference
			if r.hashWith(wrong, mended) == Hash(r.tree) {
				return at, mended[at], true
			}
		}
		state = withoutZero(table, &by, state)
	}
	return 0, 0, false
}

// withoutZero takes back what a zero byte did to the state of the check sum.
func withoutZero(table *crc32.Table, by *[256]byte, state uint32) uint32 {
	index := by[state>>24]
	return (state^table[index])<<8 | uint32(index)
}

// hashWith is the leaf hash that the record would have with another value in one field.
func (r *row) hashWith(changed int, value []byte) Hash {
	leaf := []byte(leafTag)
	for i, f := range fields() {
		if i == changed {
			leaf = appendField(leaf, value)
		} else {
			leaf = appendField(leaf, f.bytes(&r.Record))
		}
	}
	return tlog.RecordHash(leaf)
}
