package store

import (
	"encoding/json"
	"math/big"
	"math/bits"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// mass is a quantity of contained material in units of 10^-12 kg, in 128 bits. Adding and taking away are exact, so that an
// order that is taken out of a total leaves what was there before it; a window is summed over its days without an
// allocation; and no exponent that an application could state makes a sum large. Decimals of any precision were the
// other choice: they cost thirty times as much to sum and grow with what is stated.
type mass struct{ hi, lo uint64 }

const (
	massDecimals = 12 // of a kilogram; what is stated more finely is rounded once, half up, when it is read
	massDigits   = 27 // below 10^15 kg, so that no sum of records can overflow
)

// parseMass reads a JSON number of kilograms. A negative one, and one that no order can weigh, is not known.
func parseMass(number string) (m mass, known bool) {
	number, negative := strings.CutPrefix(strings.ToLower(number), "-")
	mantissa, exponent, scaled := strings.Cut(number, "e")
	shift := 0
	if scaled {
		var err error
		if shift, err = strconv.Atoi(exponent); err != nil || shift > massDigits {
			return mass{}, false
		}
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	places := massDecimals + shift - len(fraction) // the number is digits × 10^places units
	switch {
	case digits == "":
		return mass{}, true
	case negative, len(digits)+places > massDigits:
		return mass{}, false
	case len(digits)+places < 0:
		return mass{}, true
	case places < 0:
		kept := len(digits) + places
		up := uint64(0)
		if digits[kept] >= '5' {
			up = 1
		}
		return massOf(digits[:kept], 0).plus(mass{lo: up}), true
	}
	return massOf(digits, places), true
}

func massOf(digits string, zeros int) (m mass) {
	for _, digit := range []byte(digits) {
		m = m.times10().plus(mass{lo: uint64(digit - '0')})
	}
	for range zeros {
		m = m.times10()
	}
	return m
}

func (m mass) times10() mass {
	hi, lo := bits.Mul64(m.lo, 10)
	return mass{hi: m.hi*10 + hi, lo: lo}
}

func (m mass) plus(other mass) mass {
	lo, carry := bits.Add64(m.lo, other.lo, 0)
	hi, _ := bits.Add64(m.hi, other.hi, carry)
	return mass{hi: hi, lo: lo}
}

func (m mass) minus(other mass) mass {
	lo, borrow := bits.Sub64(m.lo, other.lo, 0)
	hi, _ := bits.Sub64(m.hi, other.hi, borrow)
	return mass{hi: hi, lo: lo}
}

// String is the mass in kilograms, in the shortest decimal form.
func (m mass) String() string {
	const unit = 1_000_000_000_000
	high, rest := m.hi/unit, m.hi%unit
	low, units := bits.Div64(rest, m.lo, unit)
	text := strconv.FormatUint(low, 10)
	if high > 0 {
		whole := new(big.Int).Lsh(new(big.Int).SetUint64(high), 64)
		text = whole.Add(whole, new(big.Int).SetUint64(low)).String()
	}
	if units == 0 {
		return text
	}
	fraction := strconv.FormatUint(unit+units, 10)[1:] // with its leading zeros
	return text + "." + strings.TrimRight(fraction, "0")
}

func (m mass) term() *ast.Term { return ast.NumberTerm(json.Number(m.String())) }
