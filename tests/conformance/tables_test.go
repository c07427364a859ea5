package conformance

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// group is a sequence of requests on one server of a test of OPA's.
type group struct {
	name     string
	requests []request
	unread   int // requests that are put together only when the test runs
}

// tables reads the requests of OPA's own tests of its server: the tables of tr, each of which starts with an empty server,
// and the calls of each test function, in order.
func tables(t *testing.T) []group {
	t.Helper()
	where, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/open-policy-agent/opa").Output()
	if err != nil {
		t.Fatalf("where OPA's module is: %v", err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(strings.TrimSpace(string(where)), "v1", "server", "server_test.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	known := texts{}
	for _, declaration := range file.Decls {
		if general, ok := declaration.(*ast.GenDecl); ok {
			known.declared(general)
		}
	}
	var groups []group
	for _, declaration := range file.Decls {
		function, ok := declaration.(*ast.FuncDecl)
		if ok && function.Recv == nil && strings.HasPrefix(function.Name.Name, "Test") {
			groups = append(groups, ofFunction(function, known)...)
		}
	}
	return groups
}

func ofFunction(function *ast.FuncDecl, known texts) []group {
	local := texts{}
	for name, text := range known {
		local[name] = text
	}
	calls := group{name: function.Name.Name}
	var groups []group
	ast.Inspect(function.Body, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.GenDecl:
			local.declared(n)
		case *ast.AssignStmt:
			local.assigned(n)
		case *ast.CompositeLit:
			if list, ok := n.Type.(*ast.ArrayType); ok && isName(list.Elt, "tr") {
				groups = append(groups, ofTable(function.Name.Name, len(groups), n, local))
				return false
			}
		case *ast.CallExpr:
			calls.called(n, local)
		}
		return true
	})
	return append(groups, calls)
}

// ofTable reads one []tr{{method, path, body, code, response}, …}; its paths are below /v1, or below /v0 in the tests
// whose name says so.
func ofTable(function string, number int, list *ast.CompositeLit, known texts) group {
	g := group{name: function + "/" + strconv.Itoa(number)}
	root := "/v1"
	if strings.HasSuffix(function, "v0") {
		root = "/v0"
	}
	for _, row := range list.Elts {
		fields, ok := row.(*ast.CompositeLit)
		if !ok || len(fields.Elts) < 3 {
			g.unread++
			continue
		}
		g.add(root, fields.Elts, known)
	}
	return g
}

// called reads the calls that send one request: f.v1, f.v0, and those that make one to be sent.
func (g *group) called(call *ast.CallExpr, known texts) {
	roots := map[string]string{"v1": "/v1", "v0": "/v0", "newReqV1": "/v1", "newReqV0": "/v0", "newReqUnversioned": ""}
	name := ""
	switch f := call.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		if isName(f.X, "f") {
			name = f.Sel.Name
		}
	}
	if root, sends := roots[name]; sends && len(call.Args) >= 3 {
		g.add(root, call.Args, known)
	}
}

func (g *group) add(root string, parts []ast.Expr, known texts) {
	var read [3]string
	for i := range read {
		text, ok := known.of(parts[i])
		if !ok {
			g.unread++
			return
		}
		read[i] = text
	}
	g.requests = append(g.requests, request{method: read[0], target: root + read[1], body: read[2]})
}

// texts are the names that stand for a text.
type texts map[string]string

func (t texts) declared(d *ast.GenDecl) {
	for _, spec := range d.Specs {
		values, ok := spec.(*ast.ValueSpec)
		if !ok {
			continue
		}
		for i, name := range values.Names {
			if i < len(values.Values) {
				t.set(name.Name, values.Values[i])
			}
		}
	}
}

func (t texts) assigned(a *ast.AssignStmt) {
	if len(a.Lhs) != len(a.Rhs) {
		return
	}
	for i, target := range a.Lhs {
		if name, ok := target.(*ast.Ident); ok {
			t.set(name.Name, a.Rhs[i])
		}
	}
}

// set remembers a name, or forgets it when it comes to stand for what is not known.
func (t texts) set(name string, value ast.Expr) {
	text, ok := t.of(value)
	if !ok {
		delete(t, name)
		return
	}
	t[name] = text
}

func (t texts) of(expression ast.Expr) (string, bool) {
	switch e := expression.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	case *ast.Ident:
		text, ok := t[e.Name]
		return text, ok
	case *ast.ParenExpr:
		return t.of(e.X)
	case *ast.BinaryExpr:
		left, ok := t.of(e.X)
		right, also := t.of(e.Y)
		return left + right, ok && also && e.Op == token.ADD
	case *ast.SelectorExpr:
		method := strings.ToUpper(strings.TrimPrefix(e.Sel.Name, "Method"))
		return method, isName(e.X, "http") && strings.HasPrefix(e.Sel.Name, "Method")
	}
	return "", false
}

func isName(expression ast.Expr, name string) bool {
	identifier, ok := expression.(*ast.Ident)
	return ok && identifier.Name == name
}

// writes is why most requests are not replayed. Those that no server of OPA's takes are.
const writes = "write"

// reads says whether a request only reads, and if not, or if there is nothing like it here, why it is not replayed.
func reads(r request) (reason string) {
	path, _, _ := strings.Cut(r.target, "?")
	switch r.method {
	case http.MethodPut, http.MethodPatch, http.MethodDelete:
		return writes
	}
	for prefix, reason := range map[string]string{
		"/v1/compile/": "are data filters, which are not offered",
		"/v1/config":   "are about configuration, which is our own",
		"/v1/status":   "are about status, which is our own",
		"/v1/health":   "are about no path of OPA's",
		"/metrics":     "are about metrics, which are our own",
		"/v1/metrics":  "are about no path of OPA's",
	} {
		if strings.HasPrefix(path, prefix) {
			return reason
		}
	}
	return ""
}
