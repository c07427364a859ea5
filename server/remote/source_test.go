package remote

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	opabundle "github.com/open-policy-agent/opa/v1/bundle"
	"github.com/open-policy-agent/opa/v1/util"

	"greenchannel/server/bundle"
)

// shop is a static file server that asks for a token and gives each state of a file an ETag.
type shop struct {
	*httptest.Server
	folder string
	// Answers by status.
	fresh, same, barred atomic.Int64
}

const token = "t0ken"

func open(t *testing.T, secure bool) *shop {
	t.Helper()
	s := &shop{folder: t.TempDir()}
	files := http.FileServer(http.Dir(s.folder))
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token {
			s.barred.Add(1)
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		if text, err := os.ReadFile(filepath.Join(s.folder, filepath.FromSlash(r.URL.Path))); err == nil {
			sum := sha256.Sum256(text)
			w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:8])+`"`)
		}
		counted := &counted{ResponseWriter: w, status: http.StatusOK}
		files.ServeHTTP(counted, r)
		switch counted.status {
		case http.StatusOK:
			s.fresh.Add(1)
		case http.StatusNotModified:
			s.same.Add(1)
		}
	})
	if secure {
		s.Server = httptest.NewTLSServer(handler)
	} else {
		s.Server = httptest.NewServer(handler)
	}
	t.Cleanup(s.Close)
	return s
}

type counted struct {
	http.ResponseWriter
	status int
}

func (c *counted) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}

func (s *shop) put(t *testing.T, archive []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.folder, "bundle.tar.gz"), archive, 0o600); err != nil {
		t.Fatal(err)
	}
}

// blocks are the configuration of a client of the shop.
func (s *shop) blocks(t *testing.T, bearer string) string {
	t.Helper()
	secure := ""
	if certificate := s.Certificate(); certificate != nil {
		file := filepath.Join(t.TempDir(), "ca.pem")
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw}), 0o600); err != nil {
			t.Fatal(err)
		}
		secure = fmt.Sprintf("    tls: {ca_cert: %q}\n", file)
	}
	return fmt.Sprintf("services:\n  shop:\n    url: %s\n    credentials: {bearer: {token: %s}}\n%sbundles:\n  rareearth: {service: shop, resource: bundle.tar.gz}\n", s.URL, bearer, secure)
}

func TestABundleIsFetchedWhenItIsNew(t *testing.T) {
	t.Parallel()
	s := open(t, true)
	first, one := edition(t, 1)
	s.put(t, first)
	folder, log, gate := t.TempDir(), &told{}, &entrance{}
	from := configured(t, s.blocks(t, token))
	source := fetching(t, from, gate, folder, log)
	if state := source.State(); !state.Stale || state.Held.Digest != "" {
		t.Errorf("before the first look: %+v", state)
	}
	if state := source.look(t); state.Held.Revision != one || state.Stale || state.Fault != "" || state.Activated != 1 {
		t.Fatalf("after the first look: %+v\n%s", state, log)
	}
	source.look(t)
	if state := source.look(t); s.fresh.Load() != 1 || s.same.Load() != 2 || state.Unchanged != 2 || gate.all() != one {
		t.Errorf("%d answers with a bundle, %d that it is the same; judged %s; %+v", s.fresh.Load(), s.same.Load(), gate.all(), state)
	}
	// A process that begins later, with what was noted.
	again := fetching(t, from, gate, folder, log)
	if state := again.State(); state.Held.Revision != one || state.Stale {
		t.Errorf("after a start: %+v", state)
	}
	if state := again.look(t); s.same.Load() != 3 || state.Unchanged != 1 {
		t.Errorf("the ETag is not noted: %d times the same; %+v", s.same.Load(), state)
	}
	// The same bundle elsewhere: the ETag of the one place means nothing there, and the bundle stays known.
	s2 := open(t, false)
	s2.put(t, first)
	moved := fetching(t, configured(t, s2.blocks(t, token)), gate, folder, log)
	if state := moved.State(); state.Held.Revision != one {
		t.Errorf("after a move: %+v", state)
	}
	if moved.look(t); s2.fresh.Load() != 1 {
		t.Error("the ETag of another place was used")
	}
}

func TestABrokenBundleIsToldWholeAndMended(t *testing.T) {
	t.Parallel()
	s := open(t, false)
	log, gate := &told{}, &entrance{}
	first, one := edition(t, 1)
	s.put(t, first)
	source := fetching(t, configured(t, s.blocks(t, token)), gate, t.TempDir(), log)
	source.look(t)

	broken, _ := bundled(t, map[string]string{
		"rareearth/a/a.rego":    "package rareearth.a\n\nx := {\n",
		"rareearth/b/b.rego":    "package rareearth.b\n\n\ny := ]\n",
		"rareearth/c/data.json": "{no json",
	})
	s.put(t, broken)
	state := source.look(t)
	for _, place := range []string{"/rareearth/a/a.rego", "/rareearth/b/b.rego", "/rareearth/c/data.json", "line 4"} {
		if !strings.Contains(state.Fault, place) {
			t.Errorf("the fault does not name %s: %s", place, state.Fault)
		}
	}
	if state.Held.Revision != one || state.Failed+state.Refused != 1 || state.FailedAt.IsZero() {
		t.Errorf("after a broken bundle: %+v", state)
	}
	source.look(t)
	if times := strings.Count(log.String(), "no new bundle from the source"); times != 1 {
		t.Errorf("the same fault is told %d times:\n%s", times, log)
	}

	// Cut off in the middle.
	s.put(t, first[:len(first)/2])
	if state := source.look(t); state.Held.Revision != one || state.Fault == "" {
		t.Errorf("after half a bundle: %+v", state)
	}
	// Readable by OPA, and refused behind the gate: judged once, whatever is asked afterwards.
	withoutName, _ := bundled(t, map[string]string{".manifest": `{"roots": ["rareearth", "authzen", "system"], "rego_version": 1}`})
	s.put(t, withoutName)
	source.look(t)
	before, same := gate.all(), s.same.Load()
	if state := source.look(t); !strings.Contains(state.Fault, "metadata.name") || gate.all() != before || s.same.Load() != same+1 || state.Refused != 1 {
		t.Errorf("after a refused bundle: judged %s; %+v", gate.all(), state)
	}

	second, two := edition(t, 2)
	s.put(t, second)
	if state := source.look(t); state.Held.Revision != two || state.Fault != "" || !state.FailedAt.IsZero() {
		t.Errorf("after a mended bundle: %+v", state)
	}
	if !strings.Contains(log.String(), "well again") {
		t.Errorf("the log does not say that all is well:\n%s", log)
	}
}

func TestAServerThatCannotBeAsked(t *testing.T) {
	t.Parallel()
	s := open(t, true)
	archive, one := edition(t, 1)
	s.put(t, archive)
	for name, text := range map[string]string{
		"another token":          s.blocks(t, "other"),
		"nobody vouches for it":  strings.ReplaceAll(s.blocks(t, token), "    tls: {ca_cert:", "    headers: {X-CA:"),
		"nothing stands there":   strings.ReplaceAll(s.blocks(t, token), "bundle.tar.gz", "other.tar.gz"),
		"a signature is missing": s.blocks(t, token) + "    signing: {keyid: release}\n",
	} {
		t.Run(name, func(t *testing.T) {
			if strings.Contains(text, "signing:") {
				key, _ := signer(t)
				text = strings.ReplaceAll(text, "  rareearth: {service: shop, resource: bundle.tar.gz}\n", "  rareearth:\n    service: shop\n    resource: bundle.tar.gz\n") + key
			}
			gate := &entrance{}
			state := fetching(t, configured(t, text), gate, t.TempDir(), &told{}).look(t)
			if state.Fault == "" || state.Failed != 1 || gate.all() != "" {
				t.Errorf("judged %q; %+v", gate.all(), state)
			}
		})
	}
	// What cannot be judged now is judged at the next look, although the server says that it is the same.
	gate := &entrance{closed: errors.New("the record cannot be written")}
	source := fetching(t, configured(t, s.blocks(t, token)), gate, t.TempDir(), &told{})
	if state := source.look(t); state.Failed != 1 || state.Held.Digest != "" {
		t.Errorf("%+v", state)
	}
	gate.closed = nil
	if state := source.look(t); state.Held.Revision != one {
		t.Errorf("%+v", state)
	}
}

// signer makes a key, and the block of the configuration that trusts it.
func signer(t *testing.T) (block, private string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))
	return "keys:\n  release:\n    algorithm: ES256\n    key: |\n      " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n      ") + "\n",
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))
}

// signed adds OPA's signatures to the files of an archive.
func signed(t *testing.T, archive []byte, private string) []byte {
	t.Helper()
	folder, err := bundle.Unpack(archive)
	if err != nil {
		t.Fatal(err)
	}
	hasher, err := opabundle.NewSignatureHasher("SHA-256")
	if err != nil {
		t.Fatal(err)
	}
	var files []opabundle.FileInfo
	texts := map[string]string{}
	err = fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(folder, name)
		if err != nil {
			return err
		}
		var content any = text
		if opabundle.IsStructuredDoc(name) {
			if err := util.Unmarshal(text, &content); err != nil {
				return err
			}
		}
		sum, err := hasher.HashFile(content)
		texts[name] = string(text)
		files = append(files, opabundle.NewFile(name, hex.EncodeToString(sum), "SHA-256"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := opabundle.GenerateSignedToken(files, opabundle.NewSigningConfig(private, "ES256", ""), "release")
	if err != nil {
		t.Fatal(err)
	}
	return archived(t, texts, map[string]string{".signatures.json": fmt.Sprintf(`{"signatures": [%q]}`, text)})
}

func TestASignatureIsAskedFor(t *testing.T) {
	t.Parallel()
	s := open(t, false)
	key, private := signer(t)
	_, foreign := signer(t)
	text := strings.ReplaceAll(s.blocks(t, token), "{service: shop, resource: bundle.tar.gz}", "{service: shop, resource: bundle.tar.gz, signing: {keyid: release}}") + key
	archive, one := edition(t, 1)
	gate := &entrance{}
	source := fetching(t, configured(t, text), gate, t.TempDir(), &told{})
	for name, sent := range map[string][]byte{"unsigned": archive, "signed by another": signed(t, archive, foreign)} {
		s.put(t, sent)
		if state := source.look(t); state.Held.Digest != "" || !strings.Contains(state.Fault, "signature") && !strings.Contains(state.Fault, "verif") {
			t.Errorf("%s: %+v", name, state)
		}
	}
	s.put(t, signed(t, archive, private))
	if state := source.look(t); state.Held.Revision != one || gate.all() != one {
		t.Errorf("signed: judged %q; %+v", gate.all(), state)
	}
}

// Who sends no ETag sends the bundle each time, and it is judged once.
func TestTheSameBundleIsJudgedOnce(t *testing.T) {
	t.Parallel()
	archive, one := edition(t, 1)
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(archive) }))
	defer plain.Close()
	gate := &entrance{}
	source := fetching(t, configured(t, fmt.Sprintf("services: {shop: {url: %q}}\nbundles: {rareearth: {resource: b}}\n", plain.URL)), gate, t.TempDir(), &told{})
	source.look(t)
	if state := source.look(t); state.Activated != 1 || state.Unchanged != 1 || gate.all() != one {
		t.Errorf("judged %q; %+v", gate.all(), state)
	}
}

// An answer without an end is not read to the end of the memory.
func TestAnAnswerIsBounded(t *testing.T) {
	t.Parallel()
	head, _ := edition(t, 1)
	var sent atomic.Int64
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(head[:len(head)/2])
		noise := make([]byte, 1<<20)
		for range 10 * MostBytes / len(noise) {
			n, err := w.Write(noise)
			if sent.Add(int64(n)); err != nil {
				return
			}
		}
	}))
	defer plain.Close()
	source := fetching(t, configured(t, fmt.Sprintf("services: {shop: {url: %q}}\nbundles: {rareearth: {resource: b}}\n", plain.URL)), &entrance{}, t.TempDir(), &told{})
	if state := source.look(t); state.Failed != 1 || sent.Load() > 2*MostBytes {
		t.Errorf("%d bytes were sent; %+v", sent.Load(), state)
	}
}

// A server that holds the question until there is something new is asked again at once.
func TestLongPolling(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	current, one := edition(t, 1)
	etag, changed := `"1"`, make(chan struct{})
	held := make(chan struct{}, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		news := changed
		same := r.Header.Get("If-None-Match") == etag
		mu.Unlock()
		if same && strings.Contains(r.Header.Get("Prefer"), "wait=30") {
			held <- struct{}{}
			select {
			case <-news:
			case <-r.Context().Done():
				return
			}
		}
		mu.Lock()
		defer mu.Unlock()
		w.Header().Set("Content-Type", "application/vnd.openpolicyagent.bundles")
		w.Header().Set("ETag", etag)
		_, _ = w.Write(current)
	}))
	defer server.Close()
	log := &told{}
	source := fetching(t, configured(t, fmt.Sprintf("services: {shop: {url: %q}}\nbundles: {rareearth: {resource: b, polling: {long_polling_timeout_seconds: 30}}}\n", server.URL)), &entrance{}, t.TempDir(), log)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan struct{})
	go func() { defer close(ended); source.Follow(ctx) }()
	<-held
	if state := source.State(); state.Held.Revision != one {
		t.Errorf("%+v", state)
	}
	next, two := edition(t, 2)
	mu.Lock()
	current, etag = next, `"2"`
	close(changed)
	changed = make(chan struct{})
	mu.Unlock()
	<-held // it has the new one and asks for the next; without long polling that would be a minute later
	if state := source.State(); state.Held.Revision != two {
		t.Errorf("%+v\n%s", state, log)
	}
	stop()
	<-ended
}

func TestStale(t *testing.T) {
	t.Parallel()
	s := open(t, false)
	archive, _ := edition(t, 1)
	s.put(t, archive)
	source := fetching(t, configured(t, s.blocks(t, token)), &entrance{}, t.TempDir(), &told{})
	at := time.Now()
	source.now = func() time.Time { return at }
	source.look(t)
	at = at.Add(time.Hour)
	if state := source.State(); state.Stale || state.Age != time.Hour {
		t.Errorf("after an hour: %+v", state)
	}
	at = at.Add(time.Second)
	if state := source.State(); !state.Stale {
		t.Errorf("after more than an hour: %+v", state)
	}
	if state := source.look(t); state.Stale {
		t.Errorf("after it was confirmed: %+v", state)
	}
}
