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

const (
	bitsATerm  = 10 // of which
	bitsSet    = 4  // are set: one look in eighty is for nothing
	bitsOfWord = 64
)

// filterOf is the filter of all terms of a concordance.
func filterOf(x concordance) filter {
	f := make(filter, x.terms()*bitsATerm/bitsOfWord+1)
	for i := range x.terms() {
		for n := range uint64(bitsSet) {
			bit := f.place(x.term(i), n)
			f[bit/bitsOfWord] |= 1 << (bit % bitsOfWord)
		}
	}
	return f
}

func (f filter) mayHold(term uint32) bool {
	for n := range uint64(bitsSet) {
		if bit := f.place(term, n); f[bit/bitsOfWord]&(1<<(bit%bitsOfWord)) == 0 {
			return false
		}
	}
	return true
}

// place is where the nth bit of a term stands.
func (f filter) place(term uint32, n uint64) uint64 {
	hash := uint64(term) * 0x9E3779B97F4A7C15
	return (hash>>32 + n*(hash&0xFFFFFFFF|1)) % (uint64(len(f)) * bitsOfWord)
}
