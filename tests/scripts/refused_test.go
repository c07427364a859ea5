package scripts

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"greenchannel/server/bundle"
)

// unwanted is a bundle that the service has to refuse.
type unwanted struct {
	name    string
	archive []byte
	// told are lines of the refusal: the file in the bundle, the line in it where there is one, and the reason.
	told []string
	// status is that of the answer; 422 unless it is stated.
	status int
}

// TestUnwantedBundlesAreRefused sends each bundle that must not get in to a running service, over HTTP and by the command. Both
// tell the file, and its line where it has one; the bundle in force stays so, nothing is kept, and the record says what was refused.
func TestUnwantedBundlesAreRefused(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	s := newGuarded(t, root)
	policies := os.DirFS(filepath.Join(root, "policies"))
	refused := 0
	for _, u := range unwantedBundles(t, policies, s.key) {
		t.Run(u.name, func(t *testing.T) {
			if u.status == 0 {
				u.status = http.StatusUnprocessableEntity
			}
			status, answer, err := sendAs("application/gzip", http.MethodPost, s.address+"/v1/bundles", "", u.archive)
			if err != nil || status != u.status {
				t.Errorf("status %d (%v), want %d: %s", status, err, u.status, answer)
			}
			told := faultLines(t, answer)
			said, code := s.activate(t, u.archive)
			if code != 2 {
				t.Errorf("exit code %d", code)
			}
			refused += 2
			recorded := s.refusals(t)
			if len(recorded) != refused {
				t.Fatalf("the record has %d refusals, want %d", len(recorded), refused)
			}
			for _, want := range u.told {
				for where, lines := range map[string]string{"over HTTP": told, "by the command": said, "in the record": recorded[refused-2], "then": recorded[refused-1]} {
					if !strings.Contains(lines, want) {
						t.Errorf("%s nothing says %q:\n%s", where, want, lines)
					}
				}
			}
			s.unchanged(t)
		})
	}
}

func unwantedBundles(t *testing.T, policies fs.FS, key bundle.Signer) []unwanted {
	t.Helper()
	sound := builtOf(t, policies)
	signed := signature(t, sound, key)
	beside := func(archive []byte, files map[string]string) []byte { return repacked(t, archive, files) }
	wrong := func(files map[string]string) []byte { return signature(t, beside(sound, files), key) }
	stranger, _, err := bundle.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	const failing = "package rareearth.clock_test\n\ntest_wrong if {\n\t1 == 2\n}\n"
	const send = "package rareearth.lib.news\n\n# No rule may ask anybody.\nlatest := http.send({\"method\": \"get\", \"url\": \"http://127.0.0.1/\"})\n"
	return []unwanted{
		{name: "unsigned", archive: sound, told: []string{".signatures.json: is missing"}},
		{name: "signed by another key under the same id", archive: signature(t, sound, bundle.Signer{KeyID: key.KeyID, Key: stranger}), told: []string{".signatures.json: failed to verify"}},
		{name: "signed by a key that is not known", archive: signature(t, sound, bundle.Signer{KeyID: "stranger", Key: stranger}), told: []string{".signatures.json: ", "stranger"}},
		{name: "a file that was not signed", archive: beside(signed, map[string]string{"rareearth/lib/more.rego": "package rareearth.lib.more\n"}), told: []string{"rareearth/lib/more.rego: file rareearth/lib/more.rego not included"}},
		{name: "a file that was changed", archive: beside(signed, map[string]string{"rareearth/reference/settings/data.yaml": "{}\n"}), told: []string{"rareearth/reference/settings/data.yaml: digest mismatch"}},
		{name: "a second signatures file", archive: beside(signed, map[string]string{"rareearth/.signatures.json": `{"signatures": []}`}), told: []string{"rareearth/.signatures.json: is a signatures file in a folder"}},
		{name: "a delta", archive: wrong(map[string]string{"patch.json": `{"data": []}`}), told: []string{"patch.json: is a change"}},
		{name: "other roots", archive: wrong(map[string]string{".manifest": `{"roots": ["rareearth", "system", "authzen", "elsewhere"], "metadata": {"name": "rareearth"}}`}), told: []string{`.manifest: the roots are "authzen", "elsewhere", "rareearth", "system"`}},
		{name: "a rule that asks outside", archive: wrong(map[string]string{"rareearth/lib/news/news.rego": send}), told: []string{"rareearth/lib/news/news.rego: line 4, column 11: rego_type_error: undefined function http.send"}},
		{name: "a rule that cannot be read", archive: wrong(map[string]string{"rareearth/lib/news/news.rego": "package rareearth.lib.news\n\nlatest if {\n"}), told: []string{"rareearth/lib/news/news.rego: line 4"}},
		{name: "a test of its own that fails", archive: signature(t, builtOf(t, oneTest(t, policies, failing)), key), told: []string{"rareearth/clock/clock_test.rego: line 3, column 1: test_failed: test_wrong failed"}},
		{name: "a path that leads out", archive: tarOf(t, tar.Header{Typeflag: tar.TypeReg, Name: "../../escaped.rego"}), told: []string{"../../escaped.rego: is no plain path inside the bundle"}},
		{name: "a path that leads out further on", archive: tarOf(t, tar.Header{Typeflag: tar.TypeReg, Name: "rareearth/../../escaped.rego"}), told: []string{"rareearth/../../escaped.rego: is no plain path inside the bundle"}},
		{name: "a link that leads out", archive: tarOf(t, tar.Header{Typeflag: tar.TypeSymlink, Name: "escaped.rego", Linkname: "/etc/passwd"}), told: []string{"escaped.rego: is no plain file"}},
		{name: "files that are too long", archive: tarOf(t, tar.Header{Typeflag: tar.TypeReg, Name: "long.rego", Size: 1 << 40}), told: []string{"the files have more than"}},
		{name: "an archive that is too long", archive: make([]byte, bundle.MaxArchiveBytes+1), told: []string{"longer than 67108864 bytes"}, status: http.StatusRequestEntityTooLarge},
		{name: "no archive", archive: []byte("package rareearth"), told: []string{"no gzipped archive"}},
	}
}

// guarded is a running service that takes what one key has signed, and the program that calls it.
type guarded struct {
	program, folder, address string
	key                      bundle.Signer
	// before is what /v1/bundles said at first.
	before string
}

func newGuarded(t *testing.T, root string) *guarded {
	t.Helper()
	private, public, err := bundle.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	program := plainProgram(t, root)
	g := newGuide(t, root, program)
	s := &guarded{
		program: program, folder: g.folder, address: "http://" + g.address, key: bundle.Signer{KeyID: "release", Key: private},
	}
	block, err := json.Marshal(map[string]any{"keys": map[string]any{"release": map[string]string{"algorithm": "ES256", "key": string(public)}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.folder, "service.yaml"), block, 0o600); err != nil {
		t.Fatal(err)
	}
	g.run(t, "greenchannel serve --config service.yaml --data record &")
	s.before = s.kept(t)
	if strings.Count(s.before, `"digest"`) != 1 || !strings.Contains(s.before, `"active":true`) {
		t.Fatalf("at first: %s", s.before)
	}
	return s
}

// activate uploads an archive by the command, and gives what it says on both outputs and its exit code.
func (s *guarded) activate(t *testing.T, archive []byte) (said string, code int) {
	t.Helper()
	file := filepath.Join(s.folder, "unwanted.tar.gz")
	if err := os.WriteFile(file, archive, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), s.program, "bundle", "activate", file, "--server", s.address).CombinedOutput()
	if ended, ok := errors.AsType[*exec.ExitError](err); ok {
		return string(out), ended.ExitCode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(out), 0
}

func (s *guarded) kept(t *testing.T) string {
	t.Helper()
	status, answer, err := send(http.MethodGet, s.address+"/v1/bundles", "", nil)
	if err != nil || status != http.StatusOK {
		t.Fatalf("status %d (%v): %s", status, err, answer)
	}
	return string(answer)
}

// unchanged asks that the bundles that are kept, and the one in force, are those of before.
func (s *guarded) unchanged(t *testing.T) {
	t.Helper()
	if now := s.kept(t); now != s.before {
		t.Errorf("the bundles are\n%s, and were\n%s", now, s.before)
	}
	if status, answer, err := send(http.MethodGet, s.address+"/readyz", "", nil); err != nil || status != http.StatusOK {
		t.Errorf("status %d (%v): %s", status, err, answer)
	}
}

// refusals are those that the record tells, the oldest first, each with its errors line by line.
func (s *guarded) refusals(t *testing.T) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), s.program, "journal", "export", "--data", filepath.Join(s.folder, "record")).Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for line := range bytes.Lines(out) {
		var event struct {
			Result json.RawMessage
			Custom struct{ Kind, Outcome string }
		}
		if err := json.Unmarshal(line, &event); err != nil {
			t.Fatal(err)
		}
		if event.Custom.Kind == "activation" && event.Custom.Outcome == "refused" {
			all = append(all, faultLines(t, event.Result))
		}
	}
	return all
}

// faultLines writes the errors of a problem document, or of a record, as the command tells them.
func faultLines(t *testing.T, text []byte) string {
	t.Helper()
	var told struct {
		Detail string
		Errors []struct{ Pointer, Detail string }
	}
	if err := json.Unmarshal(text, &told); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	lines := told.Detail + "\n"
	for _, e := range told.Errors {
		lines += fmt.Sprintf("%s: %s\n", strings.ReplaceAll(strings.TrimPrefix(e.Pointer, "/"), "~0", "~"), e.Detail)
	}
	return lines
}

func builtOf(t *testing.T, folder fs.FS) []byte {
	t.Helper()
	archive, _, err := bundle.Build(folder)
	if err != nil {
		t.Fatal(err)
	}
	return archive
}

// oneTest is a folder of policies whose tests are this one and no others.
func oneTest(t *testing.T, folder fs.FS, test string) fs.FS {
	t.Helper()
	all := copied(t, folder)
	for name := range all {
		if strings.HasSuffix(name, "_test.rego") {
			delete(all, name)
		}
	}
	all["rareearth/clock/clock_test.rego"] = &fstest.MapFile{Data: []byte(test)}
	return all
}

func copied(t *testing.T, folder fs.FS) fstest.MapFS {
	t.Helper()
	all := fstest.MapFS{}
	err := fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(folder, name)
		all[name] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// repacked puts files into an archive, in the way of somebody who has it in hand: nothing else of it is made anew.
func repacked(t *testing.T, archive []byte, files map[string]string) []byte {
	t.Helper()
	folder, err := bundle.Unpack(archive)
	if err != nil {
		t.Fatal(err)
	}
	all := copied(t, folder)
	for name, text := range files {
		all[name] = &fstest.MapFile{Data: []byte(text)}
	}
	var headers []tar.Header
	var texts [][]byte
	for name, file := range all {
		headers = append(headers, tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(file.Data))})
		texts = append(texts, file.Data)
	}
	return tarFiles(t, headers, texts)
}

// tarOf packs files without content, whatever their names and stated sizes.
func tarOf(t *testing.T, headers ...tar.Header) []byte {
	t.Helper()
	return tarFiles(t, headers, make([][]byte, len(headers)))
}

func tarFiles(t *testing.T, headers []tar.Header, texts [][]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	archive := tar.NewWriter(zipped)
	for i, header := range headers {
		header.Mode = 0o644
		if err := archive.WriteHeader(&header); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write(texts[i]); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.ContainsFunc(headers, func(h tar.Header) bool { return h.Size > bundle.MaxArchiveBytes }) { // what is stated too long is not written
		if err := archive.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func signature(t *testing.T, archive []byte, key bundle.Signer) []byte {
	t.Helper()
	signed, err := bundle.Sign(archive, key)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}
