package plan

import "github.com/open-policy-agent/opa/v1/ir"

// A native function takes the operands that are frequent. It says false for all others, and for every fault: those go to
// OPA's function, so that what is rare or wrong has one meaning and one text. An undefined result is the zero value and true.
type (
	native1 func(m *machine, a value) (value, bool)
	native2 func(m *machine, a, b value) (value, bool)
	native3 func(m *machine, a, b, c value) (value, bool)
)

// natively compiles a call of a built-in that has a function here; nil when it has none.
func natively(slow *call) step {
	args, result := slow.args, slow.result
	switch len(args) {
	case 0:
		if slow.name == "time.now_ns" {
			return func(m *machine, f []value) signal {
				f[result] = m.now
				return next
			}
		}
	case 1:
		if fast := ofOne(slow.name); fast != nil {
			a := args[0]
			return func(m *machine, f []value) signal {
				v, ok := fast(m, a.get(f))
				return slow.either(m, f, v, ok)
			}
		}
	case 2:
		if fast := ofTwo(slow.name); fast != nil {
			a, b := args[0], args[1]
			if slow.name == "internal.member_2" {
				b.constant = asSet(b)
			}
			return func(m *machine, f []value) signal {
				v, ok := fast(m, a.get(f), b.get(f))
				return slow.either(m, f, v, ok)
			}
		}
	case 3:
		if fast := ofThree(slow.name); fast != nil {
			a, b, c := args[0], args[1], args[2]
			return func(m *machine, f []value) signal {
				v, ok := fast(m, a.get(f), b.get(f), c.get(f))
				return slow.either(m, f, v, ok)
			}
		}
	case 4:
		if slow.name == "time.add_date" {
			return func(m *machine, f []value) signal {
				v, ok := addDate(m, args[0].get(f), args[1].get(f), args[2].get(f), args[3].get(f))
				return slow.either(m, f, v, ok)
			}
		}
	}
	return nil
}

// condition fuses a call of two operands with the question whether its result is not false, as a condition has it whose
// result nobody else looks at. It is nil for all else.
func (c *compiler) condition(stmts []ir.Stmt) (step, error) {
	if len(stmts) < 2 {
		return nil, nil
	}
	called, isCall := stmts[0].(*ir.CallStmt)
	asked, isQuestion := stmts[1].(*ir.NotEqualStmt)
	if !isCall || !isQuestion || c.functions[called.Func] != nil || c.builtins[called.Func] != nil || len(called.Args) != 2 {
		return nil, nil
	}
	fast := ofTwo(called.Func)
	of, isLocal := localOf(asked.A)
	against, constant := c.constant(asked.B)
	if fast == nil || !isLocal || of != called.Result || !constant || !against.isFalse() || c.part.reads[of] != 1 || c.part.tests[of] > 0 {
		return nil, nil
	}
	slow, err := c.slowly(called)
	if err != nil {
		return nil, err
	}
	a, b, result := slow.args[0], slow.args[1], slow.result
	if called.Func == "internal.member_2" {
		b.constant = asSet(b)
	}
	return func(m *machine, f []value) signal {
		v, ok := fast(m, a.get(f), b.get(f))
		if !ok {
			if r := slow.run(m, f); r != next {
				return r
			}
			v = f[result]
		}
		if v.isFalse() || !v.defined() {
			return broken
		}
		return next
	}, nil
}

func (b *call) either(m *machine, f []value, v value, ok bool) signal {
	if !ok {
		return b.run(m, f)
	}
	if !v.defined() {
		return broken
	}
	f[b.result] = v
	return next
}

func ofOne(name string) native1 {
	return map[string]native1{
		"count": count, "sum": sum, "max": largestOf, "min": smallestOf, "sort": sorted,
		"is_array": isA(kindArray), "is_object": isA(kindObject), "is_set": isA(kindSet), "is_string": isA(kindString),
		"is_boolean": isA(kindBoolean), "is_null": isA(kindNull),
		"is_number":   func(_ *machine, a value) (value, bool) { return boolean(a.isNumber()), true },
		"object.keys": keysOf, "array.flatten": flatten,
		"lower": lower, "upper": upper, "trim_space": trimSpace, "to_number": toNumber,
		"time.format": formatTime, "json.marshal": marshal,
		"round": rounded, "ceil": whole, "floor": whole,
	}[name]
}

func ofTwo(name string) native2 {
	return map[string]native2{
		"equal": func(_ *machine, a, b value) (value, bool) { return boolean(same(a, b)), true },
		"neq":   func(_ *machine, a, b value) (value, bool) { return boolean(!same(a, b)), true },
		"lt":    func(_ *machine, a, b value) (value, bool) { return boolean(compare(a, b) < 0), true },
		"lte":   func(_ *machine, a, b value) (value, bool) { return boolean(compare(a, b) <= 0), true },
		"gt":    func(_ *machine, a, b value) (value, bool) { return boolean(compare(a, b) > 0), true },
		"gte":   func(_ *machine, a, b value) (value, bool) { return boolean(compare(a, b) >= 0), true },
		"plus":  plus, "minus": minus, "mul": times, "div": divide,
		"and": intersection, "or": union,
		"internal.member_2": member,
		"array.concat":      joined, "object.union": unionOfObjects, "object.remove": remove,
		"concat": concat, "contains": contains, "startswith": startsWith, "endswith": endsWith, "split": split,
		"strings.replace_n": replaceN, "sprintf": sprintf,
		"time.parse_ns": parseTime,
		"regex.match":   matches, "regex.split": splitBy, "json.patch": patch,
	}[name]
}

func ofThree(name string) native3 {
	return map[string]native3{
		"internal.member_3": memberWithKey, "object.get": get, "array.slice": slice,
		"substring": substring, "replace": replace, "regex.replace": replaceBy,
	}[name]
}
