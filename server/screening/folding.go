package screening

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Folding is the table by which names are folded. It is data that the policies fold by as well, so that a name which
// equals a listed one for a policy equals it here. All its keys are lower case.
type Folding struct {
	Characters   map[string]string // character or sign -> what stands for it
	LegalForms   map[string]string // word of a legal form -> its short form
	LegalPhrases map[string]string // the same for several words, one space apart
	SmallWords   map[string]string // words that some write and some leave out -> what is kept of them
}

// Folder folds names by a table. It is immutable and safe for use from several goroutines.
type Folder struct {
	characters *strings.Replacer
	words      map[string]string
	phrases    map[string]string
	longest    int                 // words in the longest phrase
	forms      map[string]struct{} // short forms
	spelt      map[string]string   // words that are spelt-out forms -> their short forms
}

// NewFolder prepares a table for use.
func NewFolder(table Folding) *Folder {
	f := &Folder{
		characters: replacer(table.Characters), words: map[string]string{}, phrases: table.LegalPhrases,
		forms: map[string]struct{}{}, spelt: table.LegalForms,
	}
	maps.Copy(f.words, table.SmallWords)
	maps.Copy(f.words, table.LegalForms)
	for _, form := range table.LegalForms {
		f.forms[joined(form)] = struct{}{}
	}
	for phrase, form := range table.LegalPhrases {
		f.longest = max(f.longest, len(strings.Fields(phrase)))
		f.forms[joined(form)] = struct{}{}
	}
	return f
}

// replacer replaces the longer of two keys that begin alike, whatever the order of the map.
func replacer(table map[string]string) *strings.Replacer {
	keys := slices.SortedFunc(maps.Keys(table), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
	pairs := make([]string, 0, 2*len(keys))
	for _, key := range keys {
		pairs = append(pairs, key, table[key])
	}
	return strings.NewReplacer(pairs...)
}

func joined(words string) string { return strings.ReplaceAll(words, " ", "") }

// Key is the folded name as one text: two names with the same key are the same name in another spelling. A name without
// a letter or digit has the empty key, and is the name of nobody.
func (f *Folder) Key(name string) string { return strings.Join(f.fold(name), "") }

// fold returns the words of a name, legal forms in their short form.
func (f *Folder) fold(name string) []string {
	words := splitWords(f.plain(name))
	var kept []string
	for i := 0; i < len(words); {
		if form, length := f.phraseAt(words[i:]); length > 0 {
			kept = append(kept, strings.Fields(form)...)
			i += length
			continue
		}
		word := words[i]
		if short, ok := f.words[word]; ok {
			word = short
		}
		if word != "" {
			kept = append(kept, word)
		}
		i++
	}
	return kept
}

// plain folds characters: compatibility forms and width, case, the table's characters, marks, and what shows nothing.
func (f *Folder) plain(name string) string {
	if isASCII(name) {
		return strings.ToLower(name)
	}
	text := cases.Fold().String(norm.NFKC.String(name)) // a Caser may hold state, so each name gets its own
	text = f.characters.Replace(text)
	text = strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Mn, unicode.Cf) {
			return -1
		}
		return r
	}, norm.NFD.String(text))
	return norm.NFC.String(text)
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= 0x80 {
			return false
		}
	}
	return true
}

// splitWords parts a text wherever something is neither letter nor digit, and between Chinese characters and others.
func splitWords(text string) []string {
	var words []string
	start, wasHan := -1, false
	for i, r := range text {
		letter, han := unicode.IsLetter(r) || unicode.IsNumber(r), unicode.Is(unicode.Han, r)
		if start >= 0 && (!letter || han != wasHan) {
			words, start = append(words, text[start:i]), -1
		}
		if letter && start < 0 {
			start = i
		}
		wasHan = han
	}
	if start >= 0 {
		words = append(words, text[start:])
	}
	return words
}

// phraseAt finds the longest phrase that words begin with.
func (f *Folder) phraseAt(words []string) (form string, length int) {
	for length = min(f.longest, len(words)); length > 1; length-- {
		if form, ok := f.phrases[strings.Join(words[:length], " ")]; ok {
			return form, length
		}
	}
	return "", 0
}
