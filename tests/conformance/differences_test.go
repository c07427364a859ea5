package conformance

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// onPurpose names the difference that an answer of ours has from OPA's on purpose; empty when there is none. Each is told
// in tests/README.md.
func onPurpose(r request, want, got answer) string {
	at, err := url.Parse(r.target)
	if err != nil {
		return ""
	}
	escaped := at.EscapedPath()
	switch {
	case want.Status == dropped && got.Status == http.StatusBadRequest && slices.Contains(r.header, "gzip"):
		return "a body that is declared as gzip and is none drops the connection of OPA, whenever its pool of readers is empty"
	case want.Status == http.StatusInternalServerError && got.Status == http.StatusBadRequest &&
		(strings.Contains(want.Body, "invalid path: ") || strings.Contains(want.Body, "rego_type_error")) &&
		strings.Contains(got.Body, "invalid path: "):
		return "a path that cannot be asked for is the fault of who asks, not of the service"
	case want.Status == http.StatusInternalServerError && got.Status == http.StatusBadRequest &&
		strings.Contains(want.Body, "cannot evaluate empty query") && strings.Contains(got.Body, "cannot evaluate empty query"):
		return "an empty query is the fault of who asks"
	case want.Status == http.StatusMovedPermanently && strings.HasSuffix(at.Path, "/") && strings.Contains(escaped, "%"):
		return "an escaped slash is part of a name: it is not redirected away, nor unescaped by a redirect"
	case want.Status == http.StatusTemporaryRedirect && got.Status == want.Status && strings.Contains(escaped, "%"):
		return "what was escaped once is not escaped twice by a redirect"
	case want.Status == http.StatusNotFound && got.Status == want.Status && want.Body == "404 page not found\n":
		return "what OPA's multiplexer writes where there is nothing"
	}
	return ""
}
