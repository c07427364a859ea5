package plan

import (
	"bytes"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/open-policy-agent/opa/v1/ast"
)

// text keeps a copy of bytes for the evaluation.
func (a *arena) text(b []byte) value {
	kept := a.bytes.take(len(b))
	copy(kept, b)
	return text(unsafe.String(unsafe.SliceData(kept), len(kept))) //nolint:gosec // nobody writes to it while the evaluation lasts
}

func texts(a, b value) (x, y string, ok bool) {
	if a.kind() != kindString || b.kind() != kindString {
		return "", "", false
	}
	return a.string(), b.string(), true
}

func contains(_ *machine, a, b value) (value, bool) {
	x, y, ok := texts(a, b)
	return boolean(strings.Contains(x, y)), ok
}

func startsWith(_ *machine, a, b value) (value, bool) {
	x, y, ok := texts(a, b)
	return boolean(strings.HasPrefix(x, y)), ok
}

func endsWith(_ *machine, a, b value) (value, bool) {
	x, y, ok := texts(a, b)
	return boolean(strings.HasSuffix(x, y)), ok
}

func lower(_ *machine, a value) (value, bool) {
	if a.kind() != kindString {
		return value{}, false
	}
	return text(strings.ToLower(a.string())), true
}

func upper(_ *machine, a value) (value, bool) {
	if a.kind() != kindString {
		return value{}, false
	}
	return text(strings.ToUpper(a.string())), true
}

func trimSpace(_ *machine, a value) (value, bool) {
	if a.kind() != kindString {
		return value{}, false
	}
	return text(strings.TrimSpace(a.string())), true
}

func split(m *machine, a, b value) (value, bool) {
	s, sep, ok := texts(a, b)
	if !ok || sep == "" {
		return value{}, false
	}
	parts := m.memory.array(strings.Count(s, sep) + 1)
	for {
		part, rest, more := strings.Cut(s, sep)
		parts.items = append(parts.items, text(part))
		if !more {
			return arrayOf(parts), true
		}
		s = rest
	}
}

func concat(m *machine, a, b value) (value, bool) {
	items, ok := listed(b)
	if !ok || a.kind() != kindString {
		return value{}, false
	}
	m.buffer = m.buffer[:0]
	for i, item := range items {
		if item.kind() != kindString {
			return value{}, false
		}
		if i > 0 {
			m.buffer = append(m.buffer, a.string()...)
		}
		m.buffer = append(m.buffer, item.string()...)
	}
	return m.memory.text(m.buffer), true
}

func substring(_ *machine, a, from, length value) (value, bool) {
	if a.kind() != kindString || from.kind() != kindInteger || length.kind() != kindInteger || from.integer() < 0 {
		return value{}, false
	}
	s, start, n := a.string(), from.integer(), length.integer()
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return value{}, false
		}
	}
	if start >= int64(len(s)) {
		return text(""), true
	}
	if s = s[start:]; n >= 0 && n < int64(len(s)) {
		s = s[:n]
	}
	return text(s), true
}

func replace(_ *machine, a, from, to value) (value, bool) {
	if a.kind() != kindString || from.kind() != kindString || to.kind() != kindString || from.string() == "" {
		return value{}, false
	}
	if !strings.Contains(a.string(), from.string()) {
		return a, true
	}
	return text(strings.ReplaceAll(a.string(), from.string(), to.string())), true
}

// replaceN replaces at each place the first of the patterns, in their order, that stands there.
func replaceN(m *machine, patterns, a value) (value, bool) {
	if patterns.kind() != kindObject || a.kind() != kindString {
		return value{}, false
	}
	o := patterns.object()
	o.sort()
	for i := range o.pairs {
		if key, v := o.pairs[i].key, o.pairs[i].value; key.kind() != kindString || v.kind() != kindString || key.string() == "" {
			return value{}, false
		}
	}
	s, replaced := a.string(), false
	m.buffer = m.buffer[:0]
	first, one := firstByte(o)
	for at := 0; at < len(s); {
		if one {
			ahead := strings.IndexByte(s[at:], first)
			if ahead < 0 {
				m.buffer = append(m.buffer, s[at:]...)
				break
			}
			m.buffer = append(m.buffer, s[at:at+ahead]...)
			at += ahead
		}
		i := patternAt(o, s[at:])
		if i < 0 {
			m.buffer = append(m.buffer, s[at])
			at++
			continue
		}
		m.buffer = append(m.buffer, o.pairs[i].value.string()...)
		at += len(o.pairs[i].key.string())
		replaced = true
	}
	if !replaced {
		return a, true
	}
	return m.memory.text(m.buffer), true
}

// firstByte is the byte that all patterns begin with, if it is one.
func firstByte(o *object) (first byte, one bool) {
	for i := range o.pairs {
		b := o.pairs[i].key.string()[0]
		if i > 0 && b != first {
			return 0, false
		}
		first = b
	}
	return first, len(o.pairs) > 0
}

func patternAt(o *object, s string) int {
	for i := range o.pairs {
		if key := o.pairs[i].key.string(); key[0] == s[0] && strings.HasPrefix(s, key) {
			return i
		}
	}
	return -1
}

// sprintf takes the verbs that need no thought: %s of a text, %d of a whole number, %v of either. The rest is for package fmt.
func sprintf(m *machine, format, args value) (value, bool) {
	if format.kind() != kindString || args.kind() != kindArray {
		return value{}, false
	}
	s, items := format.string(), args.array().items
	m.buffer = m.buffer[:0]
	for {
		at := strings.IndexByte(s, '%')
		if at < 0 {
			m.buffer = append(m.buffer, s...)
			break
		}
		if at+1 == len(s) || len(items) == 0 {
			return m.format(format, args), true
		}
		m.buffer = append(m.buffer, s[:at]...)
		switch verb, item := s[at+1], items[0]; {
		case item.kind() == kindString && (verb == 's' || verb == 'v'):
			m.buffer = append(m.buffer, item.string()...)
		case item.kind() == kindInteger && (verb == 'd' || verb == 'v'):
			m.buffer = strconv.AppendInt(m.buffer, item.integer(), 10)
		case !item.isNumber() && item.kind() != kindString && (verb == 's' || verb == 'v'):
			m.buffer = appendRego(m.buffer, item)
		default:
			return m.format(format, args), true
		}
		s, items = s[at+2:], items[1:]
	}
	if len(items) > 0 {
		return m.format(format, args), true
	}
	return m.memory.text(m.buffer), true
}

// format gives package fmt what OPA gives it: whole numbers as such, others as floats, composites as they are written.
func (m *machine) format(format, args value) value {
	var given []any
	for _, item := range args.array().items {
		switch item.kind() {
		case kindString:
			given = append(given, item.string())
		case kindInteger:
			given = append(given, item.integer())
		case kindNumber:
			given = append(given, numberToFormat(number(item)))
		default:
			given = append(given, string(appendRego(nil, item)))
		}
	}
	m.buffer = fmt.Appendf(m.buffer[:0], format.string(), given...)
	return m.memory.text(m.buffer)
}

// appendRego writes a value as OPA shows it: as it would stand in a policy.
func appendRego(out []byte, v value) []byte {
	switch v.kind() {
	case kindNull:
		return append(out, "null"...)
	case kindBoolean:
		return strconv.AppendBool(out, v.isTrue())
	case kindInteger:
		return strconv.AppendInt(out, v.integer(), 10)
	case kindNumber:
		return append(out, v.string()...)
	case kindString:
		return strconv.AppendQuote(out, v.string())
	case kindArray:
		return appendRegoItems(out, v.array().items, '[', ']')
	case kindSet:
		if len(v.set().items) == 0 {
			return append(out, "set()"...)
		}
		v.set().sort()
		return appendRegoItems(out, v.set().items, '{', '}')
	case kindObject:
		o := v.object()
		o.sort()
		out = append(out, '{')
		for i := range o.pairs {
			if i > 0 {
				out = append(out, ", "...)
			}
			out = append(appendRego(out, o.pairs[i].key), ": "...)
			out = appendRego(out, o.pairs[i].value)
		}
		return append(out, '}')
	}
	return out
}

func appendRegoItems(out []byte, items []value, opening, closing byte) []byte {
	out = append(out, opening)
	for i := range items {
		if i > 0 {
			out = append(out, ", "...)
		}
		out = appendRego(out, items[i])
	}
	return append(out, closing)
}

// marshal writes JSON where encoding/json would write the same: no texts that it escapes for HTML, no numbers in odd forms, no
// sets and no keys that are not texts.
func marshal(m *machine, a value) (value, bool) {
	if !plainJSON(a) {
		return value{}, false
	}
	out, err := appendJSON(m.buffer[:0], a, m.program.byKeys)
	m.buffer = out
	if err != nil || bytes.ContainsAny(out, "<>&") {
		return value{}, false
	}
	return m.memory.text(out), true
}

func plainJSON(v value) bool {
	switch v.kind() {
	case kindNull, kindBoolean, kindInteger:
		return true
	case kindString:
		return plainText(v.string())
	case kindArray:
		return !slices.ContainsFunc(v.array().items, func(item value) bool { return !plainJSON(item) })
	case kindObject:
		return !slices.ContainsFunc(v.object().pairs, func(p pair) bool {
			return p.key.kind() != kindString || !plainText(p.key.string()) || !plainJSON(p.value)
		})
	}
	return false
}

func numberToFormat(n ast.Number) any {
	s := string(n)
	if strings.ContainsAny(s, ".eE") {
		if f, ok := n.Float64(); ok {
			return f
		}
		return s
	}
	if i, ok := n.Int64(); ok {
		return i
	}
	if b, ok := new(big.Int).SetString(s, 10); ok {
		return b
	}
	return s
}
