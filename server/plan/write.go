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

	"github.com/open-policy-agent/opa/v1/ast"
)

// appendJSON writes a value as the engine writes topdown's answer: members in the order of their keys, sets as sorted
// arrays, numbers as they stood, no escapes for HTML.
func appendJSON(out []byte, v value) ([]byte, error) {
	switch v.kind() {
	case kindNull:
		return append(out, "null"...), nil
	case kindBoolean:
		return strconv.AppendBool(out, v.isTrue()), nil
	case kindInteger:
		return strconv.AppendInt(out, v.integer(), 10), nil
	case kindNumber:
		if !plainNumber(v.string()) {
			return appendSlowly(out, json.Number(v.string()))
		}
		return append(out, v.string()...), nil
	case kindString:
		return appendText(out, v.string())
	case kindArray:
		return appendItems(out, v.array().items)
	case kindSet:
		v.set().sort()
		return appendItems(out, v.set().items)
	case kindObject:
		return appendObject(out, v)
	}
	return out, fmt.Errorf("a value of kind %d cannot be written", v.kind())
}

func appendItems(out []byte, items []value) ([]byte, error) {
	out = append(out, '[')
	for i := range items {
		if i > 0 {
			out = append(out, ',')
		}
		var err error
		if out, err = appendJSON(out, items[i]); err != nil {
			return out, err
		}
	}
	return append(out, ']'), nil
}

func appendObject(out []byte, v value) ([]byte, error) {
	o := v.object()
	o.sort()
	for i := range o.pairs {
		if o.pairs[i].key.kind() != kindString {
			return appendOdd(out, v)
		}
	}
	out = append(out, '{')
	for i := range o.pairs {
		if i > 0 {
			out = append(out, ',')
		}
		var err error
		if out, err = appendText(out, o.pairs[i].key.string()); err != nil {
			return out, err
		}
		out = append(out, ':')
		if out, err = appendJSON(out, o.pairs[i].value); err != nil {
			return out, err
		}
	}
	return append(out, '}'), nil
}

// appendOdd writes an object that has keys other than texts. JSON has none; OPA's way of making texts of them is left to OPA.
func appendOdd(out []byte, v value) ([]byte, error) {
	odd, err := ast.JSONWithOpt(toAST(v), ast.JSONOpt{SortSets: true})
	if err != nil {
		return out, err
	}
	return appendSlowly(out, odd)
}

// appendText writes what needs no escape at once. What encoding/json has a view on (control characters, quotes, the line
// separators of Unicode, bytes that are not UTF-8) is left to it.
func appendText(out []byte, s string) ([]byte, error) {
	if !plainText(s) {
		return appendSlowly(out, s)
	}
	out = append(out, '"')
	out = append(out, s...)
	return append(out, '"'), nil
}

func plainText(s string) bool {
	ascii := true
	b := unsafe.Slice(unsafe.StringData(s), len(s)) //nolint:gosec // read only, eight bytes at a time
	for len(b) >= 8 {
		word := binary.LittleEndian.Uint64(b)
		b = b[8:]
		if odd(word) {
			return false
		}
		ascii = ascii && word&high == 0
	}
	for _, c := range b {
		if c < ' ' || c == '"' || c == '\\' {
			return false
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	return ascii || utf8.ValidString(s) && !strings.Contains(s, "\u2028") && !strings.Contains(s, "\u2029")
}

const (
	low  = 0x0101010101010101
	high = 0x8080808080808080
)

// odd tells whether one of eight bytes is a control character, a quote or a backslash. It may take a byte beyond ASCII
// for a control character beside another that is one, which is no matter.
func odd(word uint64) bool {
	control := (word - low*' ') &^ word & high
	quote, backslash := word^low*'"', word^low*'\\'
	return control|(quote-low)&^quote&high|(backslash-low)&^backslash&high != 0
}

func appendSlowly(out []byte, v any) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return out, fmt.Errorf("write the answer: %w", err)
	}
	return append(out, bytes.TrimSuffix(buffer.Bytes(), []byte("\n"))...), nil
}

// plainNumber tells whether a text is digits with at most a sign and a fraction, as JSON has them.
func plainNumber(s string) bool {
	p := parser{text: s}
	_, ok := p.number()
	return ok && p.at == len(s)
}
