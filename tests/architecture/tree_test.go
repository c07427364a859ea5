package architecture

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"
)

// A tree is the files of the project, by slash-separated path from its top.
type tree struct {
	files map[string][]byte
}

// paths lists the files in order.
func (t tree) paths() []string {
	var all []string
	for name := range t.files {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// tracked reads the files that git knows or would add. Outside a git work tree (an unpacked archive) it reads all.
func tracked(top string) (tree, error) {
	list := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = top
	out, err := list.Output()
	if err != nil {
		return walked(top)
	}
	t := tree{map[string][]byte{}}
	for name := range strings.SplitSeq(strings.TrimRight(string(out), "\x00"), "\x00") {
		body, err := os.ReadFile(filepath.Join(top, filepath.FromSlash(name)))
		if os.IsNotExist(err) {
			continue // deleted, but not yet committed
		}
		if err != nil {
			return tree{}, err
		}
		t.files[name] = body
	}
	return t, nil
}

func walked(top string) (tree, error) {
	t := tree{map[string][]byte{}}
	root := os.DirFS(top)
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if entry.Name() == ".git" {
				return fs.SkipDir
			}
			return nil
		}
		t.files[name], err = fs.ReadFile(root, name)
		return err
	})
	return t, err
}

// fixture reads a tree from a txtar archive, with the rule and the breaches that its comment names:
//
//	rule: imports
//	want: server/store/store.go:3: may not import
func fixture(archive string) (broken tree, rule string, wanted []breach, err error) {
	parsed, err := txtar.ParseFile(archive)
	if err != nil {
		return tree{}, "", nil, err
	}
	broken = tree{map[string][]byte{}}
	for _, file := range parsed.Files {
		broken.files[file.Name] = file.Data
	}
	for line := range strings.Lines(string(parsed.Comment)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch key {
		case "rule":
			rule = value
		case "want":
			place, detail, found := strings.Cut(value, ": ")
			if !found {
				return tree{}, "", nil, fmt.Errorf("%s: a want line is \"place: part of what is said\", not %q", archive, value)
			}
			wanted = append(wanted, breach{place, detail})
		}
	}
	return broken, rule, wanted, nil
}

// goFile is one parsed Go file.
type goFile struct {
	path   string
	set    *token.FileSet
	syntax *ast.File
	body   []byte
}

// dir is the folder of the file, which is also the name of its package below the module.
func (f goFile) dir() string { return path.Dir(f.path) }

// test tells whether the file is only part of tests.
func (f goFile) test() bool {
	return strings.HasSuffix(f.path, "_test.go") || strings.HasPrefix(f.path, "tests/")
}

func (f goFile) line(at token.Pos) string {
	return fmt.Sprintf("%s:%d", f.path, f.set.Position(at).Line)
}

// goFiles parses every Go file but those in testdata. A file that does not parse is left to the compiler, which says it better.
func (t tree) goFiles() []goFile {
	var all []goFile
	for _, name := range t.paths() {
		if path.Ext(name) != ".go" || inTestdata(name) {
			continue
		}
		set := token.NewFileSet()
		syntax, err := parser.ParseFile(set, name, t.files[name], parser.ParseComments|parser.SkipObjectResolution)
		if err == nil {
			all = append(all, goFile{name, set, syntax, t.files[name]})
		}
	}
	return all
}

func inTestdata(name string) bool { return strings.Contains("/"+name, "/testdata/") }

// generated tells whether a file was written by a program; the mark is the one that the go command defines.
func generated(body []byte) bool {
	for line := range bytes.Lines(body) {
		line = bytes.TrimSpace(line)
		if bytes.HasPrefix(line, []byte("// Code generated ")) && bytes.HasSuffix(line, []byte(" DO NOT EDIT.")) {
			return true
		}
	}
	return false
}
