package bundle_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"

	"greenchannel/policies"
	"greenchannel/server/bundle"
)

// folder is a small but whole policy folder. Tests change a copy of it.
func folder(t *testing.T) fstest.MapFS {
	t.Helper()
	capabilities, err := json.Marshal(ast.CapabilitiesForThisVersion())
	if err != nil {
		t.Fatal(err)
	}
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	return fstest.MapFS{
		".manifest":                          file(`{"revision": "", "roots": ["rareearth"], "metadata": {"name": "rareearth"}}`),
		"README.md":                          file("prose"),
		"capabilities/capabilities.json":     file(string(capabilities)),
		"schemas/application/schema.json":    file(`{"type": "object"}`),
		"schemas/decision/schema.json":       file(`{"type": "object"}`),
		"schemas/registry_party/schema.json": file(`{"type": "object"}`),
		"rareearth/limits/data.yaml":         file("dy_wt_pct: 0.1\n"),
		"rareearth/more/data.json":           file(`{"n": 12345678901234567890}`),
		"rareearth/rules/rules.rego": file(`package rareearth.rules

# METADATA
# title: Second
# description: The second rule.
# custom:
#   id: B-2
#   effect: flag
findings contains rego.metadata.rule().custom.id if input.second

# METADATA
# title: First
# custom:
#   id: A-1
findings contains rego.metadata.rule().custom.id if input.first

# METADATA
# title: No id
helper := 1
`),
		"rareearth/rules/rules_test.rego": file("package rareearth.rules_test\n\nimport data.rareearth.rules\n\ntest_x if rules.helper == 1\n"),
	}
}

func load(t *testing.T, fsys fs.FS) *bundle.Bundle {
	t.Helper()
	b, err := bundle.Load(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestLoad(t *testing.T) {
	t.Parallel()
	b := load(t, folder(t))
	if b.Name != "rareearth" || len(b.Revision) != 12 || !strings.HasPrefix(b.Digest, "sha256:"+b.Revision) {
		t.Errorf("name %q, revision %q, digest %q", b.Name, b.Revision, b.Digest)
	}
	if got := slices.Sorted(maps.Keys(b.Modules)); !slices.Equal(got, []string{"rareearth/rules/rules.rego"}) {
		t.Errorf("modules = %v, want the rules without their tests", got)
	}
	want := map[string]any{"rareearth": map[string]any{
		"limits": map[string]any{"dy_wt_pct": json.Number("0.1")},
		"more":   map[string]any{"n": json.Number("12345678901234567890")},
	}}
	if diff := cmp.Diff(want, b.Data); diff != "" {
		t.Errorf("data (-want +got):\n%s", diff)
	}
	if b.Schemas.Get(ast.MustParseRef("schema.application.schema")) == nil {
		t.Error("the application schema is not at schema.application.schema, where opa check --schema puts it")
	}
}

func TestCatalogue(t *testing.T) {
	t.Parallel()
	rules := load(t, folder(t)).Catalogue()
	if len(rules) != 2 {
		t.Fatalf("%d rules, want the two with an id", len(rules))
	}
	got := rules[1]
	want := bundle.Rule{
		ID: "B-2", Title: "Second", Description: "The second rule.", Path: "data.rareearth.rules.findings",
		File: "rareearth/rules/rules.rego", Row: 3, Custom: map[string]any{"id": "B-2", "effect": "flag"},
	}
	if diff := cmp.Diff(want, got); diff != "" || rules[0].ID != "A-1" {
		t.Errorf("second rule (-want +got):\n%s\nfirst: %s", diff, rules[0].ID)
	}
}

// The digest follows everything that can change a decision or the proof of it, and nothing else.
func TestDigest(t *testing.T) {
	t.Parallel()
	before := load(t, folder(t)).Digest
	for _, tc := range []struct {
		name    string
		change  func(fstest.MapFS)
		changes bool
	}{
		{"nothing", func(fstest.MapFS) {}, false},
		{"a rule", func(f fstest.MapFS) {
			f["rareearth/rules/rules.rego"].Data = append(f["rareearth/rules/rules.rego"].Data, '\n')
		}, true},
		{"data", func(f fstest.MapFS) { f["rareearth/limits/data.yaml"].Data = []byte("dy_wt_pct: 0.2\n") }, true},
		{"a new file", func(f fstest.MapFS) { f["rareearth/x/data.json"] = &fstest.MapFile{Data: []byte("{}")} }, true},
		{"a move", func(f fstest.MapFS) {
			f["rareearth/rules/others.rego"] = f["rareearth/rules/rules.rego"]
			delete(f, "rareearth/rules/rules.rego")
		}, true},
		{"the roots", func(f fstest.MapFS) {
			f[".manifest"].Data = []byte(`{"roots": [""], "metadata": {"name": "rareearth"}}`)
		}, true},
		{"the revision", func(f fstest.MapFS) {
			f[".manifest"].Data = []byte("{\"metadata\": {\"name\": \"rareearth\"},\n \"roots\": [\"rareearth\"], \"revision\": \"7\"}")
		}, false},
		{"prose", func(f fstest.MapFS) { f["README.md"].Data = []byte("other prose") }, false},
		{"a test", func(f fstest.MapFS) { delete(f, "rareearth/rules/rules_test.rego") }, true},
		{"a schema", func(f fstest.MapFS) { f["schemas/decision/schema.json"].Data = []byte(`{"type": "array"}`) }, true},
		{"a built-in less", func(f fstest.MapFS) {
			text := f["capabilities/capabilities.json"].Data
			f["capabilities/capabilities.json"].Data = append(text[:len(text):len(text)], '\n')
		}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := folder(t)
			tc.change(f)
			after := load(t, f).Digest
			if (before != after) != tc.changes {
				t.Errorf("before %s, after %s, want change: %v", before, after, tc.changes)
			}
		})
	}
}

// The digest can be made again with sha256sum alone.
func TestDigestIsWhatSha256sumSays(t *testing.T) {
	t.Parallel()
	f := folder(t)
	f[".manifest"].Data = []byte(`{"metadata":{"name":"rareearth"},"roots":["rareearth"]}`)
	var lines strings.Builder
	for _, name := range []string{
		".manifest", "capabilities/capabilities.json", "rareearth/limits/data.yaml", "rareearth/more/data.json",
		"rareearth/rules/rules.rego", "rareearth/rules/rules_test.rego", "schemas/application/schema.json", "schemas/decision/schema.json",
		"schemas/registry_party/schema.json",
	} {
		sum := sha256.Sum256(f[name].Data)
		lines.WriteString(hex.EncodeToString(sum[:]) + "  " + name + "\n")
	}
	sum := sha256.Sum256([]byte(lines.String()))
	if want, got := "sha256:"+hex.EncodeToString(sum[:]), load(t, f).Digest; got != want {
		t.Errorf("digest = %s, want %s", got, want)
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		change func(fstest.MapFS)
		want   string
	}{
		{"no name", func(f fstest.MapFS) { f[".manifest"].Data = []byte(`{"roots": ["rareearth"]}`) }, "metadata.name"},
		{"no manifest", func(f fstest.MapFS) { delete(f, ".manifest") }, "metadata.name"},
		{"no capabilities", func(f fstest.MapFS) { delete(f, "capabilities/capabilities.json") }, "capabilities.json"},
		{"empty capabilities", func(f fstest.MapFS) { f["capabilities/capabilities.json"].Data = []byte("{}") }, "lists no built-in"},
		{"broken capabilities", func(f fstest.MapFS) { f["capabilities/capabilities.json"].Data = []byte("{") }, "capabilities.json"},
		{"no decision schema", func(f fstest.MapFS) { delete(f, "schemas/decision/schema.json") }, "schemas/decision/schema.json"},
		{"both at once", func(f fstest.MapFS) {
			delete(f, "schemas/application/schema.json")
			delete(f, "capabilities/capabilities.json")
		}, "schemas/application/schema.json"},
		{"broken schema", func(f fstest.MapFS) { f["schemas/decision/schema.json"].Data = []byte("{") }, "schemas/decision/schema.json"},
		{"broken rule", func(f fstest.MapFS) { f["rareearth/rules/rules.rego"].Data = []byte("package x\n\nfoo if {") }, "rules.rego:3"},
		{"broken data", func(f fstest.MapFS) { f["rareearth/more/data.json"].Data = []byte("{") }, "rareearth/more/data.json"},
		{"rule outside the roots", func(f fstest.MapFS) { f["x.rego"] = &fstest.MapFile{Data: []byte("package x\n")} }, "roots"},
		{"compiled policies", func(f fstest.MapFS) { f["plan.json"] = &fstest.MapFile{Data: []byte("{}")} }, "keep sources only"},
		{"odd path", func(f fstest.MapFS) { f["rareearth/a\nb/x.rego"] = f["rareearth/rules/rules.rego"] }, "line break"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := folder(t)
			tc.change(f)
			b, err := bundle.Load(f)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("err = %v, want it to name %q", err, tc.want)
			}
			if b != nil {
				t.Error("a bundle came back beside the error")
			}
		})
	}
}

// The embedded folder is a bundle, and each of its findings is in the catalogue.
func TestTheEmbeddedFolderLoads(t *testing.T) {
	t.Parallel()
	b := load(t, policies.FS())
	if b.Name != "rareearth" || len(b.Modules) == 0 || len(b.Data) == 0 {
		t.Errorf("name %q, %d modules, %d data", b.Name, len(b.Modules), len(b.Data))
	}
	if rules := b.Catalogue(); len(rules) == 0 {
		t.Error("no rule has a custom.id")
	}
}
