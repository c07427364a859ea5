package plan

import "github.com/open-policy-agent/opa/v1/ir"

// fold tells whether a statement needs no code, since what it sets is known when the program is compiled: a constant, or
// another name for a local that never changes.
func (c *compiler) fold(s ir.Stmt) bool {
	switch s := s.(type) {
	case *ir.MakeNullStmt:
		return c.learn(s.Target, null())
	case *ir.MakeNumberIntStmt:
		return c.learn(s.Target, numberFrom(s.Value))
	case *ir.MakeNumberRefStmt:
		return c.learn(s.Target, numberOf(c.constants[s.Index].string()))
	case *ir.MakeArrayStmt:
		return c.isKnown(s.Target)
	case *ir.MakeObjectStmt:
		return c.isKnown(s.Target)
	case *ir.MakeSetStmt:
		return c.isKnown(s.Target)
	case *ir.ArrayAppendStmt:
		return c.isKnown(s.Array)
	case *ir.ObjectInsertStmt:
		return c.isKnown(s.Object)
	case *ir.SetAddStmt:
		return c.isKnown(s.Set)
	case *ir.AssignVarStmt:
		if v, ok := c.constant(s.Source); ok {
			return c.learn(s.Target, v)
		}
		source, _ := localOf(s.Source)
		if source = c.real(source); c.fixed(s.Target) && c.steady(source) {
			c.alias[s.Target] = source
			return true
		}
	}
	return false
}

func (c *compiler) isKnown(l ir.Local) bool {
	_, ok := c.known[l]
	return ok
}

func (c *compiler) learn(l ir.Local, v value) bool {
	if !c.fixed(l) {
		return false
	}
	c.known[l] = v
	return true
}

// fixed tells whether a local is set in one place of this block only, and nobody asks whether it is set at all.
func (c *compiler) fixed(l ir.Local) bool {
	return c.part.sets[l] == 1 && c.whole.tests[l] == 0 && !c.spans(l)
}

// steady tells whether a local keeps its value while it is read: a parameter, or one that is set in one place.
func (c *compiler) steady(l ir.Local) bool {
	return !c.spans(l) && c.part.sets[l] <= 1 && (c.part.sets[l] == 1) == (c.whole.sets[l] > 0)
}

// spans tells whether a local carries its value from one block at the top to another: what the function returns, and
// the result of a rule that its alternatives look at. The rest are numbered anew in each block, and may be set in several.
func (c *compiler) spans(l ir.Local) bool {
	return c.planned != nil && l == c.planned.Return || c.whole.tests[l] > 0
}

// foldLiterals finds the arrays, objects and sets of a block that are made of constants alone, and makes them now.
func (c *compiler) foldLiterals(b *ir.Block) {
	for _, s := range b.Stmts { // what literals are made of
		switch s.(type) {
		case *ir.MakeNullStmt, *ir.MakeNumberIntStmt, *ir.MakeNumberRefStmt:
			c.fold(s)
		}
	}
	// The statements that make an outer literal begin before those of an inner one, so it takes a round for each storey.
	for changed := true; changed; {
		changed = false
		for i, s := range b.Stmts {
			l, made := makes(s)
			if !made || c.isKnown(l) || !c.fixed(l) {
				continue
			}
			if v, ok := c.literal(l, b.Stmts[i:]); ok {
				c.known[l], changed = v, true
			}
		}
	}
}

func makes(s ir.Stmt) (ir.Local, bool) {
	switch s := s.(type) {
	case *ir.MakeArrayStmt:
		return s.Target, true
	case *ir.MakeObjectStmt:
		return s.Target, true
	case *ir.MakeSetStmt:
		return s.Target, true
	}
	return 0, false
}

// literal makes the value that stmts, of which the first makes l, put together, if all that goes in is constant and all
// of it goes in here.
func (c *compiler) literal(l ir.Local, stmts []ir.Stmt) (value, bool) {
	var shared *arena
	var v value
	switch stmts[0].(type) {
	case *ir.MakeArrayStmt:
		v = arrayOf(shared.array(0))
	case *ir.MakeObjectStmt:
		v = objectOf(shared.object(0))
	default:
		v = setOf(shared.set(0))
	}
	changes := 0
	for _, s := range stmts[1:] {
		var parts []ir.Operand
		switch s := s.(type) {
		case *ir.ArrayAppendStmt:
			if s.Array == l {
				parts = []ir.Operand{s.Value}
			}
		case *ir.SetAddStmt:
			if s.Set == l {
				parts = []ir.Operand{s.Value}
			}
		case *ir.ObjectInsertStmt:
			if s.Object == l {
				parts = []ir.Operand{s.Key, s.Value}
			}
		}
		if parts == nil {
			continue
		}
		changes++
		var constants [2]value
		for i, part := range parts {
			constant, ok := c.constant(part)
			if !ok {
				return value{}, false
			}
			constants[i] = constant
		}
		switch v.kind() {
		case kindArray:
			v.array().push(shared, constants[0])
		case kindSet:
			v.set().add(shared, constants[0])
		case kindObject:
			v.object().put(shared, constants[0], constants[1])
		}
	}
	if changes != c.part.changes[l] {
		return value{}, false // it also changes in a block within, as a comprehension does
	}
	switch v.kind() {
	case kindSet:
		v.set().finish()
	case kindObject:
		v.object().finish()
	}
	return v, true
}

// saysOneThing tells whether all rules of a function that have a result have the same constant one, so that the first that
// holds ends the function, as it does in topdown.
func (c *compiler) saysOneThing(blocks []*ir.Block) bool {
	if c.planned == nil {
		return false
	}
	var said value
	one := true
	var walk func([]*ir.Block)
	walk = func(blocks []*ir.Block) {
		for _, b := range blocks {
			for _, s := range b.Stmts {
				if once, ok := s.(*ir.AssignVarOnceStmt); ok && once.Target != c.planned.Return {
					v, constant := c.constant(once.Source)
					one = one && constant && (!said.defined() || same(said, v))
					said = v
				}
				walk(effectsOf(s).blocks)
			}
		}
	}
	walk(blocks)
	return one && said.defined()
}
