package httpapi_test

import (
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"greenchannel/policies"
	"greenchannel/server"
	"greenchannel/server/bundle"
	"greenchannel/server/httpapi"
	"greenchannel/server/identity"
	"greenchannel/server/problem"
)

// resumed are rooms on a folder that is used one after the other, as by a service that is started again.
func resumed(t testing.TB, folder string, how server.Activation, log io.Writer) (http.Handler, func()) {
	t.Helper()
	logger := slog.New(slog.NewTextHandler(log, nil))
	r, err := server.OpenRecorded(t.Context(), policies.FS(), time.Minute, server.RecordConfig{Data: folder, Log: logger})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Resume(t.Context(), how); err != nil {
		t.Fatal(err)
	}
	d := r.Doors()
	d.Callers, d.Log = known{"tester", identity.Roles()}, logger
	return httpapi.New(d), func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

// signing makes a key, and the block of a configuration that trusts it.
func signing(t testing.TB, id string) (bundle.Signer, []byte) {
	t.Helper()
	private, public, err := bundle.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	block, err := json.Marshal(map[string]any{id: map[string]string{"key": string(public), "algorithm": "ES256"}})
	if err != nil {
		t.Fatal(err)
	}
	return bundle.Signer{KeyID: id, Key: private}, block
}

func builtOf(t testing.TB, folder fs.FS) []byte {
	t.Helper()
	archive, _, err := bundle.Build(folder)
	if err != nil {
		t.Fatal(err)
	}
	return archive
}

func signedOf(t testing.TB, archive []byte, signer bundle.Signer) string {
	t.Helper()
	signed, err := bundle.Sign(archive, signer)
	if err != nil {
		t.Fatal(err)
	}
	return string(signed)
}

func describedOf(t testing.TB, handler http.Handler, digest string) httpapi.BundleDescription {
	t.Helper()
	var described httpapi.BundleDescription
	response := call(t, handler, "GET", "/v1/bundles/"+digest, "")
	if text := body(t, response); response.StatusCode != http.StatusOK || json.Unmarshal(text, &described) != nil {
		t.Fatalf("status %d: %s", response.StatusCode, text)
	}
	return described
}

// Where keys are configured, nothing comes in that is not signed by one of them; what came in before, by another key or by
// none, is not put into force; and all of it stands in the record.
func TestSignedBundlesOnly(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	folder := renamed(t, "second")
	archive := builtOf(t, folder)

	var log bytes.Buffer
	handler, stop := resumed(t, data, server.Activation{}, &log)
	first := listOf(t, handler)[0]
	kept := entryOf(t, call(t, handler, "POST", "/v1/bundles", string(archive), "Content-Type", gzipped))
	if kept.Signed || !first.Embedded || kept.Embedded || !strings.Contains(log.String(), "UNSIGNED") {
		t.Errorf("kept without a signature: %+v\n%s", kept, log.String())
	}
	stop()

	signer, block := signing(t, "release")
	other, _ := signing(t, "release")
	handler, stop = resumed(t, data, server.Activation{Keys: block}, io.Discard)
	defer stop()
	extra := signedOf(t, archive, signer)
	for _, tc := range []struct{ name, archive, want string }{
		{"unsigned", string(archive), "/.signatures.json: is missing"},
		{"another key", signedOf(t, archive, other), "/.signatures.json: failed to verify"},
		{"a file beside", with(t, extra, map[string]string{"rareearth/more/more.rego": "package rareearth.more\n"}), "/rareearth/more/more.rego: file"},
		{"a second signatures file", with(t, extra, map[string]string{"rareearth/.signatures.json": `{"signatures": []}`}), "/rareearth/.signatures.json: is a signatures file"},
		{"a delta bundle, signed", signedOf(t, []byte(with(t, string(archive), map[string]string{"patch.json": `{"data": []}`})), signer), "/patch.json: is a change"},
	} {
		got := isProblem(t, call(t, handler, "POST", "/v1/bundles", tc.archive, "Content-Type", gzipped), http.StatusUnprocessableEntity, problem.Invalid)
		if !slices.ContainsFunc(got.Errors, func(f problem.Fault) bool { return strings.HasPrefix(f.Pointer+": "+f.Detail, tc.want) }) {
			t.Errorf("%s: %+v", tc.name, got.Errors)
		}
	}
	got := isProblem(t, call(t, handler, "POST", "/v1/bundles/"+kept.Digest+"/activate", ""), http.StatusConflict, problem.Conflict)
	if !strings.Contains(got.Detail, "not signed") {
		t.Errorf("detail %q", got.Detail)
	}
	again := call(t, handler, "POST", "/v1/bundles", signedOf(t, archive, signer), "Content-Type", gzipped)
	if entry := entryOf(t, again); again.StatusCode != http.StatusOK || !entry.Signed || entry.SignedBy != "release" || entry.Digest != kept.Digest {
		t.Errorf("status %d, %+v", again.StatusCode, entry)
	}
	entryOf(t, call(t, handler, "POST", "/v1/bundles/"+kept.Digest+"/activate", ""))
	entryOf(t, call(t, handler, "POST", "/v1/bundles/"+first.Digest+"/activate", "")) // that of the program needs no signature
	described := describedOf(t, handler, kept.Digest)
	var outcomes []string
	for _, e := range described.Events {
		outcomes = append(outcomes, e.Outcome)
		if e.Caller != "tester" || e.Seq == 0 || e.At == "" || (e.Outcome == "refused") != (len(e.Errors) > 0) {
			t.Errorf("event %+v", e)
		}
	}
	if want := []string{"activated", "kept", "refused", "kept"}; !slices.Equal(outcomes, want) {
		t.Errorf("became %v, want %v", outcomes, want)
	}
	if last := described.Events[len(described.Events)-1]; last.Tests != 1 || last.Cases < 457 {
		t.Errorf("passed %d tests and %d cases", last.Tests, last.Cases)
	}
	if location := call(t, handler, "GET", again.Header.Get("Location"), ""); location.StatusCode != http.StatusOK {
		t.Errorf("Location leads to %d", location.StatusCode)
	}
	isProblem(t, call(t, handler, "GET", "/v1/bundles/000000000000", ""), http.StatusNotFound, problem.NotFound)
}

// with adds files to an archive, in the way of somebody who has it in hand.
func with(t testing.TB, archive string, more map[string]string) string {
	t.Helper()
	folder, err := bundle.Unpack([]byte(archive))
	if err != nil {
		t.Fatal(err)
	}
	files, err := bundle.Files(folder, true)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, file := range files {
		text, err := fs.ReadFile(folder, file.Path)
		if err != nil {
			t.Fatal(err)
		}
		texts[file.Path] = string(text)
	}
	for name, text := range more {
		texts[name] = text
	}
	return tarredTexts(t, texts)
}

// What was activated last is in force again after a start, unless the service is told to begin with its own; by a key that is
// not configured any more, it is not.
func TestABundleIsInForceAgain(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	signer, block := signing(t, "release")
	_, otherBlock := signing(t, "release")
	handler, stop := resumed(t, data, server.Activation{Keys: block}, io.Discard)
	first := listOf(t, handler)[0]
	kept := entryOf(t, call(t, handler, "POST", "/v1/bundles", signedOf(t, builtOf(t, renamed(t, "second")), signer), "Content-Type", gzipped))
	entryOf(t, call(t, handler, "POST", "/v1/bundles/"+kept.Digest+"/activate", ""))
	stop()
	name := func(how server.Activation) string {
		handler, stop := resumed(t, data, how, io.Discard)
		defer stop()
		return policyOf(t, body(t, call(t, handler, "POST", "/v1/dry-runs", application(t))))
	}
	if got := name(server.Activation{Keys: block}); got != "second" {
		t.Errorf("after a start %q decides", got)
	}
	if got := name(server.Activation{Keys: block, StartEmbedded: true}); got != "rareearth" {
		t.Errorf("told to start with its own, %q decides", got)
	}
	r, err := server.OpenRecorded(t.Context(), policies.FS(), time.Minute, server.RecordConfig{Data: data, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Resume(t.Context(), server.Activation{Keys: otherBlock}); err == nil || !strings.Contains(err.Error(), "--start-with embedded") || !strings.Contains(err.Error(), "not signed by a key") {
		t.Errorf("with another key: %v", err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	handler, stop = resumed(t, data, server.Activation{Keys: block}, io.Discard)
	entryOf(t, call(t, handler, "POST", "/v1/bundles/"+first.Digest+"/activate", ""))
	stop()
	if got := name(server.Activation{Keys: block}); got != "rareearth" {
		t.Errorf("rolled back, and after a start %q decides", got)
	}
}

// A bundle that fails its own tests, that cannot decide a case, or under which an outcome is out of reach, stays outside.
func TestBundlesThatFailTheirExamination(t *testing.T) {
	t.Parallel()
	handler := ownRooms(t, io.Discard)
	for _, tc := range []struct {
		name   string
		change func(fstest.MapFS)
		want   []string
	}{
		{"a test of its own", func(f fstest.MapFS) {
			oneTest(f)
			f["rareearth/more/more_test.rego"] = &fstest.MapFile{Data: []byte("package rareearth.more_test\n\ntest_wrong if {\n\t1 == 2\n}\n")}
		}, []string{"/rareearth/more/more_test.rego: line 3, column 1: test_failed: test_wrong failed"}},
		{"a test that cannot be read, and a rule that asks outside", func(f fstest.MapFS) {
			f["rareearth/more/more_test.rego"] = &fstest.MapFile{Data: []byte("package rareearth.more_test\n\ntest_wrong if {\n")}
			f["rareearth/more/more.rego"] = &fstest.MapFile{Data: []byte("package rareearth.more\n\nx := http.send({\"method\": \"get\", \"url\": \"http://127.0.0.1/\"})\n")}
		}, []string{"/rareearth/more/more_test.rego: line 4", "/rareearth/more/more.rego: line 3, column 6: rego_type_error: undefined function http.send"}},
		{"no tests", noTests, []string{": the bundle has no test of its own"}},
		{"an outcome out of reach", func(f fstest.MapFS) {
			oneTest(f)
			changed(t, f, "schemas/application/schema.json", `"special"`, `"peculiar"`)
		}, []string{": no case ends in special_application any more", "as of"}},
		{"a revision that is not its own", func(f fstest.MapFS) {
			changed(t, f, ".manifest", `"roots"`, `"revision": "v1.2", "roots"`)
		}, []string{`/.manifest: the revision is stated as "v1.2"`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			folder := folderOf(t)
			tc.change(folder)
			got := isProblem(t, call(t, handler, "POST", "/v1/bundles", packed(t, folder), "Content-Type", gzipped), http.StatusUnprocessableEntity, problem.Invalid)
			for _, want := range tc.want {
				if !slices.ContainsFunc(got.Errors, func(f problem.Fault) bool { return strings.Contains(f.Pointer+": "+f.Detail, want) }) {
					t.Errorf("nothing says %q: %.3000v", want, got.Errors)
				}
			}
		})
	}
	if list := listOf(t, handler); len(list) != 1 || !list[0].Active {
		t.Errorf("kept: %+v", list)
	}
}

func noTests(f fstest.MapFS) {
	for name := range f {
		if strings.HasSuffix(name, "_test.rego") {
			delete(f, name)
		}
	}
}

func oneTest(f fstest.MapFS) {
	noTests(f)
	f["rareearth/clock/clock_test.rego"] = &fstest.MapFile{Data: []byte("package rareearth.clock_test\n\ntest_something if true\n")}
}

// Two revisions are asked side by side, whichever is active: each answers by its own data.
func TestTwoRevisionsSideBySide(t *testing.T) {
	t.Parallel()
	handler := ownRooms(t, io.Discard)
	first := listOf(t, handler)[0]
	second := entryOf(t, call(t, handler, "POST", "/v1/bundles", string(builtOf(t, renamed(t, "second"))), "Content-Type", gzipped))
	for _, active := range []string{second.Digest, first.Digest} {
		entryOf(t, call(t, handler, "POST", "/v1/bundles/"+active+"/activate", ""))
		for revision, want := range map[string]string{first.Revision: "rareearth", second.Revision: "second"} {
			if got := policyOf(t, body(t, call(t, handler, "POST", "/v1/dry-runs?revision="+revision, application(t)))); got != want {
				t.Errorf("while %s is active, %s answers as %q, want %q", active, revision, got, want)
			}
			unknown := call(t, handler, "POST", "/v1/dry-runs?explain=RF-99&revision="+revision, application(t))
			told := isProblem(t, unknown, http.StatusUnprocessableEntity, problem.Invalid).Errors
			if len(told) != 1 || told[0].Pointer != "?explain" || strings.Contains(told[0].Detail, "active") {
				t.Errorf("while %s is active, %s says of a rule that is none: %v", active, revision, told)
			}
		}
	}
}
