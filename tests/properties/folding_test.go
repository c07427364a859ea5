package properties

import (
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/width"
	"pgregory.net/rapid"
)

// Ways to write the same name that must not hide it.
func disguises() map[string]func(*rapid.T, string) string {
	return map[string]func(*rapid.T, string) string{
		"upper case":  func(_ *rapid.T, name string) string { return strings.ToUpper(name) },
		"full width":  func(_ *rapid.T, name string) string { return width.Widen.String(name) },
		"outer space": func(_ *rapid.T, name string) string { return "\u3000 " + name + " \t" },
		"zero width":  func(t *rapid.T, name string) string { return insert(t, name, "\u200b\ufeff\u200d\u2060") },
		"other punctuation": func(_ *rapid.T, name string) string {
			return strings.Map(func(r rune) rune {
				if unicode.IsPunct(r) || unicode.IsSpace(r) {
					return '·'
				}
				return r
			}, name)
		},
	}
}

// insert puts one of the runes of what somewhere into name, between two of its runes.
func insert(t *rapid.T, name, what string) string {
	runes := []rune(name)
	at := rapid.IntRange(0, len(runes)).Draw(t, "at")
	extra := rapid.SampledFrom([]rune(what)).Draw(t, "rune")
	return string(runes[:at]) + string(extra) + string(runes[at:])
}

func TestNoDisguiseChangesTheKeyOfAName(t *testing.T) {
	fold := asked(t, "data.rareearth.lib.names.fold(input)")
	word := rapid.StringMatching(`[A-Za-z0-9]{1,9}`)
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(word, 1, 5).Draw(t, "words")
		separator := rapid.SampledFrom([]string{" ", ", ", " - ", "/", "  "}).Draw(t, "separator")
		name := strings.Join(words, separator)
		key, defined := fold(name)
		if !defined {
			t.Fatalf("%q has no key", name)
		}
		for disguise, apply := range disguises() {
			disguised := apply(t, name)
			if got, _ := fold(disguised); got != key {
				t.Fatalf("%s: the key of %q is %q, of %q it is %q", disguise, name, key, disguised, got)
			}
		}
	})
}

func TestTheKeyIsDefinedForEveryText(t *testing.T) {
	fold := asked(t, "data.rareearth.lib.names.fold(input)")
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		key, defined := fold(text)
		folded, isText := key.(string)
		if !defined || !isText {
			t.Fatalf("%q has the key %v", text, key)
		}
		if bad := strings.IndexFunc(folded, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) }); bad >= 0 {
			t.Fatalf("the key %q of %q has a character that is neither letter nor digit", folded, text)
		}
	})
}
