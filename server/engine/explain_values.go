package engine

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/open-policy-agent/opa/v1/ast"

	"greenchannel/server/explain"
)

// file is the path of a source in its bundle.
func file(at *ast.Location) string { return strings.TrimPrefix(at.File, "/") }

// values tells what the variables of a condition stood for, and what it read of the application and of the policies.
func (t *telling) values(ctx context.Context, one *watched, written *ast.Expr, compiled []*ast.Expr) ([]explain.Value, error) {
	told := []explain.Value{}
	put := func(v explain.Value) {
		if !slices.ContainsFunc(told, func(known explain.Value) bool { return known.Name == v.Name }) {
			told = append(told, v)
		}
	}
	read := references(compiled)
	for i, ref := range read {
		read[i] = resolved(one, ref)
	}
	for _, v := range t.variables(one, written) {
		from := aliased(one, v)
		if from != nil && slices.ContainsFunc(read, func(ref ast.Ref) bool { return len(ref) > len(from) && ref.HasPrefix(from) }) {
			continue // what was read of it says more
		}
		value := t.shown(string(t.g.explaining.compiler.RewrittenVars[v]), one.values[v].Value)
		if from != nil {
			value.From = pointer(from)
		}
		put(value)
	}
	for _, ref := range read {
		switch {
		case ref.HasPrefix(ast.InputRootRef) && len(ref) > 1:
			name := pointer(ref)
			if slices.ContainsFunc(told, func(known explain.Value) bool { return known.From == name }) {
				continue
			}
			found, err := t.input.Value.Find(ref[1:])
			if err != nil {
				found = nil
			}
			put(t.shown(name, found))
		case ref.HasPrefix(ast.DefaultRootRef) && len(ref) > 1 && !t.function(ref):
			value, err := t.eval(ctx, ast.NewTerm(ref), nil)
			if err != nil {
				return nil, err
			}
			put(t.shown(ref.String(), value))
		}
	}
	for _, c := range t.calls(one, compiled) {
		value, err := t.eval(ctx, c.term, nil)
		if err != nil {
			return nil, err
		}
		result := t.shown(c.written, value)
		if !slices.ContainsFunc(told, func(known explain.Value) bool { return value != nil && bytes.Equal(known.Value, result.Value) }) {
			put(result) // unless a variable took it
		}
	}
	return told, nil
}

// shown writes a value, the beginning of it where it is long.
func (t *telling) shown(name string, value ast.Value) explain.Value {
	told := explain.Value{Name: name}
	if value == nil {
		return told
	}
	told.Stated = true
	text, err := toldWhole(value)
	if err != nil {
		return told
	}
	most := min(longestValue, max(0, t.room))
	if len(text) > most {
		told.Cut = true
		beginning := string(text[:most])
		for !utf8.ValidString(beginning) {
			beginning = beginning[:len(beginning)-1]
		}
		if text, err = json.Marshal(beginning); err != nil {
			return told
		}
	}
	t.room -= len(text)
	told.Value = text
	return told
}

// variables are those of a condition as written that have a value, in the order in which they are written.
func (t *telling) variables(one *watched, written *ast.Expr) []ast.Var {
	var names []ast.Var
	ast.WalkVars(written, func(v ast.Var) bool {
		if !slices.Contains(names, v) {
			names = append(names, v)
		}
		return false
	})
	var found []ast.Var
	for _, name := range names {
		var candidates []ast.Var
		for v := range one.values {
			if t.g.explaining.compiler.RewrittenVars[v] == name {
				candidates = append(candidates, v)
			}
		}
		if len(candidates) > 0 {
			found = append(found, slices.Min(candidates))
		}
	}
	return found
}

// references are those of expressions, the outermost of each, in order.
func references(compiled []*ast.Expr) []ast.Ref {
	var found []ast.Ref
	for _, expr := range compiled {
		skip := -1
		if expr.IsCall() {
			skip = 0 // the name of a built-in or function
		}
		visit := func(node any) {
			ast.WalkRefs(node, func(ref ast.Ref) bool {
				found = append(found, ref)
				return true
			})
		}
		if terms, ok := expr.Terms.([]*ast.Term); ok {
			for i, term := range terms {
				if i != skip {
					visit(term)
				}
			}
		} else {
			visit(expr)
		}
	}
	return found
}

// resolved puts the values of variables into a reference, as far as they are known and name a member; what comes behind is
// left out. A variable that stands for a part of the application becomes the path of that part.
func resolved(one *watched, ref ast.Ref) ast.Ref {
	var ground ast.Ref
	head, isVar := ref[0].Value.(ast.Var)
	switch {
	case !isVar:
		return nil
	case ref[0].Equal(ast.InputRootDocument) || ref[0].Equal(ast.DefaultRootDocument):
		ground = ast.Ref{ref[0]}
	default:
		if ground = slices.Clone(aliased(one, head)); ground == nil {
			return nil
		}
	}
	for _, step := range ref[1:] {
		if v, ok := step.Value.(ast.Var); ok {
			known := one.values[v]
			if known == nil {
				return ground
			}
			step = known
		}
		switch step.Value.(type) {
		case ast.String, ast.Number, ast.Boolean:
			ground = append(ground, step)
		default:
			return ground
		}
	}
	return ground
}

// aliased is the part of the application that a variable stands for, if it is one: `some i, party in input.parties` makes it so.
func aliased(one *watched, v ast.Var) ast.Ref {
	for _, expr := range one.rule.Body {
		if !expr.IsEquality() {
			continue
		}
		left, right := expr.Operand(0), expr.Operand(1)
		if right.Value.Compare(v) == 0 {
			left, right = right, left
		}
		ref, ok := right.Value.(ast.Ref)
		if left.Value.Compare(v) != 0 || !ok || ref[0].Value.Compare(v) == 0 {
			continue
		}
		if from := resolved(one, ref); from.HasPrefix(ast.InputRootRef) && len(from) > 1 && complete(one, ref, from) {
			return from
		}
	}
	return nil
}

// complete says whether a resolved reference names as much as the one that it was made of.
func complete(one *watched, ref, from ast.Ref) bool {
	if ref[0].Equal(ast.InputRootDocument) {
		return len(from) == len(ref)
	}
	head, ok := ref[0].Value.(ast.Var)
	return ok && len(from) == len(aliased(one, head))+len(ref)-1
}

// pointer writes a reference into the application as a JSON pointer.
func pointer(ref ast.Ref) string {
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	var text strings.Builder
	for _, step := range ref[1:] {
		text.WriteByte('/')
		if s, ok := step.Value.(ast.String); ok {
			text.WriteString(escape.Replace(string(s)))
		} else {
			text.WriteString(step.String())
		}
	}
	return text.String()
}
