package plan

import "github.com/open-policy-agent/opa/v1/ir"

// with runs a block while the input or the data is another, in whole or at a path. What rules said before does not count
// inside it, and what they say inside it does not count afterwards.
func (c *compiler) with(s *ir.WithStmt) (step, error) {
	local, v := c.slot(s.Local), c.operand(s.Value)
	var path []value
	for _, part := range s.Path {
		path = append(path, c.constants[part])
	}
	if s.Local == ir.Data && c.insideTable(path) {
		return nil, c.unsupported(s, "`with` replaces a row of a table; replace the table")
	}
	steps, err := c.block(s.Block)
	if err != nil {
		return nil, err
	}
	return func(m *machine, f []value) signal {
		saved, said, calls := f[local], m.memo, m.calls
		m.memo, m.calls = make([]memo, len(said)), recall{}
		f[local] = m.replaced(saved, path, v.get(f))
		r := m.block(steps, f)
		f[local], m.memo, m.calls = saved, said, calls
		switch r {
		case next:
			return next
		case broken:
			return broken
		default:
			return r.outer()
		}
	}, nil
}

// insideTable tells whether a path goes through the rows of a table.
func (c *compiler) insideTable(path []value) bool {
	for _, t := range c.data.tables {
		if len(path) <= len(t) {
			continue
		}
		within := true
		for i := range t {
			within = within && path[i].string() == t[i]
		}
		if within {
			return true
		}
	}
	return false
}

// replaced copies a document along a path, with v at its end. What is no object on the way is replaced by one.
func (m *machine) replaced(old value, path []value, v value) value {
	if len(path) == 0 {
		return v
	}
	copied := m.memory.object(0)
	switch old.kind() {
	case kindObject:
		o := old.object()
		copied.pairs = m.memory.takePairs(len(o.pairs) + 1)[:len(o.pairs)]
		copy(copied.pairs, o.pairs)
		copied.sorted, copied.stored, copied.tables = o.sorted, o.stored, o.tables
	case kindTable:
		copied.tables = old.table().below
	}
	below := objectOf(copied).below(path[0])
	copied.put(&m.memory, path[0], m.replaced(below, path[1:], v))
	return objectOf(copied)
}
