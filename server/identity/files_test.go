package identity_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"greenchannel/server/config"
	"greenchannel/server/identity"
	"greenchannel/server/problem"
)

// noon is when these tests happen, unless a clock is moved.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// clock is a time that a test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// world is a folder of files, a clock and a log.
type world struct {
	dir   string
	clock *clock
	log   *bytes.Buffer
}

func newWorld(t testing.TB) world {
	return world{t.TempDir(), &clock{at: noon}, &bytes.Buffer{}}
}

func (w world) write(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	// Two writes within one tick of a file system must be told apart by their size or time.
	stamp := w.clock.now().Add(time.Duration(len(text)) * time.Second)
	if err := os.Chtimes(path, stamp, stamp); err != nil {
		t.Fatal(err)
	}
	return path
}

func (w world) options() identity.Options {
	return identity.Options{Log: slog.New(slog.NewTextHandler(w.log, nil)), Now: w.clock.now}
}

func (w world) open(t testing.TB, change func(*config.Config)) *identity.Gate {
	t.Helper()
	c := config.Standard()
	change(&c)
	gate, err := identity.Open(c, w.options())
	if err != nil {
		t.Fatal(err)
	}
	return gate
}

// request is one from this machine, straight to the service.
func request(t testing.TB, header ...string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), "GET", "http://localhost:8181/v1/controls", nil)
	r.RemoteAddr = "127.0.0.1:4711"
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return r
}

func hashOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// isRefused asks that a request is turned away, and not let in as somebody less.
func isRefused(t testing.TB, name string, gate *identity.Gate, r *http.Request) {
	t.Helper()
	caller, err := gate.Identify(r)
	if err == nil || problem.Of(err).Kind != problem.Unauthenticated {
		t.Errorf("%s: %+v, %v, want it refused", name, caller, err)
	}
	if len(gate.Challenges(r, false)) == 0 {
		t.Errorf("%s: nothing says how to be known", name)
	}
}

// authority issues certificates.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(t testing.TB, name string) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{certificate, key}
}

func (a authority) pem() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.certificate.Raw}))
}

// issue makes a certificate and its key.
func (a authority) issue(t testing.TB, template x509.Certificate) (pair tls.Certificate, certificatePEM, keyPEM string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	if template.NotAfter.IsZero() {
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, a.certificate, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certificatePEM = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	keyPEM = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
	if pair, err = tls.X509KeyPair([]byte(certificatePEM), []byte(keyPEM)); err != nil {
		t.Fatal(err)
	}
	return pair, certificatePEM, keyPEM
}
