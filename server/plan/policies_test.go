package plan_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/topdown"

	"greenchannel/server/plan"
)

// FuzzPolicies evaluates policies that were written at random, by topdown and by the executor.
func FuzzPolicies(f *testing.F) {
	for seed := range uint64(200) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		if _, err := comparePolicy(seed); err != nil {
			t.Error(err)
		}
	})
}

// TestManyPolicies is the long mode of FuzzPolicies.
func TestManyPolicies(t *testing.T) {
	start := uint64(time.Now().UnixNano())
	counts := map[verdict]int{}
	n := many(t, 500)
	for i := range n {
		v, err := comparePolicy(start + uint64(i))
		if err != nil {
			t.Fatal(err)
		}
		counts[v]++
	}
	t.Logf("%d policies from seed %d on: %v", n, start, counts)
}

// verdict is how a comparison went that found no difference.
type verdict string

const (
	equal     verdict = "equal"
	bothFail  verdict = "both fail"
	invalid   verdict = "no valid policy"
	refused   verdict = "refused"
	undefined verdict = "undefined"
	// again: the executor failed and topdown answers, or fails with another code, since its index passes over a rule that
	// fails here. Whoever uses the executor asks topdown after any failure.
	again verdict = "asks topdown again"
	// mistaken: topdown says of itself that it made a mistake (a variable of the body around a comprehension is not
	// bound when a built-in inside is called).
	mistaken verdict = "topdown's own mistake"
)

// comparePolicy makes a policy, data and inputs of a seed.
func comparePolicy(seed uint64) (verdict, error) {
	g := &grammar{Rand: rand.New(rand.NewPCG(seed, 2))}
	source := g.module()
	data := fmt.Sprintf(`{"d":%s,"e":%s}`, g.document(3), g.document(2))
	inputs := []string{g.document(3), g.document(3)}
	strict := g.oneIn(2)

	module, err := ast.ParseModuleWithOpts("p.rego", source, ast.ParserOptions{RegoVersion: ast.RegoV1})
	if err != nil {
		return "", fmt.Errorf("seed %d: %w\n%s", seed, err, source)
	}
	compiler := ast.NewCompiler()
	if compiler.Compile(map[string]*ast.Module{"p.rego": module}); compiler.Failed() {
		return invalid, nil
	}
	ctx := context.Background()
	slow, err := rego.New(rego.Query("data.p"), rego.Compiler(compiler), rego.Store(inmem.NewFromReader(strings.NewReader(data))),
		rego.StrictBuiltinErrors(strict)).PrepareForEval(ctx)
	if err != nil {
		return "", fmt.Errorf("seed %d: %w", seed, err)
	}
	document, err := ast.ValueFromReader(strings.NewReader(data))
	if err != nil {
		return "", err
	}
	base, err := plan.NewData(document.(ast.Object))
	if err != nil {
		return "", err
	}
	fast, err := plan.Compile(ctx, plan.Query{Text: "result := data.p", Modules: compiler, Data: base, StrictErrors: strict})
	var unsupported *plan.Unsupported
	if errors.As(err, &unsupported) {
		return refused, nil
	}
	if err != nil {
		return "", err
	}
	v := equal
	for _, input := range inputs {
		if v, err = compareInput(ctx, slow, fast, input); err != nil {
			return "", fmt.Errorf("seed %d, strict %v: %w\n%s\ndata: %s\ninput: %s", seed, strict, err, source, data, input)
		}
	}
	return v, nil
}

func compareInput(ctx context.Context, slow rego.PreparedEvalQuery, fast *plan.Program, input string) (verdict, error) {
	parsed, err := ast.ValueFromReader(strings.NewReader(input))
	if err != nil {
		return "", err
	}
	at := time.Unix(1_750_000_000, 0)
	var want []byte
	results, slowErr := slow.Eval(ctx, rego.EvalParsedInput(parsed), rego.EvalTime(at), rego.EvalSortSets(true))
	if slowErr == nil && len(results) == 1 {
		if want, err = encode(results[0].Expressions[0].Value); err != nil {
			return "", err
		}
	}
	got, fastErr := fast.Eval(ctx, plan.Input{Body: []byte(input), Time: at}, nil)
	if slowErr != nil && fastErr != nil && code(slowErr) == code(fastErr) {
		return bothFail, nil
	}
	switch {
	case slowErr == nil && len(results) == 0 && errors.Is(fastErr, plan.ErrUndefined):
		return undefined, nil
	case code(fastErr) != "none" && code(slowErr) != code(fastErr):
		return again, nil
	case fastErr == nil && code(slowErr) == topdown.InternalErr && strings.Contains(slowErr.Error(), "requires evaluation"):
		return mistaken, nil
	case (slowErr == nil) != (fastErr == nil):
		return "", fmt.Errorf("topdown ends with %v (%s), the executor with %v (%s)", slowErr, want, fastErr, got)
	case !bytes.Equal(want, got):
		return "", fmt.Errorf("%s", firstDifference(want, got))
	}
	return equal, nil
}
