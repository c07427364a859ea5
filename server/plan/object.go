package plan

import "slices"

// pair is one member of an object.
type pair struct{ key, value value }

// object is a set of members with different keys, in the order in which they came or in the order of their keys.
// Members are searched one by one while they are few and by an index after that. An object that outlives an evaluation
// is sorted and indexed before anyone reads it, and so is never written by a reader.
type object struct {
	pairs  []pair
	index  index
	sorted bool
	shared bool   // outlives the evaluation: not even what is found out about it may be written down
	stored bool   // stands in a document of the store
	hash   uint32 // once it was asked for; nought before
	// tables are places under data that stand beside the members: they answer to their name only, and are not seen by
	// anything that looks at the object as a whole.
	tables []*table
}

// few is how many members are searched one by one.
const few = 12

// find gives the place of a key, or -1. It compares words first: for texts that is kind and length.
func (o *object) find(key value) int {
	if len(o.pairs) > few {
		return o.lookUp(key, hash(key))
	}
	if key.kind() == kindString {
		for i := range o.pairs {
			if k := &o.pairs[i].key; k.word == key.word && (k.pointer == key.pointer || k.string() == key.string()) {
				return i
			}
		}
		return -1
	}
	for i := range o.pairs {
		if same(o.pairs[i].key, key) {
			return i
		}
	}
	return -1
}

func (o *object) lookUp(key value, h uint32) int {
	if len(o.pairs) <= few {
		return o.find(key)
	}
	if o.index == nil {
		o.reindex(nil)
	}
	for at := o.index.first(h); ; at = o.index.next(at) {
		slot := o.index[at]
		if slot == 0 {
			return -1
		}
		if uint32(slot>>32) == h {
			if i := int(uint32(slot)) - 1; same(o.pairs[i].key, key) {
				return i
			}
		}
	}
}

func (o *object) get(key value) value {
	if i := o.find(key); i >= 0 {
		return o.pairs[i].value
	}
	return value{}
}

// put sets a member. A key that is there keeps its own form, as 1 stays 1 when 1.0 is set.
func (o *object) put(a *arena, key, v value) {
	if len(o.pairs) > few && o.index == nil {
		o.reindex(a)
	}
	if i := o.find(key); i >= 0 {
		o.pairs[i].value, o.hash = v, 0
		return
	}
	o.add(a, key, v)
}

// add appends a member whose key is known not to be there.
func (o *object) add(a *arena, key, v value) {
	o.hash = 0
	if len(o.pairs) == cap(o.pairs) {
		grown := a.takePairs(max(4, 2*len(o.pairs)))[:len(o.pairs)]
		copy(grown, o.pairs)
		o.pairs = grown
	}
	o.sorted = len(o.pairs) == 0 || o.sorted && compare(o.pairs[len(o.pairs)-1].key, key) < 0
	o.pairs = append(o.pairs, pair{key, v})
	if o.index == nil {
		return
	}
	if o.index.tight(len(o.pairs)) {
		o.index = o.index.grown(a, 2*len(o.pairs))
	}
	o.index.put(hash(key), len(o.pairs))
}

func (o *object) reindex(a *arena) {
	o.index = newIndex(a, len(o.pairs))
	for i := range o.pairs {
		o.index.put(hash(o.pairs[i].key), i+1)
	}
}

// sort puts the members in the order of their keys.
func (o *object) sort() {
	if o.sorted {
		return
	}
	slices.SortFunc(o.pairs, func(a, b pair) int { return compare(a.key, b.key) })
	o.sorted, o.index = true, nil
}

// finish makes the object one that any number of readers may share.
func (o *object) finish() {
	o.sort()
	o.shared = true
	if len(o.pairs) > few {
		o.reindex(nil)
	}
}

func (a *arena) takePairs(n int) []pair {
	if a == nil {
		return make([]pair, n)
	}
	return a.pairs.take(n)
}

func (a *arena) object(capacity int) *object {
	if a == nil {
		return &object{pairs: make([]pair, 0, capacity)}
	}
	o := a.objects.one()
	if capacity > 0 {
		o.pairs = a.pairs.take(capacity)[:0]
	}
	return o
}
