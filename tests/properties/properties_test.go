// Package properties holds the functions that everything rests on (status over dates, working days, folding of names)
// against a second, plainly written statement of the same rule, on random input. It is not where a rule is explained by
// example: those tests lie beside the Rego.
package properties

import (
	"context"
	"testing"

	"github.com/open-policy-agent/opa/v1/rego"
)

// asked evaluates one query of the policies, as a stock OPA does, on whatever input.
func asked(t *testing.T, query string) func(input any) (any, bool) {
	t.Helper()
	prepared, err := rego.New(
		rego.Query(query),
		rego.LoadBundle("../../policies"),
		rego.StrictBuiltinErrors(true),
	).PrepareForEval(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return func(input any) (any, bool) {
		results, err := prepared.Eval(context.Background(), rego.EvalInput(input))
		if err != nil {
			t.Fatalf("%s of %v: %v", query, input, err)
		}
		if len(results) == 0 {
			return nil, false
		}
		return results[0].Expressions[0].Value, true
	}
}
