package server

import (
	"crypto/tls"
	"net"
	"time"

	"greenchannel/server/config"
	"greenchannel/server/httpapi"
	"greenchannel/server/identity"
)

// Calling says who may call, and how often. The zero value is a service that only this machine can call.
type Calling struct {
	TLS      config.TLS
	Identity config.Identity
	Limits   config.Limits
}

// gate opens what finds out who calls on an address.
func (c Config) gate() (*identity.Gate, error) {
	who := c.Calling.Identity
	if !who.Asks() && who.Local.Roles == nil {
		who = config.Standard().Identity
	}
	return identity.Open(
		config.Config{Listen: c.Listen, TLS: c.Calling.TLS, Identity: who},
		identity.Options{Log: c.Log, Now: time.Now},
	)
}

// secured takes connections by TLS if the gate has a certificate.
func secured(listener net.Listener, gate *identity.Gate) net.Listener {
	if how := gate.TLS(); how != nil {
		return tls.NewListener(listener, how)
	}
	return listener
}

// limits is how often a caller may ask.
func (c Config) limits() httpapi.Limits {
	return httpapi.Limits{Rate: c.Calling.Limits.Rate, Burst: c.Calling.Limits.Burst}
}

// warn tells the operator what the configuration allows and few would want.
func (c Config) warn(addr net.Addr) {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok || tcp.IP.IsLoopback() {
		return
	}
	if c.Calling.TLS.Certificate == "" {
		c.Log.Warn("listening beyond this machine without TLS: unless something in front of it adds that, tokens and decisions can be read on their way",
			"address", addr.String())
	}
	if roles := c.Calling.Identity.Anonymous.Roles; len(roles) > 0 {
		c.Log.Warn("listening beyond this machine, and callers need not say who they are", "address", addr.String(), "roles", roles)
	}
}
