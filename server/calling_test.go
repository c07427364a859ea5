package server

import (
	"bufio"
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
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"greenchannel/server/config"
)

const token = "5f9c1e7ab2d34c6f8e0a1b2c3d4e5f60"

func tokenFile(t *testing.T) string {
	t.Helper()
	sum := sha256.Sum256([]byte(token))
	return fileOf(t, "tokens.yaml", fmt.Sprintf("acme: {hash: \"sha256:%s\", roles: [client]}\n", hex.EncodeToString(sum[:])))
}

func fileOf(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Requests that are put together so that one reader sees a caller, or an end of the body, where another sees none. The
// token is never sent in a form that counts, so that nothing but probes may be answered with more than a refusal.
func TestSmuggling(t *testing.T) {
	r := start(t, Config{Calling: Calling{Identity: config.Identity{Tokens: config.Tokens{File: tokenFile(t)}}}})
	head := "POST /v1/decisions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
	body := fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(shortest), shortest)
	inner := head + "Authorization: Bearer " + token + "\r\n" + body
	for name, sent := range map[string]string{
		"nothing":                      head + body,
		"a space before the colon":     head + "Authorization : Bearer " + token + "\r\n" + body,
		"a folded line":                head + "X-A: b\r\n Authorization: Bearer " + token + "\r\n" + body,
		"an underscore":                head + "Authorization_: Bearer " + token + "\r\n" + body,
		"a line without a return":      head + "X-A: b\rAuthorization: Bearer " + token + "\r\n" + body,
		"a zero in the name":           head + "Authorization\x00: Bearer " + token + "\r\n" + body,
		"two of them":                  head + "Authorization: Bearer " + token + "\r\nauthorization: Bearer other\r\n" + body,
		"two in one":                   head + "Authorization: Bearer other, Bearer " + token + "\r\n" + body,
		"in a trailer":                 head + "Transfer-Encoding: chunked\r\nTrailer: Authorization\r\n\r\n0\r\nAuthorization: Bearer " + token + "\r\n\r\n",
		"in another header":            head + "X-Forwarded-Authorization: Bearer " + token + "\r\nProxy-Authorization: Bearer " + token + "\r\n" + body,
		"said to be from here":         head + "X-Forwarded-For: 127.0.0.1\r\nX-Real-IP: 127.0.0.1\r\nForwarded: for=127.0.0.1\r\n" + body,
		"two lengths":                  head + "Content-Length: 0\r\nContent-Length: " + fmt.Sprint(len(inner)) + "\r\n\r\n" + inner,
		"a length and chunks":          head + fmt.Sprintf("Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(inner), len(inner), inner),
		"a length with a sign":         head + fmt.Sprintf("Content-Length: +%d\r\n\r\n%s", len(inner), inner),
		"chunks spelt oddly":           head + fmt.Sprintf("Transfer-Encoding: xchunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(inner), inner),
		"a body that is a request":     head + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(inner), inner),
		"another host in the line":     "POST http://127.0.0.1/v1/decisions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + body,
		"no host":                      "POST /v1/decisions HTTP/1.1\r\nContent-Type: application/json\r\n" + body,
		"an old version":               "POST /v1/decisions HTTP/1.0\r\nConnection: keep-alive\r\nContent-Type: application/json\r\n" + body,
		"a token in the line":          "POST /v1/decisions?access_token=" + token + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + body,
		"a huge header":                head + "Authorization: Bearer " + strings.Repeat("a", 20<<10) + "\r\n" + body,
		"a user in the line":           "POST http://acme:" + token + "@localhost/v1/decisions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + body,
		"an upgrade to plain HTTP/2":   head + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n" + body,
		"HTTP/2 without being told so": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	} {
		for _, status := range statuses(t, r.addr, sent) {
			if status < 400 || status >= 500 && status != http.StatusNotImplemented && status != http.StatusHTTPVersionNotSupported {
				t.Errorf("%s: answered with %d", name, status)
			}
		}
	}
	if got := statuses(t, r.addr, inner); !slices.Equal(got, []int{http.StatusCreated}) {
		t.Errorf("the sound one is answered with %v", got)
	}
	if err := r.end(); err != nil {
		t.Error(err)
	}
	if strings.Contains(r.log.String(), token) {
		t.Error("the token is in the log")
	}
}

// statuses sends bytes and reads the status of every answer that comes.
func statuses(t *testing.T, addr, sent string) []int {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, sent); err != nil {
		return nil // refused while it was sent
	}
	if err := conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	var all []int
	for reply := bufio.NewReader(conn); ; {
		response, err := http.ReadResponse(reply, nil)
		if err != nil {
			return all
		}
		if _, err := io.Copy(io.Discard, response.Body); err != nil {
			return append(all, response.StatusCode)
		}
		_ = response.Body.Close()
		all = append(all, response.StatusCode)
		_ = conn.(*net.TCPConn).CloseWrite() // what was hidden behind the first is there already
	}
}

// pair makes a certificate of an authority, or one of its own if there is none.
func pair(t *testing.T, name string, usage x509.ExtKeyUsage, parent *tls.Certificate) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, BasicConstraintsValid: true, IsCA: parent == nil,
	}
	issuer, signer := template, any(key)
	if parent != nil {
		template.ExtKeyUsage = []x509.ExtKeyUsage{usage}
		issuer, signer = parent.Leaf, parent.PrivateKey
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func pemOf(t *testing.T, c tls.Certificate) (certificate, key string) {
	t.Helper()
	private, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
}

// The service over mutual TLS: who shows a certificate decides under its name, who shows none is asked for one, and the
// probes answer both.
func TestRunWithMutualTLS(t *testing.T) {
	authority := pair(t, "authority", 0, nil)
	certificate, key := pemOf(t, pair(t, "service", x509.ExtKeyUsageServerAuth, &authority))
	clients, _ := pemOf(t, authority)
	r := start(t, Config{Calling: Calling{
		TLS: config.TLS{Certificate: fileOf(t, "tls.crt", certificate), Key: fileOf(t, "tls.key", key)},
		Identity: config.Identity{MTLS: config.MTLS{
			ClientCA: fileOf(t, "clients.pem", clients), Name: "common_name", Callers: fileOf(t, "callers.yaml", "acme: {roles: [client]}\n"),
		}},
	}})
	pool := x509.NewCertPool()
	pool.AddCert(authority.Leaf)
	call := func(method, path string, shown ...tls.Certificate) (int, int) {
		transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: pool, Certificates: shown, MinVersion: tls.VersionTLS12}}
		defer transport.CloseIdleConnections()
		request, err := http.NewRequestWithContext(t.Context(), method, "https://"+r.addr+path, bytes.NewReader([]byte(shortest)))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		response, err := (&http.Client{Transport: transport}).Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		return response.StatusCode, response.ProtoMajor
	}
	acme := pair(t, "acme", x509.ExtKeyUsageClientAuth, &authority)
	if status, version := call(http.MethodPost, "/v1/decisions", acme); status != http.StatusCreated || version != 2 {
		t.Errorf("with a certificate: %d by HTTP/%d", status, version)
	}
	if status, _ := call(http.MethodPost, "/v1/decisions"); status != http.StatusUnauthorized {
		t.Errorf("without a certificate: %d", status)
	}
	if status, _ := call(http.MethodPost, "/v1/decisions", pair(t, "other", x509.ExtKeyUsageClientAuth, &authority)); status != http.StatusUnauthorized {
		t.Errorf("with a name that is not known: %d", status)
	}
	if status, _ := call(http.MethodGet, "/readyz"); status != http.StatusOK {
		t.Errorf("a probe: %d", status)
	}
	if err := r.end(); err != nil {
		t.Error(err)
	}
	if !strings.Contains(r.log.String(), "caller=acme") {
		t.Errorf("log:\n%s", r.log)
	}
}
