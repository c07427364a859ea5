package plan

import "github.com/open-policy-agent/opa/v1/ir"

// effects is what a statement does to locals, apart from the blocks in it.
type effects struct {
	reads   []ir.Local // used as values
	sets    []ir.Local // given a new value
	changes []ir.Local // an object, array or set that gets a member
	tests   []ir.Local // asked whether they are defined
	blocks  []*ir.Block
}

func effectsOf(s ir.Stmt) effects {
	var e effects
	switch s := s.(type) {
	case *ir.ReturnLocalStmt:
		e.read(s.Source)
	case *ir.CallStmt:
		for _, arg := range s.Args {
			e.read(arg)
		}
		e.set(s.Result)
	case *ir.CallDynamicStmt:
		e.reads = append(e.reads, s.Args...)
		for _, part := range s.Path {
			e.read(part)
		}
		e.set(s.Result)
	case *ir.BlockStmt:
		e.blocks = s.Blocks
	case *ir.DotStmt:
		e.read(s.Source, s.Key)
		e.set(s.Target)
	case *ir.LenStmt:
		e.read(s.Source)
		e.set(s.Target)
	case *ir.ScanStmt:
		e.reads = append(e.reads, s.Source)
		e.set(s.Key, s.Value)
		e.blocks = []*ir.Block{s.Block}
	case *ir.NotStmt:
		e.blocks = []*ir.Block{s.Block}
	case *ir.AssignIntStmt:
		e.set(s.Target)
	case *ir.AssignVarStmt:
		e.read(s.Source)
		e.set(s.Target)
	case *ir.AssignVarOnceStmt:
		e.read(s.Source)
		e.set(s.Target)
		e.tests = append(e.tests, s.Target)
	case *ir.ResetLocalStmt:
		e.set(s.Target)
	case *ir.MakeNullStmt:
		e.set(s.Target)
	case *ir.MakeNumberIntStmt:
		e.set(s.Target)
	case *ir.MakeNumberRefStmt:
		e.set(s.Target)
	case *ir.MakeArrayStmt:
		e.set(s.Target)
	case *ir.MakeObjectStmt:
		e.set(s.Target)
	case *ir.MakeSetStmt:
		e.set(s.Target)
	case *ir.EqualStmt:
		e.read(s.A, s.B)
	case *ir.NotEqualStmt:
		e.read(s.A, s.B)
	case *ir.IsArrayStmt:
		e.read(s.Source)
	case *ir.IsObjectStmt:
		e.read(s.Source)
	case *ir.IsSetStmt:
		e.read(s.Source)
	case *ir.IsDefinedStmt:
		e.tests = append(e.tests, s.Source)
	case *ir.IsUndefinedStmt:
		e.tests = append(e.tests, s.Source)
	case *ir.ArrayAppendStmt:
		e.read(s.Value)
		e.changes = append(e.changes, s.Array)
	case *ir.ObjectInsertStmt:
		e.read(s.Key, s.Value)
		e.changes = append(e.changes, s.Object)
	case *ir.ObjectInsertOnceStmt:
		e.read(s.Key, s.Value)
		e.changes = append(e.changes, s.Object)
	case *ir.ObjectMergeStmt:
		e.reads = append(e.reads, s.A, s.B)
		e.set(s.Target)
	case *ir.SetAddStmt:
		e.read(s.Value)
		e.changes = append(e.changes, s.Set)
	case *ir.WithStmt:
		e.read(s.Value)
		e.reads = append(e.reads, s.Local)
		e.set(s.Local)
		e.blocks = []*ir.Block{s.Block}
	case *ir.ResultSetAddStmt:
		e.reads = append(e.reads, s.Value)
	}
	return e
}

func (e *effects) set(locals ...ir.Local) { e.sets = append(e.sets, locals...) }

func (e *effects) read(from ...any) {
	for _, what := range from {
		switch what := what.(type) {
		case ir.Local:
			e.reads = append(e.reads, what)
		case ir.Operand:
			if l, ok := localOf(what); ok {
				e.reads = append(e.reads, l)
			}
		}
	}
}

// localOf is the local that an operand names. A plan that OPA has just made holds values; one that was read from JSON
// holds pointers.
func localOf(o ir.Operand) (ir.Local, bool) {
	switch v := o.Value.(type) {
	case ir.Local:
		return v, true
	case *ir.Local:
		return *v, true
	}
	return 0, false
}

// usage counts what happens to the locals of a stretch of a plan.
type usage struct {
	reads, sets, changes, tests map[ir.Local]int
	beyondDots                  map[ir.Local]bool // read by something other than the source of a DotStmt
}

func newUsage() *usage {
	return &usage{map[ir.Local]int{}, map[ir.Local]int{}, map[ir.Local]int{}, map[ir.Local]int{}, map[ir.Local]bool{}}
}

func (u *usage) add(blocks ...*ir.Block) {
	for _, block := range blocks {
		for _, s := range block.Stmts {
			e := effectsOf(s)
			for _, l := range e.reads {
				u.reads[l]++
				u.beyondDots[l] = u.beyondDots[l] || !isDotSource(s, l)
			}
			for _, l := range e.sets {
				u.sets[l]++
			}
			for _, l := range e.changes {
				u.changes[l]++
				u.beyondDots[l] = true
			}
			for _, l := range e.tests {
				u.tests[l]++
				u.beyondDots[l] = true
			}
			u.add(e.blocks...)
		}
	}
}

func isDotSource(s ir.Stmt, l ir.Local) bool {
	dot, ok := s.(*ir.DotStmt)
	if !ok {
		return false
	}
	source, _ := localOf(dot.Source)
	key, isLocal := localOf(dot.Key)
	return source == l && (!isLocal || key != l)
}
