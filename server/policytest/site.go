package policytest

import (
	"cmp"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Mutant is one small change of a rule that some test has to notice.
type Mutant struct {
	File     string `json:"file" jsonschema:"File of the rule."`
	Row      int    `json:"row" jsonschema:"Its line, from 1."`
	Col      int    `json:"col" jsonschema:"The column, from 1."`
	Kind     string `json:"kind" jsonschema:"What is changed."`
	Original string `json:"original" jsonschema:"The line as it stands."`
	Mutated  string `json:"mutated" jsonschema:"The line as it would be."`

	from, to string
	offset   int
}

// The kinds of mutants.
const (
	operator = "operator"
	negation = "negation"
	constant = "constant"
)

// site is a mutant and where it is put into the compiled rules. One place of a source can stand in several compiled rules.
type site struct {
	Mutant
	places []place
}

// place changes compiled rules and gives what undoes it. A test can notice only what it reaches: the expression, or the
// rule where the place is in its head.
type place struct {
	reachedBy spot
	head      bool
	apply     func() (undo func())
}

// flipped gives for each operator the one that is put in its place. Of an order the boundary moves: a test that notices
// that notices an order turned round as well.
func flipped() map[string]*ast.Builtin {
	return map[string]*ast.Builtin{
		ast.Equal.Name:         ast.NotEqual,
		ast.NotEqual.Name:      ast.Equal,
		ast.LessThan.Name:      ast.LessThanEq,
		ast.LessThanEq.Name:    ast.LessThan,
		ast.GreaterThan.Name:   ast.GreaterThanEq,
		ast.GreaterThanEq.Name: ast.GreaterThan,
	}
}

// quarry finds the sites of compiled rules.
type quarry struct {
	sources map[string]string
	flips   map[string]*ast.Builtin
	symbols map[string]string
	found   map[Mutant]*site
	taken   map[*ast.Term]bool

	rule *ast.Rule
	expr *ast.Expr // the innermost one around what is looked at; nil in a head
}

// sites gives every mutant of the policies that are no tests, in the order of the sources. Two benches of one suite have
// the same ones.
func (b *bench) sites(sources map[string]string) []*site {
	q := &quarry{sources: sources, flips: flipped(), symbols: map[string]string{}, found: map[Mutant]*site{}, taken: map[*ast.Term]bool{}}
	for name, builtin := range q.flips {
		q.symbols[name], q.symbols[builtin.Name] = ast.BuiltinMap[name].Infix, builtin.Infix
	}
	for file, module := range b.compiler.Modules {
		if isTest(file) {
			continue
		}
		for _, rule := range module.Rules {
			for r := rule; r != nil; r = r.Else {
				q.ofRule(r)
			}
		}
	}
	all := make([]*site, 0, len(q.found))
	for _, s := range q.found {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *site) int {
		return cmp.Or(cmp.Compare(a.File, b.File), a.offset-b.offset, cmp.Compare(a.Kind, b.Kind))
	})
	return all
}

func (q *quarry) ofRule(rule *ast.Rule) {
	q.rule, q.expr = rule, nil
	for _, arg := range rule.Head.Args {
		q.term(arg)
	}
	if rule.Head.RuleKind() == ast.MultiValue { // the key of a field is its name, and evaluation reads it from the reference
		q.term(rule.Head.Key)
	}
	if rule.Head.Value != nil {
		q.term(rule.Head.Value)
	}
	q.body(rule.Body)
}

func (q *quarry) body(body ast.Body) {
	around := q.expr
	for _, expr := range body {
		q.expr = expr
		q.ofExpr(expr)
	}
	q.expr = around
}

func (q *quarry) ofExpr(expr *ast.Expr) {
	if expr.Negated {
		q.add(q.negated(expr.Location), func() func() {
			expr.Negated = false
			return func() { expr.Negated = true }
		})
	}
	switch terms := expr.Terms.(type) {
	case *ast.Term:
		q.term(terms)
	case []*ast.Term:
		q.call(terms)
	case *ast.Every:
		q.term(terms.Domain)
		q.body(terms.Body)
	case *ast.Not:
		// What does not hold that it does not hold, holds; and the body keeps the variables that are its own.
		q.add(q.negated(expr.Location), func() func() {
			expr.Terms = &ast.Not{Body: ast.NewBody(&ast.Expr{Terms: terms, Location: expr.Location}), Location: terms.Location}
			return func() { expr.Terms = terms }
		})
		q.body(terms.Body)
	}
	for _, with := range expr.With {
		q.term(with.Value)
	}
}

// call looks at an operator and its operands.
func (q *quarry) call(terms []*ast.Term) {
	if ref, ok := terms[0].Value.(ast.Ref); ok && len(terms) > 2 {
		if to, flips := q.flips[ref.String()]; flips {
			from := terms[0]
			q.add(q.between(terms[2], q.symbols[ref.String()], to.Infix), func() func() {
				terms[0] = ast.NewTerm(to.Ref())
				return func() { terms[0] = from }
			})
		}
	}
	for _, term := range terms[1:] {
		q.term(term)
	}
}

// term looks for constants. Names are none: fields of references and keys of objects that are written as text.
func (q *quarry) term(term *ast.Term) {
	switch value := term.Value.(type) {
	case ast.String, ast.Number, ast.Boolean, ast.Null:
		q.literal(term, term)
	case *ast.Array, ast.Object, ast.Set:
		q.composite(term, term)
	case ast.Ref:
		for _, part := range value[1:] {
			if _, isName := part.Value.(ast.String); !isName {
				q.term(part)
			}
		}
	case ast.Call:
		for _, operand := range value[1:] {
			q.term(operand)
		}
	case *ast.ArrayComprehension:
		q.body(value.Body)
		q.term(value.Term)
	case *ast.SetComprehension:
		q.body(value.Body)
		q.term(value.Term)
	case *ast.ObjectComprehension:
		q.body(value.Body)
		q.term(value.Key)
		q.term(value.Value)
	case *ast.TemplateString:
		for _, part := range value.Parts {
			if embedded, ok := part.(*ast.Term); ok {
				q.term(embedded)
			}
		}
	}
}

// composite looks into a value that is made of values. These know the hash of what they hold, so the whole is made anew.
func (q *quarry) composite(outer, term *ast.Term) {
	inside := func(element *ast.Term) {
		switch element.Value.(type) {
		case ast.String, ast.Number, ast.Boolean, ast.Null:
			q.literal(outer, element)
		case *ast.Array, ast.Object, ast.Set:
			q.composite(outer, element)
		default:
			q.term(element)
		}
	}
	switch value := term.Value.(type) {
	case *ast.Array:
		value.Foreach(inside)
	case ast.Set:
		value.Foreach(inside)
	case ast.Object:
		value.Foreach(func(key, element *ast.Term) {
			if _, isName := key.Value.(ast.String); !isName {
				inside(key)
			}
			inside(element)
		})
	}
}

// literal adds a constant, where it is written in the source and not made by the compiler.
func (q *quarry) literal(outer, term *ast.Term) {
	if term.Location == nil || q.taken[term] {
		return
	}
	source := q.sources[term.Location.File]
	written := literalAt(source, term.Location.Offset)
	if written == "" || !writes(written, term.Value) {
		return
	}
	q.taken[term] = true
	other, text := another(term.Value, written)
	m := Mutant{File: term.Location.File, Kind: constant, from: written, to: text, offset: term.Location.Offset}
	q.add(q.lined(m), func() func() {
		was := outer.Value
		outer.Value = replaced(outer.Value, term, other)
		return func() { outer.Value = was }
	})
}

// replaced makes a value with another value in the place of one term.
func replaced(value ast.Value, term *ast.Term, other ast.Value) ast.Value {
	swap := func(element *ast.Term) *ast.Term {
		if element == term {
			return &ast.Term{Value: other, Location: term.Location}
		}
		switch element.Value.(type) {
		case *ast.Array, ast.Object, ast.Set:
			return &ast.Term{Value: replaced(element.Value, term, other), Location: element.Location}
		}
		return element
	}
	switch v := value.(type) {
	case *ast.Array:
		var elements []*ast.Term
		v.Foreach(func(element *ast.Term) { elements = append(elements, swap(element)) })
		return ast.NewArray(elements...)
	case ast.Set:
		var elements []*ast.Term
		v.Foreach(func(element *ast.Term) { elements = append(elements, swap(element)) })
		return ast.NewSet(elements...)
	case ast.Object:
		var members [][2]*ast.Term
		v.Foreach(func(key, element *ast.Term) { members = append(members, [2]*ast.Term{swap(key), swap(element)}) })
		return ast.NewObject(members...)
	}
	return other
}

// add notes a place of a mutant.
func (q *quarry) add(m Mutant, apply func() func()) {
	if m.File == "" {
		return
	}
	s := q.found[m]
	if s == nil {
		s = &site{Mutant: m}
		q.found[m] = s
	}
	p := place{apply: apply}
	if q.expr != nil {
		p.reachedBy = spotOf(q.expr.Location)
	} else {
		p.reachedBy, p.head = spotOf(q.rule.Head.Location), true
	}
	s.places = append(s.places, p)
}

// negated is a not that is left out.
func (q *quarry) negated(at *ast.Location) Mutant {
	const not = "not "
	if at == nil || !strings.HasPrefix(q.sources[at.File][min(at.Offset, len(q.sources[at.File])):], not) {
		return Mutant{}
	}
	return q.lined(Mutant{File: at.File, Kind: negation, from: not, offset: at.Offset})
}

// between finds an operator before its second operand.
func (q *quarry) between(second *ast.Term, from, to string) Mutant {
	if second.Location == nil {
		return Mutant{}
	}
	source := q.sources[second.Location.File]
	at := strings.LastIndex(source[:min(second.Location.Offset, len(source))], from)
	if at < 0 {
		return Mutant{}
	}
	return q.lined(Mutant{File: second.Location.File, Kind: operator, from: from, to: to, offset: at})
}

// lined fills in the line and what would become of it.
func (q *quarry) lined(m Mutant) Mutant {
	source := q.sources[m.File]
	begin := strings.LastIndexByte(source[:m.offset], '\n') + 1
	end := len(source)
	if i := strings.IndexByte(source[m.offset:], '\n'); i >= 0 {
		end = m.offset + i
	}
	m.Row, m.Col = strings.Count(source[:begin], "\n")+1, m.offset-begin+1
	m.Original = strings.TrimSpace(source[begin:end])
	after := source[min(m.offset+len(m.from), len(source)):max(end, m.offset+len(m.from))]
	m.Mutated = strings.TrimSpace(source[begin:m.offset] + m.to + after)
	return m
}
