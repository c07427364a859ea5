package plan

// index finds places by hash, with open addresses: each slot holds a hash above and a place, counted from one, below.
// Its length is a power of two.
type index []uint64

func newIndex(a *arena, members int) index {
	size := 32
	for size < 2*members+2 {
		size *= 2
	}
	if a == nil {
		return make(index, size)
	}
	return a.slots.take(size)
}

func (x index) first(h uint32) int   { return int(h) & (len(x) - 1) }
func (x index) next(at int) int      { return (at + 1) & (len(x) - 1) }
func (x index) tight(place int) bool { return 3*len(x) < 4*place }

func (x index) put(h uint32, place int) {
	at := x.first(h)
	for x[at] != 0 {
		at = x.next(at)
	}
	x[at] = uint64(h)<<32 | uint64(place)
}

// grown is an index for more members with the same ones in it.
func (x index) grown(a *arena, members int) index {
	larger := newIndex(a, members)
	for _, slot := range x {
		if slot != 0 {
			larger.put(uint32(slot>>32), int(uint32(slot)))
		}
	}
	return larger
}
