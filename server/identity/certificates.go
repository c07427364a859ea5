package identity

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"greenchannel/server/config"
)

// certificates holds the service's own certificate and, for mutual TLS, who its clients are.
type certificates struct {
	files   *watched[material]
	callers *watched[map[string]entry] // nil without mutual TLS
	name    string
	now     func() time.Time
}

// material is what the certificate files say.
type material struct {
	tls     *tls.Config
	clients *x509.CertPool // nil without mutual TLS
}

func openCertificates(own config.TLS, mutual config.MTLS, options Options) (*certificates, error) {
	names := []string{own.Certificate, own.Key}
	if mutual.ClientCA != "" {
		names = append(names, mutual.ClientCA)
	}
	opened := &certificates{name: mutual.Name, now: options.Now}
	var err error
	opened.files, err = watch(names, options.Log, options.Now, func() (material, error) { return readMaterial(own, mutual.ClientCA) })
	if err == nil && mutual.ClientCA != "" {
		opened.callers, err = watch([]string{mutual.Callers}, options.Log, options.Now,
			func() (map[string]entry, error) { return readEntries(mutual.Callers, false) })
	}
	if err != nil {
		return nil, err
	}
	return opened, nil
}

func readMaterial(own config.TLS, clientCA string) (material, error) {
	pair, err := tls.LoadX509KeyPair(own.Certificate, own.Key)
	if err != nil {
		return material{}, fmt.Errorf("the certificate %s with the key %s: %w", own.Certificate, own.Key, err)
	}
	read := material{tls: &tls.Config{
		MinVersion:   tls.VersionTLS12,
		Certificates: []tls.Certificate{pair},
		NextProtos:   []string{"h2", "http/1.1"},
	}}
	if clientCA == "" {
		return read, nil
	}
	if read.clients, err = readPool(clientCA); err != nil {
		return material{}, err
	}
	read.tls.ClientCAs = read.clients
	read.tls.ClientAuth = tls.VerifyClientCertIfGiven // probes and tokens have none; who has to have one is told later
	read.tls.SessionTicketsDisabled = true            // a session that is taken up again would carry an old check over
	return read, nil
}

func readPool(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read certificates: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate in PEM", file)
	}
	return pool, nil
}

// TLS is how connections are taken, following the files as they change; nil where the service speaks plain HTTP.
func (g *Gate) TLS() *tls.Config {
	if g.certificates == nil {
		return nil
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2", "http/1.1"},
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			return g.certificates.files.value().tls, nil
		},
	}
}

// shown says whether the client showed a certificate that could be meant for us.
func (c *certificates) shown(r *http.Request) bool {
	return c != nil && c.callers != nil && r.TLS != nil && len(r.TLS.PeerCertificates) > 0
}

// caller knows a client by its certificate. A connection can outlive a certificate, and the authority behind it, so both
// are looked at for each request.
func (c *certificates) caller(r *http.Request) (Caller, error) {
	leaf := r.TLS.PeerCertificates[0]
	between := x509.NewCertPool()
	for _, other := range r.TLS.PeerCertificates[1:] {
		between.AddCert(other)
	}
	_, err := leaf.Verify(x509.VerifyOptions{
		Roots: c.files.value().clients, Intermediates: between, CurrentTime: c.now(),
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	if err != nil || len(r.TLS.VerifiedChains) == 0 {
		return Caller{}, refused("The client certificate is not, or not any more, one that is trusted here.")
	}
	name, err := nameOf(leaf, c.name)
	if err != nil {
		return Caller{}, refused(fmt.Sprintf("The client certificate %v.", err))
	}
	known, ok := c.callers.value()[name]
	if !ok {
		return Caller{}, refused("The name in the client certificate is not known.")
	}
	return Caller{Name: name, Roles: known.Roles, Exporter: known.Exporter, Method: ByMTLS}, nil
}

// nameOf reads the one name of a kind that a certificate has. Of two, somebody else might read the other.
func nameOf(leaf *x509.Certificate, kind string) (string, error) {
	var names []string
	switch kind {
	case "dns":
		names = leaf.DNSNames
	case "email":
		names = leaf.EmailAddresses
	case "uri":
		for _, uri := range leaf.URIs {
			names = append(names, uri.String())
		}
	default:
		for _, part := range leaf.Subject.Names {
			if text, ok := part.Value.(string); ok && part.Type.Equal(asn1.ObjectIdentifier{2, 5, 4, 3}) {
				names = append(names, text)
			}
		}
	}
	if len(names) != 1 {
		return "", fmt.Errorf("has %d names of the kind %s, and has to have one", len(names), kind)
	}
	if checkName(names[0]) != nil {
		return "", errors.New("has a name that nobody can have")
	}
	return names[0], nil
}
