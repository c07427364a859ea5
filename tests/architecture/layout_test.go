package architecture

import (
	"bytes"
	"fmt"
	"go/ast"
	"path"
	"slices"
	"strings"
)

// longest is the most lines that a source file may have.
const longest = 500

// layout asks for the fixed top level and for nothing beside it. Files and folders whose name starts with a dot are tools' own.
func layout(t tree) []breach {
	top := []string{"cmd", "policies", "server", "tests", "bundles", "go.mod", "go.sum", "README.md", "LICENSE"}
	var found []breach
	var seen []string
	for _, name := range t.paths() {
		first, _, _ := strings.Cut(name, "/")
		if strings.HasPrefix(first, ".") || slices.Contains(seen, first) {
			continue
		}
		seen = append(seen, first)
		if !slices.Contains(top, first) {
			found = append(found, breach{first, "is not of the fixed top level: " + strings.Join(top, ", ") + ", and dot-files"})
		}
	}
	for _, name := range top {
		if !slices.Contains(seen, name) {
			found = append(found, breach{name, "belongs at the top level and is missing"})
		}
	}
	return found
}

// names asks for folders that are called after what they hold.
func names(t tree) []breach {
	empty := []string{
		"util", "utils", "helper", "helpers", "common", "shared", "misc", "base", "models", "model", "types", "internal", "pkg",
		"src", "core", "manager", "managers", "impl",
	}
	var found []breach
	told := map[string]bool{}
	for _, name := range t.paths() {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if slices.Contains(empty, path.Base(dir)) && !told[dir] {
				told[dir] = true
				found = append(found, breach{dir, "call the folder after what it holds"})
			}
		}
	}
	return found
}

// length looks at what people write and read: Go, Rego and shell. Data and generated files may be as long as they are.
func length(t tree) []breach {
	var found []breach
	for _, name := range t.paths() {
		body := t.files[name]
		if !slices.Contains([]string{".go", ".rego", ".sh"}, path.Ext(name)) || inTestdata(name) || generated(body) {
			continue
		}
		if lines := bytes.Count(body, []byte("\n")); lines > longest {
			found = append(found, breach{name, fmt.Sprintf("has %d lines, past %d; part it by concern", lines, longest)})
		}
	}
	return found
}

// comments asks each Go package for a comment that names it, and each room and each folder beside the rooms for either
// that or a README. Rego packages are asked for their metadata by tests/conventions.
func comments(t tree) []breach {
	said, packages := map[string]bool{}, map[string]string{}
	for _, file := range t.goFiles() {
		if _, known := packages[file.dir()]; !known {
			packages[file.dir()] = file.path
		}
		if speaks(file.syntax) {
			said[file.dir()] = true
		}
	}
	var found []breach
	for _, name := range t.paths() {
		if dir := path.Dir(name); packages[dir] == name && !said[dir] {
			found = append(found, breach{name, "no file of this package says \"// Package … \": what it is for, and what it is not"})
		}
	}
	told := map[string]bool{}
	for _, name := range t.paths() {
		dir := entrance(name)
		_, readme := t.files[path.Join(dir, "README.md")]
		_, isPackage := packages[dir]
		if dir != "" && !readme && !isPackage && !told[dir] {
			told[dir] = true
			found = append(found, breach{dir, "has neither a README.md nor a Go package that says what it is for"})
		}
	}
	return found
}

// entrance is the folder where a reader comes in: a folder of the top level, or one below server, cmd or tests.
func entrance(name string) string {
	parts := strings.Split(path.Dir(name), "/")
	switch {
	case parts[0] == "." || strings.HasPrefix(parts[0], "."):
		return ""
	case slices.Contains([]string{"server", "cmd", "tests"}, parts[0]) && len(parts) > 1:
		return path.Join(parts[:2]...)
	case parts[0] == "cmd":
		return "" // holds programs only, and each says what it is
	}
	return parts[0]
}

// speaks tells whether a file carries the comment of its package, in the form that go doc knows.
func speaks(file *ast.File) bool {
	text := file.Doc.Text()
	name := strings.TrimSuffix(file.Name.Name, "_test")
	for _, opening := range []string{"Package " + name + " ", "Package " + name + "_test ", "Command "} {
		if strings.HasPrefix(text, opening) {
			return true
		}
	}
	// A program may be introduced by its own name.
	return file.Name.Name == "main" && len(strings.Fields(text)) > 5
}
