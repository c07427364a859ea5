package sheet

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

// Encodings lists the encodings of text files that can be named. The last one is never found out, since any file can be
// read by it.
func Encodings() []string {
	return []string{"utf-8", "utf-16le", "utf-16be", "gb18030", "windows-1252"}
}

func encodingNamed(name string) (encoding.Encoding, bool) {
	switch name {
	case "utf-8":
		return unicode.UTF8BOM, true
	case "utf-16le":
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), true
	case "utf-16be":
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM), true
	case "gb18030":
		return simplifiedchinese.GB18030, true
	case "windows-1252":
		return charmap.Windows1252, true
	}
	return nil, false
}

// decoded gives a text file as UTF-8, and the name of the encoding that it was read by. Detail says why it cannot be read.
func decoded(data []byte, name string) (text, read, detail string) {
	if name == "" {
		if name = encodingOf(data); name == "gb18030" && hardlyChinese(data) {
			return "", "", "is not UTF-8 and does not look like GB18030; save it as UTF-8, or name its encoding with --encoding, such as windows-1252"
		}
	}
	by, known := encodingNamed(name)
	if !known {
		return "", "", fmt.Sprintf("cannot be read as %q; the encodings are %s", name, strings.Join(Encodings(), ", "))
	}
	if name == "utf-8" && !utf8.Valid(data) {
		return "", "", fmt.Sprintf("is not UTF-8 in line %d", lineOf(data, firstInvalid(data)))
	}
	out, err := by.NewDecoder().Bytes(data)
	if err != nil {
		return "", "", "cannot be read as " + shownEncoding(name) + ": " + err.Error()
	}
	if at := bytes.IndexRune(out, utf8.RuneError); at >= 0 && name != "utf-8" {
		return "", "", fmt.Sprintf("cannot be read as %s in line %d; save it as UTF-8, or name its encoding", shownEncoding(name), lineOf(out, at))
	}
	return string(out), name, ""
}

// encodingOf finds out the encoding: a byte-order mark says it; text of one-byte characters with a zero in every other
// place is UTF-16; what is valid as UTF-8 is that, since other encodings hardly ever are. What is left is taken for
// GB18030, which spreadsheets write in China.
func encodingOf(data []byte) string {
	const sample = 4096
	head := data[:min(len(data), sample)]
	var zeros [2]int
	for i, b := range head {
		if b == 0 {
			zeros[i%2]++
		}
	}
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		return "utf-8"
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		return "utf-16le"
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		return "utf-16be"
	case zeros[1] > zeros[0] && zeros[1] > len(head)/20:
		return "utf-16le"
	case zeros[0] > zeros[1] && zeros[0] > len(head)/20:
		return "utf-16be"
	case utf8.Valid(data):
		return "utf-8"
	}
	return "gb18030"
}

// hardlyChinese tells text of another encoding that can be read as GB18030 all the same: an accented letter of Western
// Europe before a plain one makes a rare character, whose second byte is that of the plain one. In Chinese text such
// characters are few.
func hardlyChinese(data []byte) bool {
	rare, common := 0, 0
	for i := 0; i+1 < len(data); i++ {
		if data[i] < 0x81 {
			continue
		}
		i++
		switch trail := data[i]; {
		case trail >= 0xa1:
			common++
		case trail < utf8.RuneSelf:
			rare++
		}
	}
	return rare > common
}

// shownEncoding writes the name of an encoding as people know it.
func shownEncoding(name string) string {
	if name == "windows-1252" {
		return "Windows-1252"
	}
	return strings.ToUpper(name)
}

func firstInvalid(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size <= 1 {
			return i
		}
		i += size
	}
	return len(data)
}

func lineOf(data []byte, offset int) int {
	return strings.Count(withLineFeeds(string(data))[:offset], "\n") + 1
}
