package plan_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"

	"greenchannel/server/plan"
)

// TestFloats calculates with numbers that are not whole, most of them of a few digits, and compares with OPA's functions.
func TestFloats(t *testing.T) {
	r := rand.New(rand.NewPCG(18, 2025))
	for name, operator := range map[string]string{"plus": "+", "minus": "-", "mul": "*", "div": "/"} {
		t.Run(name, func(t *testing.T) {
			p := program(t, "result := data.p.x", fmt.Sprintf("package p\nx := input[0] %s input[1]", operator))
			for range 30_000 {
				compareNative(t, p, name, []*ast.Term{decimal(r), decimal(r)})
			}
		})
	}
	for _, name := range []string{"sum", "round"} {
		t.Run(name, func(t *testing.T) {
			p := program(t, "result := data.p.x", fmt.Sprintf("package p\nx := %s(input[0])", name))
			for range 30_000 {
				one := decimal(r)
				if name == "sum" {
					one = ast.ArrayTerm(decimal(r), decimal(r), decimal(r))
				}
				compareNative(t, p, name, []*ast.Term{one})
			}
		})
	}
}

// FuzzFloats does the same with any digits.
func FuzzFloats(f *testing.F) {
	f.Add(uint64(1), uint64(3), uint8(1), uint8(0), uint8(3))
	f.Add(uint64(99999), uint64(1), uint8(5), uint8(2), uint8(0))
	f.Add(uint64(5), uint64(1000001), uint8(1), uint8(6), uint8(2))
	names, operators := []string{"plus", "minus", "mul", "div"}, []string{"+", "-", "*", "/"}
	programs := make([]*plan.Program, len(names))
	for i := range names {
		programs[i] = program(f, "result := data.p.x", fmt.Sprintf("package p\nx := input[0] %s input[1]", operators[i]))
	}
	f.Fuzz(func(t *testing.T, a, b uint64, aPlaces, bPlaces, operation uint8) {
		i := int(operation) % len(names)
		compareNative(t, programs[i], names[i], []*ast.Term{behind(a, int(aPlaces)%20), behind(b, int(bPlaces)%20)})
	})
}

// decimal is a number as applications have it: mostly few digits, some at the edges of what is exact.
func decimal(r *rand.Rand) *ast.Term {
	digits := r.Uint64N(uint64(1) << (1 + r.IntN(40)))
	switch r.IntN(8) {
	case 0:
		digits = r.Uint64()
	case 1:
		digits = 1_000_000 - r.Uint64N(3) // nines, and what they are rounded to
	case 2:
		digits = uint64(1) << r.IntN(60)
	}
	return behind(digits, r.IntN(1+r.IntN(10)))
}

// behind writes digits with so many of them behind the point.
func behind(digits uint64, places int) *ast.Term {
	text := strconv.FormatUint(digits, 10)
	if places == 0 {
		return ast.NewTerm(ast.Number(text))
	}
	if len(text) <= places {
		text = strings.Repeat("0", places+1-len(text)) + text
	}
	return ast.NewTerm(ast.Number(text[:len(text)-places] + "." + text[len(text)-places:]))
}
