package escape_test

import (
	"encoding/binary"
	"math/bits"
	"testing"

	"greenchannel/server/escape"
)

// Every byte at every place, between others that need an escape as well, and that do not: it is found if it is the first.
func TestTheFirstIsFound(t *testing.T) {
	t.Parallel()
	needs := func(c byte) bool { return c < ' ' || c == '"' || c == '\\' }
	for place := range 8 {
		for c := range 256 {
			for _, before := range []byte{' ', '!', '#', '[', ']', 'a', 0x7f, 0x80, 0xa0, 0xa2, 0xdc, 0xff} {
				for _, after := range []byte{' ', '!', '#', '\\', '"', 0, 0x1f, 0x80, 0xff} {
					var text [8]byte
					for i := range text {
						text[i] = before
						if i > place {
							text[i] = after
						}
					}
					text[place] = byte(c)
					want := 8
					for i, c := range text {
						if needs(c) {
							want = i
							break
						}
					}
					if got := bits.TrailingZeros64(escape.Marks(binary.LittleEndian.Uint64(text[:]))) / 8; got != want {
						t.Fatalf("%q: the first is found at %d, want %d", text, got, want)
					}
				}
			}
		}
	}
}
