package bundle

import (
	"cmp"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Rule is what one rule says about itself in its annotations.
type Rule struct {
	// ID is custom.id, by which reasons, tests and records name the rule.
	ID string
	// Title and Description are the annotations of those names.
	Title, Description string
	// Path is the rule's place among the policies, such as data.rareearth.controls.findings.
	Path string
	// File and Row say where its annotations stand.
	File string
	Row  int
	// Custom is everything under custom: effect, severity, basis, factor, texts.
	Custom map[string]any
}

// Catalogue lists every rule that has a custom.id, in the order of the ids. An id that stands twice is listed twice; that
// ids are unique is for the conventions of the policies to check.
func (b *Bundle) Catalogue() []Rule {
	var rules []Rule
	for file, module := range b.Modules {
		for _, annotations := range module.Annotations {
			id, ok := annotations.Custom["id"].(string)
			if !ok {
				continue
			}
			rules = append(rules, Rule{
				ID:          id,
				Title:       annotations.Title,
				Description: strings.TrimSpace(annotations.Description),
				Path:        target(module, annotations),
				File:        file,
				Row:         annotations.Loc().Row,
				Custom:      annotations.Custom,
			})
		}
	}
	slices.SortFunc(rules, func(a, b Rule) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.File, b.File), a.Row-b.Row)
	})
	return rules
}

func target(module *ast.Module, annotations *ast.Annotations) string {
	if path := annotations.GetTargetPath(); path != nil {
		return path.String()
	}
	return module.Package.Path.String()
}
