package stream

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"greenchannel/server/escape"
)

// scan walks one text. Its methods give up with false.
type scan struct {
	text   []byte
	at     int
	depth  int
	values int
	limits Limits
	found  []Span
	names  []name // of the open objects whose members are not all named by the schema
}

// name is where the name of a member stands.
type name struct{ start, end int }

func (s *scan) space() byte {
	for s.at < len(s.text) {
		switch c := s.text[s.at]; c {
		case ' ', '\n', '\t', '\r':
			s.at++
		default:
			return c
		}
	}
	return 0
}

// value reads a value that a part of the schema speaks of; of a nil one nothing is said.
func (s *scan) value(n *node, w *watch) bool {
	first := s.space()
	start := s.at
	if s.values++; s.values > s.limits.Values {
		return false
	}
	if !s.one(n, w, first) {
		return false
	}
	if w != nil && w.place >= 0 {
		s.found = append(s.found, Span{w.place, start, s.at})
	}
	return n == nil || len(n.all) == 0 && len(n.any) == 0 || s.alsoFits(n, start)
}

// alsoFits reads a value once more for what else the schema says of it.
func (s *scan) alsoFits(n *node, start int) bool {
	for _, part := range n.all {
		if !s.fits(part, start) {
			return false
		}
	}
	return len(n.any) == 0 || slices.ContainsFunc(n.any, func(part *node) bool { return s.fits(part, start) })
}

// fits says whether the value that was just read is one that another part of the schema takes as well.
func (s *scan) fits(part *node, start int) bool {
	end, depth, values, names := s.at, s.depth, s.values, len(s.names)
	s.at = start
	ok := s.value(part, nil)
	s.at, s.depth, s.values, s.names = end, depth, values, s.names[:names]
	return ok
}

func (s *scan) one(n *node, w *watch, first byte) bool {
	if n != nil && n.never {
		return false
	}
	switch first {
	case '{':
		return n.takes(kindObject) && s.object(n, w)
	case '[':
		return n.takes(kindList) && s.list(n, w)
	case '"':
		return n.takes(kindText) && s.string(n)
	case 't':
		return n.takes(kindTrue) && s.word("true")
	case 'f':
		return n.takes(kindFalse) && s.word("false")
	case 'n':
		return n.takes(kindNull) && s.word("null")
	default:
		return s.number(n)
	}
}

// takes says whether a value of a kind may stand here.
func (n *node) takes(k kinds) bool {
	switch {
	case n == nil:
		return true
	case n.types != 0 && n.types&k == 0:
		return false
	case n.words == nil || k == kindText: // which text, is seen later
		return true
	}
	return n.plain&k != 0
}

func (s *scan) word(w string) bool {
	if !bytes.HasPrefix(s.text[s.at:], []byte(w)) {
		return false
	}
	s.at += len(w)
	return true
}

func (s *scan) object(n *node, w *watch) bool {
	if s.depth++; s.depth > s.limits.Depth {
		return false
	}
	s.at++
	base := len(s.names)
	var seen uint64
	count, required, after := 0, 0, 0
	if s.space() == '}' {
		s.at++
		s.depth--
		return n == nil || n.required == 0 && n.leastMembers == 0
	}
	for {
		if s.space() != '"' {
			return false
		}
		start := s.at + 1
		if plain, ok := s.raw(); !ok || !plain || s.at-1-start > s.limits.Name {
			return false // a name with an escape is rare
		}
		key := s.text[start : s.at-1]
		if s.space() != ':' {
			return false
		}
		s.at++
		var of *member
		if n != nil {
			of = n.member(key, after)
		}
		var part *node
		switch {
		case of != nil && seen>>of.number&1 != 0:
			return false // stated twice
		case of != nil:
			seen |= 1 << of.number
			after = of.number + 1
			part = of.node
			if of.required {
				required++
			}
		case n != nil && n.closed:
			return false
		default:
			if n != nil {
				part = n.other
			}
			if s.twice(base, key) {
				return false
			}
			s.names = append(s.names, name{start, start + len(key)})
		}
		if !s.value(part, w.member(key)) {
			return false
		}
		count++
		switch s.space() {
		case ',':
			s.at++
		case '}':
			s.at++
			s.depth--
			s.names = s.names[:base]
			return n == nil || required == n.required && count >= n.leastMembers && (n.mostMembers < 0 || count <= n.mostMembers)
		default:
			return false
		}
	}
}

// member is what the schema says of a member; nil where it does not name it. Members mostly come in the order of their numbers,
// with some left out, so that those after the last are looked at first.
func (n *node) member(key []byte, after int) *member {
	for i := after; i < min(after+near, len(n.members)); i++ {
		if n.members[i].name == string(key) {
			return &n.members[i]
		}
	}
	if number, named := n.numbers[string(key)]; named {
		return &n.members[number]
	}
	return nil
}

// near is how many members are looked at before all are searched.
const near = 4

// mostNames bounds the comparing of names with one another; an object with more is rare.
const mostNames = 64

func (s *scan) twice(base int, key []byte) bool {
	open := s.names[base:]
	if len(open) >= mostNames {
		return true
	}
	for _, other := range open {
		if other.end-other.start == len(key) && bytes.Equal(s.text[other.start:other.end], key) {
			return true
		}
	}
	return false
}

func (s *scan) list(n *node, w *watch) bool {
	if s.depth++; s.depth > s.limits.Depth {
		return false
	}
	s.at++
	count, contained := 0, n == nil || n.contains == nil
	base := len(s.names)
	if s.space() == ']' {
		s.at++
		s.depth--
		return n == nil || n.leastItems == 0 && contained
	}
	for {
		s.space()
		start := s.at
		if !s.value(n.item(count), w.item()) {
			return false
		}
		count++
		if !contained {
			contained = s.fits(n.contains, start)
		}
		if n != nil && n.distinct && !s.distinct(base, start) {
			return false
		}
		switch s.space() {
		case ',':
			s.at++
		case ']':
			s.at++
			s.depth--
			s.names = s.names[:base]
			return contained && (n == nil || count >= n.leastItems && (n.mostItems < 0 || count <= n.mostItems))
		default:
			return false
		}
	}
}

func (n *node) item(i int) *node {
	switch {
	case n == nil:
		return nil
	case i < len(n.prefix):
		return n.prefix[i]
	}
	return n.items
}

// distinct says whether the text that was just read is none of those before it. Other values than plain texts are rare.
func (s *scan) distinct(base, start int) bool {
	item := s.text[start:s.at]
	if item[0] != '"' || bytes.IndexByte(item, '\\') >= 0 || s.twice(base, item) {
		return false
	}
	s.names = append(s.names, name{start, s.at})
	return true
}

// raw passes over a text, and says whether it has no escapes.
func (s *scan) raw() (plain, ok bool) {
	s.at++
	plain = true
	for {
		s.skip()
		if s.at >= len(s.text) {
			return false, false
		}
		switch c := s.text[s.at]; {
		case c == '"':
			s.at++
			return plain, true
		case c == '\\':
			plain = false
			s.at += 2
		case c < ' ':
			return false, false
		default:
			s.at++ // one of the last eight bytes
		}
	}
}

// skip goes on to the next byte that needs an escape or ends the text, eight at a time.
func (s *scan) skip() {
	for s.at+8 <= len(s.text) {
		found := escape.Marks(binary.LittleEndian.Uint64(s.text[s.at:]))
		if found != 0 {
			s.at += bits.TrailingZeros64(found) / 8
			return
		}
		s.at += 8
	}
}

func (s *scan) string(n *node) bool {
	start := s.at
	plain, ok := s.raw()
	if !ok {
		return false
	}
	text := s.text[start+1 : s.at-1]
	if !plain {
		var err error
		if text, err = jsontext.AppendUnquote(nil, s.text[start:s.at]); err != nil {
			return false
		}
	}
	return n == nil || n.fits(text)
}

func (n *node) fits(text []byte) bool {
	if n.words != nil {
		if _, one := n.words[string(text)]; !one {
			return false
		}
	}
	if n.longest >= 0 && len(text) > n.longest && utf8.RuneCount(text) > n.longest {
		return false
	}
	if n.shortest > 0 && (len(text)+utf8.UTFMax-1)/utf8.UTFMax < n.shortest && utf8.RuneCount(text) < n.shortest {
		return false
	}
	if n.pattern != nil && !n.pattern.MatchString(string(text)) {
		return false
	}
	return n.format == nil || n.format.Name == "date" && isDay(text) || n.format.Validate(string(text)) == nil
}

// isDay says whether a text is surely a day of the calendar; 29 February is left to who knows leap years.
func isDay(text []byte) bool {
	if len(text) != len(time.DateOnly) || text[4] != '-' || text[7] != '-' {
		return false
	}
	for i, c := range text {
		if i != 4 && i != 7 && (c < '0' || c > '9') {
			return false
		}
	}
	month, day := int(text[5]-'0')*10+int(text[6]-'0'), int(text[8]-'0')*10+int(text[9]-'0')
	return month >= 1 && month <= 12 && day >= 1 && day <= 28
}

// number reads a number without exponent.
func (s *scan) number(n *node) bool {
	start := s.at
	if s.at < len(s.text) && s.text[s.at] == '-' {
		s.at++
	}
	whole := s.digits()
	if whole == 0 || whole > 1 && s.text[s.at-whole] == '0' {
		return false
	}
	fraction := 0
	if s.at < len(s.text) && s.text[s.at] == '.' {
		s.at++
		if fraction = s.digits(); fraction == 0 {
			return false
		}
	}
	if s.at < len(s.text) && (s.text[s.at] == 'e' || s.text[s.at] == 'E') || s.at-start > s.limits.Digits {
		return false
	}
	if n == nil {
		return true
	}
	kind := kindInteger
	if fraction > 0 {
		kind = kindNumber
	}
	return n.takes(kind) && n.bounds(s.text[start:s.at], whole, fraction)
}

func (s *scan) digits() int {
	start := s.at
	for s.at < len(s.text) && s.text[s.at] >= '0' && s.text[s.at] <= '9' {
		s.at++
	}
	return s.at - start
}

// bounds compares a number with its limits.
func (n *node) bounds(text []byte, whole, fraction int) bool {
	if n.least == nil && n.most == nil {
		return true
	}
	const safe = 9 // digits, so that a limit of 31 bits times a power of ten of as many is no more than 64 bits
	if whole > safe || fraction > safe || n.least != nil && !n.least.simple || n.most != nil && !n.most.simple {
		return n.boundsExactly(text)
	}
	value, scale := int64(0), int64(1)
	for _, c := range text {
		if c >= '0' && c <= '9' {
			value = value*10 + int64(c-'0')
		}
	}
	for range fraction {
		scale *= 10
	}
	if text[0] == '-' {
		value = -value
	}
	return (n.least == nil || n.least.admits(value, n.least.whole*scale)) && (n.most == nil || n.most.admits(n.most.whole*scale, value))
}

// admits says whether the larger is large enough.
func (b *bound) admits(larger, smaller int64) bool {
	return larger > smaller || larger == smaller && !b.open
}

func (n *node) boundsExactly(text []byte) bool {
	value, ok := rational(text)
	if !ok {
		return false
	}
	if n.least != nil {
		if order := value.Cmp(n.least.exact); order < 0 || order == 0 && n.least.open {
			return false
		}
	}
	if n.most != nil {
		if order := value.Cmp(n.most.exact); order > 0 || order == 0 && n.most.open {
			return false
		}
	}
	return true
}
