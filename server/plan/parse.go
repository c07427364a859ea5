package plan

import (
	"bytes"
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/open-policy-agent/opa/v1/ast"
)

// parse reads JSON as OPA reads it. Texts and numbers are not copied: they point into body. What is rare (escapes of
// UTF-16, numbers with an exponent, bytes that are not UTF-8, great depth) and every fault is left to OPA's own reader, so
// that both read the same and say the same.
func (m *machine) parse(body []byte) (value, error) {
	p := parser{machine: m, text: unsafe.String(unsafe.SliceData(body), len(body))} //nolint:gosec // the caller hands the body over until the evaluation has ended
	v, ok := p.value(0)
	if p.space(); ok && p.at == len(body) {
		return v, nil
	}
	read, err := ast.ValueFromReader(bytes.NewReader(body))
	if err != nil {
		return value{}, err
	}
	return m.memory.convert(read)
}

// parser reads one document. Its methods say false where they give up.
type parser struct {
	machine *machine
	text    string
	at      int
}

// deepestParsed bounds the recursion; OPA's reader has a bound of its own.
const deepestParsed = 200

func (p *parser) space() byte {
	for p.at < len(p.text) {
		switch c := p.text[p.at]; c {
		case ' ', '\n', '\t', '\r':
			p.at++
		default:
			return c
		}
	}
	return 0
}

func (p *parser) value(depth int) (value, bool) {
	switch c := p.space(); c {
	case '{':
		return p.object(depth)
	case '[':
		return p.array(depth)
	case '"':
		s, ok := p.string()
		return text(s), ok
	case 't':
		return boolean(true), p.word("true")
	case 'f':
		return boolean(false), p.word("false")
	case 'n':
		return null(), p.word("null")
	default:
		return p.number()
	}
}

func (p *parser) word(w string) bool {
	if !strings.HasPrefix(p.text[p.at:], w) {
		return false
	}
	p.at += len(w)
	return true
}

func (p *parser) number() (value, bool) {
	start := p.at
	if p.at < len(p.text) && p.text[p.at] == '-' {
		p.at++
	}
	whole := p.digits()
	if whole == 0 || whole > 1 && p.text[p.at-whole] == '0' {
		return value{}, false
	}
	if p.at < len(p.text) && p.text[p.at] == '.' {
		p.at++
		if p.digits() == 0 {
			return value{}, false
		}
	}
	if p.at < len(p.text) && (p.text[p.at] == 'e' || p.text[p.at] == 'E') {
		return value{}, false
	}
	return numberOf(p.text[start:p.at]), true
}

func (p *parser) digits() int {
	start := p.at
	for p.at < len(p.text) && p.text[p.at] >= '0' && p.text[p.at] <= '9' {
		p.at++
	}
	return p.at - start
}

func (p *parser) string() (string, bool) {
	p.at++ // the quote
	start := p.at
	ascii := true
	for p.at < len(p.text) {
		switch c := p.text[p.at]; {
		case c == '"':
			s := p.text[start:p.at]
			p.at++
			return s, ascii || utf8.ValidString(s)
		case c == '\\':
			return p.escaped(start)
		case c < ' ':
			return "", false
		case c >= utf8.RuneSelf:
			ascii = false
		}
		p.at++
	}
	return "", false
}

// escaped reads a text with escapes into memory of its own.
func (p *parser) escaped(start int) (string, bool) {
	out := append([]byte(nil), p.text[start:p.at]...)
	for p.at < len(p.text) {
		c := p.text[p.at]
		p.at++
		switch {
		case c == '"':
			return string(out), utf8.Valid(out)
		case c < ' ':
			return "", false
		case c != '\\':
			out = append(out, c)
			continue
		}
		if p.at == len(p.text) {
			return "", false
		}
		i := strings.IndexByte(`"\/bfnrt`, p.text[p.at])
		if i < 0 {
			return "", false
		}
		out = append(out, "\"\\/\b\f\n\r\t"[i])
		p.at++
	}
	return "", false
}

func (p *parser) array(depth int) (value, bool) {
	if depth > deepestParsed {
		return value{}, false
	}
	p.at++
	m := p.machine
	base := len(m.scratch)
	defer func() { m.scratch = m.scratch[:base] }()
	if p.space() == ']' {
		p.at++
		return arrayOf(m.memory.array(0)), true
	}
	for {
		v, ok := p.value(depth + 1)
		if !ok {
			return value{}, false
		}
		m.scratch = append(m.scratch, v)
		switch p.space() {
		case ',':
			p.at++
		case ']':
			p.at++
			a := m.memory.array(len(m.scratch) - base)
			a.items = append(a.items, m.scratch[base:]...)
			return arrayOf(a), true
		default:
			return value{}, false
		}
	}
}

func (p *parser) object(depth int) (value, bool) {
	if depth > deepestParsed {
		return value{}, false
	}
	p.at++
	m := p.machine
	base := len(m.scratch)
	defer func() { m.scratch = m.scratch[:base] }()
	if p.space() == '}' {
		p.at++
		return objectOf(m.memory.object(0)), true
	}
	for {
		if p.space() != '"' {
			return value{}, false
		}
		key, ok := p.string()
		if !ok || p.space() != ':' {
			return value{}, false
		}
		p.at++
		v, ok := p.value(depth + 1)
		if !ok {
			return value{}, false
		}
		m.scratch = append(m.scratch, text(key), v)
		switch p.space() {
		case ',':
			p.at++
		case '}':
			p.at++
			found := m.scratch[base:]
			o := m.memory.object(len(found) / 2)
			for i := 0; i < len(found); i += 2 {
				o.put(&m.memory, found[i], found[i+1]) // of equal keys the last counts, as in OPA
			}
			return objectOf(o), true
		default:
			return value{}, false
		}
	}
}
