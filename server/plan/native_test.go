package plan_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"

	"greenchannel/server/plan"
)

// TestNatives asks every built-in that has a function of ours, with operands of every kind, and compares with OPA's function.
func TestNatives(t *testing.T) {
	for name, operands := range map[string]int{
		"count": 1, "sum": 1, "max": 1, "min": 1, "sort": 1, "is_array": 1, "is_object": 1, "is_set": 1, "is_string": 1, "is_boolean": 1,
		"is_null": 1, "is_number": 1, "object.keys": 1, "array.flatten": 1, "lower": 1, "upper": 1, "trim_space": 1, "to_number": 1,
		"time.format": 1, "json.marshal": 1, "round": 1, "ceil": 1, "floor": 1, "equal": 2, "neq": 2, "lt": 2, "lte": 2, "gt": 2, "gte": 2, "plus": 2,
		"minus": 2, "mul": 2, "div": 2, "and": 2, "or": 2, "internal.member_2": 2, "array.concat": 2, "object.union": 2,
		"object.remove": 2, "concat": 2, "contains": 2, "startswith": 2, "endswith": 2, "split": 2, "strings.replace_n": 2, "sprintf": 2,
		"time.parse_ns": 2, "regex.match": 2, "regex.split": 2, "json.patch": 2, "internal.member_3": 3, "object.get": 3,
		"array.slice": 3, "substring": 3, "replace": 3, "regex.replace": 3, "time.add_date": 4,
	} {
		t.Run(name, func(t *testing.T) {
			var args []string
			for i := range operands {
				args = append(args, fmt.Sprintf("input[%d]", i))
			}
			call := fmt.Sprintf("%s(%s)", name, strings.Join(args, ", "))
			if operator, ok := map[string]string{
				"equal": "==", "neq": "!=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">=", "plus": "+", "minus": "-", "mul": "*", "div": "/",
				"and": "&", "or": "|", "internal.member_2": "in",
			}[name]; ok {
				call = fmt.Sprintf("input[0] %s input[1]", operator)
			}
			if name == "internal.member_3" {
				call = "input[0], input[1] in input[2]"
			}
			p := program(t, "result := data.p.x", fmt.Sprintf("package p\nx := (%s)", call))
			r := rand.New(rand.NewPCG(uint64(len(name)), uint64(name[0])))
			hits := 0
			for i := 0; i < 4000 || hits == 0 && i < 200_000; i++ { // few operands are dates
				terms := make([]*ast.Term, operands)
				for i := range terms {
					terms[i] = ast.NewTerm(operand(r, 2))
				}
				if compareNative(t, p, name, terms) {
					hits++
				}
			}
			if hits == 0 {
				t.Error("no operands had a result")
			}
		})
	}
}

// compareNative tells whether the call has a result.
func compareNative(t *testing.T, p *plan.Program, name string, terms []*ast.Term) bool {
	t.Helper()
	var want ast.Value
	err := topdown.GetBuiltin(name)(topdown.BuiltinContext{Context: t.Context(), Cancel: topdown.NewCancel()}, terms, func(out *ast.Term) error {
		want = out.Value
		return nil
	})
	if err != nil {
		want = nil
	}
	answers, err := p.Answers(t.Context(), plan.Input{Value: ast.NewArray(terms...), Time: day})
	if err != nil {
		t.Fatalf("%s%v: %v", name, terms, err)
	}
	var got ast.Value
	if len(answers) > 0 {
		got = answers[0].Get(ast.StringTerm("result")).Value
	}
	if fmt.Sprint(want) != fmt.Sprint(got) {
		t.Fatalf("%s%v: OPA has %v, we have %v", name, terms, want, got)
	}
	return want != nil
}

// operand makes a value that built-ins are likely to take.
func operand(r *rand.Rand, deep int) ast.Value {
	texts := []string{
		"", "a", "b", "ab", "aab", "é", "Äß", " x ", "T", "2006-01-02", "2025-04-04", "UTC", "RFC3339", "15:04", "%s", "%d-%v", "%v%%", "{a}", "[a-z]+", "(", "$1", "/a", "/a/b", "replace",
		"op", "path", "value", "1", "-1", "1.0", "007", "1e3", "Inf", "\xff",
	}
	numbers := []string{"0", "1", "2", "-1", "3", "1.0", "1.5", "-0", "0.1", "0.2", "100.50", "1e2", "2147483648", "-2147483648", "9007199254740993", "36028797018963968", "12345678901234567890", "1795729170303022993"}
	pick := r.IntN(12)
	if deep == 0 && pick > 6 {
		pick %= 7
	}
	switch {
	case pick == 0:
		return []ast.Value{ast.NullValue, ast.Boolean(true), ast.Boolean(false)}[r.IntN(3)]
	case pick < 4:
		return ast.Number(numbers[r.IntN(len(numbers))])
	case pick < 7:
		return ast.String(texts[r.IntN(len(texts))])
	}
	uniform := r.IntN(3) // composites of one kind are what most functions take
	item := func() *ast.Term {
		switch uniform {
		case 0:
			return ast.NewTerm(ast.String(texts[r.IntN(len(texts))]))
		case 1:
			return ast.NewTerm(ast.Number(numbers[r.IntN(len(numbers))]))
		}
		return ast.NewTerm(operand(r, deep-1))
	}
	var items []*ast.Term
	for range r.IntN(5) {
		items = append(items, item())
	}
	switch pick {
	case 7, 8:
		if r.IntN(4) == 0 {
			return ast.NewArray(ast.ObjectTerm(
				ast.Item(ast.StringTerm("op"), ast.StringTerm("replace")), ast.Item(ast.StringTerm("path"), ast.StringTerm(texts[r.IntN(len(texts))])), ast.Item(ast.StringTerm("value"), item())))
		}
		return ast.NewArray(items...)
	case 9:
		return ast.NewSet(items...)
	}
	o := ast.NewObject()
	for _, v := range items {
		key := ast.StringTerm([]string{"a", "b", "op", "path", "value", "{a}", "x"}[r.IntN(7)])
		if r.IntN(8) == 0 {
			key = item()
		}
		o.Insert(key, v)
	}
	return o
}
