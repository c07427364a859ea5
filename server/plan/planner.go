package plan

import (
	"context"
	"errors"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// target names the evaluator that OPA hands its plans to. It is registered while the process starts, since OPA reads its
// list of targets without a lock.
var target = register("greenchannel.plan")

func register(name string) string {
	rego.RegisterPlugin(name, planner(name))
	return name
}

// planner is how a plan is had from OPA: it plans a query for a target, and the target keeps the plan.
type planner string

// planKey finds the place for the plan in a context.
type planKey struct{}

// IsTarget is for OPA.
func (p planner) IsTarget(name string) bool { return name == string(p) }

// PrepareForEval is for OPA; it puts the plan where planOf waits for it.
func (p planner) PrepareForEval(ctx context.Context, policy *ir.Policy, _ ...rego.PrepareOption) (rego.TargetPluginEval, error) {
	place, ok := ctx.Value(planKey{}).(**ir.Policy)
	if !ok {
		return nil, fmt.Errorf("the target %s is for package plan alone", string(p))
	}
	*place = policy
	return p, nil
}

// Eval is for OPA and never asked for: plans are run by a Program.
func (p planner) Eval(context.Context, *rego.EvalContext, ast.Value) (ast.Value, error) {
	return nil, errors.New("a plan is run by a Program")
}

// planOf lets OPA plan a query over what was compiled.
func planOf(ctx context.Context, modules *ast.Compiler, query string, own map[string]*topdown.Builtin, more []func(*rego.Rego)) (*ir.Policy, error) {
	var policy *ir.Policy
	options := append([]func(*rego.Rego){
		rego.Compiler(modules),
		rego.Target(target),
		rego.EvalMode(ast.EvalModeTopdown), // as it was compiled: topdown may use the same compiler
	}, more...)
	if query != "" {
		options = append(options, rego.Query(query))
	}
	for name, b := range own {
		options = append(options, rego.FunctionDyn(&rego.Function{Name: name, Decl: b.Decl.Decl}, nil))
	}
	_, err := rego.New(options...).PrepareForEval(context.WithValue(ctx, planKey{}, &policy))
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, &Unsupported{What: "OPA does not plan it: " + err.Error()}
	case policy == nil:
		return nil, errors.New("OPA made no plan")
	}
	return policy, nil
}
