package plan_test

import (
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"

	"greenchannel/server/plan"
)

// OPA reads the store by paths of texts, so that a number finds a member and a text an item; but only in the store, and only
// as far as one reference goes.
func TestPathsOfTexts(t *testing.T) {
	const data = `{"d": {"2": "two", "x": {"y": 1}}, "list": ["zero", "one"], "deep": {"2": ["x", "y"]}}`
	for _, body := range []string{
		`x := data.d[2]`, `x := data.d[2] with data.d as {"2": 5}`, `x := data.d[2] with data.other as 1`,
		`x := data.d[input.k]`, `x := data.d[input.k].z`, `x := data.d[input.o]`, `x := data.d[null]`, `x := data.d["2"]`,
		`some k in {2, "2"}; x := data.d[k]`, `some i in ["0", 0]; x := data.list[i]`, `some i; x := data.list[i]; i == 1`,
		`y := data.d; x := y[2]`, `y := data.list; x := y["0"]`, `x := data.list["0"]`, `x := data.list["00"]`, `x := data.list["-1"]`, `x := data.list[1.0]`,
		`x := data.list["1.0"]`, `x := data.deep[2][1]`, `x := data.deep[input.k]["1"]`, `x := input.list["0"]`, `x := input.d[2]`, `x := data.d.x[input.y]`,
		`x := object.get(data.d, 2, "none")`,
	} {
		modules := compiled(t, "package p\na contains x if { "+body+" }")
		input := ast.MustParseTerm(`{"k": 2, "y": "y", "name": "d", "o": {"q": 1}, "list": [1], "d": {"2": 1}}`).Value
		slow, err := rego.New(rego.Query("data.p.a"), rego.Compiler(modules), rego.ParsedInput(input),
			rego.Store(inmem.NewFromReader(strings.NewReader(data)))).Eval(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		want, err := encode(slow[0].Expressions[0].Value)
		if err != nil {
			t.Fatal(err)
		}
		base, err := plan.NewData(ast.MustParseTerm(data).Value.(ast.Object))
		if err != nil {
			t.Fatal(err)
		}
		p, err := plan.Compile(t.Context(), plan.Query{Text: "result := data.p.a", Modules: modules, Data: base})
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		got, err := p.Eval(t.Context(), plan.Input{Value: input, Time: day}, nil)
		if err != nil || string(got) != string(want) {
			t.Errorf("%s: topdown has %s, the executor %s %v", body, want, got, err)
		}
	}
}
