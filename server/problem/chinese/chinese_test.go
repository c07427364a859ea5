package chinese_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"greenchannel/server/problem/chinese"
)

func TestTextsAreFoundByShape(t *testing.T) {
	t.Parallel()
	texts := chinese.New()
	for english, want := range map[string]string{
		"The query of the URL is not UTF-8.":                                                                  "URL 查询部分不是 UTF-8。",
		"The application has 3 faults; all are listed.":                                                       "申请有 3 处错误，已全部列出。",
		"is 3, but must be at least 4":                                                                        "为 3，但不得小于 4",
		"is text, but must be a list or null":                                                                 "为文本，但须为列表或null",
		`"x or y" is not one of "a", "b"; did you mean "a"?`:                                                  `"x or y" 不在下列之中："a", "b"；是否指 "a"？`,
		`"PUT" is not allowed at "/v1/decisions"; allowed: GET, POST.`:                                        `"/v1/decisions" 处不允许 "PUT"；允许的方法：GET, POST。`,
		"This needs one of the roles author; the caller has none. Say who you are, as WWW-Authenticate asks.": "此操作需要下列角色之一：author；调用方的角色：无。请按 WWW-Authenticate 的要求表明身份。",
		`There is nothing at "/a\"b \u0000".`:                                                                 `"/a\"b \u0000" 处没有内容。`,
		"No record has the number 7.":                                                                         "没有记录具有序号 7。",
		"No one bundle is named: aaaa is the beginning of several digests, sha256:aaaa1111, sha256:aaaa2222; write more of it.":                    "未能指明唯一的策略包：多个摘要以 aaaa 开头：sha256:aaaa1111, sha256:aaaa2222；请多写几位。",
		"Record 3 says what became of a bundle; it is not a decision, so there is nothing to decide again.":                                        "记录 3 记载策略包的处置，并非判定，没有可重新判定的内容。",
		`The body says revision, rate and budget, and nothing else; it is not understood at byte 1, "": no JSON, or a field that is stated twice.`: `正文只能且必须写明 revision、rate 和 budget；无法理解：第 1 字节，""：不是 JSON，或字段出现两次。`,
		"The bundle rules has not come from its server yet. The last look failed: refused":                                                         "尚未从服务器取得策略包 rules。最近一次查询失败：refused",
		`the field "items" is required and not stated: Goods or technology`:                                                                        `缺少必填字段 "items"：Goods or technology`,
	} {
		if got, ok := texts.Of(english); got != want || !ok {
			t.Errorf("%s\n got %s\nwant %s", english, got, want)
		}
	}
	for _, foreign := range []string{"", "something else", "The query of the URL is not UTF-8. More."} {
		if got, ok := texts.Of(foreign); ok || got != foreign {
			t.Errorf("%q became %q", foreign, got)
		}
	}
}

// What is put in stands as often in Chinese as in English, and no two lines are for one text.
func TestTheCatalogueIsSound(t *testing.T) {
	t.Parallel()
	verbs := regexp.MustCompile(`%(\[\d\])?[a-z]`)
	texts := chinese.New()
	seen := map[string]bool{}
	for _, format := range chinese.Formats() {
		if seen[format] {
			t.Errorf("%q stands twice", format)
		}
		seen[format] = true
		sample := strings.NewReplacer("%d", "7", "%q", `"q"`, "%s", "text").Replace(format)
		got, ok := texts.Of(sample)
		if !ok || strings.Contains(got, "%!") || strings.Count(got, "7") < strings.Count(format, "%d") ||
			strings.Count(got, `"q"`) != strings.Count(format, "%q") || verbs.MatchString(got) {
			t.Errorf("%q: %q", format, got)
		}
	}
}

// Every text that a problem is made with, anywhere in the service, has a Chinese one.
func TestEveryTextOfAProblemIsTranslated(t *testing.T) {
	t.Parallel()
	var formats []string
	for _, format := range chinese.Formats() {
		formats = append(formats, plain(format))
	}
	found := 0
	for _, text := range textsOfProblems(t, filepath.Join("..", "..")) {
		found++
		if !slices.ContainsFunc(formats, func(format string) bool { return strings.Contains(format, plain(text.said)) }) {
			t.Errorf("%s: there is no Chinese for %q; add it to the catalogue", text.place, text.said)
		}
	}
	const fewest = 150
	if found < fewest {
		t.Errorf("%d texts were found, want at least %d", found, fewest)
	}
}

// plain is a format without how exactly things are put in.
func plain(format string) string {
	return regexp.MustCompile(`%#?(?:\.\d+)?[dqsv]`).ReplaceAllString(format, "%")
}

// So have the texts that policies give to problems: the mapping of AuthZEN and the authorisation.
func TestEveryTextOfThePoliciesIsTranslated(t *testing.T) {
	t.Parallel()
	texts, found := chinese.New(), 0
	for _, file := range []string{"authzen/mapping/mapping.rego", "system/authz/authz.rego"} {
		source, err := os.ReadFile(filepath.Join("../../../policies", file))
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range regexp.MustCompile(`(?:"(?:detail|reason)": |sprintf\()("(?:[^"\\]|\\.)*")`).FindAllSubmatch(source, -1) {
			said, err := strconv.Unquote(string(at[1]))
			if err != nil {
				t.Fatal(err)
			}
			found++
			if _, ok := texts.Of(said); !ok {
				t.Errorf("%s: there is no Chinese for %q; add it to the catalogue", file, said)
			}
		}
	}
	if found < 8 {
		t.Errorf("%d texts were found", found)
	}
}

type text struct{ place, said string }

// textsOfProblems reads the sources: the details that problem.New, problem.Wrap, problem.Fault and what makes those of
// httpapi and identity are given, and all texts of the files that explain a schema.
func textsOfProblems(t *testing.T, root string) []text {
	t.Helper()
	var all []text
	files := token.NewFileSet()
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || elsewhere(path) {
			return err
		}
		file, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			return err
		}
		explains := strings.HasSuffix(path, "decision/explain.go") || strings.HasSuffix(path, "decision/document.go")
		ast.Inspect(file, func(node ast.Node) bool {
			if damaged(path, node) {
				return false
			}
			for _, detail := range details(node, explains) {
				for _, said := range literals(detail) {
					if len(strings.Fields(said)) > 1 && strings.ContainsAny(said, "abcdefghijklmnopqrstuvwxyz") {
						all = append(all, text{files.Position(detail.Pos()).String(), said})
					}
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// elsewhere says whether a file makes problems that no door of this API tells: OPA clients are told in OPA's words, and
// tables, configuration and bundles, with the tests in them, are read by whoever runs the service.
func elsewhere(path string) bool {
	for _, part := range []string{"/engine/query", "/engine/tests.go", "/httpapi/opa_", "/config/", "/sheet/", "/bundle/", "/journal/export.go", "/problem/chinese/"} {
		if strings.Contains(filepath.ToSlash(path), part) {
			return true
		}
	}
	return false
}

// damaged says whether a node tells where a record or a table is broken, which its keeper reads.
func damaged(path string, node ast.Node) bool {
	path = filepath.ToSlash(path)
	switch n := node.(type) {
	case *ast.CallExpr:
		return strings.Contains(path, "/journal/") && strings.HasSuffix(strings.ToLower(name(n.Fun)), "damaged")
	case *ast.CompositeLit:
		return strings.Contains(path, "/journal/") || strings.Contains(path, "/store/")
	case *ast.FuncDecl:
		return strings.Contains(path, "/store/fields") || strings.HasSuffix(path, "/journal/ledger.go")
	}
	return false
}

// details are the expressions of a node that become texts of a problem.
func details(node ast.Node, explains bool) []ast.Expr {
	switch n := node.(type) {
	case *ast.CallExpr:
		at, known := map[string]int{"New": 1, "Wrap": 2, "parameterFault": 1, "wrong": 1, "refused": 0, "malformed": 3, "single": 2, "fault": 1}[name(n.Fun)]
		if of, qualified := n.Fun.(*ast.SelectorExpr); qualified && (n.Fun.(*ast.SelectorExpr).Sel.Name == "New" || of.Sel.Name == "Wrap") && name(of.X) != "problem" {
			return nil // errors.New
		}
		if known && at < len(n.Args) {
			return n.Args[at : at+1]
		}
	case *ast.KeyValueExpr:
		if key := name(n.Key); key == "Detail" || key == "detail" {
			return []ast.Expr{n.Value}
		}
	case *ast.AssignStmt:
		if to := name(n.Lhs[0]); to == "detail" || to == "reason" {
			return n.Rhs
		}
	case *ast.ReturnStmt:
		if explains {
			return n.Results
		}
	case *ast.ValueSpec:
		if strings.HasSuffix(n.Names[0].Name, "Detail") {
			return n.Values
		}
	}
	return nil
}

func name(of ast.Expr) string {
	switch e := of.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// literals are the texts within an expression, put together where they are.
func literals(of ast.Expr) []string {
	switch e := of.(type) {
	case *ast.BasicLit:
		if said, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
			return []string{said}
		}
	case *ast.BinaryExpr:
		return append(literals(e.X), literals(e.Y)...)
	case *ast.CallExpr:
		if called := name(e.Fun); called == "Errorf" || called == "TrimPrefix" || called == "New" && name(e.Fun.(*ast.SelectorExpr).X) != "problem" {
			return nil
		}
		var all []string
		for _, argument := range e.Args {
			all = append(all, literals(argument)...)
		}
		return all
	}
	return nil
}
