package bundle_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"greenchannel/policies"
	"greenchannel/server/bundle"
)

func built(t testing.TB, fsys fs.FS) ([]byte, *bundle.Bundle) {
	t.Helper()
	archive, b, err := bundle.Build(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return archive, b
}

func unpacked(t testing.TB, archive []byte) fs.FS {
	t.Helper()
	folder, err := bundle.Unpack(archive)
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

// The same sources make the same bytes, what is built says what it is, and it is still the bundle that the sources are.
func TestBuild(t *testing.T) {
	t.Parallel()
	archive, b := built(t, policies.FS())
	again, _ := built(t, policies.FS())
	if !bytes.Equal(archive, again) {
		t.Error("the same sources make two archives")
	}
	folder := unpacked(t, archive)
	rebuilt, same := built(t, folder)
	if !bytes.Equal(archive, rebuilt) || same.Digest != b.Digest {
		t.Error("what was built, unpacked and built again, is another bundle")
	}
	from := load(t, policies.FS())
	if b.Digest != from.Digest || load(t, folder).Digest != from.Digest {
		t.Errorf("the archive has the digest %s, its sources %s", b.Digest, from.Digest)
	}
	var manifest struct {
		Revision string
		Roots    []string
		Metadata struct {
			Name  string
			Built bundle.Built
		}
	}
	text, err := fs.ReadFile(folder, ".manifest")
	if err != nil || json.Unmarshal(text, &manifest) != nil {
		t.Fatalf("%v: %s", err, text)
	}
	stated := manifest.Metadata.Built
	if manifest.Revision != from.Revision || stated.Digest != from.Digest || manifest.Metadata.Name != "rareearth" || len(manifest.Roots) != 3 ||
		len(stated.Entrypoints) != 1 || stated.Entrypoints[0] != "rareearth/decision" || len(stated.Schemas) < 3 || !strings.HasPrefix(stated.Schemas["application"], "sha256:") {
		t.Errorf("manifest: %s", text)
	}
	if err := load(t, folder).Disagreement(folder); err != nil {
		t.Errorf("what was built disagrees with itself: %v", err)
	}
}

// A revision that the content does not bear out is told, and so is anything else that build would have written otherwise.
func TestAManifestThatDisagrees(t *testing.T) {
	t.Parallel()
	archive, b := built(t, folder(t))
	changed := func(change func(fstest.MapFS)) fs.FS {
		copied := fstest.MapFS{}
		files, err := bundle.Files(unpacked(t, archive), true)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := fs.ReadFile(unpacked(t, archive), file.Path)
			if err != nil {
				t.Fatal(err)
			}
			copied[file.Path] = &fstest.MapFile{Data: text}
		}
		change(copied)
		return copied
	}
	replace := func(f fstest.MapFS, name, old, other string) {
		text := strings.Replace(string(f[name].Data), old, other, 1)
		if text == string(f[name].Data) {
			t.Fatalf("%s has no %q", name, old)
		}
		f[name] = &fstest.MapFile{Data: []byte(text)}
	}
	for _, tc := range []struct {
		name   string
		change func(fstest.MapFS)
		want   []string
	}{
		{"nothing", func(fstest.MapFS) {}, nil},
		{"the whole digest as revision", func(f fstest.MapFS) {
			replace(f, ".manifest", `"revision": "`+b.Revision, `"revision": "`+b.Digest)
		}, nil},
		{"a rule", func(f fstest.MapFS) { replace(f, "rareearth/rules/rules.rego", "helper := 1", "helper := 2") }, []string{"the revision is stated", "metadata.built"}},
		{"a schema", func(f fstest.MapFS) {
			replace(f, "schemas/application/schema.json", "object", "array")
		}, []string{"the revision is stated", "metadata.built"}},
		{"an entry point", func(f fstest.MapFS) { replace(f, ".manifest", `"entrypoints": null`, `"entrypoints": ["x"]`) }, []string{"metadata.built"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			fsys := changed(tc.change)
			faults := bundle.Faults(load(t, fsys).Disagreement(fsys))
			if len(faults) != len(tc.want) {
				t.Fatalf("%v, want %q", faults, tc.want)
			}
			for i, want := range tc.want {
				if !strings.Contains(faults[i].Detail, want) || faults[i].Pointer != "/.manifest" {
					t.Errorf("%v, want %q", faults[i], want)
				}
			}
		})
	}
}
