package store

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

// filterOf is the filter of all terms of a concordance.
func filterOf(x concordance) filter {
	f := make(filter, x.terms()/6+1) // ten bits a term, four of them set: one look in eighty is for nothing
	for i := range x.terms() {
		for bit := range f.bits(x.term(i)) {
			f[bit/64] |= 1 << (bit % 64)
		}
	}
	return f
}

func (f filter) mayHold(term uint32) bool {
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
