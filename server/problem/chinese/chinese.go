// Package chinese says in Chinese what problems say in English. Its catalogue has one line for each text: the English
// format, as it stands where the problem is made, and the Chinese one. A text is found by its shape, so that who makes a
// problem writes one language and knows nothing of this. It is not about the texts of decisions: policies give those in
// both languages.
package chinese

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Texts is the catalogue, ready to be asked. It may be used by many goroutines at once.
type Texts struct{ shapes []shape }

// shape is an English format as something that a text can be held against.
type shape struct {
	format  string
	text    *regexp.Regexp
	letters int // of the format that are not put in
	chinese string
}

// verb is a place of a format where something is put in.
func verb() *regexp.Regexp { return regexp.MustCompile(`%(?:\.\d+)?[dqsv]`) }

// New makes the catalogue ready.
func New() Texts {
	verbs := verb()
	var made Texts
	for _, e := range catalogue() {
		made.shapes = append(made.shapes, shapeOf(verbs, e))
	}
	// What says more comes first: "must be at least %s" before "must be %s".
	slices.SortStableFunc(made.shapes, func(a, b shape) int { return cmp.Compare(b.letters, a.letters) })
	return made
}

func shapeOf(verbs *regexp.Regexp, e entry) shape {
	made := shape{format: e.english, chinese: e.chinese}
	var pattern strings.Builder
	pattern.WriteString(`(?s)^`)
	rest := e.english
	for _, place := range verbs.FindAllString(e.english, -1) {
		plain, after, _ := strings.Cut(rest, place)
		pattern.WriteString(regexp.QuoteMeta(plain))
		made.letters += len(plain)
		switch place[len(place)-1] {
		case 'd':
			pattern.WriteString(`(-?\d+)`)
		case 'q':
			pattern.WriteString(`("(?:[^"\\]|\\.)*")`)
		default:
			pattern.WriteString(`(.*?)`)
		}
		rest = after
	}
	pattern.WriteString(regexp.QuoteMeta(rest) + `$`)
	made.letters += len(rest)
	made.text = regexp.MustCompile(pattern.String())
	return made
}

// fewLetters are so few that a format of them is found in many a text: it counts only between texts that are known.
const fewLetters = len(" or ")

// mostInner is how deep texts stand in one another.
const mostInner = 3

// Of gives the Chinese of an English text; false where it has none, and the text as it is.
func (t Texts) Of(english string) (string, bool) { return t.of(english, mostInner) }

func (t Texts) of(english string, inner int) (string, bool) {
	for _, s := range t.shapes {
		found := s.text.FindStringSubmatch(english)
		if found == nil {
			continue
		}
		put, all := make([]any, 0, len(found)-1), true
		for _, part := range found[1:] {
			known := strings.HasPrefix(part, `"`) // what was sent stands in quotes, and stays as it was sent
			if inner > 0 && part != "" && !known {
				part, known = t.of(part, inner-1)
			}
			put, all = append(put, part), all && known
		}
		if s.letters <= fewLetters && !all {
			continue // the "or" of another sentence
		}
		return fmt.Sprintf(s.chinese, put...), true
	}
	return english, false
}

// Formats lists the English formats that have a Chinese one.
func Formats() []string {
	var all []string
	for _, e := range catalogue() {
		all = append(all, e.english)
	}
	return all
}
