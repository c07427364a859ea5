package plan

import (
	"math/bits"
	"strconv"
	"strings"
)

// float is a number as OPA calculates with those that are not whole: a big.Float of 64 bits, rounded to the nearest one and, between
// two, to the even one. It is positive, its highest bit is set, and it is worth mantissa × 2^exponent. What does not fit here is left to
// big.Float; what does is the same to the last bit, and many times cheaper than a text on the way in and another on the way out.
type float struct {
	mantissa uint64
	exponent int
}

// floatOf reads a number that is greater than nought and has at most 18 digits.
func floatOf(v value) (f float, ok bool) {
	if v.kind() == kindInteger {
		i := v.integer()
		return whole64(uint64(i)), i > 0
	}
	if v.kind() != kindNumber {
		return float{}, false
	}
	digits, places, pointed := uint64(0), 0, false
	s := v.string()
	if len(s) > 19 {
		return float{}, false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits = 10*digits + uint64(c-'0')
			if pointed {
				places++
			}
		case c == '.':
			pointed = true
		default:
			return float{}, false
		}
	}
	if digits == 0 {
		return float{}, false
	}
	return whole64(digits).over(fifth(places)).scaled(-places), true
}

// fifth is five to the power of so many places, of which 27 would still fit a word.
func fifth(places int) float {
	power := uint64(1)
	for range places {
		power *= 5
	}
	return whole64(power)
}

func whole64(i uint64) float {
	shift := bits.LeadingZeros64(i)
	return float{i << shift, -shift}
}

func (x float) scaled(by int) float { return float{x.mantissa, x.exponent + by} }

// over is x/y.
func (x float) over(y float) float {
	exponent := x.exponent - y.exponent - 64
	high, low := x.mantissa, uint64(0)
	if high >= y.mantissa {
		high, low = high>>1, high<<63
		exponent++
	}
	quotient, rest := bits.Div64(high, low, y.mantissa)
	half := y.mantissa - rest // what of the divisor lies beyond the rest
	return float{quotient, exponent}.rounded(rest > half, rest == half)
}

// times is x×y.
func (x float) times(y float) float {
	high, low := bits.Mul64(x.mantissa, y.mantissa)
	exponent := x.exponent + y.exponent + 64
	if high>>63 == 0 {
		high, low = high<<1|low>>63, low<<1
		exponent--
	}
	return float{high, exponent}.rounded(low > 1<<63, low == 1<<63)
}

// plus is x+y; false where the two lie too far apart.
func (x float) plus(y float) (float, bool) {
	if x.exponent < y.exponent {
		x, y = y, x
	}
	apart := x.exponent - y.exponent
	if apart >= 64 {
		return float{}, false
	}
	high, low := y.mantissa>>apart, y.mantissa<<(64-apart) // a shift by 64 leaves nothing
	sum, carry := bits.Add64(x.mantissa, high, 0)
	if carry == 0 {
		return float{sum, x.exponent}.rounded(low > 1<<63, low == 1<<63), true
	}
	lost := sum & 1
	return float{sum>>1 | 1<<63, x.exponent + 1}.rounded(lost == 1 && low > 0, lost == 1 && low == 0), true
}

// minus is x-y; false where the two lie too far apart or the difference is not greater than nought.
func (x float) minus(y float) (float, bool) {
	apart := x.exponent - y.exponent
	if apart < 0 || apart >= 64 || apart == 0 && x.mantissa <= y.mantissa {
		return float{}, false
	}
	low, borrow := bits.Sub64(0, y.mantissa<<(64-apart), 0)
	high, _ := bits.Sub64(x.mantissa, y.mantissa>>apart, borrow)
	shift := bits.LeadingZeros64(high)
	if high == 0 {
		return float{}, false
	}
	high, low = high<<shift|low>>(64-shift), low<<shift
	return float{high, x.exponent - shift}.rounded(low > 1<<63, low == 1<<63), true
}

// rounded takes in what of a result lies below its last bit: more than half of it, or just half.
func (x float) rounded(more, half bool) float {
	if !more && (!half || x.mantissa&1 == 0) {
		return x
	}
	if x.mantissa++; x.mantissa == 0 {
		return float{1 << 63, x.exponent + 1}
	}
	return x
}

// truncated is x without what is behind its point; false where it does not fit a word with a sign.
func (x float) truncated() (int64, bool) {
	if x.exponent > -1 {
		return 0, false
	}
	if x.exponent <= -64 {
		return 0, true
	}
	return int64(x.mantissa >> -x.exponent), true
}

// number writes x as OPA writes its floats: the fewest digits that are read as x again. False where OPA writes an exponent.
func (m *machine) number(x float) (value, bool) {
	if x.exponent <= -1 && x.exponent > -64 && x.mantissa<<(64+x.exponent) == 0 {
		return numberFrom(int64(x.mantissa >> -x.exponent)), true
	}
	digits, point, ok := x.shortest(m.buffer[:0])
	if !ok || point < -3 || point > 6 {
		return value{}, false
	}
	m.buffer = digits
	var out [48]byte
	written := out[:0]
	switch {
	case point <= 0:
		written = append(append(written, "0.000"[:2-point]...), digits...)
	case len(digits) <= point:
		written = append(append(written, digits...), "000000"[:point-len(digits)]...)
	default:
		written = append(append(append(written, digits[:point]...), '.'), digits[point:]...)
	}
	if len(digits) <= point {
		return numberOf(string(written)), true
	}
	kept := m.memory.text(written)
	return textOf(kept.string(), kindNumber), true
}

// fraction is what is left of a number behind the digits that were written: 124 bits in two words, below four for a digit.
type fraction struct{ high, low uint64 }

const digitShift = 60

func (f *fraction) digit() byte {
	carry, low := bits.Mul64(f.low, 10)
	high := f.high*10 + carry
	f.low, f.high = low, high&(1<<digitShift-1)
	return '0' + byte(high>>digitShift)
}

func (f fraction) zero() bool { return f.high|f.low == 0 }

// shortest gives the fewest digits that lie nearer to x than to the floats beside it, nearest to x among those, and where
// the point stands: before them for 0. Its rule is the one that math/big has for the shortest text. It is false for what is
// not between a ten-thousandth and a million, or has another number of whole digits than the bounds of its interval.
func (x float) shortest(digits []byte) (_ []byte, point int, ok bool) {
	behind := 1 - x.exponent // bits behind the point, with one more for the half between two floats
	if behind < 45 || behind > 79 {
		return nil, 0, false
	}
	below, at, above := x.parts(behind, -1), x.parts(behind, 0), x.parts(behind, 1)
	if below.whole != at.whole || above.whole != at.whole {
		return nil, 0, false
	}
	if at.whole > 0 {
		digits = strconv.AppendUint(digits, at.whole, 10)
		point = len(digits)
	}
	even := x.mantissa&1 == 0
	for !at.rest.zero() {
		l, d, u := below.rest.digit(), at.rest.digit(), above.rest.digit()
		if len(digits) == 0 && (l == '0' || d == '0' || u == '0') {
			if l != u {
				return nil, 0, false
			}
			point--
			continue
		}
		if digits = append(digits, d); at.rest.zero() {
			break
		}
		down := l != d || even && d != '0' && below.rest.zero()
		up := d != u && (even || d+1 < u || !above.rest.zero())
		switch {
		case down && up:
			digits, point = at.rest.nearest(digits, point)
			return digits, point, true
		case down:
			return trimmed(digits), point, true
		case up:
			digits, point = raised(digits, point)
			return digits, point, true
		}
	}
	return digits, point, true
}

// parted is a number in two: what is before its point and what is behind.
type parted struct {
	whole uint64
	rest  fraction
}

// parts is x, moved by so many halves of its last bit, with so many bits behind the point.
func (x float) parts(behind, halves int) parted {
	high, low := x.mantissa>>63, x.mantissa<<1
	switch halves {
	case -1:
		var borrow uint64
		low, borrow = bits.Sub64(low, 1, 0)
		high -= borrow
	case 1:
		low++ // it is even
	}
	var s parted
	if behind < 64 {
		s.whole = high<<(64-behind) | low>>behind
		high, low = 0, low&(1<<behind-1)
	} else {
		s.whole = high >> (behind - 64)
		high &= 1<<(behind-64) - 1
	}
	if up := 124 - behind; up >= 64 {
		s.rest = fraction{low << (up - 64), 0}
	} else {
		s.rest = fraction{high<<up | low>>(64-up), low << up}
	}
	return s
}

// nearest rounds digits by what follows them.
func (f fraction) nearest(digits []byte, point int) ([]byte, int) {
	half := fraction{1 << (digitShift - 1), 0}
	switch {
	case f == half:
		if digits[len(digits)-1]&1 == 0 {
			return trimmed(digits), point
		}
	case f.high < half.high:
		return trimmed(digits), point
	}
	return raised(digits, point)
}

// raised adds one to the last digit.
func raised(digits []byte, point int) ([]byte, int) {
	n := len(digits)
	for n > 0 && digits[n-1] == '9' {
		n--
	}
	if n == 0 {
		return append(digits[:0], '1'), point + 1
	}
	digits[n-1]++
	return digits[:n], point
}

func trimmed(digits []byte) []byte {
	n := len(digits)
	for n > 0 && digits[n-1] == '0' {
		n--
	}
	return digits[:n]
}

// broke tells quickly of most numbers that are not whole: a last digit behind the point.
func broke(v value) bool {
	if v.kind() != kindNumber {
		return false
	}
	s := v.string()
	return strings.Contains(s, ".") && !strings.ContainsAny(s, "eE") && s[len(s)-1] != '0'
}
