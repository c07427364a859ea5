package engine

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// watcher follows the definitions of one rule through an evaluation, and keeps of each the first time that it held, or else
// the try that came furthest.
type watcher struct {
	path  ast.Ref
	tries map[uint64]*watched // by the query of the body
	seen  []*watched
}

// watched is what is known of one definition.
type watched struct {
	rule  *ast.Rule
	fired bool
	// reached is the place among the compiled expressions of the one that failed; -1 while none was tried.
	reached int
	values  map[ast.Var]*ast.Term
}

// Enabled is part of topdown.QueryTracer.
func (*watcher) Enabled() bool { return true }

// Config is part of topdown.QueryTracer. Variables are looked up for the steps that are kept, not for all.
func (*watcher) Config() topdown.TraceConfig { return topdown.TraceConfig{} }

// TraceEvent is part of topdown.QueryTracer.
func (w *watcher) TraceEvent(event topdown.Event) {
	switch node := event.Node.(type) {
	case *ast.Rule:
		switch event.Op {
		case topdown.EnterOp:
			if node.Ref().GroundPrefix().Equal(w.path) {
				w.tries[event.QueryID] = w.of(node)
			}
		case topdown.ExitOp:
			if at := w.tries[event.QueryID]; at != nil && !at.fired {
				at.fired, at.values = true, plugged(&event, at.rule)
			}
		default: // what lies between tells nothing of the definition as a whole
		}
	case *ast.Expr:
		at := w.tries[event.QueryID]
		if event.Op != topdown.FailOp || at == nil || at.fired {
			return
		}
		if place := slices.IndexFunc(at.rule.Body, func(e *ast.Expr) bool { return e == node }); place > at.reached {
			at.reached, at.values = place, plugged(&event, at.rule)
		}
	}
}

// of gives what is known of a definition, from its first try on.
func (w *watcher) of(rule *ast.Rule) *watched {
	for _, known := range w.seen {
		if known.rule == rule {
			return known
		}
	}
	one := &watched{rule: rule, reached: -1}
	w.seen = append(w.seen, one)
	return one
}

// plugged gives the variables of a body that have a value at this step.
func plugged(event *topdown.Event, rule *ast.Rule) map[ast.Var]*ast.Term {
	values := map[ast.Var]*ast.Term{}
	gather := func(v ast.Var) bool {
		if _, known := values[v]; !known && v.IsGenerated() {
			if value := event.Plug(ast.NewTerm(v)); value != nil && value.IsGround() {
				values[v] = value
			}
		}
		return false
	}
	ast.WalkVars(rule.Head, gather)
	ast.WalkVars(rule.Body, gather)
	return values
}
