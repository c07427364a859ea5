package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestWrap(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, text string
		width      int
		want       []string
	}{
		{"empty", "", 10, []string{""}},
		{"short", "one two", 10, []string{"one two"}},
		{"at spaces", "one two three", 8, []string{"one two", "three"}},
		{"spaces are one", "one \n\t two", 8, []string{"one two"}},
		{"too long a word", "abcdefghij xy", 4, []string{"abcd", "efgh", "ij", "xy"}},
		{"Chinese", "出口管制法规定", 6, []string{"出口管", "制法规", "定"}},
		{"no line begins with a stop", "出口管，制法", 6, []string{"出口", "管，制", "法"}},
		{"no line ends with an opening mark", "出口（管制）", 6, []string{"出口", "（管", "制）"}},
		{"both scripts", "第1项 listed 列管", 8, []string{"第1项", "listed", "列管"}},
	} {
		if diff := cmp.Diff(tc.want, wrap(tc.text, tc.width)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
}

// Whatever the text: no line is too wide, and nothing but space is lost.
func TestWrapFitsAndLosesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.RuneFrom([]rune("ab ,.出口（）。、，-/1\n"))).Draw(t, "text")
		width := rapid.IntRange(2, 20).Draw(t, "width")
		lines := wrap(text, width)
		for _, line := range lines {
			if columns(line) > width {
				t.Fatalf("%q is %d columns wide, want at most %d", line, columns(line), width)
			}
		}
		strip := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if got, want := strip(strings.Join(lines, "")), strip(text); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}

func TestPrintable(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"plain 字": "plain 字", "a\x1b[2Jb": "a\ufffd[2Jb", "a\u202eb": "a\ufffdb", "a\tb": "a b", "a\u200bb": "a\ufffdb", "a\nb": "a\nb",
	} {
		if got := printable(text); got != want {
			t.Errorf("printable(%q) = %q, want %q", text, got, want)
		}
	}
}
