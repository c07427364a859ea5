package architecture

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// state looks for package-level variables that change, or that exist to be changed, and for init functions. A table, a
// sentinel error, a compiled expression and an embedded folder are constants that Go has no word for; they stay what
// they were. What a pointer or a method does to a variable is not seen here.
func state(t tree) []breach {
	var found []breach
	changed := map[string]map[string]string{} // package → variable → where it changes
	var shipped []goFile
	for _, file := range t.goFiles() {
		if file.test() || generated(file.body) {
			continue
		}
		shipped = append(shipped, file)
		if changed[file.dir()] == nil {
			changed[file.dir()] = map[string]string{}
		}
		for name, where := range changes(file) {
			changed[file.dir()][name] = where
		}
	}
	for _, file := range shipped {
		for _, declaration := range file.syntax.Decls {
			switch d := declaration.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.Name == "init" {
					found = append(found, breach{file.line(d.Pos()), "init runs before anybody asked; call a function where it is needed"})
				}
			case *ast.GenDecl:
				found = append(found, variables(file, d, changed[file.dir()])...)
			}
		}
	}
	return found
}

func variables(file goFile, d *ast.GenDecl, changed map[string]string) []breach {
	var found []breach
	if d.Tok != token.VAR {
		return nil
	}
	for _, spec := range d.Specs {
		v := spec.(*ast.ValueSpec)
		for i, name := range v.Names {
			var value ast.Expr
			if i < len(v.Values) {
				value = v.Values[i]
			}
			detail := ""
			switch where, written := changed[name.Name]; {
			case name.Name == "_" || embedded(d) || embedded(v):
			case written:
				detail = "is changed at " + where
			case value == nil && len(v.Values) == 0:
				detail = "has no value, so something has to change it"
			case empty(value):
				detail = "starts empty, so something has to change it"
			}
			if detail != "" {
				found = append(found, breach{file.line(name.Pos()), fmt.Sprintf("the package variable %s %s; hold it in a value that is passed on", name.Name, detail)})
			}
		}
	}
	return found
}

// embedded tells whether a declaration is filled by the compiler. The directive is no part of the doc text, so the
// comments themselves are read.
func embedded(node ast.Node) bool {
	var doc *ast.CommentGroup
	switch n := node.(type) {
	case *ast.GenDecl:
		doc = n.Doc
	case *ast.ValueSpec:
		doc = n.Doc
	}
	return doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed ") })
}

// empty tells of values that are of no use unless they change: make, new, and the locks and counters of the library.
func empty(value ast.Expr) bool {
	if address, ok := value.(*ast.UnaryExpr); ok && address.Op == token.AND {
		value = address.X
	}
	switch v := value.(type) {
	case *ast.CallExpr:
		callee, ok := v.Fun.(*ast.Ident)
		return ok && (callee.Name == "make" || callee.Name == "new")
	case *ast.CompositeLit:
		of, ok := v.Type.(*ast.SelectorExpr)
		if !ok {
			return false
		}
		from, ok := of.X.(*ast.Ident)
		return ok && (from.Name == "sync" || from.Name == "atomic")
	}
	return false
}

// changes finds what the functions of a file assign to, count up, delete from or take the address of, by the name at the
// root. Names that a function declares itself are its own.
func changes(file goFile) map[string]string {
	found := map[string]string{}
	for _, declaration := range file.syntax.Decls {
		function, ok := declaration.(*ast.FuncDecl)
		if !ok || function.Body == nil {
			continue
		}
		own := declares(function)
		note := func(target ast.Expr) {
			if name := root(target); name != nil && !own[name.Name] {
				found[name.Name] = file.line(target.Pos())
			}
		}
		ast.Inspect(function.Body, func(node ast.Node) bool {
			switch n := node.(type) {
			case *ast.AssignStmt:
				if n.Tok != token.DEFINE {
					for _, target := range n.Lhs {
						note(target)
					}
				}
			case *ast.IncDecStmt:
				note(n.X)
			case *ast.UnaryExpr:
				if n.Op == token.AND {
					if _, literal := n.X.(*ast.CompositeLit); !literal {
						note(n.X)
					}
				}
			case *ast.CallExpr:
				if callee, ok := n.Fun.(*ast.Ident); ok && (callee.Name == "delete" || callee.Name == "clear") && len(n.Args) > 0 {
					note(n.Args[0])
				}
			}
			return true
		})
	}
	return found
}

// root is the variable that an expression such as table["x"].rows[3] starts from.
func root(target ast.Expr) *ast.Ident {
	for {
		switch t := target.(type) {
		case *ast.Ident:
			return t
		case *ast.SelectorExpr:
			target = t.X
		case *ast.IndexExpr:
			target = t.X
		case *ast.SliceExpr:
			target = t.X
		case *ast.StarExpr:
			target = t.X
		case *ast.ParenExpr:
			target = t.X
		default:
			return nil
		}
	}
}

// declares gathers every name that a function declares: receiver, parameters, results and what stands in its body.
func declares(function *ast.FuncDecl) map[string]bool {
	own := map[string]bool{}
	ast.Inspect(function, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.Field:
			for _, name := range n.Names {
				own[name.Name] = true
			}
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				for _, target := range n.Lhs {
					if name, ok := target.(*ast.Ident); ok {
						own[name.Name] = true
					}
				}
			}
		case *ast.RangeStmt:
			for _, target := range []ast.Expr{n.Key, n.Value} {
				if name, ok := target.(*ast.Ident); ok && n.Tok == token.DEFINE {
					own[name.Name] = true
				}
			}
		case *ast.ValueSpec:
			for _, name := range n.Names {
				own[name.Name] = true
			}
		}
		return true
	})
	return own
}
