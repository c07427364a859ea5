package config

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// checkAddresses asks of each address by itself whether anything can be there. Nothing is looked up or tried: whether somebody
// is, only the service finds out.
func (l *Loaded) checkAddresses(fault faulty) {
	checkListener(fault, "listen", l.Listen)
	if at := l.Metrics.Listen; at != "" {
		checkListener(fault, "metrics.listen", at)
		if !Loopback(at) {
			fault("metrics.listen", "has to be on the loopback, such as 127.0.0.1:9181, since nobody is asked who calls there")
		}
	}
	if l.BaseURL != "" && !isBase(l.BaseURL) {
		fault("base_url", "has to be an https URL without a query, such as https://decisions.example.org or https://example.org/export-2 (http on the loopback only)")
	} else {
		checkURL(fault, "base_url", l.BaseURL)
	}
	if at, err := url.Parse(l.Tracing.Endpoint); l.Tracing.Endpoint != "" && (err != nil || at.Host == "" || at.Scheme != "https" && at.Scheme != "http") {
		fault("tracing.endpoint", "has to be a URL such as http://127.0.0.1:4318")
	} else {
		checkURL(fault, "tracing.endpoint", l.Tracing.Endpoint)
	}
	if keys := l.Identity.JWT.JWKS; strings.Contains(keys, "://") {
		if at, err := url.Parse(keys); err != nil || at.Scheme != "https" || at.Host == "" || at.User != nil {
			fault("identity.jwt.jwks", "has to be a file or an https URL: whoever can change the keys on their way can make tokens")
		} else {
			checkURL(fault, "identity.jwt.jwks", keys)
		}
	}
	checkJournal(fault, l.Journal.URL)
}

// checkListener is about an address that is listened at: every host may be left out, and port 0 takes a free one.
func checkListener(fault faulty, path, address string) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		fault(path, "is %.60q; write HOST:PORT, such as 127.0.0.1:8181", address)
		return
	}
	if host != "" && !isHost(host) {
		fault(path, "has the host %.60q, which is neither an IP address nor a host name; write HOST:PORT, such as 127.0.0.1:8181", host)
	}
	if !isPort(port, 0) {
		fault(path, "has the port %.20q; write a number of 1 to 65535, or 0 for a free one, such as 127.0.0.1:8181", port)
	}
}

// checkURL is about where a URL that can be read leads. It may hold a password, so no more of it is told than is wrong.
func checkURL(fault faulty, path, address string) {
	at, err := url.Parse(address)
	if err != nil || at.Host == "" {
		return
	}
	if !isHost(at.Hostname()) {
		fault(path, "has the host %.60q, which is neither an IP address nor a host name; write it as in https://example.org:8443", at.Hostname())
	}
	if port := at.Port(); port != "" && !isPort(port, 1) {
		fault(path, "has the port %.20q; write a number of 1 to 65535, as in https://example.org:8443", port)
	}
}

// checkJournal is about the URL of a journal. That of PostgreSQL may name several servers, each with a port of its own, and a
// socket in place of a host. What is wrong is not repeated: it may be a piece of a password with a slash in it.
func checkJournal(fault faulty, address string) {
	scheme, rest, _ := strings.Cut(address, ":")
	switch {
	case address == "" || scheme == "sqlite":
		return
	case scheme != "postgres" && scheme != "postgresql":
		fault("journal.url", "has no scheme that is known; write sqlite:///folder or postgres://user@host/database")
		return
	}
	rest = strings.TrimPrefix(rest, "//")
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	for server := range strings.SplitSeq(rest[strings.LastIndexByte(rest, '@')+1:], ",") {
		at := strings.LastIndexByte(server, ':')
		if at < strings.LastIndexByte(server, ']') || at < 0 { // the colons of an IPv6 address, or none
			continue
		}
		if port := server[at+1:]; port != "" && !isPort(port, 1) {
			fault("journal.url", "has a port that is none; write a number of 1 to 65535, as in postgres://user@host:5432/database")
		}
	}
}

// nowhere names the URLs of a block in OPA's shape that lead nowhere. They are known by their keys: url, token_url, endpoint.
func nowhere(path string, value any) error {
	var faults []error
	switch value := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(value)) {
			faults = append(faults, nowhere(path+"."+key, value[key]))
		}
	case []any:
		for i, one := range value {
			faults = append(faults, nowhere(fmt.Sprintf("%s[%d]", path, i), one))
		}
	case string:
		if strings.HasSuffix(path, "url") || strings.HasSuffix(path, "endpoint") {
			checkURL(func(path, format string, args ...any) {
				faults = append(faults, errors.New(path+" "+fmt.Sprintf(format, args...)))
			}, path, value)
		}
	}
	return errors.Join(faults...)
}

func isPort(text string, least uint64) bool {
	number, err := strconv.ParseUint(text, 10, 16)
	return err == nil && number >= least
}

// isHost says whether a text can be an IP address or a host name. What ends in a number is an address, or a slip in one.
func isHost(text string) bool {
	if _, err := netip.ParseAddr(text); err == nil {
		return true
	}
	const longest, longestLabel = 253, 63
	labels := strings.Split(strings.TrimSuffix(text, "."), ".")
	odd := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '_' }
	wrong := func(label string) bool {
		return label == "" || len(label) > longestLabel || strings.ContainsFunc(label, odd)
	}
	_, err := strconv.ParseUint(labels[len(labels)-1], 10, 64)
	return len(text) <= longest && !slices.ContainsFunc(labels, wrong) && err != nil
}
