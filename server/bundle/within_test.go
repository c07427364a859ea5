package bundle_test

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/open-policy-agent/opa/v1/ast"

	"greenchannel/server/bundle"
	"greenchannel/server/problem"
)

const fewBuiltins = `{"builtins": [{"name": "count", "decl": {"type": "function", "args": [{"type": "string"}], "result": {"type": "number"}}}%s], "features": [%s], "allow_net": [%s]}`

// within is a folder with a list of built-ins of its own, and no rules.
func within(t *testing.T, capabilities, manifest string) *bundle.Bundle {
	t.Helper()
	f := folder(t)
	for name := range f {
		if strings.HasPrefix(name, "rareearth/") {
			delete(f, name)
		}
	}
	f["capabilities/capabilities.json"] = &fstest.MapFile{Data: []byte(capabilities)}
	f[".manifest"] = &fstest.MapFile{Data: []byte(manifest)}
	return load(t, f)
}

// A bundle may ask for less than another allows, and for nothing more.
func TestWithin(t *testing.T) {
	t.Parallel()
	const manifest, more = `{"roots": ["rareearth"], "metadata": {"name": "x"}}`, `, {"name": "abs", "decl": {"type": "function", "args": [{"type": "number"}], "result": {"type": "number"}}}`
	allowed := within(t, fmt.Sprintf(fewBuiltins, more, `"rego_v1"`, `"example.com"`), manifest)
	for _, tc := range []struct {
		name, capabilities, manifest string
		want                         []string
	}{
		{"the same", fmt.Sprintf(fewBuiltins, more, `"rego_v1"`, `"example.com"`), manifest, nil},
		{"less", fmt.Sprintf(fewBuiltins, "", "", ""), manifest, nil},
		{"more", fmt.Sprintf(fewBuiltins, strings.ReplaceAll(more, "abs", "http.send")+strings.ReplaceAll(more, "abs", "opa.runtime"), `"rego_v1", "rego_v2"`, `"example.com", "example.org"`), manifest,
			[]string{"http.send", "opa.runtime", "rego_v2", "example.org"}},
		{"another declaration", fmt.Sprintf(strings.Replace(fewBuiltins, "string", "any", 1), "", "", ""), manifest, []string{"count is declared otherwise"}},
		{"every host", strings.Replace(fmt.Sprintf(fewBuiltins, "", "", ""), `, "allow_net": []`, "", 1), manifest, []string{"allow_net is missing"}},
		{"other roots", fmt.Sprintf(fewBuiltins, "", "", ""), `{"roots": ["rareearth", "more"], "metadata": {"name": "x"}}`, []string{`the roots are "more", "rareearth"`}},
		{"no roots", fmt.Sprintf(fewBuiltins, "", "", ""), `{"metadata": {"name": "x"}}`, []string{`the roots are ""`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			narrowed, err := within(t, tc.capabilities, tc.manifest).Within(allowed)
			faults := bundle.Faults(err)
			if len(faults) != len(tc.want) {
				t.Errorf("%v, want %q", faults, tc.want)
			}
			for _, want := range tc.want {
				if !slices.ContainsFunc(faults, func(f problem.Fault) bool { return strings.Contains(f.Detail, want) && f.Pointer != "" }) {
					t.Errorf("nothing says %q: %v", want, faults)
				}
			}
			for _, builtin := range narrowed.Capabilities.Builtins {
				if !slices.Contains(allowed.Capabilities.Builtins, builtin) {
					t.Errorf("%s is left, and is not the one that is allowed", builtin.Name)
				}
			}
		})
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("load bundle: %w", errors.Join(
		&bundle.FileError{File: "a~b/data.json", Err: errors.New("broken")},
		&fs.PathError{Op: "open", Path: "c.json", Err: fs.ErrNotExist},
		&bundle.FileError{File: "d.rego", Err: ast.Errors{ast.NewError(ast.ParseErr, ast.NewLocation(nil, "d.rego", 3, 7), "odd")}},
		errors.New("nowhere"),
		&bundle.FileError{File: strings.Repeat("é", 200), Err: errors.New("long")},
	))
	want := []problem.Fault{
		{Pointer: "/a~0b/data.json", Detail: "broken"}, {Pointer: "/c.json", Detail: "is missing"},
		{Pointer: "/d.rego", Detail: "line 3, column 7: rego_parse_error: odd", Line: 3},
		{Detail: "nowhere"}, {Pointer: "/" + strings.Repeat("é", 100) + "…", Detail: "long"},
	}
	if got := bundle.Faults(err); !slices.Equal(got, want) {
		t.Errorf("got %+v", got)
	}
	if got := bundle.Faults(nil); got != nil {
		t.Errorf("faults of nothing: %v", got)
	}
}
