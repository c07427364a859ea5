// Package escape finds the characters that cannot stand for themselves within a text of JSON, eight bytes at a time: control
// characters, quotes and backslashes. It neither writes nor reads escapes; who finds one goes on byte by byte, or leaves it to
// a library.
package escape

const (
	low  = 0x0101010101010101
	high = 0x8080808080808080
)

// Marks marks, by the highest bit, which of eight bytes in little-endian order need an escape; 0 if none does. The lowest mark is
// right; one above it may be of a byte that needs none.
func Marks(word uint64) uint64 {
	control := (word - low*' ') &^ word & high
	quote, backslash := word^low*'"', word^low*'\\'
	return control | (quote-low)&^quote&high | (backslash-low)&^backslash&high
}
