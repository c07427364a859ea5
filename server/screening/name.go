package screening

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mozillazg/go-pinyin"
)

// name is a name taken apart for comparison.
type name struct {
	key    string   // all words, joined
	core   []string // the words without legal forms
	joined string   // the core, joined
	form   string   // the legal forms that were taken off, joined; empty when the name has none
	sorted string   // the core, its words in alphabetical order
	spoken string   // the core with its Chinese characters in pinyin, joined; empty when it has none
}

// anatomy takes names apart.
type anatomy struct {
	folder *Folder
	forms  map[string]struct{} // folded legal forms, words joined
	han    []string            // those in Chinese characters, longest first
	widest int                 // the words that a form may be written in: "g m b h"
}

func newAnatomy(folder *Folder, more []string) *anatomy {
	a := &anatomy{folder: folder, forms: map[string]struct{}{}}
	for form := range folder.forms {
		a.add(form)
	}
	for _, form := range more {
		a.add(folder.Key(form))
	}
	slices.SortFunc(a.han, func(x, y string) int { return len(y) - len(x) })
	return a
}

func (a *anatomy) add(form string) {
	if form == "" {
		return
	}
	if !hasHan(form) {
		a.forms[form] = struct{}{}
		a.widest = max(a.widest, len(form))
		return
	}
	if !slices.Contains(a.han, form) {
		a.han = append(a.han, form)
	}
	if spoken := inPinyin(form); spoken != "" { // "Youxian Gongsi" is a legal form like the characters that it spells
		a.forms[spoken] = struct{}{}
		a.widest = max(a.widest, len(form)/utf8.RuneLen('公'))
	}
}

// of takes a name apart. Of a name that is nothing but legal forms, the last to be taken off stays.
func (a *anatomy) of(text string) name {
	words := a.folder.fold(text)
	n := name{key: strings.Join(words, "")}
	core, form := a.strip(words)
	n.core, n.form, n.joined = core, form, strings.Join(core, "")
	inOrder := slices.Sorted(slices.Values(core))
	n.sorted = strings.Join(inOrder, " ")
	if hasHan(n.joined) {
		n.spoken = inPinyin(n.joined)
	}
	return n
}

// strip takes legal forms off both ends. A short Latin one is taken off the end only: "AS", "SA" or "Co" at the
// beginning are more often a name.
func (a *anatomy) strip(words []string) (core []string, form string) {
	core = slices.Clone(words)
	var forms []string
	for {
		rest, found := a.stripEnd(core)
		if found == "" {
			rest, found = a.stripStart(core)
		}
		if found == "" {
			slices.Sort(forms) // the same forms in another order are the same
			return core, strings.Join(forms, "")
		}
		core, forms = rest, append(forms, found)
	}
}

func (a *anatomy) stripEnd(words []string) (rest []string, form string) {
	if len(words) == 0 {
		return words, ""
	}
	for n := min(a.widest, len(words)-1); n > 0; n-- {
		form := strings.Join(words[len(words)-n:], "")
		if _, ok := a.forms[form]; ok {
			return words[:len(words)-n], form
		}
	}
	last := words[len(words)-1]
	for _, form := range a.han {
		if trimmed := strings.TrimSuffix(last, form); trimmed != last {
			if trimmed != "" {
				return append(slices.Clone(words[:len(words)-1]), trimmed), form
			}
			if len(words) > 1 {
				return words[:len(words)-1], form
			}
		}
	}
	return words, ""
}

// shortestLeading is the length from which a Latin legal form counts at the beginning of a name.
const shortestLeading = 3

func (a *anatomy) stripStart(words []string) (rest []string, form string) {
	if len(words) == 0 {
		return words, ""
	}
	for n := min(a.widest, len(words)-1); n > 0; n-- {
		form := strings.Join(words[:n], "")
		if _, ok := a.forms[form]; ok && len(form) >= shortestLeading {
			return words[n:], form
		}
	}
	for _, form := range a.han {
		if trimmed := strings.TrimPrefix(words[0], form); trimmed != words[0] {
			if trimmed != "" {
				return append([]string{trimmed}, words[1:]...), form
			}
			if len(words) > 1 {
				return words[1:], form
			}
		}
	}
	return words, ""
}

func hasHan(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

// inPinyin spells Chinese characters in pinyin without tones and joins them with whatever else stands between them. A
// character with several readings gets its commonest: both sides of a comparison are spelt alike.
func inPinyin(text string) string {
	args := pinyin.NewArgs()
	args.Fallback = func(r rune, _ pinyin.Args) []string { return []string{string(r)} }
	var spelt strings.Builder
	for _, syllable := range pinyin.LazyPinyin(text, args) {
		spelt.WriteString(syllable)
	}
	return spelt.String()
}
