package plan

import (
	"regexp"
	"strings"
	"sync"
)

// patterns keeps regular expressions compiled, as many as policies write down; one that is made of data may push another out.
type patterns struct {
	mu       sync.RWMutex
	compiled map[string]*regexp.Regexp
}

const mostPatterns = 100

// pattern gives the expression of a text; nil for what is none, about which OPA has a text.
func (p *patterns) pattern(s string) *regexp.Regexp {
	p.mu.RLock()
	re := p.compiled[s]
	p.mu.RUnlock()
	if re != nil {
		return re
	}
	s = strings.Clone(s)
	re, err := regexp.Compile(s)
	if err != nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.compiled == nil || len(p.compiled) >= mostPatterns {
		p.compiled = map[string]*regexp.Regexp{}
	}
	p.compiled[s] = re
	return re
}

func matches(m *machine, pattern, a value) (value, bool) {
	p, s, ok := texts(pattern, a)
	if !ok {
		return value{}, false
	}
	re := m.program.patterns.pattern(p)
	if re == nil {
		return value{}, false
	}
	return boolean(re.MatchString(s)), true
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
	parts := re.Split(s, -1)
	list := m.memory.array(len(parts))
	for _, part := range parts {
		list.items = append(list.items, text(part))
	}
	return arrayOf(list), true
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
	found := re.FindAllStringSubmatchIndex(s, -1)
	if len(found) == 0 {
		return a, true
	}
	m.buffer = m.buffer[:0]
	last := 0
	for _, match := range found {
		m.buffer = append(m.buffer, s[last:match[0]]...)
		m.buffer = re.ExpandString(m.buffer, with.string(), s, match)
		last = match[1]
	}
	m.buffer = append(m.buffer, s[last:]...)
	return m.memory.text(m.buffer), true
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
