package plan

import "github.com/open-policy-agent/opa/v1/ir"

// body runs a function on its frame and leaves what it returns in m.result. It is false when the evaluation has ended.
func (m *machine) body(fn *function, f []value) bool {
	m.result = value{}
	for _, block := range fn.blocks {
		switch m.block(block, f) {
		case leave:
			return true
		case fail:
			return false
		default: // the next block tries
		}
	}
	return true
}

func (m *machine) block(steps []step, f []value) signal {
	for _, s := range steps {
		if r := s(m, f); r != next {
			return r
		}
	}
	return next
}

// outer is what the end of a block means to the block around it.
func (r signal) outer() signal {
	if r > next {
		return r - 1
	}
	return r
}

func (c *compiler) control(s ir.Stmt) (step, error) {
	switch s := s.(type) {
	case *ir.BreakStmt:
		r := broken + signal(s.Index)
		return func(*machine, []value) signal { return r }, nil
	case *ir.ReturnLocalStmt:
		from := c.local(s.Source)
		return func(m *machine, f []value) signal {
			m.result = from.get(f)
			return leave
		}, nil
	case *ir.ResultSetAddStmt:
		from := c.local(s.Value)
		return func(m *machine, f []value) signal {
			m.answers = append(m.answers, from.get(f))
			return next
		}, nil
	case *ir.NotStmt:
		return c.not(s)
	case *ir.BlockStmt:
		return c.blocks(s)
	}
	return nil, c.unsupported(s, "the statement %T", s)
}

func (c *compiler) blocks(s *ir.BlockStmt) (step, error) {
	var all [][]step
	for _, b := range s.Blocks {
		steps, err := c.block(b)
		if err != nil {
			return nil, err
		}
		all = append(all, steps)
	}
	if len(all) == 1 {
		only := all[0]
		return func(m *machine, f []value) signal { return m.block(only, f).outer() }, nil
	}
	return func(m *machine, f []value) signal {
		for _, steps := range all {
			if r := m.block(steps, f).outer(); r != next {
				return r
			}
		}
		return next
	}, nil
}

// not holds where its block is undefined. The plan of a negated body notes success in a local and asks for it at the end, but
// does not forget it from one round of a loop to the next; so it is forgotten here.
func (c *compiler) not(s *ir.NotStmt) (step, error) {
	noted := -1
	if n := len(s.Block.Stmts); n > 0 {
		if last, ok := s.Block.Stmts[n-1].(*ir.IsDefinedStmt); ok && last.Source != ir.Input {
			inside := newUsage()
			inside.add(s.Block)
			if inside.sets[last.Source] > 0 {
				noted = c.slot(last.Source)
			}
		}
	}
	steps, err := c.block(s.Block)
	if err != nil {
		return nil, err
	}
	return func(m *machine, f []value) signal {
		if noted >= 0 {
			f[noted] = value{}
		}
		switch r := m.block(steps, f); r {
		case next:
			return broken
		case broken:
			return next
		default:
			return r.outer()
		}
	}, nil
}
