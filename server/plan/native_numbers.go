package plan

import (
	"math"
	"math/big"
	"strconv"
	"time"

	"github.com/open-policy-agent/opa/v1/topdown/builtins"
)

// small is a number that OPA calculates with as an int: what fits 32 bits, so that a product fits 64.
func small(v value) (int64, bool) {
	i := v.integer()
	return i, v.kind() == kindInteger && i >= math.MinInt32 && i <= math.MaxInt32
}

func smallBoth(a, b value) (x, y int64, ok bool) {
	x, xOK := small(a)
	y, yOK := small(b)
	return x, y, xOK && yOK
}

func plus(m *machine, a, b value) (value, bool) {
	if x, y, ok := smallBoth(a, b); ok {
		return numberFrom(x + y), true
	}
	if x, y, ok := floats(a, b); ok {
		if total, ok := x.plus(y); ok {
			if v, ok := m.number(total); ok {
				return v, true
			}
		}
	}
	return m.exactly(a, b, (*big.Int).Add, (*big.Float).Add)
}

func minus(m *machine, a, b value) (value, bool) {
	if a.kind() == kindSet && b.kind() == kindSet {
		return difference(m, a.set(), b.set()), true
	}
	if x, y, ok := smallBoth(a, b); ok {
		return numberFrom(x - y), true
	}
	if x, y, ok := floats(a, b); ok {
		if rest, ok := x.minus(y); ok {
			if v, ok := m.number(rest); ok {
				return v, true
			}
		}
	}
	return m.exactly(a, b, (*big.Int).Sub, (*big.Float).Sub)
}

func times(m *machine, a, b value) (value, bool) {
	if x, y, ok := smallBoth(a, b); ok {
		return numberFrom(x * y), true
	}
	if x, y, ok := floats(a, b); ok {
		if v, ok := m.number(x.times(y)); ok {
			return v, true
		}
	}
	return m.exactly(a, b, (*big.Int).Mul, (*big.Float).Mul)
}

// floats are two numbers with which OPA calculates as floats, since one of them is not whole.
func floats(a, b value) (x, y float, ok bool) {
	if !broke(a) && !broke(b) {
		return float{}, float{}, false
	}
	x, xOK := floatOf(a)
	y, yOK := floatOf(b)
	return x, y, xOK && yOK
}

func divide(m *machine, a, b value) (value, bool) {
	x, y, ok := smallBoth(a, b)
	switch {
	case ok && y == 0 || !a.isNumber() || !b.isNumber():
		return value{}, false
	case ok && x != 0 && x%y == 0:
		return numberFrom(x / y), true
	}
	if x, ok := floatOf(a); ok {
		if y, ok := floatOf(b); ok {
			if v, ok := m.number(x.over(y)); ok {
				return v, true
			}
		}
	}
	by := builtins.NumberToFloat(number(b))
	if by.Sign() == 0 {
		return value{}, false
	}
	return ofFloat(new(big.Float).Quo(builtins.NumberToFloat(number(a)), by)), true
}

// exactly calculates as OPA does with what is not small: whole numbers of any size exactly, all others as its floats.
func (m *machine) exactly(a, b value, whole func(z, x, y *big.Int) *big.Int, float func(z, x, y *big.Float) *big.Float) (value, bool) {
	if !a.isNumber() || !b.isNumber() {
		return value{}, false
	}
	if !broke(a) && !broke(b) {
		x, xErr := builtins.NumberToInt(number(a))
		y, yErr := builtins.NumberToInt(number(b))
		if xErr == nil && yErr == nil {
			return numberOf(string(builtins.IntToNumber(whole(new(big.Int), x, y)))), true
		}
	}
	return ofFloat(float(new(big.Float), builtins.NumberToFloat(number(a)), builtins.NumberToFloat(number(b)))), true
}

// ofFloat writes a float as OPA does. A whole number needs no text on the way, nought has a sign.
func ofFloat(f *big.Float) value {
	if f.IsInt() && f.Sign() != 0 {
		if i, accuracy := f.Int64(); accuracy == big.Exact {
			return numberFrom(i)
		}
	}
	return numberOf(string(builtins.FloatToNumber(f)))
}

func sum(m *machine, a value) (value, bool) {
	items, ok := listed(a)
	if !ok {
		return value{}, false
	}
	total, parts := int64(0), false
	for _, item := range items {
		i, ok := small(item)
		switch {
		case ok && total < largest/2 && total > smallest/2:
			total += i
		case broke(item):
			parts = true
		default:
			return value{}, false
		}
	}
	if !parts {
		return numberFrom(total), true
	}
	if v, ok := m.sumOfFloats(items); ok {
		return v, true
	}
	exact, float := new(big.Float), new(big.Float)
	for _, item := range items {
		exact.Add(exact, builtins.NumberToFloatInto(float, number(item)))
	}
	return ofFloat(exact), true
}

// sumOfFloats adds in the order of the items, of which one at least is not nought.
func (m *machine) sumOfFloats(items []value) (value, bool) {
	var total float
	for _, item := range items {
		if item == integer(0) {
			continue
		}
		next, ok := floatOf(item)
		switch {
		case !ok:
			return value{}, false
		case total.mantissa == 0:
			total = next
		default:
			if total, ok = total.plus(next); !ok {
				return value{}, false
			}
		}
	}
	return m.number(total)
}

// rounded is round of what is not whole and not below nought.
func rounded(_ *machine, a value) (value, bool) {
	if v, ok := whole(nil, a); ok {
		return v, true
	}
	x, ok := floatOf(a)
	if !ok || !broke(a) {
		return value{}, false
	}
	moved, ok := x.plus(float{1 << 63, -64})
	if !ok {
		return value{}, false
	}
	i, ok := moved.truncated()
	return numberFrom(i), ok
}

// whole is round, ceil and floor of a number that is whole already.
func whole(_ *machine, a value) (value, bool) {
	_, ok := small(a)
	return a, ok
}

func toNumber(_ *machine, a value) (value, bool) {
	switch a.kind() {
	case kindInteger, kindNumber:
		return a, true
	case kindString:
		i, ok := canonical(a.string())
		return integer(i), ok
	}
	return value{}, false
}

// nanoseconds is an instant as policies have it.
func nanoseconds(v value) (time.Time, bool) {
	var ns int64
	switch v.kind() {
	case kindInteger:
		ns = v.integer()
	case kindNumber:
		i, err := strconv.ParseInt(v.string(), 10, 64)
		if err != nil {
			return time.Time{}, false
		}
		ns = i
	default:
		return time.Time{}, false
	}
	return time.Unix(0, ns).UTC(), true
}

// safe is what OPA lets through: the years that nanoseconds reach.
func safe(t time.Time) (value, bool) {
	if y := t.Year(); y < 1679 || y > 2260 {
		return value{}, false
	}
	return numberFrom(t.UnixNano()), true
}

func formatTime(m *machine, a value) (value, bool) {
	if a.kind() != kindArray || len(a.array().items) != 3 {
		return value{}, false
	}
	items := a.array().items
	at, ok := nanoseconds(items[0])
	if !ok || items[1].kind() != kindString || items[1].string() != "UTC" || items[2].kind() != kindString || !plainLayout(items[2].string()) {
		return value{}, false
	}
	m.buffer = at.AppendFormat(m.buffer[:0], items[2].string())
	return m.memory.text(m.buffer), true
}

// plainLayout tells whether a layout is none of the names that OPA has for some.
func plainLayout(layout string) bool {
	return layout != "" && layout[0] >= '0' && layout[0] <= '9'
}

func parseTime(_ *machine, layout, v value) (value, bool) {
	if layout.kind() != kindString || v.kind() != kindString || !plainLayout(layout.string()) {
		return value{}, false
	}
	at, err := time.Parse(layout.string(), v.string())
	if err != nil {
		return value{}, false
	}
	return safe(at)
}

func addDate(_ *machine, a, years, months, days value) (value, bool) {
	at, ok := nanoseconds(a)
	y, yOK := small(years)
	mo, mOK := small(months)
	d, dOK := small(days)
	if !ok || !yOK || !mOK || !dOK {
		return value{}, false
	}
	return safe(at.AddDate(int(y), int(mo), int(d)))
}
