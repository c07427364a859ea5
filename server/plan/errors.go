package plan

import (
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// Unsupported is why a program was not compiled: something in it that the executor does not do. It refuses and does not
// guess; topdown does all.
type Unsupported struct {
	Where string // file:line, as far as it is known
	What  string
}

func (u *Unsupported) Error() string {
	if u.Where == "" {
		return "not for the executor: " + u.What
	}
	return fmt.Sprintf("%s: not for the executor: %s", u.Where, u.What)
}

// conflict is OPA's error for a rule that says two things at once.
func conflict(at *ast.Location, message string) error {
	return &topdown.Error{Code: topdown.ConflictErr, Location: at, Message: message}
}

func cancelled() error {
	return &topdown.Error{Code: topdown.CancelErr, Message: "caller cancelled query execution"}
}

// location says where a statement comes from.
func (c *compiler) location(s ir.Stmt) *ast.Location {
	l := s.GetLocation()
	if l == nil || l.File < 0 || l.File >= len(c.policy.Static.Files) {
		return nil
	}
	return ast.NewLocation([]byte(l.Text), c.policy.Static.Files[l.File].Value, l.Row, l.Col)
}

func (c *compiler) unsupported(s ir.Stmt, format string, args ...any) error {
	u := &Unsupported{What: fmt.Sprintf(format, args...)}
	if at := c.location(s); at != nil {
		u.Where = fmt.Sprintf("%s:%d", at.File, at.Row)
	}
	return u
}
