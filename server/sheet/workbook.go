package sheet

import (
	"archive/zip"
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"greenchannel/server/decision"
)

// Limits of a workbook, which is a packed archive: what it unpacks to, not how long it is, costs memory.
const (
	maxUnpacked = 256 << 20
	maxParts    = 2000
	partHeld    = 16 << 20 // of one part in memory; more goes to a file
)

// openWorkbook opens one sheet of a workbook. Its values are taken as they were saved: no formula is evaluated.
func openWorkbook(data []byte, options Options, faults *complaints) *table {
	if detail := packed(data); detail != "" {
		faults.add(0, "", detail)
		return nil
	}
	file, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{
		RawCellValue: true, UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: partHeld,
	})
	if err != nil {
		faults.add(0, "", "is no workbook that can be read: "+err.Error())
		return nil
	}
	t, detail := openSheet(file, data, options.Sheet)
	if detail != "" {
		faults.add(0, "", detail)
		_ = file.Close()
		return nil
	}
	return t
}

// packed tells of an archive that unpacks to more than is read. The sizes are counted, not believed.
func packed(data []byte) string {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return "is no workbook that can be read: " + err.Error()
	}
	if len(archive.File) > maxParts {
		return fmt.Sprintf("is an archive of %d parts; a workbook has at most %d", len(archive.File), maxParts)
	}
	left := int64(maxUnpacked)
	for _, part := range archive.File {
		n, err := unpackedSize(part, left)
		if err != nil {
			return fmt.Sprintf("is damaged: %s: %v", part.Name, err)
		}
		if left -= n; left <= 0 {
			return fmt.Sprintf("unpacks to more than %d MiB; split it", maxUnpacked>>20)
		}
	}
	return ""
}

// openSheet finds a sheet by its name; without one, the first that is visible.
func openSheet(file *excelize.File, data []byte, name string) (t *table, refused string) {
	var visible []string
	found := false
	for _, sheet := range file.GetSheetList() {
		shown, err := file.GetSheetVisible(sheet)
		if err != nil || shown {
			visible = append(visible, sheet)
		}
		found = found || sheet == name
	}
	others := ""
	switch {
	case name != "" && !found:
		detail := fmt.Sprintf("has no sheet %q", name)
		if near, ok := decision.Nearest(name, file.GetSheetList()); ok {
			return nil, detail + fmt.Sprintf("; did you mean %q?", near)
		}
		return nil, detail + "; its sheets are " + quoted(file.GetSheetList())
	case name == "" && len(visible) == 0:
		return nil, "has no visible sheet"
	case name == "":
		name = visible[0]
		if len(visible) > 1 {
			others = "; not read: " + quoted(visible[1:])
		}
	}
	audit, err := auditSheet(data, name)
	if err != nil {
		return nil, fmt.Sprintf("sheet %q cannot be read: %v", name, err)
	}
	rows, err := file.Rows(name)
	if err != nil {
		return nil, fmt.Sprintf("sheet %q cannot be read: %v", name, err)
	}
	w := &workbookRows{rows: rows, audit: audit, dates: dates{file: file, known: map[int]bool{}}}
	if props, err := file.GetWorkbookProps(); err == nil && props.Date1904 != nil {
		w.dates.from1904 = *props.Date1904
	}
	return &table{
		note: fmt.Sprintf("read as XLSX, sheet %q%s", name, others),
		rows: w.walk,
		close: func() {
			_ = rows.Close()
			_ = file.Close()
		},
	}, ""
}

func quoted(names []string) string {
	var all []string
	for _, name := range names {
		all = append(all, strconv.Quote(name))
	}
	return strings.Join(all, ", ")
}

// workbookRows walks the rows of a sheet. What a cell is, the audit says; what stands in it, excelize.
type workbookRows struct {
	rows  *excelize.Rows
	audit sheetAudit
	dates dates
	at    int
}

func (w *workbookRows) walk(yield func(row) bool) {
	for w.rows.Next() {
		w.at++
		values, err := w.rows.Columns()
		if err != nil {
			values = nil
		}
		r := row{number: w.at}
		for column := range max(len(values), len(w.audit[w.at])) {
			r.cells = append(r.cells, w.cell(column, values, err))
		}
		if !r.empty() && !yield(r) {
			return
		}
	}
}

func (w *workbookRows) cell(column int, values []string, broken error) cell {
	was := w.audit[w.at].at(column)
	text := ""
	if column < len(values) {
		text = trimmed(values[column])
	}
	switch {
	case broken != nil && was.kind != 0:
		return cell{"cannot be read: " + broken.Error(), isFault}
	case was.unsaved:
		return cell{"holds a formula without its value; open the file in a spreadsheet and save it, or put the value in its place", isFault}
	case was.kind == kindError:
		return cell{fmt.Sprintf("holds the error %s of a spreadsheet; mend its formula", text), isFault}
	case was.kind == kindBool:
		return cell{text: map[string]string{"0": "FALSE", "1": "TRUE"}[text]}
	case was.kind == kindNumber && text != "":
		return w.dates.number(text, was.style)
	}
	return textCell(text)
}

// dates tells numbers that are shown as dates from others. A spreadsheet has no other dates.
type dates struct {
	file     *excelize.File
	from1904 bool
	known    map[int]bool // by style
}

func (d dates) number(text string, style int) cell {
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return textCell(text)
	}
	if d.shownAsDate(style) {
		if at, err := excelize.ExcelDateToTime(value, d.from1904); err == nil && value >= 1 {
			return cell{at.Format(time.DateOnly), isDate}
		}
	}
	return cell{plain(value), isNumber}
}

// plain writes a number with the 15 digits that a spreadsheet keeps, without an exponent.
func plain(value float64) string {
	const digits, exact = 15, 1e15
	if value == math.Trunc(value) && math.Abs(value) < exact {
		return strconv.FormatInt(int64(value), 10)
	}
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(value, 'g', digits, 64), 64)
	if err != nil {
		rounded = value
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}

// shownAsDate says whether a style shows numbers as dates.
func (d dates) shownAsDate(style int) bool {
	if style == 0 {
		return false
	}
	if shown, looked := d.known[style]; looked {
		return shown
	}
	shown := false
	if s, err := d.file.GetStyle(style); err == nil {
		shown = dateFormat(s.NumFmt)
		if s.CustomNumFmt != nil {
			shown = dateCode(*s.CustomNumFmt)
		}
	}
	d.known[style] = shown
	return shown
}

// dateFormat says which of the numbered formats show a day; the numbers from 27 on are those of East Asia.
func dateFormat(id int) bool {
	return id >= 14 && id <= 17 || id == 22 || id >= 27 && id <= 31 || id >= 50 && id <= 58 || id == 36
}

// dateCode says whether a format written out shows a year or a day. What is quoted or bracketed in it is no code.
func dateCode(code string) bool {
	inQuote, inBracket, escaped := false, false, false
	for _, r := range strings.ToLower(code) {
		switch {
		case escaped:
			escaped = false
		case r == '\\' || r == '_' || r == '*':
			escaped = true
		case r == '"':
			inQuote = !inQuote
		case inQuote:
		case r == '[':
			inBracket = true
		case r == ']':
			inBracket = false
		case inBracket:
		case r == 'y' || r == 'd' || r == '年' || r == '日':
			return true
		}
	}
	return false
}
