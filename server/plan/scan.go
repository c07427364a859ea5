package plan

import (
	"strconv"

	"github.com/open-policy-agent/opa/v1/ir"
)

// scan runs a block for each member, in OPA's order: that of the places of an array, of the keys of an object, of the
// items of a set.
func (c *compiler) scan(s *ir.ScanStmt) (step, error) {
	source, key, val := c.local(s.Source), c.slot(s.Key), c.slot(s.Value)
	c.based[s.Value] = c.based[s.Source]
	steps, err := c.block(s.Block)
	if err != nil {
		return nil, err
	}
	return func(m *machine, f []value) signal {
		switch v := source.get(f); v.kind() {
		case kindArray:
			for i, item := range v.array().items {
				f[key], f[val] = integer(int64(i)), item
				if r := m.round(steps, f); r != next {
					return r
				}
			}
		case kindObject:
			o := v.object()
			o.sort() // once: what is iterated is never put in another order
			for i := range o.pairs {
				f[key], f[val] = o.pairs[i].key, o.pairs[i].value
				if r := m.round(steps, f); r != next {
					return r
				}
			}
		case kindSet:
			items := v.set()
			items.sort()
			for _, item := range items.items {
				f[key], f[val] = item, item
				if r := m.round(steps, f); r != next {
					return r
				}
			}
		}
		return next
	}, nil
}

func (m *machine) round(steps []step, f []value) signal {
	if m.tick() {
		return fail
	}
	return m.block(steps, f).outer()
}

// mostDigits is the first whole number that numberOf leaves as text. One number has one form, whichever way it came.
const mostDigits = 1e16

// numberFrom makes a value of a whole number of any size.
func numberFrom(i int64) value {
	if i > -mostDigits && i < mostDigits {
		return integer(i)
	}
	return textOf(strconv.FormatInt(i, 10), kindNumber)
}
