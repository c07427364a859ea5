package plan

import "github.com/open-policy-agent/opa/v1/ir"

// call compiles the call of a function of the policies or of a built-in.
func (c *compiler) call(s *ir.CallStmt) (step, error) {
	fn, ok := c.functions[s.Func]
	if !ok {
		return c.callBuiltin(s)
	}
	var args []operand
	for _, arg := range s.Args {
		args = append(args, c.operand(arg))
	}
	result := c.slot(s.Result)
	if len(args) != fn.arity+2 {
		return nil, c.unsupported(s, "%s is called with %d arguments beside input and data, it has %d", s.Func, len(args)-2, fn.arity)
	}
	if fn.memo >= 0 {
		return func(m *machine, f []value) signal { return m.remember(fn, args[0].get(f), args[1].get(f), result, f) }, nil
	}
	if fn.recall {
		return recalling(fn, args, result), nil
	}
	return func(m *machine, f []value) signal {
		stack, top := m.stack, m.top
		g := m.frame(fn.size)
		for i := range args {
			g[fn.params[i]] = args[i].get(f)
		}
		ok := m.body(fn, g)
		m.stack, m.top = stack, top
		if !ok || m.tick() {
			return fail
		}
		if f[result] = m.result; !m.result.defined() {
			return broken
		}
		return next
	}, nil
}

// recalling calls a function that takes its time, unless it was called with the same arguments before.
func recalling(fn *function, args []operand, result int) step {
	return func(m *machine, f []value) signal {
		var given [mostArgs]value
		for i := range args[2:] {
			given[i] = args[2+i].get(f)
		}
		h := hashArgs(fn, &given)
		if call := m.calls.find(fn, &given, h); call != nil {
			if f[result] = call.result; !call.result.defined() {
				return broken
			}
			return next
		}
		stack, top := m.stack, m.top
		g := m.frame(fn.size)
		for i := range args {
			g[fn.params[i]] = args[i].get(f)
		}
		ok := m.body(fn, g)
		m.stack, m.top = stack, top
		if !ok || m.tick() {
			return fail
		}
		m.calls.keep(&m.memory, fn, &given, h, m.result)
		if f[result] = m.result; !m.result.defined() {
			return broken
		}
		return next
	}
}

// remember evaluates a rule that depends on input and data alone, and does so once. Inside of `with` the memory is another.
func (m *machine) remember(fn *function, input, data value, result int, f []value) signal {
	if known := &m.memo[fn.memo]; known.known {
		if f[result] = known.value; !known.value.defined() {
			return broken
		}
		return next
	}
	stack, top := m.stack, m.top
	g := m.frame(fn.size)
	g[fn.params[0]], g[fn.params[1]] = input, data
	ok := m.body(fn, g)
	m.stack, m.top = stack, top
	if !ok || m.tick() {
		return fail
	}
	m.memo[fn.memo] = memo{true, m.result}
	if f[result] = m.result; !m.result.defined() {
		return broken
	}
	return next
}

// callDynamic calls a rule whose path is known at evaluation only. That there is none is no error: the plan looks into the
// data then.
func (c *compiler) callDynamic(s *ir.CallDynamicStmt) (step, error) {
	if len(s.Args) != 2 {
		return nil, c.unsupported(s, "a call by path with %d arguments", len(s.Args))
	}
	var path []operand
	for _, part := range s.Path {
		path = append(path, c.operand(part))
	}
	input, data, result, byPath := c.local(s.Args[0]), c.local(s.Args[1]), c.slot(s.Result), c.byPath
	return func(m *machine, f []value) signal {
		parts := make([]string, len(path))
		for i := range path {
			v := path[i].get(f)
			if v.kind() != kindString {
				return broken
			}
			parts[i] = v.string()
		}
		fn := byPath[pathKey(parts)]
		if fn == nil || fn.memo < 0 {
			return broken
		}
		return m.remember(fn, input.get(f), data.get(f), result, f)
	}, nil
}
