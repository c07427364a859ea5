package sheet

import (
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// headWithin is how many rows may stand above the head: titles, dates, addresses.
const headWithin = 20

// openText opens a text file of values that a character keeps apart.
func openText(data []byte, options Options, faults *complaints) *table {
	text, encoding, detail := decoded(data, options.Encoding)
	if detail != "" {
		faults.add(0, "", detail)
		return nil
	}
	text = withLineFeeds(text)
	first := 1
	delimiter, declared := declaredDelimiter(text)
	if declared { // a line for the spreadsheet alone
		_, text, _ = strings.Cut(text, "\n")
		first++
	} else {
		delimiter = delimiterOf(text)
	}
	named := map[rune]string{',': "commas", ';': "semicolons", '\t': "tabs"}
	return &table{
		note:  fmt.Sprintf("read as %s, separated by %s", shownEncoding(encoding), named[delimiter]),
		rows:  textRows(text, delimiter, first, maxColumns, faults),
		close: func() {},
	}
}

// declaredDelimiter reads the line "sep=;" with which a file tells a spreadsheet how it is written.
func declaredDelimiter(text string) (rune, bool) {
	line, _, _ := strings.Cut(text, "\n")
	value, found := strings.CutPrefix(strings.ToLower(strings.Trim(line, "\r\"")), "sep=")
	if found && (value == "," || value == ";" || value == "\t") {
		return rune(value[0]), true
	}
	return 0, false
}

// delimiterOf finds out what keeps the values apart: that by which most columns are known to us, and if none is, that
// which stands most often in the first lines.
func delimiterOf(text string) rune {
	best, most := ',', -1
	names := newNames()
	for _, delimiter := range []rune{',', ';', '\t'} {
		known, parts := 0, 0
		rows := 0
		for row := range textRows(text, delimiter, 1, len(text), &complaints{}) {
			count := 0
			for _, c := range row.cells {
				if _, ok := names.find(c.text); ok {
					count++
				}
			}
			known, parts = max(known, count), max(parts, len(row.cells))
			if rows++; rows >= headWithin {
				break
			}
		}
		if score := known*maxColumns + min(parts, maxColumns-1); score > most {
			best, most = delimiter, score
		}
	}
	return best
}

// textRows walks the rows; a fault of the writing ends them.
func textRows(text string, delimiter rune, first, most int, faults *complaints) func(yield func(row) bool) {
	reader := csv.NewReader(strings.NewReader(text))
	reader.Comma = delimiter
	reader.FieldsPerRecord = -1
	reader.ReuseRecord = true
	within := 0 // line breaks inside of cells: a spreadsheet does not count them
	return func(yield func(row) bool) {
		for {
			record, err := reader.Read()
			if err != nil || len(record) == 0 {
				if broken := new(csv.ParseError); errors.As(err, &broken) {
					faults.add(broken.StartLine-within+first-1, "", unreadable(broken)+"; the rest was not read")
				}
				return
			}
			line, _ := reader.FieldPos(0)
			r := row{number: line - within + first - 1, cells: make([]cell, 0, len(record))}
			for _, value := range record {
				within += strings.Count(value, "\n")
				r.cells = append(r.cells, textCell(value))
			}
			if len(record) > most {
				faults.add(r.number, "", fmt.Sprintf("has more than %d columns; the rest was not read", most))
				return
			}
			if !r.empty() && !yield(r) {
				return
			}
		}
	}
}

func textCell(value string) cell {
	value = trimmed(value)
	if detail, wrong := wrongCell(value); wrong {
		return cell{detail, isFault}
	}
	return cell{text: value}
}

// trimmed takes away the space around a value, with the kinds of it that spreadsheets and Chinese typing leave.
func trimmed(value string) string { return strings.Trim(value, " \t\r\n\u00a0\u3000\ufeff\u200b") }

// wrongCell tells of what no column can take: the errors of spreadsheets, and texts without end.
func wrongCell(value string) (detail string, wrong bool) {
	switch value {
	case "#REF!", "#VALUE!", "#N/A", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!":
		return fmt.Sprintf("holds the error %s of a spreadsheet; mend its formula", value), true
	}
	if len(value) > 1 && strings.Trim(value, "#") == "" {
		return "holds only number signs: the column was too narrow when the file was saved; widen it", true
	}
	if len(value) > maxCell && utf8.RuneCountInString(value) > maxCell {
		return fmt.Sprintf("is longer than %d characters", maxCell), true
	}
	return "", false
}

func unreadable(broken *csv.ParseError) string {
	switch {
	case errors.Is(broken.Err, csv.ErrQuote):
		return fmt.Sprintf("a quoted value does not end as it should (line %d, byte %d)", broken.Line, broken.Column)
	case errors.Is(broken.Err, csv.ErrBareQuote):
		return fmt.Sprintf("a quotation mark stands inside a value that is not quoted (line %d, byte %d); double it and quote the value",
			broken.Line, broken.Column)
	}
	return broken.Err.Error()
}
