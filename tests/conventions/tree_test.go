package conventions

import (
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"greenchannel/server/bundle"
	"greenchannel/server/decision"
)

// A tree is the input of conventions.rego.
type tree struct {
	Outcomes []decision.Outcome `json:"outcomes"`
	Packages []pkg              `json:"packages"`
	Rules    []rule             `json:"rules"`
}

// A pkg is one package, which may lie in several files.
type pkg struct {
	Path        string       `json:"path"`
	Place       string       `json:"place"`
	ReadsInput  bool         `json:"reads_input"`
	Annotations *annotations `json:"annotations,omitempty"`
}

// A rule is one body of a rule. Rules of one name have one name and several places.
type rule struct {
	Package     string       `json:"package"`
	Name        string       `json:"name"`
	Place       string       `json:"place"`
	Annotations *annotations `json:"annotations,omitempty"`
}

// annotations is what a package or rule says about itself.
type annotations struct {
	Title       string         `json:"title,omitempty"`
	Description string         `json:"description,omitempty"`
	Custom      map[string]any `json:"custom,omitempty"`
	Schemas     []schema       `json:"schemas,omitempty"`
}

// A schema types one document, such as input.
type schema struct {
	Path   string `json:"path"`
	Schema string `json:"schema"`
}

// parsed tells what the parser found in a bundle.
func parsed(b *bundle.Bundle) tree {
	found := tree{Outcomes: decision.Outcomes()}
	for _, file := range slices.Sorted(maps.Keys(b.Modules)) {
		module := b.Modules[file]
		path := module.Package.Path.String()[len("data."):]
		found.Packages = append(found.Packages, pkg{
			Path:        path,
			Place:       place(module.Package.Location),
			ReadsInput:  readsInput(module),
			Annotations: ofPackage(module),
		})
		for _, r := range module.Rules {
			found.Rules = append(found.Rules, rule{
				Package:     path,
				Name:        r.Head.Ref()[0].Value.String(),
				Place:       place(r.Location),
				Annotations: ofRule(r),
			})
		}
	}
	return found
}

func (t tree) findings() int {
	n := 0
	for _, r := range t.Rules {
		if r.Name == "findings" {
			n++
		}
	}
	return n
}

func ofPackage(module *ast.Module) *annotations {
	for _, a := range module.Annotations {
		if a.Scope == "package" {
			return plain(a)
		}
	}
	return nil
}

func ofRule(r *ast.Rule) *annotations {
	if len(r.Annotations) == 0 {
		return nil
	}
	return plain(r.Annotations[0])
}

func plain(a *ast.Annotations) *annotations {
	said := annotations{Title: a.Title, Description: a.Description, Custom: a.Custom}
	for _, s := range a.Schemas {
		said.Schemas = append(said.Schemas, schema{s.Path.String(), s.Schema.String()})
	}
	return &said
}

// readsInput tells whether any expression of a module refers to the application.
func readsInput(module *ast.Module) bool {
	reads := false
	ast.WalkRefs(module, func(ref ast.Ref) bool {
		reads = reads || ref.HasPrefix(ast.InputRootRef)
		return reads
	})
	return reads
}
