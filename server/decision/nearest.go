package decision

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/agnivade/levenshtein"
)

// longestShown is how many characters of a value an error repeats.
const longestShown = 60

// Nearest returns the candidate that differs least from word, if it differs little enough to be what was meant: not at
// all in a code of two letters, by one letter in one of three, two (such as two swapped) in a longer word, and at most a
// third in a long one. Case and the choice of - or _ do not count.
func Nearest(word string, candidates []string) (string, bool) {
	if utf8.RuneCountInString(word) > longestShown {
		return "", false
	}
	fold := func(s string) string { return strings.ReplaceAll(strings.ToLower(strings.TrimSpace(s)), "-", "_") }
	best, least := "", -1
	for _, candidate := range candidates {
		distance := levenshtein.ComputeDistance(fold(word), fold(candidate))
		if distance <= tolerance(candidate) && (least < 0 || distance < least) {
			best, least = candidate, distance
		}
	}
	return best, least >= 0
}

func tolerance(candidate string) int {
	switch letters := utf8.RuneCountInString(candidate); {
	case letters < 3:
		return 0
	case letters == 3:
		return 1
	default:
		return max(2, letters/3)
	}
}

// suggest writes what was probably meant, as the end of a sentence.
func suggest(word string, candidates []string) string {
	if near, ok := Nearest(word, candidates); ok {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

// listing writes words in order, each quoted.
func listing(words []string) string {
	quoted := make([]string, 0, len(words))
	for _, word := range words {
		quoted = append(quoted, fmt.Sprintf("%q", word))
	}
	return strings.Join(quoted, ", ")
}

// shorten keeps an error readable whatever was sent.
func shorten(text string) string {
	if utf8.RuneCountInString(text) <= longestShown {
		return text
	}
	return string([]rune(text)[:longestShown]) + "…"
}
