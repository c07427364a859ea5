package plan

import (
	"fmt"
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// refuse finds what OPA plans otherwise than topdown evaluates it.
func refuse(modules *ast.Compiler) error {
	for _, name := range slices.Sorted(maps.Keys(modules.Modules)) {
		for _, rule := range modules.Modules[name].Rules {
			if what := oddRule(rule); what != "" {
				return &Unsupported{Where: fmt.Sprintf("%s:%d", rule.Location.File, rule.Location.Row), What: what}
			}
		}
	}
	return nil
}

func oddRule(rule *ast.Rule) string {
	ref := rule.Head.Ref()
	if rule.Head.RuleKind() == ast.MultiValue && ref.IsGround() {
		for _, term := range ref[1:] {
			if _, isText := term.Value.(ast.String); !isText {
				return fmt.Sprintf("the set %s: where nothing is in it, topdown has an empty set there and the plan has nothing", ref)
			}
		}
	}
	return ""
}
