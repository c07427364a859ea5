package httpapi

import (
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
)

// segments parts the path of a URL at its slashes and unescapes each segment, once. It is the one reading of a path: what
// is routed, what is authorised and what is looked up are all taken from it. A slash or a dot that was escaped is a character of a
// segment, so that a%2Fb is one segment and never the two of a/b, and %2e%2e is a name and leads nowhere.
func segments(u *url.URL) []string {
	parts := strings.Split(strings.TrimPrefix(u.EscapedPath(), "/"), "/")
	for i, part := range parts {
		if plain, err := url.PathUnescape(part); err == nil {
			parts[i] = plain
		}
	}
	return parts
}

// byOneReading lets the router see what segments sees: each segment escaped in one way, whichever way it was sent, so
// that %64ata is data and a%2Fb is one segment. Segments that are dots only when they are unescaped stay escaped.
func byOneReading(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if escaped := r.URL.EscapedPath(); strings.ContainsAny(escaped, "%+") {
			read, at := *r, *r.URL
			at.RawPath = escapedAgain(escaped, segments(r.URL))
			read.URL = &at
			r = &read
		}
		next.ServeHTTP(w, r)
	})
}

func escapedAgain(escaped string, parts []string) string {
	sent := strings.Split(strings.TrimPrefix(escaped, "/"), "/")
	again := make([]string, len(parts))
	for i, part := range parts {
		switch {
		case sent[i] == part && !strings.Contains(part, "+"):
			again[i] = part // nothing was escaped, so that . and .. still lead on
		case part == "." || part == "..":
			again[i] = strings.ReplaceAll(part, ".", "%2E")
		default:
			again[i] = strings.ReplaceAll(url.PathEscape(part), "+", "%2B") // the router would make a space of it
		}
	}
	return "/" + strings.Join(again, "/")
}

// below gives the segments under a fixed path such as v1/data; false where the URL has that path only once it is
// unescaped, as /v1%2Fdata has. Empty segments name nothing and are left out.
func below(fixed string, all []string) ([]string, bool) {
	prefix := strings.Split(fixed, "/")
	if len(all) < len(prefix) || !slices.Equal(all[:len(prefix)], prefix) {
		return nil, false
	}
	return slices.DeleteFunc(slices.Clone(all[len(prefix):]), func(segment string) bool { return segment == "" }), true
}

// cleaned is where a path with empty or dot segments leads; false for one that has none. Only what was not escaped is
// resolved: nobody is sent from a name to another.
func cleaned(u *url.URL) (string, bool) {
	escaped := u.EscapedPath()
	clean := path.Clean(escaped)
	if strings.HasSuffix(escaped, "/") && clean != "/" {
		clean += "/"
	}
	return clean, clean != escaped
}
