package engine

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"greenchannel/server/bundle"
)

// explaining is what explanations have to know of a generation: its compiled policies, and where each was written.
type explaining struct {
	compiler *ast.Compiler
	// written are the rules as they stand in the sources, and sources the ids of those that have one, both by place.
	written map[string]*ast.Rule
	byID    map[string]identified
	// remedied says whether the policies offer remedies.
	remedied bool
}

// identified is a rule with an id.
type identified struct {
	title string
	path  ast.Ref
	place string
}

func newExplaining(b *bundle.Bundle, compiler *ast.Compiler) *explaining {
	x := &explaining{
		compiler: compiler, written: map[string]*ast.Rule{}, byID: map[string]identified{},
		remedied: len(compiler.GetRulesWithPrefix(ast.MustParseRef(remediesEntrypoint))) > 0,
	}
	for _, module := range b.Modules {
		ast.WalkRules(module, func(rule *ast.Rule) bool {
			x.written[place(rule.Location)] = rule
			for _, said := range rule.Annotations {
				if id, ok := said.Custom["id"].(string); ok {
					x.byID[id] = identified{said.Title, rule.Ref().GroundPrefix(), place(rule.Location)}
				}
			}
			return false
		})
	}
	return x
}

func (x *explaining) ids() []string { return slices.Sorted(maps.Keys(x.byID)) }

// source is a compiled rule as it was written.
func (x *explaining) source(rule *ast.Rule) (*ast.Rule, bool) {
	written, known := x.written[place(rule.Location)]
	return written, known
}

// defines says whether a path names a rule, so that there is something to explain behind it.
func (x *explaining) defines(path ast.Ref) bool { return len(x.compiler.GetRulesExact(path)) > 0 }

func place(at *ast.Location) string {
	return fmt.Sprintf("%s:%d:%d", strings.TrimPrefix(at.File, "/"), at.Row, at.Col)
}
