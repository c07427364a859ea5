package plan

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/open-policy-agent/opa/v1/ast"

	"greenchannel/server/escape"
)

// Layout is the order in which the members of an object are written. Those that it does not name follow by their keys. That of
// a list is that of its items.
type Layout struct {
	Name    string // of the member that it is of
	Members []Layout
	// Minimal writes texts, here and below, with no more escapes than JSON asks for; else as encoding/json does.
	Minimal bool
}

// layout is a Layout made ready. Nil is no order of its own.
type layout struct {
	key     value
	name    []byte // with quotes and colon
	members []layout
	below   *layout // what holds for members that are not named
	minimal bool
}

func (l Layout) compile(minimal bool) *layout {
	minimal = minimal || l.Minimal
	made := &layout{key: text(l.Name), name: []byte(strconv.Quote(l.Name) + ":"), minimal: minimal, below: &layout{minimal: minimal}}
	made.below.below = made.below
	for _, member := range l.Members {
		made.members = append(made.members, *member.compile(minimal))
	}
	return made
}

// appendJSON writes a value as the engine writes topdown's answer: sets as sorted arrays, numbers as they stood, no escapes
// for HTML, and members in the order of their keys where the layout has no other.
func appendJSON(out []byte, v value, l *layout) ([]byte, error) {
	switch v.kind() {
	case kindNull:
		return append(out, "null"...), nil
	case kindBoolean:
		return strconv.AppendBool(out, v.isTrue()), nil
	case kindInteger:
		return strconv.AppendInt(out, v.integer(), 10), nil
	case kindNumber:
		if !plainNumber(v.string()) {
			return appendSlowly(out, json.Number(v.string()), l)
		}
		return append(out, v.string()...), nil
	case kindString:
		return appendText(out, v.string(), l)
	case kindArray:
		return appendItems(out, v.array().items, l)
	case kindSet:
		v.set().sort()
		return appendItems(out, v.set().items, l)
	case kindObject:
		if len(l.members) > 0 {
			return appendLaidOut(out, v, l)
		}
		return appendObject(out, v, l)
	}
	return out, fmt.Errorf("a value of kind %d cannot be written", v.kind())
}

func appendItems(out []byte, items []value, l *layout) ([]byte, error) {
	out = append(out, '[')
	for i := range items {
		if i > 0 {
			out = append(out, ',')
		}
		var err error
		if out, err = appendJSON(out, items[i], l); err != nil {
			return out, err
		}
	}
	return append(out, ']'), nil
}

// appendLaidOut writes an object all of whose members the layout names; another is written by its keys, which no reader
// takes for one in this order.
func appendLaidOut(out []byte, v value, l *layout) ([]byte, error) {
	o, start := v.object(), len(out)
	written := 0
	out = append(out, '{')
	for i := range l.members {
		m := &l.members[i]
		found := o.get(m.key)
		if !found.defined() {
			continue
		}
		if written > 0 {
			out = append(out, ',')
		}
		written++
		var err error
		if out, err = appendJSON(append(out, m.name...), found, m); err != nil {
			return out, err
		}
	}
	if written < len(o.pairs) {
		return appendObject(out[:start], v, l.below)
	}
	return append(out, '}'), nil
}

func appendObject(out []byte, v value, l *layout) ([]byte, error) {
	o := v.object()
	o.sort()
	for i := range o.pairs {
		if o.pairs[i].key.kind() != kindString {
			return appendOdd(out, v, l)
		}
	}
	out = append(out, '{')
	for i := range o.pairs {
		if i > 0 {
			out = append(out, ',')
		}
		var err error
		if out, err = appendText(out, o.pairs[i].key.string(), l); err != nil {
			return out, err
		}
		out = append(out, ':')
		if out, err = appendJSON(out, o.pairs[i].value, l.below); err != nil {
			return out, err
		}
	}
	return append(out, '}'), nil
}

// appendOdd writes an object that has keys other than texts. JSON has none; OPA's way of making texts of them is left to OPA.
func appendOdd(out []byte, v value, l *layout) ([]byte, error) {
	odd, err := ast.JSONWithOpt(toAST(v), ast.JSONOpt{SortSets: true})
	if err != nil {
		return out, err
	}
	return appendSlowly(out, odd, l)
}

// appendText writes what needs no escape at once. What encoding/json has a view on (control characters, quotes, the line
// separators of Unicode, bytes that are not UTF-8) is left to it.
func appendText(out []byte, s string, l *layout) ([]byte, error) {
	if !plainText(s) {
		return appendSlowly(out, s, l)
	}
	out = append(out, '"')
	out = append(out, s...)
	return append(out, '"'), nil
}

// plainText says whether a text can be written as it stands.
func plainText(s string) bool {
	const beyondASCII = 0x8080808080808080 // in any of eight bytes
	ascii := true
	b := unsafe.Slice(unsafe.StringData(s), len(s)) //nolint:gosec // read only, eight bytes at a time
	for len(b) >= 8 {
		word := binary.LittleEndian.Uint64(b)
		b = b[8:]
		if escape.Marks(word) != 0 {
			return false
		}
		ascii = ascii && word&beyondASCII == 0
	}
	for _, c := range b {
		if c < ' ' || c == '"' || c == '\\' {
			return false
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	return ascii || utf8.ValidString(s) && !strings.Contains(s, "\u2028") && !strings.Contains(s, "\u2029")
}

func appendSlowly(out []byte, v any, l *layout) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return out, fmt.Errorf("write the answer: %w", err)
	}
	if l.minimal {
		return jsontext.AppendFormat(out, bytes.TrimSpace(buffer.Bytes()))
	}
	return append(out, bytes.TrimSuffix(buffer.Bytes(), []byte("\n"))...), nil
}

// plainNumber tells whether a text is digits with at most a sign and a fraction, as JSON has them.
func plainNumber(s string) bool {
	p := parser{text: s}
	_, ok := p.number()
	return ok && p.at == len(s)
}
