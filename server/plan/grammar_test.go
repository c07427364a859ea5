package plan_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// grammar writes small policies at random: every kind of rule, of expression and of term, over names that are few enough
// to meet each other.
type grammar struct {
	*rand.Rand
	out   strings.Builder
	rules []string // rules without arguments that stand before
	funcs []string // functions of one argument
	fresh int
}

func (g *grammar) pick(of ...string) string { return of[g.IntN(len(of))] }

// oneIn is true once in n times.
func (g *grammar) oneIn(n int) bool { return g.IntN(n) == 0 }

// module writes a policy. Rules refer to rules before them only, so that none is recursive.
func (g *grammar) module() string {
	g.out.WriteString("package p\n\nimport future.keywords.not\n\n")
	for range 2 + g.IntN(4) {
		g.rule()
	}
	return g.out.String()
}

func (g *grammar) name(prefix string) string {
	g.fresh++
	return fmt.Sprintf("%s%dz", prefix, g.fresh) // no name is the beginning of another
}

func (g *grammar) rule() {
	switch g.IntN(7) {
	case 0, 1:
		g.complete()
	case 2:
		name := g.name("s")
		for range 1 + g.IntN(2) {
			body, vars := g.body(nil, 2)
			fmt.Fprintf(&g.out, "%s contains %s if {\n%s}\n\n", name, g.term(vars, 2), body)
		}
		g.rules = append(g.rules, name)
	case 3:
		name := g.name("o")
		for range 1 + g.IntN(2) {
			body, vars := g.body(nil, 2)
			fmt.Fprintf(&g.out, "%s[%s] := %s if {\n%s}\n\n", name, g.key(vars), g.term(vars, 1), body)
		}
		g.rules = append(g.rules, name)
	case 4:
		g.function()
	case 5:
		g.chain()
	case 6:
		name := g.name("n")
		body, vars := g.body(nil, 1)
		fmt.Fprintf(&g.out, "%s.%s[%s] contains %s if {\n%s}\n\n", name, g.pick("a", "b"), g.key(vars), g.term(vars, 1), body)
	}
}

// key is a member's name in the path of a rule, mostly one that is found out.
func (g *grammar) key(vars []string) string {
	switch {
	case len(vars) > 0 && !g.oneIn(4):
		return vars[g.IntN(len(vars))]
	case g.oneIn(8):
		return g.scalar()
	}
	return g.pick("input.a", "input.b", "data.d.x", `"a"`, `"b"`)
}

func (g *grammar) complete() {
	name := g.name("c")
	if g.oneIn(3) {
		fmt.Fprintf(&g.out, "default %s := %s\n\n", name, g.scalar())
	}
	one := g.scalar()
	for range 1 + g.IntN(3) {
		body, vars := g.body(nil, 3)
		value := one
		if g.oneIn(5) {
			value = g.term(vars, 2)
		}
		fmt.Fprintf(&g.out, "%s := %s if {\n%s}\n\n", name, value, body)
	}
	g.rules = append(g.rules, name)
}

func (g *grammar) chain() {
	name := g.name("e")
	body, vars := g.body(nil, 2)
	fmt.Fprintf(&g.out, "%s := %s if {\n%s}", name, g.term(vars, 1), body)
	for range 1 + g.IntN(2) {
		body, vars := g.body(nil, 2)
		fmt.Fprintf(&g.out, " else := %s if {\n%s}", g.term(vars, 1), body)
	}
	g.out.WriteString("\n\n")
	g.rules = append(g.rules, name)
}

func (g *grammar) function() {
	name := g.name("f")
	if g.oneIn(4) {
		fmt.Fprintf(&g.out, "default %s(_) := %s\n\n", name, g.scalar())
	}
	for range 1 + g.IntN(2) {
		arg := g.pick("x", "x", "x", "[x, _]", `{"a": x}`, g.scalar())
		vars := []string{}
		if strings.Contains(arg, "x") && !strings.Contains(arg, `"x`) {
			vars = append(vars, "x")
		}
		body, vars := g.body(vars, 2)
		fmt.Fprintf(&g.out, "%s(%s) := %s if {\n%s}\n\n", name, arg, g.term(vars, 1), body)
	}
	g.funcs = append(g.funcs, name)
}

// body writes expressions, and gives the variables that are bound after them.
func (g *grammar) body(vars []string, deep int) (string, []string) {
	var out strings.Builder
	vars = append([]string(nil), vars...)
	for range 1 + g.IntN(3) {
		expr, bound := g.expr(vars, deep)
		fmt.Fprintf(&out, "\t%s\n", expr)
		vars = append(vars, bound...)
	}
	// OPA refuses a variable that nobody asks for.
	for _, v := range vars {
		if strings.Count(out.String(), v) == 1 {
			fmt.Fprintf(&out, "\t[%s] != 0\n", v)
		}
	}
	return out.String(), vars
}

func (g *grammar) expr(vars []string, deep int) (expr string, bound []string) {
	switch g.IntN(13) {
	case 0, 1:
		v := g.name("v")
		return fmt.Sprintf("%s := %s", v, g.term(vars, deep)), []string{v}
	case 2, 3:
		v := g.name("v")
		return fmt.Sprintf("some %s in %s", v, g.collection(vars, deep)), []string{v}
	case 4:
		k, v := g.name("k"), g.name("v")
		return fmt.Sprintf("some %s, %s in %s", k, v, g.collection(vars, deep)), []string{k, v}
	case 5:
		return fmt.Sprintf("%s %s %s", g.loose(vars, deep-1), g.pick("==", "!=", "<", "<=", ">", ">="), g.term(vars, deep-1)), nil
	case 6:
		return fmt.Sprintf("%s in %s", g.term(vars, deep-1), g.collection(vars, deep)), nil
	case 7:
		if deep > 0 {
			inner, _ := g.expr(vars, 0)
			if !strings.Contains(inner, ":=") && !strings.HasPrefix(inner, "some") && !strings.HasPrefix(inner, "not") && !strings.Contains(inner, "_") {
				return "not " + inner, nil
			}
		}
		return fmt.Sprintf("not %s", strings.ReplaceAll(g.ref(vars), "[_]", "")), nil
	case 8:
		if deep > 0 {
			k, v := g.name("k"), g.name("v")
			body, _ := g.body(append(append([]string(nil), vars...), k, v), 0)
			return fmt.Sprintf("every %s, %s in %s {\n%s\t[%s, %s] != 0\n\t}", k, v, g.collection(vars, 0), body, k, v), nil
		}
		return g.ref(vars), nil
	case 9:
		if len(g.rules) > 0 {
			v := g.name("v")
			target := g.pick("input", "input.a", "input.b.c", "data.d", "data.d.x", "data.e.y", "data.p."+g.rules[g.IntN(len(g.rules))])
			return fmt.Sprintf("%s := %s with %s as %s", v, g.rules[g.IntN(len(g.rules))], target, g.term(vars, 1)), []string{v}
		}
		return g.ref(vars), nil
	case 10:
		v := g.name("v")
		return fmt.Sprintf("[%s, _] = %s", v, g.ref(vars)), []string{v}
	case 11:
		if len(g.funcs) > 0 {
			return fmt.Sprintf("%s(%s)", g.funcs[g.IntN(len(g.funcs))], g.loose(vars, 1)), nil
		}
	}
	return g.ref(vars), nil
}

func (g *grammar) ref(vars []string) string {
	base := g.pick("input", "input", "input.a", "input.b", "data.d", "data.e", "data.d.x")
	known := false // OPA may know the type of what stands there, and that it has no such member
	if len(g.rules) > 0 && g.oneIn(3) {
		base, known = g.rules[g.IntN(len(g.rules))], true
	}
	if len(vars) > 0 && g.oneIn(3) {
		base, known = vars[g.IntN(len(vars))], true
	}
	if known && !g.oneIn(6) {
		return base
	}
	for range g.IntN(3) {
		switch {
		case len(vars) > 0 && g.oneIn(4):
			base += "[" + vars[g.IntN(len(vars))] + "]"
		case g.oneIn(6):
			base += "[_]"
		default:
			base += g.pick(".a", ".b", ".c", ".x", ".y", `["a"]`, "[1]")
		}
	}
	return base
}

func (g *grammar) scalar() string {
	return g.pick("1", "2", "1.0", "1.5", "0", "-3", "10000000000", "12345678901234567890", "0.1", "1e2", `"a"`, `"b"`, `"x"`, `""`, `"1"`, `"é&<"`, "true", "false", "null")
}

func (g *grammar) collection(vars []string, deep int) string {
	if deep <= 0 || g.oneIn(2) {
		return g.ref(vars)
	}
	switch g.IntN(5) {
	case 0:
		return "[" + g.list(vars, deep-1) + "]"
	case 1:
		return "{" + g.term(vars, deep-1) + ", " + g.scalar() + "}"
	case 2:
		return fmt.Sprintf("{%s: %s, %s: %s}", g.pick(`"a"`, `"b"`, "1"), g.term(vars, deep-1), g.pick(`"c"`, `"x"`, "2"), g.term(vars, deep-1))
	case 3:
		return "numbers.range(1, 4)"
	}
	return g.comprehension(vars, deep-1)
}

func (g *grammar) list(vars []string, deep int) string {
	terms := make([]string, g.IntN(4))
	for i := range terms {
		terms[i] = g.term(vars, deep)
	}
	return strings.Join(terms, ", ")
}

func (g *grammar) comprehension(vars []string, deep int) string {
	body, bound := g.body(vars, deep)
	body = strings.TrimSpace(body)
	switch g.IntN(3) {
	case 0:
		return fmt.Sprintf("[%s | %s]", g.term(bound, 0), body)
	case 1:
		return fmt.Sprintf("{%s | %s}", g.term(bound, 1), body)
	}
	return fmt.Sprintf("{%s: %s | %s}", g.term(bound, 0), g.term(bound, 0), body)
}

func (g *grammar) term(vars []string, deep int) string {
	if len(vars) > 0 && g.oneIn(2) {
		return vars[g.IntN(len(vars))]
	}
	if deep <= 0 {
		return g.pick(g.scalar(), g.scalar(), g.ref(vars))
	}
	switch g.IntN(8) {
	case 0, 1:
		return g.scalar()
	case 2, 3:
		return g.ref(vars)
	case 4:
		return g.collection(vars, deep)
	}
	return g.called(vars, deep-1)
}

func (g *grammar) called(vars []string, deep int) string {
	a, b := g.loose(vars, deep), g.loose(vars, deep)
	if len(g.funcs) > 0 && g.oneIn(3) {
		return fmt.Sprintf("%s(%s)", g.funcs[g.IntN(len(g.funcs))], a)
	}
	switch g.IntN(4) {
	case 0:
		return fmt.Sprintf("(%s %s %s)", a, g.pick("+", "-", "*", "/", "%", "&", "|"), b)
	case 1:
		return fmt.Sprintf("%s(%s)", g.pick("count", "sum", "max", "min", "sort", "is_string", "is_number", "object.keys", "lower", "upper",
			"to_number", "abs", "round", "ceil", "array.flatten", "trim_space", "json.marshal", "type_name", "is_set", "array.reverse", "product"), a)
	case 2:
		return fmt.Sprintf("%s(%s, %s)", g.pick("concat", "contains", "startswith", "endswith", "split", "array.concat", "object.union",
			"object.remove", "sprintf", "format_int", "regex.match", "strings.count", "indexof", "object.filter", "trim"), a, b)
	}
	return fmt.Sprintf("%s(%s, %s, %s)", g.pick("object.get", "substring", "array.slice", "replace", "regex.replace"), a, b, g.loose(vars, deep))
}

// loose writes an operand whose kind OPA cannot tell when it compiles; of others it refuses most.
func (g *grammar) loose(vars []string, deep int) string {
	switch {
	case len(vars) > 0 && g.oneIn(8):
		return vars[g.IntN(len(vars))]
	case g.oneIn(40):
		return g.term(vars, deep)
	}
	return g.pick("input", "input.a", "input.b", "input.c", "input.x", "data.d", "data.d.a", "data.d.x", "data.e.y", "data.e") + g.pick("", "", ".a", ".b", "[1]", ".k1")
}

// document writes JSON with the names that policies ask for.
func (g *grammar) document(deep int) string {
	if deep == 0 || g.oneIn(4) {
		return g.pick("0", "1", "1.0", "2.50", "-3", "1e2", `"a"`, `"b"`, `"x"`, `""`, `"\u00e9<"`, "true", "false", "null", "12345678901234567890")
	}
	var parts []string
	if g.oneIn(3) {
		for range g.IntN(4) {
			parts = append(parts, g.document(deep-1))
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	seen := map[string]bool{}
	for range g.IntN(16) {
		if k := g.pick("a", "b", "c", "x", "y", "1", "k1", "k2", "k3", "k4", "k5", "k6", "k7", "k8", "k9", "k10"); !seen[k] {
			seen[k] = true
			parts = append(parts, fmt.Sprintf("%q:%s", k, g.document(deep-1)))
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}
