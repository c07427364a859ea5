package httpapi_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"greenchannel/policies"
	"greenchannel/server"
	"greenchannel/server/bundle"
	"greenchannel/server/httpapi"
	"greenchannel/server/identity"
	"greenchannel/server/problem"
)

const gzipped = "application/gzip"

// ownRooms are rooms of a test that activates bundles; what it does there is seen nowhere else.
func ownRooms(t testing.TB, log io.Writer) http.Handler {
	t.Helper()
	logger := slog.New(slog.NewTextHandler(log, nil))
	r, err := server.OpenRecorded(t.Context(), policies.FS(), time.Minute, server.RecordConfig{Data: t.TempDir(), Log: logger})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	d := r.Doors()
	d.Callers, d.Log = known{"tester", identity.Roles()}, logger
	return httpapi.New(d)
}

// folderOf is a copy of the policies to change.
func folderOf(t testing.TB) fstest.MapFS {
	t.Helper()
	folder := fstest.MapFS{}
	err := fs.WalkDir(policies.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(policies.FS(), name)
		folder[name] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

// changed changes one text of a folder.
func changed(t testing.TB, folder fstest.MapFS, name, old, other string) {
	t.Helper()
	if file, ok := folder[name]; !ok || !strings.Contains(string(file.Data), old) {
		t.Fatalf("%s does not say %q any more", name, old)
	}
	folder[name] = &fstest.MapFile{Data: []byte(strings.Replace(string(folder[name].Data), old, other, 1))}
}

func packed(t testing.TB, folder fs.FS) string {
	t.Helper()
	archive, err := bundle.Pack(folder)
	if err != nil {
		t.Fatal(err)
	}
	return string(archive)
}

// tarred packs files as they come, whatever their names.
func tarred(t testing.TB, files ...tar.Header) string {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	archive := tar.NewWriter(zipped)
	for _, header := range files {
		header.Mode = 0o644
		if err := archive.WriteHeader(&header); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// tarredTexts packs texts as plain files.
func tarredTexts(t testing.TB, texts map[string]string) string {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	archive := tar.NewWriter(zipped)
	for name, text := range texts {
		if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(text))}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(archive, text); err != nil {
			t.Fatal(err)
		}
	}
	if archive.Close() != nil || zipped.Close() != nil {
		t.Fatal("not packed")
	}
	return out.String()
}

// renamed is the policies under another name, which decide as before and say so. Of their tests there is one: the tests of the
// policies are run elsewhere, and take seconds.
func renamed(t testing.TB, name string) fstest.MapFS {
	t.Helper()
	folder := folderOf(t)
	oneTest(folder)
	changed(t, folder, ".manifest", `"name": "rareearth"`, `"name": "`+name+`"`)
	return folder
}

func entryOf(t testing.TB, response *http.Response) httpapi.Bundle {
	t.Helper()
	var entry httpapi.Bundle
	if text := body(t, response); json.Unmarshal(text, &entry) != nil || response.StatusCode >= 300 {
		t.Fatalf("status %d: %s", response.StatusCode, text)
	}
	return entry
}

func listOf(t testing.TB, handler http.Handler) []httpapi.Bundle {
	t.Helper()
	var list struct{ Bundles []httpapi.Bundle }
	if err := json.Unmarshal(body(t, call(t, handler, "GET", "/v1/bundles", "")), &list); err != nil {
		t.Fatal(err)
	}
	return list.Bundles
}

func policyOf(t testing.TB, text []byte) string {
	t.Helper()
	var got struct{ Policy struct{ Name string } }
	if err := json.Unmarshal(text, &got); err != nil {
		t.Errorf("%v: %s", err, text)
	}
	return got.Policy.Name
}

// A bundle is kept once, whoever packed it; it answers when it is activated and not before; and the way back leads to the
// very bytes of before.
func TestABundleFromUploadToRollback(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	handler := ownRooms(t, &log)
	first := listOf(t, handler)
	if len(first) != 1 || !first[0].Active || first[0].Records != 0 {
		t.Fatalf("at the beginning: %+v", first)
	}
	const dryRun = "/v1/dry-runs?as_of=2026-11-23"
	before := body(t, call(t, handler, "POST", dryRun, application(t)))

	folder := renamed(t, "second")
	made := call(t, handler, "POST", "/v1/bundles", packed(t, folder), "Content-Type", gzipped)
	kept := entryOf(t, made)
	if made.StatusCode != http.StatusCreated || made.Header.Get("Location") != "/v1/bundles/"+kept.Digest || kept.Name != "second" || kept.Active {
		t.Errorf("status %d, Location %q, %+v", made.StatusCode, made.Header.Get("Location"), kept)
	}
	folder["prose/README.md"] = &fstest.MapFile{Data: []byte("It changes no decision.")}
	var unlike bytes.Buffer // the same content, packed by somebody else
	zipped := gzip.NewWriter(&unlike)
	archive := tar.NewWriter(zipped)
	for _, name := range slices.Backward(slices.Sorted(maps.Keys(folder))) {
		text := folder[name].Data
		if err := archive.WriteHeader(&tar.Header{Name: "/" + name, Mode: 0o600, Size: int64(len(text)), ModTime: day}); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write(text); err != nil {
			t.Fatal(err)
		}
	}
	if archive.Close() != nil || zipped.Close() != nil {
		t.Fatal("not packed")
	}
	again := call(t, handler, "POST", "/v1/bundles", unlike.String(), "Content-Type", "application/vnd.oci.image.layer.v1.tar+gzip")
	if same := entryOf(t, again); again.StatusCode != http.StatusOK || same != kept {
		t.Errorf("status %d, %+v, was kept as %+v", again.StatusCode, same, kept)
	}
	if list := listOf(t, handler); len(list) != 2 || list[0] != kept || !list[1].Active {
		t.Errorf("list: %+v", list)
	}
	if now := body(t, call(t, handler, "POST", dryRun, application(t))); !bytes.Equal(now, before) {
		t.Error("an upload changes what is answered")
	}
	if under := policyOf(t, body(t, call(t, handler, "POST", dryRun+"&revision="+kept.Revision, application(t)))); under != "second" {
		t.Errorf("a dry run under %s is by %s", kept.Revision, under)
	}

	if active := entryOf(t, call(t, handler, "POST", "/v1/bundles/"+kept.Revision+"/activate", "")); !active.Active || active.Digest != kept.Digest {
		t.Errorf("activated: %+v", active)
	}
	for _, line := range []string{"bundle activated", "caller=tester", "digest=" + kept.Digest, "before=" + first[0].Digest} {
		if !strings.Contains(log.String(), line) {
			t.Errorf("the log does not say %q", line)
		}
	}
	if now := policyOf(t, body(t, call(t, handler, "POST", "/v1/decisions", application(t)))); now != "second" {
		t.Errorf("after the activation %q decides", now)
	}
	if now := policyOf(t, body(t, call(t, handler, "GET", "/readyz", ""))); now != "second" {
		t.Errorf("ready by %q", now)
	}
	old := body(t, call(t, handler, "POST", dryRun+"&revision="+first[0].Digest, application(t)))
	if !bytes.Equal(old, before) {
		t.Errorf("the old bundle answers otherwise: %s", old)
	}
	if list := listOf(t, handler); !list[0].Active || list[0].Records != 1 || list[0].First != 3 || list[0].Activations != 1 || list[1].Active {
		t.Errorf("list: %+v", list)
	}

	began := time.Now()
	entryOf(t, call(t, handler, "POST", "/v1/bundles/"+first[0].Digest+"/activate", ""))
	t.Logf("back in %s", time.Since(began))
	call(t, handler, "POST", "/v1/bundles/"+first[0].Revision+"/activate", "") // what is active stays so
	if now := body(t, call(t, handler, "POST", dryRun, application(t))); !bytes.Equal(now, before) {
		t.Errorf("after the way back: %s\nbefore: %s", now, before)
	}
}

// Whatever is wrong with a bundle is told with its file, all at once, and nothing is kept.
func TestBundlesThatAreRefused(t *testing.T) {
	t.Parallel()
	handler := ownRooms(t, io.Discard)
	wide, err := json.Marshal(ast.CapabilitiesForThisVersion())
	if err != nil {
		t.Fatal(err)
	}
	const decisionFile = "rareearth/decision/decision.rego"
	send := func(change func(fstest.MapFS)) string {
		folder := folderOf(t)
		change(folder)
		return packed(t, folder)
	}
	for _, tc := range []struct {
		name, body string
		want       []string // pointer and a part of the detail
	}{
		{"not gzip", "package rareearth", []string{": unpack bundle: no gzipped archive"}},
		{"cut off", packed(t, folderOf(t))[:1000], []string{": unexpected EOF"}},
		{"a path that leads out", tarred(t, tar.Header{Name: "../../etc/passwd", Typeflag: tar.TypeReg}), []string{"/../../etc/passwd: is no plain path inside the bundle"}},
		{"a link", tarred(t, tar.Header{Name: "a.rego", Linkname: "/etc/passwd", Typeflag: tar.TypeSymlink}), []string{"/a.rego: is no plain file"}},
		{"empty", tarred(t), []string{
			"/capabilities/capabilities.json: is missing", "/schemas/application/schema.json: is missing",
			"/schemas/decision/schema.json: is missing", "/schemas/registry_party/schema.json: is missing",
		}},
		{"more built-ins", send(func(f fstest.MapFS) {
			f["capabilities/capabilities.json"] = &fstest.MapFile{Data: wide}
			f["rareearth/x/x.rego"] = &fstest.MapFile{Data: []byte("package rareearth.x\n\nanswer := http.send({\"method\": \"get\", \"url\": \"http://127.0.0.1/\"})\n")}
		}), []string{
			"/capabilities/capabilities.json: the built-in http.send is not allowed", "/capabilities/capabilities.json: the built-in opa.runtime is not allowed",
			"/capabilities/capabilities.json: allow_net is missing", "/rareearth/x/x.rego: line 3, column 11: rego_type_error: undefined function http.send",
		}},
		{"two files of broken Rego, broken data and a broken schema", send(func(f fstest.MapFS) {
			f["rareearth/a.rego"] = &fstest.MapFile{Data: []byte("package rareearth.a\n\nfoo if {\n")}
			f["rareearth/b.rego"] = &fstest.MapFile{Data: []byte("package rareearth.b\n\nbar := [1,,2]\n")}
			f["rareearth/c/data.json"] = &fstest.MapFile{Data: []byte("{")}
			f["schemas/decision/schema.json"] = &fstest.MapFile{Data: []byte("{")}
		}), []string{"/rareearth/a.rego: line 4", "/rareearth/b.rego: line 3", "/rareearth/c/data.json: ", "/schemas/decision/schema.json: "}},
		{"schemas that are none", send(func(f fstest.MapFS) {
			f["schemas/application/schema.json"] = &fstest.MapFile{Data: []byte(`{"type": "wrong"}`)}
			f["schemas/registry_party/schema.json"] = &fstest.MapFile{Data: []byte(`{"$ref": "file:///etc/passwd"}`)}
		}), []string{"/schemas/application/schema.json: ", "/schemas/registry_party/schema.json: registry_party schema"}},
		{"other roots", send(func(f fstest.MapFS) {
			f[".manifest"] = &fstest.MapFile{Data: []byte(`{"roots": ["authzen", "rareearth", "system", "elsewhere"], "metadata": {"name": "x"}}`)}
		}), []string{`/.manifest: the roots are "authzen", "elsewhere", "rareearth", "system"`}},
		{"no entry point", send(func(f fstest.MapFS) {
			changed(t, f, decisionFile, "package rareearth.decision", "package rareearth.other")
		}), []string{"rareearth"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := isProblem(t, call(t, handler, "POST", "/v1/bundles", tc.body, "Content-Type", gzipped), http.StatusUnprocessableEntity, problem.Invalid)
			var told []string
			for _, fault := range got.Errors {
				told = append(told, fault.Pointer+": "+fault.Detail)
			}
			for _, want := range tc.want {
				if !slices.ContainsFunc(told, func(line string) bool { return strings.Contains(line, want) }) {
					t.Errorf("nothing says %q:\n%.3000s", want, strings.Join(told, "\n"))
				}
			}
		})
	}
	isProblem(t, call(t, handler, "POST", "/v1/bundles", "{}"), http.StatusUnsupportedMediaType, problem.UnsupportedMedia)
	isProblem(t, call(t, handler, "POST", "/v1/bundles", "x", "Content-Type", gzipped, "Content-Encoding", "gzip"), http.StatusUnsupportedMediaType, problem.UnsupportedMedia)
	isProblem(t, call(t, handler, "POST", "/v1/bundles", strings.Repeat("x", bundle.MaxArchiveBytes+1), "Content-Type", gzipped), http.StatusRequestEntityTooLarge, problem.TooLarge)
	if httpapi.MaxArchiveBytes != bundle.MaxArchiveBytes {
		t.Error("the route reads archives of another length than the bundle takes")
	}
	if list := listOf(t, handler); len(list) != 1 {
		t.Errorf("kept: %+v", list)
	}
}

// What is not kept cannot be activated, nor what would lock the operators out; the active bundle stays.
func TestActivationsThatAreRefused(t *testing.T) {
	t.Parallel()
	handler := ownRooms(t, io.Discard)
	for _, revision := range []string{"000000000000", "abc", "sha256:", "x%20y"} {
		isProblem(t, call(t, handler, "POST", "/v1/bundles/"+revision+"/activate", ""), http.StatusNotFound, problem.NotFound)
	}
	for _, revision := range []string{"000000000000", "abc"} {
		got := isProblem(t, call(t, handler, "POST", "/v1/dry-runs?revision="+revision, application(t)), http.StatusUnprocessableEntity, problem.Invalid)
		if len(got.Errors) != 1 || got.Errors[0].Pointer != "?revision" {
			t.Errorf("%s: %+v", revision, got.Errors)
		}
	}
	folder := renamed(t, "locked")
	changed(t, folder, "system/authz/roles/data.yaml", `path: [v1, bundles, "*", activate], roles: [operator]`, `path: [v1, bundles, "*", activate], roles: [nobody]`)
	kept := entryOf(t, call(t, handler, "POST", "/v1/bundles", packed(t, folder), "Content-Type", gzipped))
	got := isProblem(t, call(t, handler, "POST", "/v1/bundles/"+kept.Digest+"/activate", ""), http.StatusConflict, problem.Conflict)
	if !strings.Contains(got.Detail, "no operator") || !strings.Contains(got.Detail, "nobody") {
		t.Errorf("detail %q", got.Detail)
	}
	if list := listOf(t, handler); list[0].Active || !list[1].Active {
		t.Errorf("list: %+v", list)
	}
}

// Decisions that are asked for while bundles change are made by the one or the other, and none fails.
func TestDecisionsWhileBundlesChange(t *testing.T) {
	t.Parallel()
	handler := ownRooms(t, io.Discard)
	first := listOf(t, handler)[0]
	second := entryOf(t, call(t, handler, "POST", "/v1/bundles", packed(t, renamed(t, "second")), "Content-Type", gzipped))
	stop := make(chan struct{})
	var asking sync.WaitGroup
	for range 4 {
		asking.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				response := call(t, handler, "POST", "/v1/dry-runs", application(t))
				if text := body(t, response); response.StatusCode != http.StatusOK || !slices.Contains([]string{"rareearth", "second"}, policyOf(t, text)) {
					t.Errorf("status %d: %s", response.StatusCode, text)
				}
				response = call(t, handler, "POST", "/v1/decisions", application(t))
				if text := body(t, response); response.StatusCode != http.StatusCreated {
					t.Errorf("status %d: %s", response.StatusCode, text)
				}
			}
		})
	}
	for i := range 20 {
		digest := []string{second.Digest, first.Digest}[i%2]
		if active := entryOf(t, call(t, handler, "POST", "/v1/bundles/"+digest+"/activate", "")); !active.Active || active.Digest != digest {
			t.Errorf("activated: %+v", active)
		}
	}
	close(stop)
	asking.Wait()
}
