package bundle_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	opabundle "github.com/open-policy-agent/opa/v1/bundle"

	"greenchannel/server/bundle"
	"greenchannel/server/problem"
)

// pair is a key to sign with, and the keys by which others verify it under an id.
func pair(t testing.TB, id string) (bundle.Signer, *bundle.Keys) {
	t.Helper()
	private, public, err := bundle.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	known := &bundle.Keys{}
	if err := known.Add(id, public, ""); err != nil {
		t.Fatal(err)
	}
	return bundle.Signer{KeyID: id, Key: private}, known
}

func signedBy(t testing.TB, archive []byte, signer bundle.Signer) []byte {
	t.Helper()
	signed, err := bundle.Sign(archive, signer)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// What is signed is the same bundle, is verified by the key and by no other, and OPA itself takes it.
func TestSignAndVerify(t *testing.T) {
	t.Parallel()
	archive, b := built(t, folder(t))
	signer, known := pair(t, "release")
	signed := signedBy(t, archive, signer)
	signature, err := known.Verify(unpacked(t, signed))
	if err != nil || signature.KeyID != "release" || signature.Algorithm != "ES256" || signature.Fingerprint != known.Fingerprint("release") || !strings.HasPrefix(signature.Fingerprint, "sha256:") {
		t.Errorf("%+v, %v", signature, err)
	}
	if load(t, unpacked(t, signed)).Digest != b.Digest {
		t.Error("a signature changes the digest")
	}
	if _, err := known.Verify(unpacked(t, signedBy(t, signed, signer))); err != nil {
		t.Errorf("signed again: %v", err)
	}
	text, err := json.Marshal(map[string]any{"release": map[string]string{"key": publicPEM(t, signer), "algorithm": "ES256"}})
	if err != nil {
		t.Fatal(err)
	}
	configured, err := bundle.ReadKeys(text)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := configured.Verify(unpacked(t, signed)); err != nil || again != signature {
		t.Errorf("by the keys of a configuration: %+v, %v", again, err)
	}
	opaKeys := map[string]*opabundle.KeyConfig{"release": {Key: publicPEM(t, signer), Algorithm: "ES256"}}
	if _, err := opabundle.NewReader(bytes.NewReader(signed)).WithBundleVerificationConfig(opabundle.NewVerificationConfig(opaKeys, "", "", nil)).Read(); err != nil {
		t.Errorf("OPA: %v", err)
	}
}

func publicPEM(t testing.TB, signer bundle.Signer) string {
	t.Helper()
	block, _ := pem.Decode(signer.Key)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(key.(crypto.Signer).Public())
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))
}

// Whatever is not what was signed is told by its name, all of it.
func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	archive, _ := built(t, folder(t))
	signer, known := pair(t, "release")
	signed := signedBy(t, archive, signer)
	other, _ := pair(t, "release")
	stranger, _ := pair(t, "stranger")
	text := func(content string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(content)} }
	for _, tc := range []struct {
		name    string
		archive []byte
		change  func(fstest.MapFS)
		want    []string
	}{
		{"not signed", archive, nil, []string{": the archive is not signed"}},
		{"another key under the id", signedBy(t, archive, other), nil, []string{"/.signatures.json: failed to verify JWT signature"}},
		{"a key that nobody knows", signedBy(t, archive, stranger), nil, []string{"/.signatures.json: verification key corresponding to ID stranger not found; the keys are release"}},
		{"files beside", signed, func(f fstest.MapFS) {
			f["rareearth/more.rego"], f["README.md"] = text("package rareearth.more"), text("prose")
		}, []string{"/README.md: file README.md not included", "/rareearth/more.rego: file rareearth/more.rego not included"}},
		{"a file changed and one gone", signed, func(f fstest.MapFS) {
			f["rareearth/limits/data.yaml"] = text("dy_wt_pct: 50\n")
			delete(f, "rareearth/rules/rules_test.rego")
		}, []string{"/rareearth/limits/data.yaml: digest mismatch", "/rareearth/rules/rules_test.rego: was signed and is not there"}},
		{"a manifest changed", signed, func(f fstest.MapFS) {
			f[".manifest"] = text(strings.Replace(string(f[".manifest"].Data), `"rareearth"`, `""`, 1))
		}, []string{"/.manifest: digest mismatch"}},
		{"a second signatures file", signed, func(f fstest.MapFS) { f["rareearth/.signatures.json"] = f[".signatures.json"] },
			[]string{"/rareearth/.signatures.json: is a signatures file in a folder"}},
		{"no signature in it", signed, func(f fstest.MapFS) { f[".signatures.json"] = text(`{"signatures": []}`) }, []string{"/.signatures.json: .signatures.json: missing JWT"}},
		{"two signatures in it", signed, func(f fstest.MapFS) {
			var stated struct{ Signatures []string }
			if err := json.Unmarshal(f[".signatures.json"].Data, &stated); err != nil {
				t.Fatal(err)
			}
			both, err := json.Marshal(map[string]any{"signatures": append(stated.Signatures, stated.Signatures...)})
			if err != nil {
				t.Fatal(err)
			}
			f[".signatures.json"] = text(string(both))
		}, []string{"multiple JWTs"}},
		{"no JSON", signed, func(f fstest.MapFS) { f[".signatures.json"] = text("{") }, []string{"/.signatures.json: "}},
		{"another verifier", signed, func(f fstest.MapFS) {
			f[".signatures.json"] = text(`{"plugin": "mine", "signatures": ["a.b.c"]}`)
		}, []string{"/.signatures.json: failed to"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			fsys := unpacked(t, tc.archive)
			if tc.change != nil {
				copied := fstest.MapFS{}
				files, err := bundle.Files(fsys, true)
				if err != nil {
					t.Fatal(err)
				}
				for _, file := range files {
					text, err := fs.ReadFile(fsys, file.Path)
					if err != nil {
						t.Fatal(err)
					}
					copied[file.Path] = &fstest.MapFile{Data: text}
				}
				tc.change(copied)
				fsys = copied
			}
			_, err := known.Verify(fsys)
			faults := bundle.Faults(err)
			if len(faults) != len(tc.want) {
				t.Fatalf("%v, want %q", faults, tc.want)
			}
			for _, want := range tc.want {
				if !slices.ContainsFunc(faults, func(f problem.Fault) bool { return strings.Contains(f.Pointer+": "+f.Detail, want) }) {
					t.Errorf("nothing says %q: %v", want, faults)
				}
			}
			if errors.Is(err, bundle.ErrUnsigned) != (tc.name == "not signed") {
				t.Errorf("unsigned: %v", err)
			}
		})
	}
}

// Who signs may say the scope beside the claims; both say the same then, and nothing is left behind.
func TestScopeBesideClaims(t *testing.T) {
	archive, _ := built(t, folder(t))
	signer, _ := pair(t, "release")
	t.Setenv("TMPDIR", t.TempDir())
	claims := filepath.Join(t.TempDir(), "claims.json")
	for _, tc := range []struct{ claims, scope, refused, mismatch string }{
		{"", "production", "", ""},
		{`{"iss": "release office"}`, "production", "", ""},
		{`{"scope": "production"}`, "production", "", ""},
		{`null`, "production", "", ""},
		{`{"scope": "staging"}`, "production", `the scope is stated as staging, and "production" is asked for`, ""},
		{`{`, "production", "claims.json: ", ""},
		{"", "staging", "", `scope mismatch: it is signed for the scope "staging", and the scope "production" is asked for`},
		{"", "", "", `scope mismatch: it is signed for no scope, and the scope "production" is asked for`},
	} {
		signer.Claims, signer.Scope = "", tc.scope
		if tc.claims != "" {
			signer.Claims = claims
			if err := os.WriteFile(claims, []byte(tc.claims), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		signed, err := bundle.Sign(archive, signer)
		if tc.refused != "" {
			if err == nil || !strings.Contains(err.Error(), tc.refused) {
				t.Errorf("%+v: %v", tc, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		known := &bundle.Keys{}
		if err := known.Add("release", []byte(publicPEM(t, signer)), "production"); err != nil {
			t.Fatal(err)
		}
		signature, err := known.Verify(unpacked(t, signed))
		switch {
		case tc.mismatch == "" && (err != nil || signature.Scope != "production" || signature.KeyID != "release"):
			t.Errorf("%+v: %+v, %v", tc, signature, err)
		case tc.mismatch != "" && (err == nil || !strings.Contains(err.Error(), tc.mismatch)):
			t.Errorf("%+v: %v", tc, err)
		}
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
}

// A scope that is configured has to be the one that was signed.
func TestScope(t *testing.T) {
	t.Parallel()
	archive, _ := built(t, folder(t))
	signer, _ := pair(t, "release")
	claims := filepath.Join(t.TempDir(), "claims.json")
	if err := os.WriteFile(claims, []byte(`{"scope": "production"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ signed, wanted string }{{"", ""}, {claims, "production"}, {claims, "staging"}, {"", "production"}, {claims, ""}} {
		signer.Claims = tc.signed
		known := &bundle.Keys{}
		if err := known.Add("release", []byte(publicPEM(t, signer)), tc.wanted); err != nil {
			t.Fatal(err)
		}
		_, err := known.Verify(unpacked(t, signedBy(t, archive, signer)))
		if good := (tc.signed != "") == (tc.wanted == "production") && tc.wanted != "staging"; (err == nil) != good {
			t.Errorf("signed with %q, wanted %q: %v", tc.signed, tc.wanted, err)
		}
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	signer, known := pair(t, "release")
	public := publicPEM(t, signer)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	rsaPEM := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(rsaKey)})
	rsaPublic := pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&rsaKey.PublicKey)})
	open, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	edwards, err := x509.MarshalPKIXPublicKey(open)
	if err != nil {
		t.Fatal(err)
	}
	inFolder, err := bundle.KeysIn(fstest.MapFS{
		"release.pub.pem": &fstest.MapFile{Data: []byte(public)}, "old.pub.pem": &fstest.MapFile{Data: rsaPublic},
		"README.md": &fstest.MapFile{},
	}, "")
	if err != nil || !slices.Equal(inFolder.IDs(), []string{"old", "release"}) || inFolder.Fingerprint("release") != known.Fingerprint("release") || inFolder.Fingerprint("x") != "" {
		t.Errorf("%v, %v", inFolder.IDs(), err)
	}
	archive, _ := built(t, folder(t))
	if got, err := inFolder.Verify(unpacked(t, signedBy(t, archive, bundle.Signer{KeyID: "old", Key: rsaPEM}))); err != nil || got.Algorithm != "RS256" {
		t.Errorf("by RSA: %+v, %v", got, err)
	}
	_, err = bundle.KeysIn(fstest.MapFS{
		"a.pub.pem": &fstest.MapFile{Data: signer.Key}, "b.pub.pem": &fstest.MapFile{Data: []byte("x")},
		"c.pub.pem": &fstest.MapFile{Data: pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: edwards})},
	}, "")
	for _, want := range []string{"a.pub.pem: is a private key", "b.pub.pem: is no PEM", "c.pub.pem: an Ed25519 key"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	// A shared secret verifies nothing here; a key that cannot be read is told.
	secret, err := bundle.ReadKeys([]byte(`{"s": {"key": "secret", "algorithm": "HS256"}}`))
	if err != nil || len(secret.IDs()) != 0 {
		t.Errorf("%v, %v", secret.IDs(), err)
	}
	if _, err := bundle.ReadKeys([]byte(`{"broken": {"key": "x", "algorithm": "RS256"}}`)); err == nil || !strings.Contains(err.Error(), `the key "broken": is no PEM`) {
		t.Errorf("err = %v", err)
	}
	for name, key := range map[string][]byte{"none": nil, "public": []byte(public)} {
		if _, err := bundle.Sign(archive, bundle.Signer{KeyID: "x", Key: key}); err == nil {
			t.Errorf("signed with a key that is %s", name)
		}
	}
}

// A delta bundle changes what others have made, and is refused with its file.
func TestADeltaBundleIsRefused(t *testing.T) {
	t.Parallel()
	patch := []byte(`{"data": [{"op": "upsert", "path": "/rareearth/limits/dy_wt_pct", "value": 50}]}`)
	with := folder(t)
	with["patch.json"] = &fstest.MapFile{Data: patch}
	var out bytes.Buffer
	packed := gzip.NewWriter(&out)
	files := tar.NewWriter(packed)
	for name, file := range with {
		if err := files.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(file.Data))}); err != nil {
			t.Fatal(err)
		}
		if _, err := files.Write(file.Data); err != nil {
			t.Fatal(err)
		}
	}
	if files.Close() != nil || packed.Close() != nil {
		t.Fatal("not packed")
	}
	_, err := bundle.Load(unpacked(t, out.Bytes()))
	if faults := bundle.Faults(err); len(faults) != 1 || faults[0].Pointer != "/patch.json" || !strings.Contains(faults[0].Detail, "whole") {
		t.Errorf("%v", err)
	}
}
