package plan

// arena hands out the memory of one evaluation, in slabs, and takes all of it back at once. What is handed out is zero.
type arena struct {
	values  slab[value]
	pairs   slab[pair]
	slots   slab[uint64]
	bytes   slab[byte]
	arrays  slab[array]
	objects slab[object]
	sets    slab[set]
}

// keptBytes is about how much memory an arena keeps for the next evaluation; a huge application shall not be paid for
// by all that follow.
const keptBytes = 4 << 20

func (a *arena) reset() {
	a.values.reset(keptBytes / 3 / 16)
	a.pairs.reset(keptBytes / 3 / 32)
	a.slots.reset(keptBytes / 24 / 8)
	a.bytes.reset(keptBytes / 24)
	a.arrays.reset(keptBytes / 24 / 24)
	a.objects.reset(keptBytes / 12 / 64)
	a.sets.reset(keptBytes / 12 / 64)
}

// slab hands out slices of chunks that double in size.
type slab[T any] struct {
	chunk []T // the one in use; its length is what is handed out
	full  [][]T
}

const (
	firstChunk = 256
	lastChunk  = 1 << 14
)

// take gives n zero elements. They have no spare capacity, so that an append copies them out of the slab.
func (s *slab[T]) take(n int) []T {
	at := len(s.chunk)
	if at+n > cap(s.chunk) {
		s.grow(n)
		at = 0
	}
	s.chunk = s.chunk[:at+n]
	return s.chunk[at : at+n : at+n]
}

// one gives a pointer to one zero element.
func (s *slab[T]) one() *T {
	at := len(s.chunk)
	if at == cap(s.chunk) {
		s.grow(1)
		at = 0
	}
	s.chunk = s.chunk[:at+1]
	return &s.chunk[at]
}

func (s *slab[T]) grow(n int) {
	size := min(max(firstChunk, 2*cap(s.chunk)), lastChunk)
	if cap(s.chunk) > 0 {
		s.full = append(s.full, s.chunk)
	}
	s.chunk = make([]T, 0, max(size, n))
}

// reset forgets all and keeps one chunk of at most limit elements. It is as large as what was used, so that the
// next evaluation of the same kind needs no other.
func (s *slab[T]) reset(limit int) {
	used := cap(s.chunk)
	for _, chunk := range s.full {
		used += cap(chunk)
	}
	if used == cap(s.chunk) && used <= limit {
		clear(s.chunk)
		s.chunk = s.chunk[:0]
		return
	}
	s.full = nil
	s.chunk = make([]T, 0, min(used, limit))
}
