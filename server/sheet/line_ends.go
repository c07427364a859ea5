package sheet

import "strings"

// withLineFeeds gives a text whose rows end in carriage returns alone, as old spreadsheets write it, with line feeds in their
// place; every byte keeps its place. What stands in quotes stays as it is, and so does a text with any other end of a row.
func withLineFeeds(text string) string {
	if !strings.Contains(text, "\r") {
		return text
	}
	const byteOrderMark = "\ufeff"
	changed := []byte(text)
	// A quotation mark opens a value only at its beginning, which is also where the second one of a pair seems to stand. What
	// keeps values apart is not known yet, so it may be any of the three.
	quoted, begins := false, true
	for i := len(text) - len(strings.TrimPrefix(text, byteOrderMark)); i < len(text); i++ {
		switch c := text[i]; {
		case quoted:
			quoted, begins = c != '"', c == '"'
		case c == '"' && begins:
			quoted = true
		case c == '\n':
			return text
		case c == '\r':
			changed[i], begins = '\n', true
		default:
			begins = c == ',' || c == ';' || c == '\t'
		}
	}
	return string(changed)
}
