package engine

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"

	"greenchannel/server/explain"
)

const (
	// longestTold is how many bytes of values one explanation shows; after that it shows the beginnings of values alone.
	longestTold = 256 << 10
	// longestValue is how many bytes of one value it shows.
	longestValue = 300
	// deepest is how many steps below the condition of a rule its reasons are told.
	deepest = 3
	// mostBeneath is how many definitions are told below one rule.
	mostBeneath = 24
)

// telling puts an explanation of rules together.
type telling struct {
	*reasoning
	input *ast.Term
	deep  bool // tell what a condition that failed rests on
	room  int  // bytes left for values

	beneath []explain.Definition // what the present rule rests on
	told    map[string]bool      // terms that the present rule has told already
}

// rules explains rules by their ids.
func (t *telling) rules(ctx context.Context, ids []string) ([]explain.Rule, error) {
	answers := []explain.Rule{}
	runs := map[string]run{} // rules of one package share a path, and so a run
	for _, id := range ids {
		known := t.g.explaining.byID[id]
		key := known.path.String()
		if _, done := runs[key]; !done {
			one, err := t.run(ctx, ast.NewTerm(known.path), known.path)
			if err != nil {
				return nil, err
			}
			runs[key] = one
		}
		answer, err := t.rule(ctx, id, known, runs[key])
		if err != nil {
			return nil, err
		}
		answers = append(answers, answer)
	}
	return answers, nil
}

func (t *telling) rule(ctx context.Context, id string, known identified, r run) (explain.Rule, error) {
	answer := explain.Rule{Rule: id, Title: known.title, Definitions: []explain.Definition{}, Standing: standing(r.value, id)}
	t.beneath, t.told = nil, map[string]bool{known.path.String(): true}
	for _, one := range r.definitions {
		if place(one.rule.Location) != known.place {
			continue
		}
		definition, err := t.definition(ctx, one, known.path.String(), 0)
		if err != nil {
			return explain.Rule{}, err
		}
		answer.Fired = answer.Fired || one.fired
		answer.Definitions = append(answer.Definitions, definition)
	}
	answer.Beneath = t.beneath
	return answer, nil
}

// standing is the status of the instrument of a finding; it is told only of those that have an instrument.
func standing(findings ast.Value, id string) string {
	var found string
	set, ok := findings.(ast.Set)
	if !ok {
		return ""
	}
	set.Foreach(func(finding *ast.Term) {
		rule, err := finding.Value.Find(ast.MustParseRef("x.reason.rule")[1:])
		if err != nil || rule.Compare(ast.String(id)) != 0 {
			return
		}
		instrument, err := finding.Value.Find(ast.MustParseRef("x.instrument")[1:])
		if err != nil || instrument.Compare(ast.NullValue) == 0 {
			return
		}
		if status, err := finding.Value.Find(ast.MustParseRef("x.standing")[1:]); err == nil {
			if text, ok := status.(ast.String); ok {
				found = string(text)
			}
		}
	})
	return found
}

// run is one watched evaluation.
type run struct {
	value       ast.Value // nil: undefined
	definitions []*watched
}

// run evaluates a term and watches the definitions of the rule at a path. Without the index every definition is tried;
// without early exit, each as often as it can hold.
func (t *telling) run(ctx context.Context, term *ast.Term, path ast.Ref) (run, error) {
	w := &watcher{path: path, tries: map[uint64]*watched{}}
	value, err := t.eval(ctx, term, w)
	if err != nil {
		return run{}, err
	}
	slices.SortFunc(w.seen, func(a, b *watched) int { return a.rule.Location.Compare(b.rule.Location) })
	return run{value, w.seen}, nil
}

// eval gives the value of a reference or a call, nil where it is undefined.
func (t *telling) eval(ctx context.Context, term *ast.Term, tracer topdown.QueryTracer) (ast.Value, error) {
	const answer = "answer"
	expr := unified(answer, term)
	if call, ok := term.Value.(ast.Call); ok {
		expr = ast.NewExpr(append(slices.Clone([]*ast.Term(call)), ast.VarTerm(answer)))
	}
	query := t.query(ast.NewBody(expr), t.input).WithIndexing(false).WithEarlyExit(false)
	if tracer != nil {
		query = query.WithQueryTracer(tracer)
	}
	results, err := query.Run(ctx)
	switch {
	case err != nil && cancelled(err):
		return nil, err
	case err != nil || len(results) == 0:
		return nil, nil //nolint:nilerr // what cannot be evaluated by itself is told without a value
	}
	return results[0][ast.Var(answer)].Value, nil
}

// definition tells one body, down to the condition that failed.
func (t *telling) definition(ctx context.Context, one *watched, name string, depth int) (explain.Definition, error) {
	told := explain.Definition{
		Name: name, File: file(one.rule.Location), Line: one.rule.Location.Row,
		Fired: one.fired, Conditions: []explain.Condition{},
	}
	written, known := t.g.explaining.source(one.rule)
	if !known {
		return told, nil
	}
	failed := conditionOf(written, one)
	for i, expr := range written.Body {
		if always(expr) {
			continue
		}
		compiled := compiledOf(written, i, one.rule)
		condition := explain.Condition{Line: expr.Location.Row, Text: string(expr.Location.Text), Held: one.fired || i != failed}
		var err error
		if condition.Values, err = t.values(ctx, one, expr, compiled); err != nil {
			return told, err
		}
		if !condition.Held && t.deep && depth < deepest {
			if condition.RestsOn, err = t.restingOn(ctx, one, compiled, depth+1); err != nil {
				return told, err
			}
		}
		told.Conditions = append(told.Conditions, condition)
		if !condition.Held {
			return told, nil
		}
		if !one.fired && failed == headFailed && i == len(written.Body)-1 {
			told.Conditions = append(told.Conditions, explain.Condition{
				Line: written.Head.Location.Row, Text: string(written.Head.Location.Text), Values: []explain.Value{},
			})
		}
	}
	return told, nil
}

// headFailed is the place of a condition that stands for the head: its key or value has no value.
const headFailed = -1

// conditionOf gives the place of the condition, as written, that failed.
func conditionOf(written *ast.Rule, one *watched) int {
	if one.fired || one.reached < 0 {
		return headFailed
	}
	return within(written, one.rule.Body[one.reached].Location)
}

// within says in which condition of a body, as written, a place of the source lies; the compiler makes several expressions of
// one, and may change their order.
func within(written *ast.Rule, at *ast.Location) int {
	found := headFailed
	for i, expr := range written.Body {
		if expr.Location.Offset <= at.Offset && at.Offset < expr.Location.Offset+max(1, len(expr.Location.Text)) {
			found = i
		}
	}
	return found
}

// compiledOf gives the expressions that the compiler made of one condition.
func compiledOf(written *ast.Rule, i int, rule *ast.Rule) []*ast.Expr {
	var compiled []*ast.Expr
	for _, expr := range rule.Body {
		if within(written, expr.Location) == i {
			compiled = append(compiled, expr)
		}
	}
	return compiled
}

// always says whether an expression is the body of a rule that has none.
func always(expr *ast.Expr) bool {
	term, ok := expr.Terms.(*ast.Term)
	return ok && term.Value.Compare(ast.Boolean(true)) == 0
}

// restingOn tells the rules and functions that a failed condition rests on, each once, and gives their names.
func (t *telling) restingOn(ctx context.Context, one *watched, compiled []*ast.Expr, depth int) ([]string, error) {
	var names []string
	for _, term := range t.restsOn(one, compiled) {
		path := pathOf(term)
		if !t.g.explaining.defines(path) || len(t.beneath) >= mostBeneath {
			continue
		}
		name := shortened(term.String())
		if t.told[name] {
			names = append(names, name)
			continue
		}
		t.told[name] = true
		before := len(t.beneath)
		beneath, err := t.run(ctx, term, path)
		if err != nil {
			return nil, err
		}
		for _, definition := range beneath.definitions {
			if len(t.beneath) >= mostBeneath {
				break
			}
			place := len(t.beneath)
			t.beneath = append(t.beneath, explain.Definition{}) // before those that it rests on in turn
			told, err := t.definition(ctx, definition, name, depth)
			if err != nil {
				return nil, err
			}
			if t.beneath[place] = told; len(told.Conditions) == 0 { // its value says all
				t.beneath = slices.Delete(t.beneath, place, place+1)
			}
		}
		if len(t.beneath) > before {
			names = append(names, name)
		}
	}
	return names, nil
}

// longestName is how many characters of a call are its name.
const longestName = 120

func shortened(name string) string {
	if runes := []rune(name); len(runes) > longestName {
		return string(runes[:longestName]) + "…"
	}
	return name
}

// restsOn gives the references to rules and the calls of functions in expressions, with the values that they had.
func (t *telling) restsOn(one *watched, compiled []*ast.Expr) []*ast.Term {
	var found []*ast.Term
	for _, expr := range compiled {
		ast.WalkTerms(expr, func(term *ast.Term) bool {
			if ref, ok := term.Value.(ast.Ref); ok {
				if path := t.rulePath(ref); path != nil && !t.function(path) {
					found = append(found, ast.NewTerm(path))
				}
			}
			return false
		})
	}
	for _, c := range t.calls(one, compiled) {
		found = append(found, c.term)
	}
	return found
}

// call is a call of a function of the policies, with its arguments and as it is written.
type call struct {
	term    *ast.Term
	written string
}

// calls gives the calls of functions of the policies in expressions, as far as their arguments are known.
func (t *telling) calls(one *watched, compiled []*ast.Expr) []call {
	var found []call
	for _, expr := range compiled {
		values := t.inside(one, expr)
		ast.WalkExprs(expr, func(e *ast.Expr) bool {
			if !e.IsCall() || !t.function(e.Operator()) {
				return false
			}
			arity := len(t.g.explaining.compiler.GetRulesExact(e.Operator())[0].Head.Args)
			if term := bound(values, e, arity); term != nil {
				found = append(found, call{term, strings.TrimPrefix(string(e.Location.Text), "not ")})
			}
			return false
		})
	}
	return found
}

// inside are the values of variables, with those that the inside of a `not` or `every` takes from the application by name.
func (t *telling) inside(one *watched, expr *ast.Expr) map[ast.Var]*ast.Term {
	values := maps.Clone(one.values)
	ast.WalkExprs(expr, func(e *ast.Expr) bool {
		if !e.IsEquality() {
			return false
		}
		v, isVar := e.Operand(0).Value.(ast.Var)
		ref, isRef := e.Operand(1).Value.(ast.Ref)
		if !isVar || !isRef || values[v] != nil {
			return false
		}
		if from := resolved(one, ref); from.HasPrefix(ast.InputRootRef) && len(from) > 1 && complete(one, ref, from) {
			if found, err := t.input.Value.Find(from[1:]); err == nil {
				values[v] = ast.NewTerm(found)
			}
		}
		return false
	})
	return values
}

// bound is the call of an expression with its arguments; nil where one has no value.
func bound(values map[ast.Var]*ast.Term, e *ast.Expr, arity int) *ast.Term {
	terms := ast.Call{e.Terms.([]*ast.Term)[0]}
	operands := e.Operands()
	for _, operand := range operands[:min(arity, len(operands))] {
		argument := filled(operand, values)
		if !argument.IsGround() {
			return nil
		}
		terms = append(terms, argument)
	}
	return ast.NewTerm(terms)
}

// filled puts values in the place of variables. It changes no term, since OPA shares those of constants among all who
// evaluate; what has variables of its own, as a comprehension, stays what it is.
func filled(term *ast.Term, values map[ast.Var]*ast.Term) *ast.Term {
	each := func(terms []*ast.Term) []*ast.Term {
		with := make([]*ast.Term, 0, len(terms))
		for _, one := range terms {
			with = append(with, filled(one, values))
		}
		return with
	}
	switch v := term.Value.(type) {
	case ast.Var:
		if value, known := values[v]; known {
			return value
		}
	case ast.Ref:
		return ast.NewTerm(ast.Ref(each(v)))
	case *ast.Array:
		terms := make([]*ast.Term, 0, v.Len())
		v.Foreach(func(one *ast.Term) { terms = append(terms, one) })
		return ast.ArrayTerm(each(terms)...)
	case ast.Set:
		return ast.SetTerm(each(v.Slice())...)
	case ast.Object:
		pairs := make([][2]*ast.Term, 0, v.Len())
		v.Foreach(func(key, value *ast.Term) {
			pairs = append(pairs, ast.Item(filled(key, values), filled(value, values)))
		})
		return ast.ObjectTerm(pairs...)
	}
	return term
}

// rulePath is the part of a reference that names a rule.
func (t *telling) rulePath(ref ast.Ref) ast.Ref {
	if !ref.HasPrefix(ast.DefaultRootRef) {
		return nil
	}
	for end := len(ref.GroundPrefix()); end > 2; end-- {
		if t.g.explaining.defines(ref[:end]) {
			return ref[:end]
		}
	}
	return nil
}

func (t *telling) function(path ast.Ref) bool {
	rules := t.g.explaining.compiler.GetRulesExact(path)
	return len(rules) > 0 && len(rules[0].Head.Args) > 0
}

func pathOf(term *ast.Term) ast.Ref {
	switch v := term.Value.(type) {
	case ast.Call:
		return v[0].Value.(ast.Ref)
	case ast.Ref:
		return v.GroundPrefix()
	default:
		return nil
	}
}
