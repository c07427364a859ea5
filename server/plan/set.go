package plan

import "slices"

// set holds values, each once, in the order in which they came or in their own order. See object for the search.
type set struct {
	items  []value
	index  index
	sorted bool
}

func (s *set) find(v value) int {
	if len(s.items) <= few {
		for i := range s.items {
			if same(s.items[i], v) {
				return i
			}
		}
		return -1
	}
	return s.lookUp(v, hash(v))
}

func (s *set) lookUp(v value, h uint32) int {
	if s.index == nil {
		s.reindex(nil)
	}
	for at := s.index.first(h); ; at = s.index.next(at) {
		slot := s.index[at]
		if slot == 0 {
			return -1
		}
		if uint32(slot>>32) == h {
			if i := int(uint32(slot)) - 1; same(s.items[i], v) {
				return i
			}
		}
	}
}

func (s *set) has(v value) bool { return s.find(v) >= 0 }

// add puts v in unless it is there; of equal values the first stays, as 1 does when 1.0 is added.
func (s *set) add(a *arena, v value) {
	if len(s.items) <= few {
		if s.find(v) < 0 {
			s.push(a, v)
		}
		return
	}
	if s.index == nil {
		s.reindex(a)
	}
	h := hash(v)
	if s.lookUp(v, h) >= 0 {
		return
	}
	s.push(a, v)
	if s.index.tight(len(s.items)) {
		s.index = s.index.grown(a, 2*len(s.items))
	}
	s.index.put(h, len(s.items))
}

func (s *set) push(a *arena, v value) {
	if len(s.items) == cap(s.items) {
		grown := a.takeValues(max(4, 2*len(s.items)))[:len(s.items)]
		copy(grown, s.items)
		s.items = grown
	}
	s.sorted = len(s.items) == 0 || s.sorted && compare(s.items[len(s.items)-1], v) < 0
	s.items = append(s.items, v)
}

func (s *set) reindex(a *arena) {
	s.index = newIndex(a, len(s.items))
	for i := range s.items {
		s.index.put(hash(s.items[i]), i+1)
	}
}

func (s *set) sort() {
	if s.sorted {
		return
	}
	slices.SortFunc(s.items, compare)
	s.sorted, s.index = true, nil
}

func (s *set) finish() {
	s.sort()
	if len(s.items) > few {
		s.reindex(nil)
	}
}

func (a *arena) takeValues(n int) []value {
	if a == nil {
		return make([]value, n)
	}
	return a.values.take(n)
}

func (a *arena) set(capacity int) *set {
	if a == nil {
		return &set{items: make([]value, 0, capacity)}
	}
	s := a.sets.one()
	if capacity > 0 {
		s.items = a.values.take(capacity)[:0]
	}
	return s
}

func (a *arena) array(capacity int) *array {
	if a == nil {
		return &array{items: make([]value, 0, capacity)}
	}
	list := a.arrays.one()
	if capacity > 0 {
		list.items = a.values.take(capacity)[:0]
	}
	return list
}

func (l *array) push(a *arena, v value) {
	if len(l.items) == cap(l.items) {
		grown := a.takeValues(max(4, 2*len(l.items)))[:len(l.items)]
		copy(grown, l.items)
		l.items = grown
	}
	l.items = append(l.items, v)
}
