package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"

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
	ascii := true
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ' || c == '"' || c == '\\':
			return appendSlowly(out, s)
		case c >= utf8.RuneSelf:
			ascii = false
			if c == 0xe2 && i+2 < len(s) && s[i+1] == 0x80 && s[i+2]&^1 == 0xa8 { // U+2028 and U+2029
				return appendSlowly(out, s)
			}
		}
	}
	if !ascii && !utf8.ValidString(s) {
		return appendSlowly(out, s)
	}
	out = append(out, '"')
	out = append(out, s...)
	return append(out, '"'), nil
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
