package plan

import (
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// compiler turns a plan into functions of closures.
type compiler struct {
	policy    *ir.Policy
	data      *Data
	builtins  map[string]*topdown.Builtin
	constants []value // the strings of the plan
	functions map[string]*function
	byPath    map[string]*function // for calls whose path is known at evaluation only
	decls     map[string]*ast.Builtin
	memos     int

	// Of the function that is being compiled:
	fn      *function
	planned *ir.Func // nil for the plan of the query
	slots   map[ir.Local]int
	whole   *usage // of all its blocks
	part    *usage // of the block at its top that is being compiled
	known   map[ir.Local]value
	alias   map[ir.Local]ir.Local
	based   map[ir.Local]bool // places under data, as far as one reference goes
	early   bool              // all its rules say one and the same
}

// function is a rule or a function of the policies, or the query itself.
type function struct {
	name   string
	params []int
	size   int
	blocks [][]step
	memo   int  // where its value is kept; -1 for one that depends on arguments
	arity  int  // arguments beside input and data
	recall bool // what it gave for its arguments is kept
}

func (c *compiler) compile() (*function, error) {
	for _, s := range c.policy.Static.Strings {
		c.constants = append(c.constants, text(s.Value))
	}
	if err := c.declare(); err != nil {
		return nil, err
	}
	for _, planned := range c.policy.Funcs.Funcs {
		c.start(c.functions[planned.Name], planned, planned.Blocks)
		if err := c.finish(planned.Blocks); err != nil {
			return nil, err
		}
	}
	if len(c.policy.Plans.Plans) != 1 {
		return nil, &Unsupported{What: fmt.Sprintf("%d plans, want one", len(c.policy.Plans.Plans))}
	}
	blocks := c.policy.Plans.Plans[0].Blocks
	entry := &function{name: "query", memo: -1}
	c.start(entry, nil, blocks)
	entry.params = []int{c.slot(ir.Input), c.slot(ir.Data)}
	return entry, c.finish(blocks)
}

// declare makes the functions known to each other before any is compiled.
func (c *compiler) declare() error {
	c.functions, c.byPath = map[string]*function{}, map[string]*function{}
	byName, weights := map[string]*ir.Func{}, map[string]int{}
	for _, planned := range c.policy.Funcs.Funcs {
		byName[planned.Name] = planned
	}
	for _, planned := range c.policy.Funcs.Funcs {
		fn := &function{name: planned.Name, memo: -1, arity: len(planned.Params) - 2}
		fn.recall = fn.arity > 0 && fn.arity <= mostArgs && c.weigh(planned.Name, byName, weights) >= worth
		if len(planned.Params) == 2 {
			fn.memo = c.memos
			c.memos++
		}
		c.functions[planned.Name] = fn
		if planned.Path != nil {
			c.byPath[pathKey(planned.Path)] = fn
		}
	}
	c.decls = map[string]*ast.Builtin{}
	for _, b := range c.policy.Static.BuiltinFuncs {
		decl, ok := ast.BuiltinMap[b.Name]
		if own := c.builtins[b.Name]; own != nil {
			decl, ok = own.Decl, true
		}
		if !ok {
			return &Unsupported{What: "the built-in " + b.Name + " is not known"}
		}
		c.decls[b.Name] = decl
	}
	return nil
}

// deterministic says whether no built-in of the plan knows a clock or chance.
func (c *compiler) deterministic() bool {
	for _, decl := range c.decls {
		if decl.Nondeterministic {
			return false
		}
	}
	return true
}

// pathKey joins a path so that no two paths have one key.
func pathKey(path []string) string {
	var key strings.Builder
	for _, part := range path {
		fmt.Fprintf(&key, "%d:%s/", len(part), part)
	}
	return key.String()
}

func (c *compiler) start(fn *function, planned *ir.Func, blocks []*ir.Block) {
	c.fn, c.planned, c.slots, c.whole = fn, planned, map[ir.Local]int{}, newUsage()
	c.known, c.alias = nil, nil
	c.based = map[ir.Local]bool{ir.Data: true}
	c.whole.add(blocks...)
	if planned != nil {
		for _, p := range planned.Params {
			fn.params = append(fn.params, c.slot(p))
		}
	}
	c.early = c.saysOneThing(blocks)
}

func (c *compiler) finish(blocks []*ir.Block) error {
	for _, block := range blocks {
		c.part, c.known, c.alias = newUsage(), map[ir.Local]value{}, map[ir.Local]ir.Local{}
		c.part.add(block)
		steps, err := c.block(block)
		if err != nil {
			return err
		}
		c.fn.blocks = append(c.fn.blocks, steps)
	}
	c.fn.size = len(c.slots)
	return nil
}

// slot is the place of a local in the frame. Locals that were folded away have none.
func (c *compiler) slot(l ir.Local) int {
	l = c.real(l)
	at, ok := c.slots[l]
	if !ok {
		at = len(c.slots)
		c.slots[l] = at
	}
	return at
}

func (c *compiler) real(l ir.Local) ir.Local {
	for {
		to, ok := c.alias[l]
		if !ok {
			return l
		}
		l = to
	}
}

// operand is a slot of the frame, or a constant where slot is negative.
type operand struct {
	slot     int
	constant value
}

func (o *operand) get(f []value) value {
	if o.slot >= 0 {
		return f[o.slot]
	}
	return o.constant
}

func (c *compiler) operand(o ir.Operand) operand {
	if v, ok := c.constant(o); ok {
		return operand{-1, v}
	}
	l, _ := localOf(o)
	return operand{slot: c.slot(l)}
}

func (c *compiler) local(l ir.Local) operand { return c.operand(ir.Operand{Value: l}) }

// constant is the value of an operand that is the same in every evaluation.
func (c *compiler) constant(o ir.Operand) (value, bool) {
	switch v := o.Value.(type) {
	case ir.StringIndex:
		return c.constants[v], true
	case *ir.StringIndex:
		return c.constants[*v], true
	case ir.Bool:
		return boolean(bool(v)), true
	case *ir.Bool:
		return boolean(bool(*v)), true
	}
	l, _ := localOf(o)
	v, ok := c.known[c.real(l)]
	return v, ok
}

// block compiles the statements of a block in their order.
func (c *compiler) block(b *ir.Block) ([]step, error) {
	c.foldLiterals(b)
	var steps []step
	for i := 0; i < len(b.Stmts); i++ {
		if fused, skip := c.path(b.Stmts[i:]); fused != nil {
			steps = append(steps, fused)
			i += skip - 1
			continue
		}
		if c.fold(b.Stmts[i]) {
			continue
		}
		if condition, err := c.condition(b.Stmts[i:]); condition != nil || err != nil {
			if err != nil {
				return nil, err
			}
			steps = append(steps, condition)
			i++
			continue
		}
		s, err := c.statement(b.Stmts[i])
		if err != nil {
			return nil, err
		}
		if s != nil {
			steps = append(steps, s)
		}
	}
	return steps, nil
}

func (c *compiler) statement(s ir.Stmt) (step, error) {
	switch s := s.(type) {
	case *ir.NopStmt:
		return nil, nil
	case *ir.BlockStmt, *ir.BreakStmt, *ir.NotStmt, *ir.ReturnLocalStmt, *ir.ResultSetAddStmt:
		return c.control(s)
	case *ir.ScanStmt:
		return c.scan(s)
	case *ir.WithStmt:
		return c.with(s)
	case *ir.CallStmt:
		return c.call(s)
	case *ir.CallDynamicStmt:
		return c.callDynamic(s)
	case *ir.DotStmt:
		return c.dot(s), nil
	case *ir.AssignVarStmt, *ir.AssignVarOnceStmt, *ir.AssignIntStmt, *ir.ResetLocalStmt:
		return c.assign(s)
	case *ir.EqualStmt, *ir.NotEqualStmt, *ir.IsArrayStmt, *ir.IsObjectStmt, *ir.IsSetStmt, *ir.IsDefinedStmt, *ir.IsUndefinedStmt:
		return c.test(s)
	case *ir.MakeNullStmt, *ir.MakeNumberIntStmt, *ir.MakeNumberRefStmt, *ir.MakeArrayStmt, *ir.MakeObjectStmt, *ir.MakeSetStmt, *ir.LenStmt:
		return c.make(s)
	case *ir.ArrayAppendStmt, *ir.SetAddStmt, *ir.ObjectInsertStmt, *ir.ObjectInsertOnceStmt, *ir.ObjectMergeStmt:
		return c.change(s)
	}
	return nil, c.unsupported(s, "the statement %T", s)
}
