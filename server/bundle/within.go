package bundle

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/types"
)

// Within gives the bundle with no more built-ins than another allows, for a compilation that shows where more are used, and
// an error for each thing in which it goes beyond the other: a built-in, a feature of the language, a host to load schemas
// from, or roots that are not the same.
func (b *Bundle) Within(allowed *Bundle) (*Bundle, error) {
	narrowed, mine, theirs := *b, *b.Capabilities, allowed.Capabilities
	var faults []error
	beyond := func(format string, args ...any) {
		faults = append(faults, &FileError{capabilitiesFile, fmt.Errorf(format, args...)})
	}
	known := map[string]*ast.Builtin{}
	for _, builtin := range theirs.Builtins {
		known[builtin.Name] = builtin
	}
	mine.Builtins = nil
	for _, builtin := range b.Capabilities.Builtins {
		same, ok := known[builtin.Name]
		switch {
		case !ok:
			beyond("the built-in %.100s is not allowed here; leave it out", builtin.Name)
			continue
		case !declaredAlike(builtin, same):
			beyond("the built-in %.100s is declared otherwise than here; take the declaration of %s", builtin.Name, allowed.Revision)
		}
		mine.Builtins = append(mine.Builtins, same)
	}
	for _, word := range slices.Concat(b.Capabilities.Features, b.Capabilities.FutureKeywords) {
		if !slices.Contains(theirs.Features, word) && !slices.Contains(theirs.FutureKeywords, word) {
			beyond("the feature %.100s is not allowed here; leave it out", word)
		}
	}
	if theirs.AllowNet != nil {
		if mine.AllowNet == nil {
			beyond("allow_net is missing, which allows every host; write %q", theirs.AllowNet)
		}
		for _, host := range mine.AllowNet {
			if !slices.Contains(theirs.AllowNet, host) {
				beyond("the host %.100s is not allowed here; leave it out of allow_net", host)
			}
		}
		mine.AllowNet = theirs.AllowNet
	}
	if !slices.Equal(b.Roots, allowed.Roots) {
		faults = append(faults, &FileError{manifestFile, fmt.Errorf(
			"the roots are %s; the service serves %s", listed(b.Roots), listed(allowed.Roots))})
	}
	narrowed.Capabilities = &mine
	return &narrowed, errors.Join(faults...)
}

func declaredAlike(a, b *ast.Builtin) bool {
	if (a.Decl == nil) != (b.Decl == nil) || a.Infix != b.Infix || a.Relation != b.Relation || a.Nondeterministic != b.Nondeterministic {
		return false
	}
	return a.Decl == nil || types.Compare(a.Decl, b.Decl) == 0
}

func listed(roots []string) string {
	var quoted []string
	for _, root := range roots {
		quoted = append(quoted, fmt.Sprintf("%.100q", root))
	}
	return strings.Join(quoted, ", ")
}
