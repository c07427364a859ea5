package plan

import (
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
)

// make compiles the statements that make a value out of nothing.
func (c *compiler) make(s ir.Stmt) (step, error) {
	switch s := s.(type) {
	case *ir.MakeNullStmt:
		return sets(c.slot(s.Target), null()), nil
	case *ir.MakeNumberIntStmt:
		return sets(c.slot(s.Target), numberFrom(s.Value)), nil
	case *ir.MakeNumberRefStmt:
		return sets(c.slot(s.Target), numberOf(c.constants[s.Index].string())), nil
	case *ir.MakeArrayStmt:
		to, room := c.slot(s.Target), min(int(s.Capacity), c.part.changes[s.Target])
		return func(m *machine, f []value) signal {
			f[to] = arrayOf(m.memory.array(room))
			return next
		}, nil
	case *ir.MakeObjectStmt:
		to, room := c.slot(s.Target), c.part.changes[s.Target]
		return func(m *machine, f []value) signal {
			f[to] = objectOf(m.memory.object(room))
			return next
		}, nil
	case *ir.MakeSetStmt:
		to, room := c.slot(s.Target), c.part.changes[s.Target]
		return func(m *machine, f []value) signal {
			f[to] = setOf(m.memory.set(room))
			return next
		}, nil
	case *ir.LenStmt:
		from, to := c.operand(s.Source), c.slot(s.Target)
		return func(_ *machine, f []value) signal {
			n, ok := from.get(f).size()
			if !ok {
				return broken
			}
			f[to] = integer(int64(n))
			return next
		}, nil
	}
	return nil, c.unsupported(s, "the statement %T", s)
}

func sets(to int, v value) step {
	return func(_ *machine, f []value) signal {
		f[to] = v
		return next
	}
}

// change compiles the statements that add to what this evaluation has made.
func (c *compiler) change(s ir.Stmt) (step, error) {
	switch s := s.(type) {
	case *ir.ArrayAppendStmt:
		item, to := c.operand(s.Value), c.slot(s.Array)
		return func(m *machine, f []value) signal {
			f[to].array().push(&m.memory, item.get(f))
			return next
		}, nil
	case *ir.SetAddStmt:
		item, to := c.operand(s.Value), c.slot(s.Set)
		return func(m *machine, f []value) signal {
			f[to].set().add(&m.memory, item.get(f))
			return next
		}, nil
	case *ir.ObjectInsertStmt:
		key, v, to := c.operand(s.Key), c.operand(s.Value), c.slot(s.Object)
		return func(m *machine, f []value) signal {
			f[to].object().put(&m.memory, key.get(f), v.get(f))
			return next
		}, nil
	case *ir.ObjectInsertOnceStmt:
		return c.insertOnce(s), nil
	case *ir.ObjectMergeStmt:
		return c.merge(s), nil
	}
	return nil, c.unsupported(s, "the statement %T", s)
}

func (c *compiler) insertOnce(s *ir.ObjectInsertOnceStmt) step {
	key, v, to := c.operand(s.Key), c.operand(s.Value), c.slot(s.Object)
	at := c.location(s)
	return func(m *machine, f []value) signal {
		o, k, item := f[to].object(), key.get(f), v.get(f)
		if len(o.pairs) > few && o.index == nil {
			o.reindex(&m.memory)
		}
		i := o.find(k)
		switch {
		case i < 0:
			o.add(&m.memory, k, item)
		case !same(o.pairs[i].value, item):
			m.err = conflict(at, "object keys must be unique")
			return fail
		}
		return next
	}
}

// merge puts the document that rules make together with the one that stands in the data. The whole of data is shown without
// data.system, as OPA does.
func (c *compiler) merge(s *ir.ObjectMergeStmt) step {
	a, b, to, whole := c.local(s.A), c.local(s.B), c.slot(s.Target), s.A == ir.Data
	return func(m *machine, f []value) signal {
		v := m.merge(a.get(f), b.get(f))
		if whole && v.kind() == kindObject {
			v = m.without(v.object(), text(string(ast.SystemDocumentKey)))
		}
		f[to] = v
		return next
	}
}

func (m *machine) without(o *object, key value) value {
	kept := m.memory.object(len(o.pairs))
	for i := range o.pairs {
		if !same(o.pairs[i].key, key) {
			kept.add(&m.memory, o.pairs[i].key, o.pairs[i].value)
		}
	}
	return objectOf(kept)
}

// merge puts two documents together, member by member. Where they meet in anything but objects the data has the word.
func (m *machine) merge(base, over value) value {
	if base.kind() != kindObject || over.kind() != kindObject {
		return base
	}
	a, b := base.object(), over.object()
	merged := m.memory.object(len(a.pairs) + len(b.pairs))
	for i := range a.pairs {
		v := a.pairs[i].value
		if at := b.find(a.pairs[i].key); at >= 0 {
			v = m.merge(v, b.pairs[at].value)
		}
		merged.add(&m.memory, a.pairs[i].key, v)
	}
	for i := range b.pairs {
		if a.find(b.pairs[i].key) < 0 {
			merged.add(&m.memory, b.pairs[i].key, b.pairs[i].value)
		}
	}
	return objectOf(merged)
}
