package identity_test

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"greenchannel/server/config"
	"greenchannel/server/identity"
)

// secured is a service that answers with the name of its caller, over TLS.
type secured struct {
	world
	gate *identity.Gate
	ca   authority // of the service's own certificate
	addr string
}

func serverTemplate() x509.Certificate {
	return x509.Certificate{
		Subject: pkix.Name{CommonName: "service"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
}

func clientTemplate(name string) x509.Certificate {
	return x509.Certificate{Subject: pkix.Name{CommonName: name}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
}

func start(t *testing.T, clients authority, change func(*config.Config)) *secured {
	t.Helper()
	s := &secured{world: newWorld(t), ca: newAuthority(t, "services")}
	s.clock.at = time.Now()
	_, certificate, key := s.ca.issue(t, serverTemplate())
	own := config.TLS{Certificate: s.write(t, "tls.crt", certificate), Key: s.write(t, "tls.key", key)}
	mutual := config.MTLS{ClientCA: s.write(t, "clients.pem", clients.pem()), Name: "common_name", Callers: s.write(t, "callers.yaml", "acme: {roles: [client], exporter: Acme}\n")}
	s.gate = s.open(t, func(c *config.Config) {
		c.Listen, c.TLS, c.Identity.MTLS = "0.0.0.0:0", own, mutual
		if change != nil {
			change(c)
		}
	})
	plain, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = plain.Addr().String()
	server := &http.Server{
		ReadHeaderTimeout: time.Second, ErrorLog: log.New(io.Discard, "", 0),
		Handler: http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
			caller, err := s.gate.Identify(r)
			if err != nil {
				http.Error(out, err.Error(), http.StatusUnauthorized)
				return
			}
			_, _ = io.WriteString(out, caller.Name+" "+strings.Join(caller.Roles, ",")+" "+caller.Exporter+" "+string(caller.Method))
		}),
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(tls.NewListener(plain, s.gate.TLS())) }()
	t.Cleanup(func() { _ = server.Close(); <-done })
	return s
}

// call calls with a certificate, or none, over a connection of its own.
func (s *secured) call(t *testing.T, certificates []tls.Certificate, change func(*tls.Config)) (string, *tls.ConnectionState, error) {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AddCert(s.ca.certificate)
	how := &tls.Config{RootCAs: pool, Certificates: certificates, MinVersion: tls.VersionTLS12}
	if change != nil {
		change(how)
	}
	transport := &http.Transport{TLSClientConfig: how, DisableKeepAlives: true}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+s.addr, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return "", nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return strings.TrimSpace(string(body)), response.TLS, err
}

func TestClientCertificates(t *testing.T) {
	t.Parallel()
	clients := newAuthority(t, "clients")
	s := start(t, clients, nil)
	acme, _, _ := clients.issue(t, clientTemplate("acme"))
	if got, state, err := s.call(t, []tls.Certificate{acme}, nil); err != nil || got != "acme client Acme mtls" || state.Version != tls.VersionTLS13 {
		t.Errorf("%q, %v", got, err)
	}
	if got, _, err := s.call(t, nil, nil); err != nil || got != "anonymous   none" && got != "anonymous  none" {
		t.Errorf("without a certificate: %q, %v", got, err)
	}
	stranger, _, _ := newAuthority(t, "clients").issue(t, clientTemplate("acme"))
	if got, _, err := s.call(t, []tls.Certificate{stranger}, nil); err == nil && strings.Contains(got, "client") {
		t.Errorf("a certificate of a stranger: %q", got)
	}
	for name, template := range map[string]x509.Certificate{
		"a name that is not known": clientTemplate("other"),
		"no name":                  clientTemplate(""),
		"two names": {Subject: pkix.Name{ExtraNames: []pkix.AttributeTypeAndValue{
			{Type: []int{2, 5, 4, 3}, Value: "acme"}, {Type: []int{2, 5, 4, 3}, Value: "other"},
		}}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}},
		"the name as another kind": {Subject: pkix.Name{Organization: []string{"acme"}}, DNSNames: []string{"acme"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}},
		"for servers":              {Subject: pkix.Name{CommonName: "acme"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}},
		"expired": {
			Subject: pkix.Name{CommonName: "acme"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
			NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: time.Now().Add(-time.Hour),
		},
	} {
		odd, _, _ := clients.issue(t, template)
		if got, _, err := s.call(t, []tls.Certificate{odd}, nil); err == nil && !strings.HasPrefix(got, "unauthenticated") {
			t.Errorf("%s: %q", name, got)
		}
	}
	if _, _, err := s.call(t, nil, func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
}

func TestOtherNamesOfCertificates(t *testing.T) {
	t.Parallel()
	uri, err := url.Parse("spiffe://example.org/acme")
	if err != nil {
		t.Fatal(err)
	}
	clients := newAuthority(t, "clients")
	template := clientTemplate("someone")
	template.URIs, template.DNSNames, template.EmailAddresses = []*url.URL{uri}, []string{"acme.example.org"}, []string{"acme@example.org"}
	pair, _, _ := clients.issue(t, template)
	for kind, name := range map[string]string{"uri": "spiffe://example.org/acme", "dns": "acme.example.org", "email": "acme@example.org"} {
		s := start(t, clients, func(c *config.Config) { c.Identity.MTLS.Name = kind })
		s.write(t, "callers.yaml", name+": {roles: [auditor, operator]}\n")
		s.clock.move(time.Minute)
		if got, _, err := s.call(t, []tls.Certificate{pair}, nil); err != nil || got != name+" auditor,operator  mtls" {
			t.Errorf("%s: %q, %v", kind, got, err)
		}
	}
}

// Certificates change without a restart: the service's own, and those that clients are verified with, also for a client
// whose connection is older.
func TestCertificatesAreReadAgain(t *testing.T) {
	t.Parallel()
	before, after := newAuthority(t, "before"), newAuthority(t, "after")
	s := start(t, before, nil)
	old, _, _ := before.issue(t, clientTemplate("acme"))
	fresh, _, _ := after.issue(t, clientTemplate("acme"))

	pool := x509.NewCertPool()
	pool.AddCert(s.ca.certificate)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{old}, MinVersion: tls.VersionTLS12}}
	defer transport.CloseIdleConnections()
	kept := func() string {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+s.addr, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := (&http.Client{Transport: transport}).Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	if got := kept(); !strings.HasPrefix(got, "acme") {
		t.Fatal(got)
	}
	_, certificate, key := s.ca.issue(t, x509.Certificate{
		Subject: pkix.Name{CommonName: "service renewed"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	s.clock.move(time.Minute)
	s.write(t, "tls.crt", certificate)
	s.clock.move(time.Minute)
	if _, state, err := s.call(t, nil, nil); err != nil || state.PeerCertificates[0].Subject.CommonName != "service" {
		t.Errorf("half a change is taken: %v", err)
	}
	s.write(t, "tls.key", key)
	s.write(t, "clients.pem", after.pem())
	s.clock.move(time.Minute)
	got, state, err := s.call(t, []tls.Certificate{fresh}, nil)
	if err != nil || !strings.HasPrefix(got, "acme") || state.PeerCertificates[0].Subject.CommonName != "service renewed" {
		t.Errorf("%q, %v", got, err)
	}
	if got, _, err := s.call(t, []tls.Certificate{old}, nil); err == nil && strings.HasPrefix(got, "acme") {
		t.Errorf("the old authority is still believed: %q", got)
	}
	if got := kept(); !strings.HasPrefix(got, "unauthenticated") {
		t.Errorf("on an older connection the old authority is still believed: %q", got)
	}
}
