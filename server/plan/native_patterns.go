package plan

import (
	"strings"
)

func matches(m *machine, pattern, a value) (value, bool) {
	p, s, ok := texts(pattern, a)
	if !ok {
		return value{}, false
	}
	re := m.program.patterns.pattern(p)
	if re == nil {
		return value{}, false
	}
	return boolean(re.matches(s)), true
}

func splitBy(m *machine, pattern, a value) (value, bool) {
	p, s, ok := texts(pattern, a)
	if !ok {
		return value{}, false
	}
	re := m.program.patterns.pattern(p)
	if re == nil {
		return value{}, false
	}
	if re.runs != nil {
		return m.splitByRuns(re.runs, s), true
	}
	parts := re.general.Split(s, -1)
	list := m.memory.array(len(parts))
	for _, part := range parts {
		list.items = append(list.items, text(part))
	}
	return arrayOf(list), true
}

func (m *machine) splitByRuns(of *runes, s string) value {
	parts := m.memory.array(4)
	last := 0
	for {
		start, end, found := of.next(s, last)
		if !found {
			parts.push(&m.memory, text(s[last:]))
			return arrayOf(parts)
		}
		parts.push(&m.memory, text(s[last:start]))
		last = end
	}
}

func replaceBy(m *machine, a, pattern, with value) (value, bool) {
	s, p, ok := texts(a, pattern)
	if !ok || with.kind() != kindString {
		return value{}, false
	}
	re := m.program.patterns.pattern(p)
	if re == nil {
		return value{}, false
	}
	if re.runs != nil && !strings.Contains(with.string(), "$") {
		return m.replaceRuns(a, re.runs, with.string()), true
	}
	found := re.general.FindAllStringSubmatchIndex(s, -1)
	if len(found) == 0 {
		return a, true
	}
	m.buffer = m.buffer[:0]
	last := 0
	for _, match := range found {
		m.buffer = append(m.buffer, s[last:match[0]]...)
		m.buffer = re.general.ExpandString(m.buffer, with.string(), s, match)
		last = match[1]
	}
	m.buffer = append(m.buffer, s[last:]...)
	return m.memory.text(m.buffer), true
}

func (m *machine) replaceRuns(a value, of *runes, with string) value {
	s, last := a.string(), 0
	m.buffer = m.buffer[:0]
	for {
		start, end, found := of.next(s, last)
		switch {
		case !found && last == 0:
			return a
		case !found:
			m.buffer = append(m.buffer, s[last:]...)
			return m.memory.text(m.buffer)
		}
		m.buffer = append(append(m.buffer, s[last:start]...), with...)
		last = end
	}
}

// patch replaces members of an object that are there; all else that a patch can say is left to OPA.
func patch(m *machine, a, operations value) (value, bool) {
	if a.kind() != kindObject || operations.kind() != kindArray {
		return value{}, false
	}
	for _, operation := range operations.array().items {
		if operation.kind() != kindObject || len(operation.object().pairs) != 3 {
			return value{}, false
		}
		o := operation.object()
		op, path, v := o.get(text("op")), o.get(text("path")), o.get(text("value"))
		if op.kind() != kindString || op.string() != "replace" || path.kind() != kindString || !v.defined() {
			return value{}, false
		}
		where, ok := memberPath(a, path.string())
		if !ok {
			return value{}, false
		}
		a = m.replaced(a, where, v)
	}
	return a, true
}

// memberPath takes a pointer apart that leads through objects to a member that is there.
func memberPath(a value, pointer string) ([]value, bool) {
	if !strings.HasPrefix(pointer, "/") || strings.Contains(pointer, "~") {
		return nil, false
	}
	var path []value
	for part := range strings.SplitSeq(pointer[1:], "/") {
		if a.kind() != kindObject {
			return nil, false
		}
		key := text(part)
		if a = a.object().get(key); !a.defined() {
			return nil, false
		}
		path = append(path, key)
	}
	return path, true
}
