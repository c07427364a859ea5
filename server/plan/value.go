package plan

import (
	"unsafe"
)

// kind tells what a value is. The order is that of OPA, both kinds of number side by side.
type kind = uint8

const (
	kindUndefined kind = iota
	kindNull
	kindBoolean
	kindInteger // a whole number in the one way that JSON prints it, small enough for the word
	kindNumber  // any other number, as the text that stood there: 1.50 stays 1.50
	kindString
	kindArray
	kindObject
	kindSet
	kindTable // a place under data that can be asked for one key only; it is never part of another value
)

// value is any value of Rego in two words: a pointer, and a word with the kind in its lowest byte and above it what the
// kind needs: a small number itself, the length of a text. The zero value is undefined.
type value struct {
	pointer unsafe.Pointer
	word    uint64
}

// Numbers of this many bits or fewer stand in the word.
const (
	smallest = -1 << 54
	largest  = 1<<54 - 1
)

func null() value { return value{word: uint64(kindNull)} }

func boolean(b bool) value {
	if b {
		return value{word: 1<<8 | uint64(kindBoolean)}
	}
	return value{word: uint64(kindBoolean)}
}

// integer needs smallest <= i <= largest.
func integer(i int64) value { return value{word: uint64(i)<<8 | uint64(kindInteger)} }

func text(s string) value { return textOf(s, kindString) }

// textOf keeps the bytes where they are: in the application, in the plan, in the bundle's data.
func textOf(s string, k kind) value {
	return value{unsafe.Pointer(unsafe.StringData(s)), uint64(len(s))<<8 | uint64(k)} //nolint:gosec // the pointer keeps the bytes alive, and string() gives them back with the same length
}

func arrayOf(a *array) value {
	return value{unsafe.Pointer(a), uint64(kindArray)} //nolint:gosec // array() turns it back, by the kind
}

func objectOf(o *object) value {
	return value{unsafe.Pointer(o), uint64(kindObject)} //nolint:gosec // object() turns it back, by the kind
}

func setOf(s *set) value {
	return value{unsafe.Pointer(s), uint64(kindSet)} //nolint:gosec // set() turns it back, by the kind
}

func tableOf(t *table) value {
	return value{unsafe.Pointer(t), uint64(kindTable)} //nolint:gosec // table() turns it back, by the kind
}

func (v value) kind() kind      { return kind(v.word) }
func (v value) defined() bool   { return v.word != 0 }
func (v value) isFalse() bool   { return v.word == uint64(kindBoolean) }
func (v value) isTrue() bool    { return v.word == 1<<8|uint64(kindBoolean) }
func (v value) isNumber() bool  { return v.kind() == kindInteger || v.kind() == kindNumber }
func (v value) integer() int64  { return int64(v.word) >> 8 }
func (v value) array() *array   { return (*array)(v.pointer) }
func (v value) object() *object { return (*object)(v.pointer) }
func (v value) set() *set       { return (*set)(v.pointer) }
func (v value) table() *table   { return (*table)(v.pointer) }

// string is the text of a string or of a number that stands as text.
func (v value) string() string {
	return unsafe.String((*byte)(v.pointer), int(v.word>>8)) //nolint:gosec // made by textOf from a string of this length
}

// array is a list. It grows while it is built and never after.
type array struct {
	items  []value
	stored bool // it stands in a document of the store
}

// size is the number of members; false for what has none.
func (v value) size() (int, bool) {
	switch v.kind() {
	case kindArray:
		return len(v.array().items), true
	case kindObject:
		return len(v.object().pairs), true
	case kindSet:
		return len(v.set().items), true
	}
	return 0, false
}

// member is what stands in v under key; undefined where nothing does.
func (v value) member(key value) value {
	switch v.kind() {
	case kindObject:
		return v.object().get(key)
	case kindArray:
		items := v.array().items
		if i, ok := place(key); ok && i >= 0 && i < int64(len(items)) {
			return items[i]
		}
	case kindSet:
		if v.set().has(key) {
			return key
		}
	}
	return value{}
}

// place is a key as a place in an array: any way to write a whole number.
func place(key value) (int64, bool) {
	switch key.kind() {
	case kindInteger:
		return key.integer(), true
	case kindNumber:
		return number(key).Int64()
	}
	return 0, false
}
