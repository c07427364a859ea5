package decision

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"greenchannel/server/problem"
)

// Limits of what is read. They bound the work that one body can cause; no honest application comes near them.
const (
	// MaxBytes is the longest application that is read, in bytes.
	MaxBytes = 1 << 20
	// MaxDepth is how deep objects and lists may stand in one another.
	MaxDepth = 32

	maxValues     = 100_000 // values of any kind in one document
	maxName       = 128     // bytes of a field name: names go into every pointer below them
	maxDigits     = 40      // characters of a number, which is exact and must stay cheap to compare
	maxExponent   = 30
	byteOrderMark = "\ufeff"
)

// document is one JSON text as a tree. Numbers are json.Number, so they are exact.
type document struct {
	body   []byte
	root   any
	faults []fault
	// shunned holds the pointers of numbers that were left out of the tree; a stand-in stands there.
	shunned map[string]bool
}

// fault is a problem.Fault that still knows its place as an offset; offset is -1 until it is looked up.
type fault struct {
	pointer string
	detail  string
	offset  int
}

// parse reads exactly one JSON value. What cannot be read at all is an error of kind Malformed; what can be read but
// means two things (a field stated twice) or is out of bounds is a fault, so that it is told together with the others.
func parse(body []byte) (document, error) {
	switch {
	case len(bytes.TrimSpace(body)) == 0:
		return document{}, problem.New(problem.Malformed, "The document is empty; send one JSON object.")
	case bytes.HasPrefix(body, []byte(byteOrderMark)):
		return document{}, problem.New(problem.Malformed, "The document starts with a byte-order mark; send plain UTF-8.")
	case !utf8.Valid(body):
		return document{}, malformed(body, firstInvalid(body), "", "this is not UTF-8; save the document as UTF-8")
	}
	p := &parser{
		body: body,
		dec:  jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowDuplicateNames(true)),
		doc:  document{body: body, shunned: map[string]bool{}},
	}
	root, err := p.value()
	if err != nil {
		return document{}, p.explain(err)
	}
	if _, err := p.dec.ReadToken(); !errors.Is(err, io.EOF) {
		return document{}, malformed(body, p.offset(), "", "something follows the end of the document; send one JSON object only")
	}
	p.doc.root = root
	return p.doc, nil
}

// parser walks the tokens of one document.
type parser struct {
	body   []byte
	dec    *jsontext.Decoder
	doc    document
	values int
}

// errTooMuch stops a document that would cost too much to read.
type errTooMuch struct{ detail string }

func (e errTooMuch) Error() string { return e.detail }

func (p *parser) offset() int { return int(p.dec.InputOffset()) }

func (p *parser) value() (any, error) {
	token, err := p.dec.ReadToken()
	if err != nil {
		return nil, err
	}
	if p.values++; p.values > maxValues {
		return nil, errTooMuch{fmt.Sprintf("the document has more than %d values; split the application", maxValues)}
	}
	if p.dec.StackDepth() > MaxDepth {
		return nil, errTooMuch{fmt.Sprintf("objects and lists stand more than %d deep in one another", MaxDepth)}
	}
	switch token.Kind() {
	case jsontext.KindBeginObject:
		return p.object()
	case jsontext.KindBeginArray:
		return p.list()
	case jsontext.KindString:
		return token.String(), nil
	case jsontext.KindNumber:
		return p.number(token.String()), nil
	case jsontext.KindTrue, jsontext.KindFalse:
		return token.Bool(), nil
	default:
		return nil, nil
	}
}

func (p *parser) object() (any, error) {
	members := map[string]any{}
	for p.dec.PeekKind() != jsontext.KindEndObject {
		token, err := p.dec.ReadToken()
		if err != nil {
			return nil, err
		}
		name := token.String()
		kept := p.admit(name, members)
		value, err := p.value()
		if err != nil {
			return nil, err
		}
		if kept {
			members[name] = value
		}
	}
	_, err := p.dec.ReadToken()
	return members, err
}

// admit says whether a member with this name may stand in the tree. A field stated twice keeps its first value there,
// and is a fault.
func (p *parser) admit(name string, members map[string]any) bool {
	if len(name) > maxName {
		pointer := string(p.dec.StackPointer())
		p.fault(pointer[:strings.LastIndexByte(pointer, '/')],
			fmt.Sprintf("a field name here is %d bytes long; the longest allowed is %d", len(name), maxName))
		return false
	}
	if _, twice := members[name]; twice {
		p.fault(string(p.dec.StackPointer()), fmt.Sprintf("the field %q is stated twice; keep one", name))
		return false
	}
	return true
}

// fault notes what has to be mended at the place that was read last.
func (p *parser) fault(pointer, detail string) {
	p.doc.faults = append(p.doc.faults, fault{pointer, detail, p.offset()})
}

func (p *parser) list() (any, error) {
	entries := []any{}
	for p.dec.PeekKind() != jsontext.KindEndArray {
		entry, err := p.value()
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry)
	}
	_, err := p.dec.ReadToken()
	return entries, err
}

// number keeps a number exactly as it is written. One that is absurdly long or large is a fault, and 1 stands in for it.
func (p *parser) number(text string) json.Number {
	if bounded(text) {
		return json.Number(text)
	}
	pointer := string(p.dec.StackPointer())
	p.doc.shunned[pointer] = true
	p.fault(pointer, fmt.Sprintf("the number %s is out of bounds; write at most %d characters and an exponent between -%d and %d",
		shorten(text), maxDigits, maxExponent, maxExponent))
	return "1"
}

func bounded(text string) bool {
	if len(text) > maxDigits {
		return false
	}
	at := strings.IndexAny(text, "eE")
	if at < 0 {
		return true
	}
	exponent, err := strconv.Atoi(text[at+1:])
	return err == nil && exponent >= -maxExponent && exponent <= maxExponent
}

// explain turns an error of the decoder into one that says where.
func (p *parser) explain(err error) error {
	if tooMuch, ok := errors.AsType[errTooMuch](err); ok {
		return malformed(p.body, p.offset(), shorten(string(p.dec.StackPointer())), tooMuch.detail)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return malformed(p.body, len(p.body), "", "the document ends too early; a bracket, brace or quote is still open")
	}
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		reason := syntax.Error()
		if syntax.Err != nil {
			reason = syntax.Err.Error()
		}
		if commaBeforeEnd(p.body, int(syntax.ByteOffset)) {
			reason = "a comma stands here before the closing bracket or brace; remove it"
		}
		return malformed(p.body, int(syntax.ByteOffset), shorten(string(syntax.JSONPointer)), reason)
	}
	return problem.Wrap(err, problem.Malformed, "The document is not JSON.")
}

// commaBeforeEnd recognises the commonest slip of hand-written JSON.
func commaBeforeEnd(body []byte, offset int) bool {
	if offset >= len(body) || body[offset] != ',' {
		return false
	}
	rest := bytes.TrimLeft(body[offset+1:], " \t\r\n")
	return len(rest) > 0 && (rest[0] == '}' || rest[0] == ']')
}

// malformed says why a document is no JSON, by line and column.
func malformed(body []byte, offset int, pointer, reason string) error {
	line, column := position(body, offset)
	reason = strings.TrimPrefix(reason, "jsontext: ")
	return problem.New(problem.Malformed,
		fmt.Sprintf("The document cannot be read as JSON: line %d, column %d: %s.", line, column, reason),
		problem.Fault{Pointer: pointer, Detail: reason, Line: line})
}

// position counts lines and columns (in characters) from 1.
func position(body []byte, offset int) (line, column int) {
	before := body[:min(max(offset, 0), len(body))]
	start := bytes.LastIndexByte(before, '\n') + 1
	return bytes.Count(before, []byte("\n")) + 1, utf8.RuneCount(before[start:]) + 1
}

func firstInvalid(body []byte) int {
	for at := 0; at < len(body); {
		r, size := utf8.DecodeRune(body[at:])
		if r == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
	return len(body)
}

// locate finds where the given pointers stand in the document; for one that stands nowhere (a missing field), where the
// nearest thing around it starts.
func locate(body []byte, pointers map[string]bool) map[string]int {
	found := map[string]int{"": 0}
	wanted := map[string]bool{}
	for pointer := range pointers {
		for at := pointer; at != ""; at = at[:strings.LastIndexByte(at, '/')] {
			wanted[at] = true
		}
	}
	dec := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowDuplicateNames(true))
	for {
		if _, err := dec.ReadToken(); err != nil {
			break
		}
		at := string(dec.StackPointer())
		if _, known := found[at]; wanted[at] && !known {
			found[at] = int(dec.InputOffset())
		}
	}
	places := map[string]int{}
	for pointer := range pointers {
		at := pointer
		for _, known := found[at]; !known; _, known = found[at] {
			at = at[:strings.LastIndexByte(at, '/')]
		}
		places[pointer] = found[at]
	}
	return places
}
