package screening

import (
	"cmp"
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
	words  []word   // the same, ready for comparison
	joined string   // the core, joined
	form   string   // the legal forms that were taken off, joined; empty when the name has none
	sorted string   // the core, its words in alphabetical order
	spoken string   // the core with its Chinese characters in pinyin, joined; empty when it has none
	allHan bool     // the core is nothing but Chinese characters
}

// word is a word with what a comparison needs of it again and again.
type word struct {
	text    string
	letters int
	han     bool
	set     uint64 // its letters, each a bit; several letters may share one
}

func newWord(text string) word {
	w := word{text: text, letters: utf8.RuneCountInString(text), han: hasHan(text)}
	for _, r := range text {
		w.set |= 1 << (r % 64)
	}
	return w
}

// spelt is a legal form spelt out, and its short form.
type spelt struct{ word, form string }

// anatomy takes names apart.
type anatomy struct {
	folder *Folder
	forms  map[string]struct{} // folded legal forms, words joined
	long   []spelt             // those that are spelt out in one long word
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
	for word, form := range folder.spelt {
		if len(word) >= shortestSpelt && isASCII(word) {
			a.long = append(a.long, spelt{word, form})
		}
	}
	slices.SortFunc(a.long, func(x, y spelt) int { return cmp.Or(len(y.word)-len(x.word), cmp.Compare(x.word, y.word)) })
	return a
}

// shortestSpelt is the length from which a legal form is recognised with a slip in it, or run together with the name.
const shortestSpelt = 7

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
	for _, text := range core {
		n.words = append(n.words, newWord(text))
	}
	inOrder := slices.Sorted(slices.Values(core))
	n.sorted = strings.Join(inOrder, " ")
	if hasHan(n.joined) {
		n.spoken = inPinyin(n.joined)
		n.allHan = !strings.ContainsFunc(n.joined, func(r rune) bool { return !unicode.Is(unicode.Han, r) })
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
	if rest, form := a.stripSpelt(last); form != "" {
		switch {
		case rest != "":
			return append(slices.Clone(words[:len(words)-1]), rest), form
		case len(words) > 1:
			return words[:len(words)-1], form
		}
	}
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

// stripSpelt takes a spelt-out legal form off a word that ends in it ("CubicCorporation") or is it but for one slip
// ("Coporation", of which nothing is left).
func (a *anatomy) stripSpelt(word string) (rest, form string) {
	for _, s := range a.long {
		if trimmed := strings.TrimSuffix(word, s.word); trimmed != word && len(trimmed) >= leastLeading {
			return trimmed, s.form
		}
	}
	for _, s := range a.long {
		if d := len(word) - len(s.word); d >= -1 && d <= 1 && slips([]rune(word), []rune(s.word)) == 1 {
			return "", s.form
		}
	}
	return word, ""
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
