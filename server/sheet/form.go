package sheet

import (
	"bytes"
	"iter"
)

// form is how a file is written. Its content says so; names of files are often wrong.
type form int

const (
	formText form = iota
	formWorkbook
	formLines
)

// formOf tells the form of a file, or why it cannot be read.
func formOf(data []byte) (found form, refused string) {
	head := bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), " \t\r\n")
	switch {
	case len(head) == 0:
		return 0, "is empty"
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return formWorkbook, ""
	case bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
		return 0, "is a workbook of the old format (.xls), or one with a password; save it as .xlsx without a password"
	case head[0] == '{':
		return formLines, ""
	case head[0] == '[':
		return 0, "is a JSON array; write an application a line (NDJSON)"
	case bytes.HasPrefix(head, []byte("%PDF-")), bytes.HasPrefix(head, []byte("<")), bytes.HasPrefix(head, []byte("{\\rtf")):
		return 0, "is neither CSV nor XLSX nor NDJSON"
	}
	return formText, ""
}

// table is the rows of a file, whatever its form.
type table struct {
	// note says how the file was read.
	note string
	// rows can be walked in parts: what was taken is gone.
	rows  iter.Seq[row]
	close func()
}

// row is one row that is not empty.
type row struct {
	number int // as a spreadsheet counts, from 1
	cells  []cell
}

// cell is what stands at one place, without space around it.
type cell struct {
	text string
	kind cellKind
}

// cellKind says what a spreadsheet makes of a cell. In text files everything is text.
type cellKind int

const (
	isText cellKind = iota
	isNumber
	isDate  // text is the day, YYYY-MM-DD
	isFault // text says what is wrong
)

func (c cell) empty() bool { return c.text == "" }

// at gives a cell of a row; rows may be shorter than the head.
func (r row) at(column int) cell {
	if column >= len(r.cells) {
		return cell{}
	}
	return r.cells[column]
}

func (r row) empty() bool {
	for _, c := range r.cells {
		if !c.empty() {
			return false
		}
	}
	return true
}
