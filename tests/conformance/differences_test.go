package conformance

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// onPurpose names the difference that an answer of ours has from OPA's on purpose; empty when there is none. Each is told,
// with its reason, in tests/README.md, which counts them by these names.
func onPurpose(r request, want, got answer) string {
	at, err := url.Parse("http://opa.example" + r.target) // a target may begin with two slashes, and names no host by them
	if err != nil {
		return ""
	}
	escaped := at.EscapedPath()
	switch {
	case want.Status == dropped && got.Status == http.StatusBadRequest && slices.Contains(r.header, "gzip"):
		return "no gzip"
	case want.Status == http.StatusInternalServerError && got.Status == http.StatusBadRequest:
		return ofWhoAsks(want.Body, got.Body)
	case want.Status == http.StatusMovedPermanently && strings.HasSuffix(at.Path, "/") && strings.Contains(escaped, "%"):
		return "escaped slashes"
	case want.Status == http.StatusTemporaryRedirect && got.Status == want.Status && unescaped(want.Place) == got.Place:
		return "escapes in redirects"
	case want.Status == http.StatusNotFound && got.Status == want.Status && want.Body == "404 page not found\n":
		return "where there is nothing"
	case want.Status == http.StatusUnauthorized && lacks(r.method, at.Path) &&
		(got.Status == http.StatusMethodNotAllowed || got.Status/100 == 3 && got.Place != ""):
		return "methods that a place lacks"
	}
	return ""
}

// ofWhoAsks names the fault of who asks that OPA takes for its own; empty when ours names another.
func ofWhoAsks(want, got string) string {
	for _, fault := range []struct{ theirs, ours, name string }{
		{"invalid path: ", "invalid path: ", "paths that cannot be asked for"},
		{"rego_type_error", "invalid path: ", "paths that cannot be asked for"},
		{"cannot evaluate empty query", "cannot evaluate empty query", "an empty query"},
		{"expected body but got", "expected body but got", "a query that is a rule"},
		{"invalid number literal", "invalid number literal", "numbers that JSON has not"},
		{"invalid number: ", "invalid number: ", "numbers that Rego has not"},
	} {
		if strings.Contains(want, fault.theirs) && strings.Contains(got, fault.ours) {
			return fault.name
		}
	}
	return ""
}

// unescaped is the path that OPA means where it sends a client: it escapes anew what is escaped already.
func unescaped(place string) string {
	plain, err := url.PathUnescape(place)
	if err != nil {
		return place
	}
	return plain
}

// lacks says whether OPA has no handler for a method at a path.
func lacks(method, path string) bool {
	has := map[string]string{
		"/v1/data": "GET POST PUT PATCH DELETE", "/v0/data": "POST", "/v1/policies": "GET PUT DELETE", "/v1/query": "GET POST", "/v1/config": "GET", "/v1/status": "GET", "/health": "GET",
	}
	for place, methods := range has {
		if path == place || strings.HasPrefix(path, place+"/") {
			return !slices.Contains(strings.Fields(methods), method) || path == "/v1/data" && method == http.MethodDelete
		}
	}
	return false
}
