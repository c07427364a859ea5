package plan

import (
	"slices"
	"unicode/utf8"
)

func isA(k kind) native1 {
	return func(_ *machine, a value) (value, bool) { return boolean(a.kind() == k), true }
}

func count(_ *machine, a value) (value, bool) {
	if a.kind() == kindString {
		return integer(int64(utf8.RuneCountInString(a.string()))), true
	}
	n, ok := a.size()
	return integer(int64(n)), ok
}

// listed gives the members of an array or of a set, a set's in their order.
func listed(v value) ([]value, bool) {
	switch v.kind() {
	case kindArray:
		return v.array().items, true
	case kindSet:
		v.set().sort()
		return v.set().items, true
	}
	return nil, false
}

// largestOf takes the last of equal members of an array, as OPA does; a set has none that are equal.
func largestOf(_ *machine, a value) (value, bool) {
	items, ok := listed(a)
	if !ok || len(items) == 0 {
		return value{}, ok
	}
	most := items[0]
	for _, item := range items[1:] {
		if compare(most, item) <= 0 {
			most = item
		}
	}
	return most, true
}

func smallestOf(_ *machine, a value) (value, bool) {
	items, ok := listed(a)
	if !ok || len(items) == 0 {
		return value{}, ok
	}
	least := items[0]
	for _, item := range items[1:] {
		if compare(least, item) >= 0 {
			least = item
		}
	}
	return least, true
}

func sorted(m *machine, a value) (value, bool) {
	items, ok := listed(a)
	if !ok {
		return value{}, false
	}
	list := m.memory.array(len(items))
	list.items = append(list.items, items...)
	if a.kind() == kindArray {
		slices.SortFunc(list.items, compare)
	}
	return arrayOf(list), true
}

func keysOf(m *machine, a value) (value, bool) {
	if a.kind() != kindObject {
		return value{}, false
	}
	o := a.object()
	o.sort()
	keys := m.memory.set(len(o.pairs))
	for i := range o.pairs {
		keys.push(&m.memory, o.pairs[i].key)
	}
	return setOf(keys), true
}

func flatten(m *machine, a value) (value, bool) {
	if a.kind() != kindArray {
		return value{}, false
	}
	size := 0
	for _, item := range a.array().items {
		if item.kind() == kindArray {
			size += len(item.array().items)
		} else {
			size++
		}
	}
	flat := m.memory.array(size)
	for _, item := range a.array().items {
		if item.kind() == kindArray {
			flat.items = append(flat.items, item.array().items...)
		} else {
			flat.items = append(flat.items, item)
		}
	}
	return arrayOf(flat), true
}

func joined(m *machine, a, b value) (value, bool) {
	if a.kind() != kindArray || b.kind() != kindArray {
		return value{}, false
	}
	x, y := a.array().items, b.array().items
	if len(x) == 0 {
		return b, true
	}
	if len(y) == 0 {
		return a, true
	}
	list := m.memory.array(len(x) + len(y))
	list.items = append(append(list.items, x...), y...)
	return arrayOf(list), true
}

func slice(m *machine, a, from, to value) (value, bool) {
	if a.kind() != kindArray || from.kind() != kindInteger || to.kind() != kindInteger {
		return value{}, false
	}
	items := a.array().items
	stop := min(max(to.integer(), 0), int64(len(items)))
	start := min(max(from.integer(), 0), stop)
	list := m.memory.array(0)
	list.items = items[start:stop:stop]
	return arrayOf(list), true
}

// intersection takes the members from the smaller set: of 1 and 1.0, the one that stands there.
func intersection(m *machine, a, b value) (value, bool) {
	if a.kind() != kindSet || b.kind() != kindSet {
		return value{}, false
	}
	few, many := a.set(), b.set()
	if len(many.items) < len(few.items) {
		few, many = many, few
	}
	both := m.memory.set(0)
	for _, item := range few.items {
		if many.has(item) {
			both.add(&m.memory, item)
		}
	}
	return setOf(both), true
}

func union(m *machine, a, b value) (value, bool) {
	if a.kind() != kindSet || b.kind() != kindSet {
		return value{}, false
	}
	x, y := a.set(), b.set()
	if len(x.items) == 0 {
		return b, true
	}
	if len(y.items) == 0 {
		return a, true
	}
	either := m.memory.set(len(x.items) + len(y.items))
	for _, item := range x.items {
		either.add(&m.memory, item)
	}
	for _, item := range y.items {
		either.add(&m.memory, item)
	}
	return setOf(either), true
}

func difference(m *machine, a, b *set) value {
	left := m.memory.set(0)
	for _, item := range a.items {
		if !b.has(item) {
			left.add(&m.memory, item)
		}
	}
	return setOf(left)
}

func member(_ *machine, a, b value) (value, bool) {
	switch b.kind() {
	case kindSet:
		return boolean(b.set().has(a)), true
	case kindArray:
		for i := range b.array().items {
			if same(b.array().items[i], a) {
				return boolean(true), true
			}
		}
	case kindObject:
		for i := range b.object().pairs {
			if same(b.object().pairs[i].value, a) {
				return boolean(true), true
			}
		}
	}
	return boolean(false), true
}

// asSet makes a set of a constant array, for the question whether something is in it.
func asSet(o operand) value {
	if o.slot >= 0 || o.constant.kind() != kindArray {
		return o.constant
	}
	var shared *arena
	items := shared.set(0)
	for _, item := range o.constant.array().items {
		items.add(shared, item)
	}
	items.finish()
	return setOf(items)
}

func memberWithKey(_ *machine, key, v, in value) (value, bool) {
	switch in.kind() {
	case kindSet:
		return boolean(in.set().has(key) && same(key, v)), true
	case kindArray, kindObject:
		at := in.member(key)
		return boolean(at.defined() && same(v, at)), true
	}
	return boolean(false), true
}

func get(_ *machine, of, key, otherwise value) (value, bool) {
	if of.kind() != kindObject {
		return value{}, false
	}
	found := of
	if key.kind() != kindArray {
		found = of.object().get(key)
	} else {
		for _, part := range key.array().items {
			if found = found.member(part); !found.defined() {
				break
			}
		}
	}
	if !found.defined() {
		return otherwise, true
	}
	return found, true
}

func unionOfObjects(m *machine, a, b value) (value, bool) {
	if a.kind() != kindObject || b.kind() != kindObject {
		return value{}, false
	}
	switch {
	case len(a.object().pairs) == 0:
		return b, true
	case len(b.object().pairs) == 0 || same(a, b):
		return a, true
	}
	return m.overwritten(a, b), true
}

// overwritten lays b over a, member by member.
func (m *machine) overwritten(a, b value) value {
	x, y := a.object(), b.object()
	merged := m.memory.object(len(x.pairs) + len(y.pairs))
	for i := range x.pairs {
		v := x.pairs[i].value
		if over := y.get(x.pairs[i].key); over.defined() {
			if v.kind() == kindObject && over.kind() == kindObject {
				over = m.overwritten(v, over)
			}
			v = over
		}
		merged.add(&m.memory, x.pairs[i].key, v)
	}
	for i := range y.pairs {
		if x.find(y.pairs[i].key) < 0 {
			merged.add(&m.memory, y.pairs[i].key, y.pairs[i].value)
		}
	}
	return objectOf(merged)
}

func remove(m *machine, a, keys value) (value, bool) {
	if a.kind() != kindObject {
		return value{}, false
	}
	var gone func(value) bool
	switch keys.kind() {
	case kindSet:
		gone = keys.set().has
	case kindArray:
		gone = func(key value) bool {
			return slices.ContainsFunc(keys.array().items, func(item value) bool { return same(item, key) })
		}
	case kindObject:
		gone = func(key value) bool { return keys.object().find(key) >= 0 }
	default:
		return value{}, false
	}
	kept := m.memory.object(len(a.object().pairs))
	for _, p := range a.object().pairs {
		if !gone(p.key) {
			kept.add(&m.memory, p.key, p.value)
		}
	}
	return objectOf(kept), true
}
