package plan

import (
	"strings"

	"github.com/open-policy-agent/opa/v1/ir"
)

func (c *compiler) assign(s ir.Stmt) (step, error) {
	switch s := s.(type) {
	case *ir.AssignVarStmt:
		from, to := c.operand(s.Source), c.slot(s.Target)
		if from.slot < 0 {
			v := from.constant
			return func(_ *machine, f []value) signal {
				f[to] = v
				return next
			}, nil
		}
		return func(_ *machine, f []value) signal {
			f[to] = f[from.slot]
			return next
		}, nil
	case *ir.AssignIntStmt:
		to, v := c.slot(s.Target), numberFrom(s.Value)
		return func(_ *machine, f []value) signal {
			f[to] = v
			return next
		}, nil
	case *ir.ResetLocalStmt:
		to := c.slot(s.Target)
		return func(_ *machine, f []value) signal {
			f[to] = value{}
			return next
		}, nil
	case *ir.AssignVarOnceStmt:
		return c.assignOnce(s), nil
	}
	return nil, c.unsupported(s, "the statement %T", s)
}

// assignOnce gives a rule its result. A second, different one is a conflict. Where all rules of a function say the same
// constant, the first that holds is the answer.
func (c *compiler) assignOnce(s *ir.AssignVarOnceStmt) step {
	from, to := c.operand(s.Source), c.slot(s.Target)
	if c.early && s.Target != c.planned.Return {
		v := from.constant
		return func(m *machine, _ []value) signal {
			m.result = v
			return leave
		}
	}
	at, message := c.location(s), c.conflictMessage()
	return func(m *machine, f []value) signal {
		v := from.get(f)
		if f[to].defined() {
			if !same(f[to], v) {
				m.err = conflict(at, message)
				return fail
			}
			return next
		}
		f[to] = v
		return next
	}
}

func (c *compiler) conflictMessage() string {
	_, path, _ := strings.Cut(c.fn.name, ".") // the generation stands before it
	if c.planned != nil && c.fn.memo < 0 && len(c.planned.Params) > 2 {
		return "function " + path + " produced conflicting values for the same inputs"
	}
	return "rule " + path + " produced conflicting values"
}

// test compiles the statements that hold or break their block.
func (c *compiler) test(s ir.Stmt) (step, error) {
	switch s := s.(type) {
	case *ir.EqualStmt:
		a, b := c.operand(s.A), c.operand(s.B)
		return holds(func(f []value) bool { return same(a.get(f), b.get(f)) }), nil
	case *ir.NotEqualStmt:
		return c.notEqual(s), nil
	case *ir.IsArrayStmt:
		return c.is(s.Source, kindArray), nil
	case *ir.IsObjectStmt:
		return c.is(s.Source, kindObject), nil
	case *ir.IsSetStmt:
		return c.is(s.Source, kindSet), nil
	case *ir.IsDefinedStmt:
		from := c.local(s.Source)
		return holds(func(f []value) bool { return from.get(f).defined() }), nil
	case *ir.IsUndefinedStmt:
		from := c.local(s.Source)
		return holds(func(f []value) bool { return !from.get(f).defined() }), nil
	}
	return nil, c.unsupported(s, "the statement %T", s)
}

func holds(condition func([]value) bool) step {
	return func(_ *machine, f []value) signal {
		if condition(f) {
			return next
		}
		return broken
	}
}

// notEqual is mostly asked of a condition, whether it is not false.
func (c *compiler) notEqual(s *ir.NotEqualStmt) step {
	a, b := c.operand(s.A), c.operand(s.B)
	if a.slot >= 0 && b.slot < 0 && b.constant.isFalse() {
		return func(_ *machine, f []value) signal {
			if f[a.slot].isFalse() {
				return broken
			}
			return next
		}
	}
	return holds(func(f []value) bool { return !same(a.get(f), b.get(f)) })
}

func (c *compiler) is(o ir.Operand, k kind) step {
	from := c.operand(o)
	return holds(func(f []value) bool { return from.get(f).kind() == k })
}
