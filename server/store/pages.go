package store

import (
	"math"
	"slices"
	"time"
)

// Decisions are kept for searching in pages, each one row of memdb with the decisions of a range of Seq in columns. An
// index entry for every word of every decision would take several kilobytes a decision.

const pageRecords = 512

// page is the decisions among the records from number*pageRecords+1 on. Columns of a page that is in a snapshot are only
// ever appended to, beyond the length that the snapshot knows; a page is full when a later one has begun.
type page struct {
	number       uint64
	offsets      []uint16 // of each decision: its Seq, counted from the first of the page
	at           []int64  // nanoseconds since 1970
	outcomes     []string
	ids          column
	applications column
	terms        []uint32
	ends         []uint32 // where the terms of each decision end
	skip         filter   // the terms of all; nil while the page is not full
	first, last  int64    // the earliest and the latest at
}

func (p *page) place() uint64 { return p.number }

// column is a list of texts in one piece of memory.
type column struct {
	Text []byte
	Ends []uint32
}

func (c *column) add(text string) {
	c.Text = append(c.Text, text...)
	c.Ends = append(c.Ends, uint32(len(c.Text)))
}

func (c *column) at(i int) string {
	begin := uint32(0)
	if i > 0 {
		begin = c.Ends[i-1]
	}
	return string(c.Text[begin:c.Ends[i]])
}

func pageOf(seq uint64) uint64 { return (seq - 1) / pageRecords }

func newPage(number uint64) *page {
	return &page{number: number, first: math.MaxInt64, last: math.MinInt64}
}

// with returns the page with a decision added. It writes where no snapshot looks.
func (p *page) with(seq uint64, id, application, outcome string, at int64, terms []uint32) *page {
	now := *p
	now.offsets = append(now.offsets, uint16((seq-1)%pageRecords))
	now.at = append(now.at, at)
	now.outcomes = append(now.outcomes, outcome)
	now.ids.add(id)
	now.applications.add(application)
	now.terms = append(now.terms, terms...)
	now.ends = append(now.ends, uint32(len(now.terms)))
	now.first, now.last = min(now.first, at), max(now.last, at)
	return &now
}

// full returns the page in the memory that it needs, with the terms to skip it by.
func (p *page) full() *page {
	now := *p
	now.offsets, now.at, now.outcomes = slices.Clone(p.offsets), slices.Clone(p.at), slices.Clone(p.outcomes)
	now.ids = column{slices.Clone(p.ids.Text), slices.Clone(p.ids.Ends)}
	now.applications = column{slices.Clone(p.applications.Text), slices.Clone(p.applications.Ends)}
	now.terms, now.ends = slices.Clone(p.terms), slices.Clone(p.ends)
	now.skip = filterOf(p.terms)
	return &now
}

func (p *page) seq(i int) uint64 { return p.number*pageRecords + uint64(p.offsets[i]) + 1 }

func (p *page) termsOf(i int) []uint32 {
	begin := uint32(0)
	if i > 0 {
		begin = p.ends[i-1]
	}
	return p.terms[begin:p.ends[i]]
}

// find is where a decision stands in the page.
func (p *page) find(seq uint64) (int, bool) {
	return slices.BinarySearch(p.offsets, uint16((seq-1)%pageRecords))
}

func (p *page) ref(i int) DecisionRef {
	return DecisionRef{Seq: p.seq(i), ID: p.ids.at(i), At: time.Unix(0, p.at[i]).UTC()}
}

// The words by which decisions are searched; a term is the hash of one with its kind.
const (
	termApplication = "application"
	termExporter    = "exporter"
	termParty       = "party"
	termOutcome     = "outcome"
	termRule        = "rule"
)

func termOf(kind, word string) uint32 {
	hash := hashOf(kind, word)
	return uint32(hash>>32) ^ uint32(hash)
}

// filter is a Bloom filter: what it has not, the page has not.
type filter []uint64

func filterOf(terms []uint32) filter {
	distinct := slices.Compact(slices.Sorted(slices.Values(terms)))
	f := make(filter, len(distinct)/6+1) // ten bits a term, four of them set: one look in eighty is for nothing
	for _, term := range distinct {
		for bit := range f.bits(term) {
			f[bit/64] |= 1 << (bit % 64)
		}
	}
	return f
}

func (f filter) mayHold(term uint32) bool {
	if f == nil {
		return true
	}
	for bit := range f.bits(term) {
		if f[bit/64]&(1<<(bit%64)) == 0 {
			return false
		}
	}
	return true
}

// bits are the places of a term.
func (f filter) bits(term uint32) func(func(uint64) bool) {
	hash := uint64(term) * 0x9E3779B97F4A7C15
	size := uint64(len(f)) * 64
	return func(yield func(uint64) bool) {
		for i := range uint64(4) {
			if !yield((hash>>32 + i*(hash&0xFFFFFFFF|1)) % size) {
				return
			}
		}
	}
}
