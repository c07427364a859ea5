package store

import (
	"cmp"
	"encoding/binary"
	"iter"
	"sort"
)

// concordance is a page by its terms: for each the decisions that have it. Nearly all decisions of a page share their rules,
// so that this takes a part of what the terms of each decision take. It is bytes, to lie in a file and to be searched as
// they are, all numbers with the lowest byte first:
//
//	decisions  a bit for each record of the page: whether it is a decision
//	sizes      how many terms there are, and how many bytes of places
//	terms      in order, 4 bytes each
//	ends       where the places of each term end, 4 bytes each
//	places     of each term: 2 bytes a decision; or a bit for each record of the page, where that is shorter
//	times      of each decision: the nanoseconds since the one before it (the first: since 1970), as varints
type concordance []byte

const (
	bytesOfMarks = pageRecords / 8
	bytesOfHead  = bytesOfMarks + 2*4
	bytesOfTerm  = 4
	bytesOfPlace = 2
)

// written lays out a concordance; uses are in order, each a term and, in the lowest 16 bits, the place of a decision that
// has it.
func written(decisions marks, uses []uint64, times []byte) concordance {
	var terms, ends, places []byte
	count := uint32(0)
	for term, has := range byTerm(uses) {
		if len(has)*bytesOfPlace < bytesOfMarks {
			for _, use := range has {
				places = binary.LittleEndian.AppendUint16(places, uint16(use))
			}
		} else {
			places = appendMarks(places, marksOf(has))
		}
		terms = binary.LittleEndian.AppendUint32(terms, term)
		ends = binary.LittleEndian.AppendUint32(ends, uint32(len(places)))
		count++
	}
	x := make(concordance, 0, bytesOfHead+len(terms)+len(ends)+len(places)+len(times))
	x = appendMarks(x, decisions)
	x = binary.LittleEndian.AppendUint32(x, count)
	x = binary.LittleEndian.AppendUint32(x, uint32(len(places)))
	for _, part := range [][]byte{terms, ends, places, times} {
		x = append(x, part...)
	}
	return x
}

// byTerm parts uses where the term changes.
func byTerm(uses []uint64) iter.Seq2[uint32, []uint64] {
	return func(yield func(uint32, []uint64) bool) {
		for len(uses) > 0 {
			term := uses[0] >> 16
			n := sort.Search(len(uses), func(i int) bool { return uses[i]>>16 > term })
			if !yield(uint32(term), uses[:n]) {
				return
			}
			uses = uses[n:]
		}
	}
}

func marksOf(uses []uint64) (m marks) {
	for _, use := range uses {
		m.add(uint16(use))
	}
	return m
}

func appendMarks(to []byte, m marks) []byte {
	for _, word := range m {
		to = binary.LittleEndian.AppendUint64(to, word)
	}
	return to
}

func readMarks(from []byte) (m marks) {
	for i := range m {
		m[i] = binary.LittleEndian.Uint64(from[i*8:])
	}
	return m
}

func (x concordance) decisions() marks { return readMarks(x) }

// terms is how many there are.
func (x concordance) terms() int { return int(binary.LittleEndian.Uint32(x[bytesOfMarks:])) }

func (x concordance) term(i int) uint32 {
	return binary.LittleEndian.Uint32(x[bytesOfHead+i*bytesOfTerm:])
}

// end is where the places of a term end, counted from the first of all.
func (x concordance) end(i int) int {
	if i < 0 {
		return 0
	}
	return int(binary.LittleEndian.Uint32(x[bytesOfHead+(x.terms()+i)*bytesOfTerm:]))
}

// with are the decisions that have a term.
func (x concordance) with(term uint32) (found marks) {
	i, there := sort.Find(x.terms(), func(i int) int { return cmp.Compare(term, x.term(i)) })
	if !there {
		return found
	}
	first := bytesOfHead + 2*x.terms()*bytesOfTerm
	places := x[first+x.end(i-1) : first+x.end(i)]
	if len(places) == bytesOfMarks {
		return readMarks(places)
	}
	for ; len(places) > 0; places = places[bytesOfPlace:] {
		found.add(binary.LittleEndian.Uint16(places))
	}
	return found
}

// times tells of each decision when it was, in nanoseconds since 1970, the lowest place first.
func (x concordance) times() iter.Seq2[uint16, int64] {
	return func(yield func(uint16, int64) bool) {
		left := x[bytesOfHead+2*x.terms()*bytesOfTerm+x.bytesOfPlaces():]
		at := int64(0)
		for place := range x.decisions().upwards() {
			since, size := binary.Varint(left)
			at, left = at+since, left[size:]
			if !yield(place, at) {
				return
			}
		}
	}
}

func (x concordance) bytesOfPlaces() int { return int(binary.LittleEndian.Uint32(x[bytesOfMarks+4:])) }
