package plan

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/topdown/builtins"
)

// foreign is what OPA's own functions need of an evaluation. It is made when the first is called.
type foreign struct {
	cancel  topdown.Cancel
	context topdown.BuiltinContext
}

// callBuiltin compiles the call of a built-in: by a function of ours for those that are hot, with OPA's function behind it
// for all operands that ours does not take, or by OPA's function.
func (c *compiler) callBuiltin(s *ir.CallStmt) (step, error) {
	slow, err := c.slowly(s)
	if err != nil {
		return nil, err
	}
	if c.builtins[s.Func] == nil {
		if fast := natively(slow); fast != nil {
			return fast, nil
		}
	}
	return slow.run, nil
}

// slowly makes the call of OPA's function.
func (c *compiler) slowly(s *ir.CallStmt) (*call, error) {
	decl := c.decls[s.Func]
	if decl == nil {
		return nil, c.unsupported(s, "%s is neither a rule nor a built-in of the plan", s.Func)
	}
	f := topdown.GetBuiltin(s.Func)
	if own := c.builtins[s.Func]; own != nil {
		f = own.Func
	}
	if f == nil {
		return nil, c.unsupported(s, "the built-in %s", s.Func)
	}
	slow := &call{name: s.Func, f: f, result: c.slot(s.Result), relation: decl.Relation, void: decl.Decl.Result() == nil, at: c.location(s)}
	for _, arg := range s.Args {
		slow.args = append(slow.args, c.operand(arg))
	}
	return slow, nil
}

// call is one call of a built-in in a plan.
type call struct {
	name           string
	f              topdown.BuiltinFunc
	args           []operand
	result         int
	relation, void bool
	at             *ast.Location
}

// enough ends a function of OPA that would give more outputs than are wanted.
var errEnough = errors.New("enough")

// run lets OPA's function do it.
func (b *call) run(m *machine, f []value) signal {
	if m.late() {
		return fail
	}
	operands := make([]*ast.Term, len(b.args))
	for i := range b.args {
		operands[i] = ast.NewTerm(toAST(b.args[i].get(f)))
	}
	var out []*ast.Term
	err := b.f(*m.builtinContext(b.at), operands, func(t *ast.Term) error {
		out = append(out, t)
		if b.relation {
			return nil
		}
		return topdown.Halt{Err: errEnough}
	})
	if err != nil && !isEnough(err) {
		return m.failed(err)
	}
	return b.give(m, f, out)
}

func isEnough(err error) bool {
	halt, ok := err.(topdown.Halt) //nolint:errorlint // it comes back as it was given
	return ok && errors.Is(halt.Err, errEnough)
}

func (b *call) give(m *machine, f []value, out []*ast.Term) signal {
	if b.relation {
		all := m.memory.array(len(out))
		for _, t := range out {
			v, err := m.memory.convert(t.Value)
			if err != nil {
				m.err = fmt.Errorf("%s: %w", b.name, err)
				return fail
			}
			all.push(&m.memory, v)
		}
		f[b.result] = arrayOf(all)
		return next
	}
	if len(out) == 0 {
		return broken
	}
	if b.void || out[0] == nil {
		f[b.result] = boolean(true)
		return next
	}
	v, err := m.memory.convert(out[0].Value)
	if err != nil {
		m.err = fmt.Errorf("%s: %w", b.name, err)
		return fail
	}
	f[b.result] = v
	return next
}

// builtinContext is what OPA's functions see of the evaluation: its clock, its context, and a cache of its own.
func (m *machine) builtinContext(at *ast.Location) *topdown.BuiltinContext {
	if m.foreign.cancel == nil {
		cancel := topdown.NewCancel()
		m.released = context.AfterFunc(m.ctx, cancel.Cancel)
		m.foreign = foreign{cancel, topdown.BuiltinContext{
			Context: m.ctx, Metrics: metrics.NoOp(), Seed: rand.Reader, Time: ast.NewTerm(number(m.now)), Cancel: cancel,
			Cache: builtins.Cache{}, Capabilities: m.program.compiler.Capabilities(),
		}}
	}
	m.foreign.context.Location = at
	return &m.foreign.context
}
