package config

import (
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// check finds what is wrong with values that can be read, alone and together. A fault is placed where the value came from. When
// not all could be read, only addresses are looked at, each alone: what is missing to another may be among the rest.
func (l *Loaded) check(whole bool) []Fault {
	var faults []Fault
	fault := func(path, format string, args ...any) {
		source := l.sources[path]
		place := path
		if source.Kind != "" && source.Kind != FromDefault {
			place = source.Name
		}
		faults = append(faults, Fault{place, path + " " + fmt.Sprintf(format, args...)})
	}
	l.checkAddresses(fault)
	if whole {
		l.checkValues(fault)
	}
	slices.SortStableFunc(faults, func(a, b Fault) int { return strings.Compare(a.String(), b.String()) })
	return faults
}

type faulty func(path, format string, args ...any)

func (l *Loaded) checkValues(fault faulty) {
	if l.StartWith != StartWithRecord && l.StartWith != StartWithEmbedded {
		fault("start_with", "is %.60q; write %s or %s", l.StartWith, StartWithRecord, StartWithEmbedded)
	}
	if l.Metrics.Pprof && l.Metrics.Listen == "" {
		fault("metrics.pprof", "needs metrics.listen, which is where profiles are served")
	}
	l.checkLimits(fault)
	l.checkTLS(fault)
	l.checkIdentity(fault)
	l.checkSource(fault)
	_, wrong := l.remote()
	for _, name := range slices.Sorted(maps.Keys(wrong)) {
		fault(name, "cannot be used: %s", strings.ReplaceAll(wrong[name].Error(), "\n", "; "))
	}
}

// isBase says whether a URL can be what documents name as the address of the service. AuthZEN takes it for the name of who
// decides, and wants https; the path becomes part of other addresses, so it has to be plain.
func isBase(address string) bool {
	at, err := url.Parse(address)
	if err != nil || at.Host == "" || at.User != nil || at.RawQuery != "" || at.ForceQuery || strings.Contains(address, "#") {
		return false
	}
	for segment := range strings.SplitSeq(strings.Trim(at.EscapedPath(), "/"), "/") {
		odd := strings.Trim(segment, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~") != ""
		if odd || segment == "." || segment == ".." || segment == "" && strings.Trim(at.Path, "/") != "" {
			return false
		}
	}
	return at.Scheme == "https" || at.Scheme == "http" && Loopback(net.JoinHostPort(at.Hostname(), "0"))
}

// Loopback says whether an address can be reached from this machine alone. A host name other than localhost is not looked
// up: what it stands for can change.
func Loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	at, err := netip.ParseAddr(host)
	return err == nil && at.Unmap().IsLoopback()
}

func (l *Loaded) checkLimits(fault faulty) {
	for _, bound := range []struct {
		path string
		ok   bool
		want string
	}{
		{"eval_timeout", l.EvalTimeout > 0, "must be more than nothing, such as 2s"},
		{"evaluator", l.Evaluator == "executor" || l.Evaluator == "topdown", "has to be executor or topdown"},
		{"watch_kept", l.WatchKept == 0 || l.WatchKept >= 2, "has to be 0 (none is removed), or 2 or more: what is decided at the moment of a save may be by the edition before"},
		{"evaluator_checked", l.Checked >= 0 && l.Checked <= 1, "has to be a share of 0 to 1"},
		{"drain.delay", l.Drain.Delay >= 0, "cannot be less than nothing"},
		{"drain.timeout", l.Drain.Timeout > 0, "must be more than nothing, such as 10s"},
		{"limits.rate", l.Limits.Rate >= 0 && l.Limits.Rate <= 1e6, "has to be 0 (no limit) to 1000000 requests a second"},
		{"limits.burst", l.Limits.Burst >= 1 && l.Limits.Burst <= 1e6, "has to be 1 to 1000000 requests"},
		{"limits.batch", l.Limits.Batch >= 1 && l.Limits.Batch <= 1e6, "has to be 1 to 1000000 applications"},
		{"shadow.rate", l.Shadow.Rate > 0 && l.Shadow.Rate <= 1, "has to be a share of more than 0, and 1 at most"},
		{"shadow.budget", l.Shadow.Budget > 0 && l.Shadow.Budget <= 1, "has to be a share of more than 0, and 1 at most"},
		{"tracing.ratio", l.Tracing.Ratio >= 0 && l.Tracing.Ratio <= 1, "has to be a share of 0 to 1"},
		{"identity.jwt.leeway", l.Identity.JWT.Leeway >= 0 && l.Identity.JWT.Leeway <= maxLeeway, "has to be 0s to 5m; clocks differ by less"},
		{"identity.jwt.refresh", l.Identity.JWT.Refresh >= minRefresh, "has to be 30s or more"},
		{"identity.jwt.max_stale", l.Identity.JWT.MaxStale >= l.Identity.JWT.Refresh, "has to be as long as identity.jwt.refresh at least"},
	} {
		if !bound.ok {
			fault(bound.path, "%s", bound.want)
		}
	}
}

func (l *Loaded) checkTLS(fault faulty) {
	switch {
	case l.TLS.Certificate != "" && l.TLS.Key == "":
		fault("tls.certificate", "needs tls.key")
	case l.TLS.Certificate == "" && l.TLS.Key != "":
		fault("tls.key", "needs tls.certificate")
	}
	if l.Identity.MTLS.ClientCA != "" && l.TLS.Certificate == "" {
		fault("identity.mtls.client_ca", "needs tls.certificate: client certificates are shown in TLS only")
	}
}
