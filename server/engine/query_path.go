package engine

import (
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/util"
)

// dataRef makes a reference below data of the segments of a path, as OPA does: a whole number is an index, and also the
// key that is written with the same digits; a quote cannot be asked for.
func dataRef(path []string) (ast.Ref, error) {
	ref := make(ast.Ref, 1, 1+len(path))
	ref[0] = ast.DefaultRootDocument
	for _, segment := range path {
		if strings.Contains(segment, `"`) {
			return nil, fmt.Errorf("invalid ref term '%s'", segment)
		}
		if i, whole := util.Atoi64(segment); whole {
			ref = append(ref, ast.InternedTerm(i))
		} else {
			ref = append(ref, ast.InternedTerm(segment))
		}
	}
	return ref, nil
}

// refQuery makes a query of a reference. OPA prints the reference and parses it again, which refuses some.
func refQuery(ref ast.Ref) (ast.Body, error) {
	parsed, err := ast.ParseBody(ref.String())
	switch {
	case err != nil:
		return nil, fmt.Errorf("failed to parse query")
	case len(parsed) == 0:
		return nil, fmt.Errorf("no ref")
	case len(parsed) > 1:
		return nil, fmt.Errorf("complex query")
	}
	if term, ok := parsed[0].Terms.(*ast.Term); ok && ast.TermValueIs[ast.Ref](term) {
		return parsed, nil
	}
	return nil, fmt.Errorf("complex query")
}

// pathQuery is the query for a path, or an OPA error.
func pathQuery(path []string) (ast.Ref, ast.Body, error) {
	ref, err := dataRef(path)
	if err == nil {
		var body ast.Body
		if body, err = refQuery(ref); err == nil {
			return ref, body, nil
		}
	}
	return nil, nil, invalid("invalid path: %v", err)
}
