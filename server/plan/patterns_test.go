package plan_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
)

// TestPatterns holds the forms that are searched without package regexp, and those beside them, against OPA's functions.
func TestPatterns(t *testing.T) {
	patterns := []string{
		`[^\p{L}\p{N}]+`, `[\p{Cf}\p{Mn}]+`, `[\s_-]+`, `[^\p{L}\p{N}\s_-]+`, `[a]+`, `[^a]+`, `(?i)[a-c]+`, `[a-c]+?`, `[a-c]*`, `[\x{FFFD}]+`, `[é-ü]+`, `.+`,
		`a`, `é|ß|ab`, ` gmbh | co ltd `, `ab|a`, `a||b`, `a|b.`, `a|\x{FFFD}`, `|`, "�|a", "\xff", `^a|b$`, `(a)(b)|c`,
	}
	letters := []string{"a", "b", "c", "A", "é", "ß", "É", " ", "_", "-", "1", "，", "稀土", "\u0301", "\u200b", "\xff", "\xc3", "�", "$", " gmbh ", " co ltd ", "\n"}
	operators := map[string]string{"regex.match": "regex.match(input[0], input[1])", "regex.split": "regex.split(input[0], input[1])", "regex.replace": "regex.replace(input[0], input[1], input[2])"}
	r := rand.New(rand.NewPCG(4, 2025))
	for name, call := range operators {
		t.Run(name, func(t *testing.T) {
			p := program(t, "result := data.p.x", "package p\nx := "+call)
			for range 20_000 {
				var s strings.Builder
				for range r.IntN(8) {
					s.WriteString(letters[r.IntN(len(letters))])
				}
				pattern, text := ast.StringTerm(patterns[r.IntN(len(patterns))]), ast.StringTerm(s.String())
				terms := []*ast.Term{pattern, text}
				if name == "regex.replace" {
					terms = []*ast.Term{text, pattern, ast.StringTerm([]string{"", " ", "x", "$0", "$1y", "$"}[r.IntN(6)])}
				}
				compareNative(t, p, name, terms)
			}
		})
	}
}
