package plan

import (
	"cmp"
	"hash/maphash"
	"math"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// same tells whether two values are equal, as OPA does: numbers by what they are worth, the rest by what they hold.
func same(a, b value) bool {
	if a.word == b.word {
		switch a.kind() {
		case kindString:
			return a.pointer == b.pointer || a.string() == b.string()
		case kindUndefined, kindNull, kindBoolean, kindInteger:
			return true
		}
		if a.pointer == b.pointer {
			return true
		}
	}
	return sameComposite(a, b)
}

func sameComposite(a, b value) bool {
	if a.kind() != b.kind() {
		return a.isNumber() && b.isNumber() && compareNumbers(a, b) == 0
	}
	switch a.kind() {
	case kindNumber:
		return compareNumbers(a, b) == 0
	case kindArray:
		return sameItems(a.array().items, b.array().items)
	case kindObject:
		return sameObjects(a.object(), b.object())
	case kindSet:
		x, y := a.set(), b.set()
		if len(x.items) != len(y.items) {
			return false
		}
		for i := range x.items {
			if !y.has(x.items[i]) {
				return false
			}
		}
		return true
	}
	return false
}

func sameItems(a, b []value) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !same(a[i], b[i]) {
			return false
		}
	}
	return true
}

func sameObjects(a, b *object) bool {
	if len(a.pairs) != len(b.pairs) {
		return false
	}
	for i := range a.pairs {
		// Objects of one rule have their members in one order, so the place is tried first.
		j := i
		if !same(a.pairs[i].key, b.pairs[i].key) {
			if j = b.find(a.pairs[i].key); j < 0 {
				return false
			}
		}
		if !same(a.pairs[i].value, b.pairs[j].value) {
			return false
		}
	}
	return true
}

// compare orders values as OPA does: by kind, numbers by what they are worth, composites member by member.
func compare(a, b value) int {
	if x, y := rank(a), rank(b); x != y {
		return cmp.Compare(x, y)
	}
	switch a.kind() {
	case kindBoolean:
		return cmp.Compare(a.word, b.word)
	case kindInteger, kindNumber:
		return compareNumbers(a, b)
	case kindString:
		return strings.Compare(a.string(), b.string())
	case kindArray:
		return compareItems(a.array().items, b.array().items)
	case kindSet:
		x, y := a.set(), b.set()
		x.sort()
		y.sort()
		return compareItems(x.items, y.items)
	case kindObject:
		return compareObjects(a.object(), b.object())
	}
	return 0
}

func rank(v value) kind {
	if k := v.kind(); k != kindInteger {
		return k
	}
	return kindNumber
}

func compareItems(a, b []value) int {
	for i := range min(len(a), len(b)) {
		if c := compare(a[i], b[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

func compareObjects(a, b *object) int {
	a.sort()
	b.sort()
	for i := range min(len(a.pairs), len(b.pairs)) {
		if c := compare(a.pairs[i].key, b.pairs[i].key); c != 0 {
			return c
		}
		if c := compare(a.pairs[i].value, b.pairs[i].value); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a.pairs), len(b.pairs))
}

func compareNumbers(a, b value) int {
	if a.kind() == kindInteger && b.kind() == kindInteger {
		return cmp.Compare(a.integer(), b.integer())
	}
	return ast.NumberCompare(number(a), number(b))
}

// number is a number as OPA holds it.
func number(v value) ast.Number {
	if v.kind() == kindInteger {
		return ast.Number(strconv.FormatInt(v.integer(), 10))
	}
	return ast.Number(v.string())
}

// numberOf makes a value of the text of a number. Only whole numbers in the one form that JSON prints stand in the word,
// since the text of all others has to come out as it went in.
func numberOf(s string) value {
	if i, ok := canonical(s); ok {
		return integer(i)
	}
	return textOf(s, kindNumber)
}

func canonical(s string) (int64, bool) {
	digits := strings.TrimPrefix(s, "-")
	if len(digits) == 0 || len(digits) > 16 || digits[0] == '0' && len(s) > 1 {
		return 0, false
	}
	var i int64
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return 0, false
		}
		i = 10*i + int64(c-'0')
	}
	if len(digits) < len(s) {
		i = -i
	}
	return i, true
}

// seed is of the process: hashes are never kept beyond it.
var seed = maphash.MakeSeed()

// deepest is how far down a hash looks. Equal values have equal hashes whatever it is; what differs further down only
// is told apart by comparison.
const deepest = 8

func hash(v value) uint32 {
	if v.kind() != kindObject {
		return uint32(hashAt(v, 0))
	}
	// An object is put into several sets on its way through the rules, and does not change any more.
	o := v.object()
	if o.hash != 0 {
		return o.hash
	}
	h := uint32(hashAt(v, 0))
	if !o.shared {
		o.hash = h
	}
	return h
}

func hashAt(v value, depth int) uint64 {
	switch v.kind() {
	case kindString:
		return maphash.String(seed, v.string())
	case kindInteger:
		return mix(math.Float64bits(float64(v.integer())))
	case kindNumber:
		f, err := strconv.ParseFloat(v.string(), 64)
		if err != nil { // out of range: all such numbers share one hash
			return 1
		}
		if f == 0 {
			f = 0 // minus nought is nought
		}
		return mix(math.Float64bits(f))
	case kindArray:
		return hashItems(v.array().items, depth)
	case kindSet:
		sum := uint64(len(v.set().items)) + 3
		for i := range v.set().items {
			if depth < deepest {
				sum += mix(hashAt(v.set().items[i], depth+1))
			}
		}
		return mix(sum)
	case kindObject:
		sum := uint64(len(v.object().pairs)) + 5
		for i := range v.object().pairs {
			if depth < deepest {
				p := &v.object().pairs[i]
				sum += mix(hashAt(p.key, depth+1) ^ 31*hashAt(p.value, depth+1))
			}
		}
		return mix(sum)
	}
	return mix(v.word)
}

func hashItems(items []value, depth int) uint64 {
	h := uint64(len(items)) + 7
	for i := range items {
		if depth < deepest {
			h = mix(h + hashAt(items[i], depth+1))
		}
	}
	return mix(h)
}

// mix spreads the bits of a word over all of it.
func mix(h uint64) uint64 {
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	h ^= h >> 32
	return h
}
