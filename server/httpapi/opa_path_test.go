package httpapi

import (
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSegments(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		target string
		path   []string // below /v1/data; nil where the URL is not below it
	}{
		{"/v1/data", []string{}},
		{"/v1/data/", []string{}},
		{"/v1/data/a/b", []string{"a", "b"}},
		{"/v1/data/a%2Fb", []string{"a/b"}},
		{"/v1/data/a%2fb/c", []string{"a/b", "c"}},
		{"/v1/data/a%252Fb", []string{"a%2Fb"}}, // unescaped once
		{"/v1/data/%2e%2e/policies", []string{"..", "policies"}},
		{"/v1/data/..%2Fpolicies", []string{"../policies"}},
		{"/v1/data/%2E/a", []string{".", "a"}},
		{"/v1/data//a///b/", []string{"a", "b"}},
		{"/v1/data/%2F/a", []string{"/", "a"}},
		{"/v1/data/a;b=c/d", []string{"a;b=c", "d"}},
		{"/v1/data/a+b%20c", []string{"a+b c"}},
		{"/v1/data/%00/%ff", []string{"\x00", "\xff"}},
		{"/v1/data/%64ecision", []string{"decision"}},
		{"/%76%31/data/a", []string{"a"}}, // v1, escaped without need
		{"/v1%2Fdata/a", nil},
		{"/v1/data%2Fa", nil},
		{"/v1/data%2F", nil},
		{"//v1/data/a", nil},
		{"/v1/database", nil},
		{"/v1", nil},
		{"/", nil},
	} {
		u, err := url.Parse("http://host" + row.target)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := below("v1/data", segments(u))
		if ok != (row.path != nil) || ok && !cmp.Equal(got, row.path) {
			t.Errorf("%s leads to %q, %t; want %q", row.target, got, ok, row.path)
		}
	}
}

func TestCleaned(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]string{
		"/v1/data/a/b":          "",
		"/v1/data/a/b/":         "", // the last slash is another matter
		"/":                     "",
		"/v1/data/a%2F..%2Fb":   "",
		"/v1/data/%2e%2e/b":     "",
		"/v1/data//a":           "/v1/data/a",
		"/v1/data/a//":          "/v1/data/a/",
		"/v1/data/./a":          "/v1/data/a",
		"/v1/data/../policies":  "/v1/policies",
		"/v1/data/../../../etc": "/etc",
		"/v1/data/a%2Fb/../c":   "/v1/data/c",
	} {
		u, err := url.Parse("http://host" + target)
		if err != nil {
			t.Fatal(err)
		}
		if got, unclean := cleaned(u); unclean != (want != "") || unclean && got != want {
			t.Errorf("%s is sent to %q, %t; want %q", target, got, unclean, want)
		}
	}
}
