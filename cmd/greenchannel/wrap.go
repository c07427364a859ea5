package main

import (
	"strings"
	"unicode"

	"github.com/mattn/go-runewidth"
)

// columns measures text as a terminal or a printer in a fixed pitch sets it: Chinese characters take two columns. It does
// not ask the environment, so that a sheet is the same everywhere.
func columns(text string) int {
	measure := runewidth.Condition{StrictEmojiNeutral: true}
	return measure.StringWidth(text)
}

// printable keeps what an applicant wrote from acting on a terminal: control characters, and those that turn the
// direction of writing, are shown by their code.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || unicode.IsPrint(r) {
			return r
		}
		if unicode.IsSpace(r) {
			return ' '
		}
		return unicode.ReplacementChar
	}, text)
}

// wrap breaks a text into lines of at most width columns: at spaces, and between Chinese characters, but so that no line
// begins with a closing mark or ends with an opening one. What has no such place is broken where the line is full.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, piece := range pieces(text) {
		switch joined := line + piece; {
		case columns(strings.TrimRight(joined, " ")) <= width:
			line = joined
		default:
			if full := strings.TrimRight(line, " "); full != "" {
				lines = append(lines, full)
			}
			line = strings.TrimLeft(piece, " ")
			for columns(strings.TrimRight(line, " ")) > width {
				var head string
				head, line = cut(line, width)
				lines = append(lines, head)
			}
		}
	}
	if rest := strings.TrimRight(line, " "); rest != "" || len(lines) == 0 {
		lines = append(lines, rest)
	}
	return lines
}

// pieces parts a text where a line may end: after a space, and on either side of a wide character.
func pieces(text string) []string {
	var parts []string
	var part []rune
	runes := []rune(strings.Join(strings.Fields(text), " "))
	for i, r := range runes {
		part = append(part, r)
		if i+1 == len(runes) {
			break
		}
		next := runes[i+1]
		if r == ' ' || next != ' ' && (wide(r) || wide(next)) && !opens(r) && !closes(next) {
			parts = append(parts, string(part))
			part = nil
		}
	}
	return append(parts, string(part))
}

func wide(r rune) bool { return columns(string(r)) == 2 }

func opens(r rune) bool { return strings.ContainsRune("（《〈「『【〔“‘([{", r) }

func closes(r rune) bool {
	return strings.ContainsRune("）》〉」』】〕”’)]}，。、；：！？,.;:!?%", r)
}

// cut parts a text that has no place to break after at most width columns.
func cut(text string, width int) (head, rest string) {
	used := 0
	for i, r := range text {
		used += columns(string(r))
		if used > width && i > 0 {
			return text[:i], text[i:]
		}
	}
	return text, ""
}

// pad fills a text with spaces to a width.
func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-columns(text)))
}
