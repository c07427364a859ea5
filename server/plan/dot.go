package plan

import (
	"github.com/open-policy-agent/opa/v1/ir"
	"github.com/open-policy-agent/opa/v1/util"
)

// dot looks up one member.
func (c *compiler) dot(s *ir.DotStmt) step {
	source, key, target := c.operand(s.Source), c.operand(s.Key), c.slot(s.Target)
	// A table has no value as a whole: it may be looked into and nothing else.
	through := !c.part.beyondDots[s.Target]
	based := c.underData(s)
	if key.slot < 0 && key.constant.kind() == kindString && source.slot >= 0 {
		return dotText(source.slot, target, key.constant, through, based)
	}
	return func(m *machine, f []value) signal {
		of, at := source.get(f), key.get(f)
		if based {
			return m.found(m.inData(of, at), target, through, f)
		}
		return m.found(of.member(at), target, through, f)
	}
}

// underData tells whether a look-up goes on from a place in data, and notes where it leads. Assignment ends a reference.
func (c *compiler) underData(s *ir.DotStmt) bool {
	source, ok := localOf(s.Source)
	based := ok && c.based[source]
	c.based[s.Target] = based
	return based
}

// inPath is a key as a step of a path through the documents of the store. OPA reads those by paths of texts, so that there 2
// finds the member "2" of an object, and "2" the item 2 of an array.
func inPath(of, key value) value {
	switch k := of.kind(); {
	case k == kindObject && key.isNumber() && of.object().stored:
		return text(string(number(key)))
	case k == kindArray && key.kind() == kindString && of.array().stored:
		if i, ok := util.Atoi64(key.string()); ok {
			return numberFrom(i)
		}
	}
	return key
}

func (m *machine) found(v value, target int, through bool, f []value) signal {
	switch {
	case m.err != nil:
		return fail
	case !v.defined() || v.kind() == kindTable && !through:
		return broken
	}
	f[target] = v
	return next
}

// dotText is dot for the most frequent kind of key.
func dotText(source, target int, key value, through, based bool) step {
	h := hash(key)
	return func(m *machine, f []value) signal {
		v := f[source]
		if v.kind() == kindObject {
			o := v.object()
			if i := o.lookUp(key, h); i >= 0 {
				f[target] = o.pairs[i].value
				return next
			}
			if !based || o.tables == nil {
				return broken
			}
		}
		if based {
			return m.found(m.inData(v, key), target, through, f)
		}
		return m.found(v.member(key), target, through, f)
	}
}

// path fuses look-ups that start at data and go down constant keys. As long as no `with` has changed the data, what stands
// there is known already. It says how many statements it stands for; a nil step stands for none.
func (c *compiler) path(stmts []ir.Stmt) (fused step, skip int) {
	var keys []value
	at, settled := ir.Data, c.data.root
	for _, s := range stmts {
		dot, ok := s.(*ir.DotStmt)
		if !ok {
			break
		}
		source, isLocal := localOf(dot.Source)
		key, constant := c.constant(dot.Key)
		if !isLocal || source != at || !constant || key.kind() != kindString {
			break
		}
		if len(keys) > 0 && (c.part.reads[at] != 1 || c.part.sets[at] != 1 || c.part.tests[at] > 0) {
			break // somebody else looks at the place in between
		}
		keys, at, settled = append(keys, key), dot.Target, settled.below(key)
		if settled.kind() == kindTable && settled.table().rows {
			break // from here on it is asked for
		}
	}
	if len(keys) == 0 {
		return nil, 0
	}
	c.based[at] = true
	base := c.data.root.pointer
	data, target, through := c.slot(ir.Data), c.slot(at), !c.part.beyondDots[at]
	if settled.kind() == kindTable && !through {
		settled = value{}
	}
	return func(m *machine, f []value) signal {
		v := f[data]
		if v.pointer == base {
			if !settled.defined() {
				return broken
			}
			f[target] = settled
			return next
		}
		for _, key := range keys {
			if v = v.below(key); !v.defined() {
				return broken
			}
		}
		return m.found(v, target, through, f)
	}, len(keys)
}

// below is what stands in v under a name, tables included; a row is never asked for, so it is undefined.
func (v value) below(name value) value {
	switch v.kind() {
	case kindArray:
		return v.member(inPath(v, name))
	case kindObject:
		o := v.object()
		if i := o.find(name); i >= 0 {
			return o.pairs[i].value
		}
		if t := named(o.tables, name.string()); t != nil {
			return tableOf(t)
		}
	case kindTable:
		if t := named(v.table().below, name.string()); t != nil {
			return tableOf(t)
		}
	}
	return value{}
}
