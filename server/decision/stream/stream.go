// Package stream says whether a JSON text is sound, against a JSON Schema and the limits of strict reading, in one pass over
// its bytes: it builds no tree and allocates next to nothing. Yes is certain. No means only that it cannot say yes, be it that
// the text is at fault or that something in it is rare; who asks then reads it slowly, with the library that knows all of
// JSON Schema and says what is wrong. A schema with a keyword that is not known here is not compiled at all. It knows no
// application and no decision; package decision does.
package stream

import (
	"bytes"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Limits are those of strict reading. A text beyond one of them is not said to be sound.
type Limits struct {
	Depth  int // objects and lists in one another
	Values int // of any kind
	Name   int // bytes of the name of a member
	Digits int // characters of a number; one with an exponent is never said to be sound
}

// Validator holds one compiled schema. It may be used by many goroutines at once.
type Validator struct {
	root   *node
	watch  *watch
	limits Limits
}

// Compile compiles a schema that the library has compiled. False means that it uses what is not known here. Each place is
// a path of members, such as exporter/name, where * stands for every item of a list: Read says where they stand.
func Compile(schema *jsonschema.Schema, limits Limits, places ...string) (*Validator, bool) {
	c := compiler{known: map[*jsonschema.Schema]*node{}}
	root := c.node(schema)
	if c.odd {
		return nil, false
	}
	v := &Validator{root: root, limits: limits}
	for i, place := range places {
		v.watch = v.watch.with(place, i)
	}
	return v, true
}

// Span is where a value stands in a text.
type Span struct {
	Place      int // which of the places that were asked for
	Start, End int
}

// Read reads the value at the beginning of a text. It says whether the value is sound, where it ends, and where the places
// stand in it, in the order of the text; found is room for them.
func (v *Validator) Read(text []byte, found []Span) (end int, spans []Span, sound bool) {
	s := scan{text: text, limits: v.limits, found: found[:0]}
	sound = s.value(v.root, v.watch)
	return s.at, s.found, sound
}

// Sound says whether a whole text is sound, and where the places stand in it.
func (v *Validator) Sound(text []byte, found []Span) (spans []Span, sound bool) {
	if !utf8.Valid(text) {
		return nil, false
	}
	end, spans, sound := v.Read(text, found)
	return spans, sound && len(bytes.TrimLeft(text[end:], " \t\r\n")) == 0
}

// Text is the text that stands in a span; false where none stands there.
func (s Span) Text(in []byte) (string, bool) {
	quoted := in[s.Start:s.End]
	if len(quoted) < 2 || quoted[0] != '"' {
		return "", false
	}
	if plain := quoted[1 : len(quoted)-1]; bytes.IndexByte(plain, '\\') < 0 {
		return string(plain), true
	}
	plain, err := jsontext.AppendUnquote(nil, quoted)
	return string(plain), err == nil
}
