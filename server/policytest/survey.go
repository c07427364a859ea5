package policytest

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// spot is a place in a source, as OPA names it.
type spot struct {
	file     string
	row, col int
}

func spotOf(at *ast.Location) spot {
	if at == nil {
		return spot{}
	}
	return spot{at.File, at.Row, at.Col}
}

// reach is what one test evaluates.
type reach struct {
	exprs          map[spot]bool
	entered, fired map[spot]bool // rules, by the place of their head
}

// tracer notes what is reached while a test runs: by the location itself, which is quicker to find again than its parts.
type tracer struct{ exprs, entered, fired map[*ast.Location]bool }

func newTracer() *tracer {
	return &tracer{map[*ast.Location]bool{}, map[*ast.Location]bool{}, map[*ast.Location]bool{}}
}

// reached gives the places that were noted.
func (t *tracer) reached() reach {
	places := func(noted map[*ast.Location]bool) map[spot]bool {
		all := make(map[spot]bool, len(noted))
		for at := range noted {
			all[spotOf(at)] = true
		}
		return all
	}
	return reach{places(t.exprs), places(t.entered), places(t.fired)}
}

// Enabled says that events are wanted.
func (*tracer) Enabled() bool { return true }

// Config asks for no values: places are enough.
func (*tracer) Config() topdown.TraceConfig { return topdown.TraceConfig{} }

// TraceEvent notes one event.
func (t *tracer) TraceEvent(event topdown.Event) {
	switch node := event.Node.(type) {
	case *ast.Expr:
		if event.Op == topdown.EvalOp {
			t.exprs[node.Location] = true
		}
	case *ast.Rule:
		switch event.Op {
		case topdown.EnterOp:
			t.entered[node.Head.Location] = true
		case topdown.ExitOp:
			t.fired[node.Head.Location] = true
		default: // of rules, only whether they were asked and what they gave
		}
	}
}

// survey runs every test once and notes what it reaches. It gives the results of the cases too, since OPA's tester knows
// none.
func (b *bench) survey(ctx context.Context) ([]reach, []Result, error) {
	var cases []Result
	reached := make([]reach, len(b.probes))
	for i := range b.probes {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		p, t := &b.probes[i], newTracer()
		began := time.Now()
		v := b.run(ctx, p, t)
		p.took = time.Since(began)
		if reached[i] = t.reached(); p.want != nil {
			cases = append(cases, Result{
				Name: p.name, Suite: p.suite, File: p.file, Row: p.row, Passed: v.passed, Seconds: p.took.Seconds(),
				Why: v.why(), Differences: v.differences,
			})
		}
	}
	return reached, cases, ctx.Err()
}

// why tells what did not hold.
func (v verdict) why() string {
	switch {
	case v.passed:
		return ""
	case v.err != nil:
		return v.err.Error()
	}
	var reasons []string
	for _, r := range v.decision.Reasons {
		reasons = append(reasons, r.Rule+" "+r.Effect+"/"+r.Severity)
	}
	slices.Sort(reasons)
	return v.differences.String() + "\nreasons given: " + strings.Join(slices.Compact(reasons), ", ")
}
