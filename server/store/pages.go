package store

import (
	"encoding/binary"
	"iter"
	"math/bits"
	"slices"
)

// Decisions are kept for searching in pages, each one row of memdb with the decisions of a range of Seq. An index entry for
// every word of every decision would take several kilobytes a decision. The newest page has a column for each thing that is
// known of a decision, and grows; a page before it is put in order by term once, and does not change any more (fullPage).

const pageRecords = 512

func pageOf(seq uint64) uint64 { return (seq - 1) / pageRecords }

// marks are some of the records of a page, each a bit: its Seq, counted from the first of the page.
type marks [pageRecords / 64]uint64

func (m *marks) add(place uint16) { m[place/64] |= 1 << (place % 64) }

func (m *marks) drop(place uint16) { m[place/64] &^= 1 << (place % 64) }

// both are the records that two have.
func (m marks) both(other marks) marks {
	for i := range m {
		m[i] &= other[i]
	}
	return m
}

// upwards lists the places, the least first.
func (m marks) upwards() iter.Seq[uint16] {
	return func(yield func(uint16) bool) {
		for i, word := range m {
			for ; word != 0; word &= word - 1 {
				if !yield(uint16(i*64 + bits.TrailingZeros64(word))) {
					return
				}
			}
		}
	}
}

// takeLast takes the greatest place out; false when there is none.
func (m *marks) takeLast() (place uint16, there bool) {
	for i, word := range slices.Backward(m[:]) {
		if word != 0 {
			place = uint16(i*64 + bits.Len64(word) - 1)
			m.drop(place)
			return place, true
		}
	}
	return 0, false
}

// page is the newest page: the decisions among the records from number*pageRecords+1 on. Columns of a page that is in a
// snapshot are only ever appended to, beyond the length that the snapshot knows.
type page struct {
	number uint64
	places []uint16 // of each decision: its Seq, counted from the first of the page
	at     []int64  // nanoseconds since 1970
	terms  []uint32
	ends   []uint32 // where the terms of each decision end
}

func (p *page) place() uint64 { return p.number }

// with returns the page with a decision added. It writes where no snapshot looks.
func (p *page) with(seq uint64, at int64, terms []uint32) *page {
	now := *p
	now.places = append(now.places, uint16((seq-1)%pageRecords))
	now.at = append(now.at, at)
	now.terms = append(now.terms, terms...)
	now.ends = append(now.ends, uint32(len(now.terms)))
	return &now
}

func (p *page) termsOf(i int) []uint32 {
	begin := uint32(0)
	if i > 0 {
		begin = p.ends[i-1]
	}
	return p.terms[begin:p.ends[i]]
}

func (p *page) find(q *query) (found marks) {
	for i, place := range p.places {
		if q.covers(p.at[i]) && hasAll(p.termsOf(i), q.terms) {
			found.add(place)
		}
	}
	return found
}

func hasAll(sorted, wanted []uint32) bool {
	return !slices.ContainsFunc(wanted, func(term uint32) bool {
		_, there := slices.BinarySearch(sorted, term)
		return !there
	})
}

// concordance is the page by its terms.
func (p *page) concordance() concordance {
	var decisions marks
	uses := make([]uint64, 0, len(p.terms)) // each a term and the place of a decision that has it
	var times []byte
	before := int64(0)
	for i, place := range p.places {
		decisions.add(place)
		for _, term := range p.termsOf(i) {
			uses = append(uses, uint64(term)<<16|uint64(place))
		}
		times = binary.AppendVarint(times, p.at[i]-before)
		before = p.at[i]
	}
	slices.Sort(uses)
	return written(decisions, uses, times)
}
