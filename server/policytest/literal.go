package policytest

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// literalAt reads the constant that a source has at an offset; empty when something else stands there.
func literalAt(source string, offset int) string {
	if offset < 0 || offset >= len(source) {
		return ""
	}
	rest := source[offset:]
	switch rest[0] {
	case '"':
		for i := 1; i < len(rest); i++ {
			switch rest[i] {
			case '\\':
				i++
			case '"':
				return rest[:i+1]
			}
		}
		return ""
	case '`':
		if i := strings.IndexByte(rest[1:], '`'); i >= 0 {
			return rest[:i+2]
		}
		return ""
	}
	end := strings.IndexFunc(rest, func(r rune) bool { return !strings.ContainsRune("+-.0123456789abcdefghijklmnopqrstuvwxyzE", r) })
	if end < 0 {
		return rest
	}
	return rest[:end]
}

// writes tells whether a text is how a source writes a value.
func writes(written string, value ast.Value) bool {
	switch v := value.(type) {
	case ast.String:
		if written[0] == '`' {
			return written[1:len(written)-1] == string(v)
		}
		text, err := strconv.Unquote(written)
		if err != nil { // JSON has escapes that Go has not
			err = json.Unmarshal([]byte(written), &text)
		}
		return err == nil && text == string(v)
	case ast.Number:
		return written == string(v)
	case ast.Boolean:
		return written == strconv.FormatBool(bool(v))
	case ast.Null:
		return written == "null"
	}
	return false
}

// another gives a value of the same kind that is not the same, and how it is written.
func another(value ast.Value, written string) (ast.Value, string) {
	switch v := value.(type) {
	case ast.String:
		quote := written[len(written)-1:]
		return ast.String(string(v) + "~"), written[:len(written)-1] + "~" + quote
	case ast.Number:
		if n, err := strconv.ParseInt(string(v), 10, 64); err == nil {
			next := strconv.FormatInt(n+1, 10)
			return ast.Number(next), next
		}
		return ast.Number(string(v) + "1"), string(v) + "1"
	case ast.Boolean:
		return !v, strconv.FormatBool(!bool(v))
	}
	return ast.Boolean(false), "false"
}
