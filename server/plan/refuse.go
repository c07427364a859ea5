package plan

import (
	"fmt"
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// refuse finds what OPA plans otherwise than topdown evaluates it.
func refuse(modules *ast.Compiler) error {
	var rules []placed
	for _, name := range slices.Sorted(maps.Keys(modules.Modules)) {
		for _, rule := range modules.Modules[name].Rules {
			rules = append(rules, placed{rule, rule.Ref()})
		}
	}
	for _, rule := range rules {
		prefix := rule.ref.StringPrefix()
		if len(prefix) == len(rule.ref) {
			continue
		}
		if what := beside(rule, prefix, rules); what != "" {
			return &Unsupported{Where: fmt.Sprintf("%s:%d", rule.Location.File, rule.Location.Row), What: what}
		}
	}
	return nil
}

// placed is a rule with its whole path, which OPA puts together anew whenever it is asked for it.
type placed struct {
	*ast.Rule
	ref ast.Ref
}

// beside looks at the rules that OPA plans as one function with a rule whose path has more than texts in it. They build one
// object together, and none looks at what the others put where it wants to put something.
func beside(rule placed, prefix ast.Ref, rules []placed) string {
	ref := rule.ref
	if rule.Head.RuleKind() == ast.MultiValue && ref.IsGround() {
		return fmt.Sprintf("the set %s: where nothing is in it, topdown has an empty set there and the plan has nothing", ref)
	}
	for _, term := range ref[1:] {
		if n, isNumber := term.Value.(ast.Number); isNumber {
			if _, plain := canonical(string(n)); !plain {
				return fmt.Sprintf("the number %s in the path %s: topdown tells it from other ways to write the same", n, ref)
			}
		}
	}
	for _, other := range rules {
		if o := other.ref; o.HasPrefix(prefix) && (len(o) != len(ref) || other.Head.RuleKind() != rule.Head.RuleKind()) {
			return fmt.Sprintf("%s beside %s: the plan does not see every conflict between rules of different shapes", ref, o)
		}
	}
	return ""
}
