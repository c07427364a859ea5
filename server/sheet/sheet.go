// Package sheet reads what trading companies have at hand, a catalogue or an order list as CSV, XLSX or NDJSON, into
// applications, and lays decisions out as rows again. It finds out how a file is written and tells it; it names every
// fault of a file at once, by row and column; and it repairs nothing silently: a commodity code that a spreadsheet damaged
// is refused with what was probably meant. Whether an application is sound is left to the reader of applications, and what
// is decided to the policies.
package sheet

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"greenchannel/server/decision"
)

// Limits of what is read. No honest catalogue comes near them.
const (
	// MaxBytes is the longest file that is read.
	MaxBytes = 64 << 20

	maxRows    = 100_000
	maxColumns = 256
	maxCell    = 10_000 // characters of one cell
)

// Kind says what a file holds.
type Kind string

// The kinds of file.
const (
	// Catalogue lists goods and no parties: only the status of each line can be asked.
	Catalogue Kind = "catalogue"
	// Orders states exporter, end user and destination: each application is decided.
	Orders Kind = "orders"
	// Applications are whole applications, one a line.
	Applications Kind = "applications"
)

// Options say how a file is to be read.
type Options struct {
	// Read reads one application, strictly. It must be set.
	Read func(body []byte) (decision.Application, error)
	// Sheet is the sheet of a workbook; the first visible one unless set.
	Sheet string
	// Encoding is that of a text file; found out unless set. See Encodings.
	Encoding string
	// Ignore names columns that are not read, as they stand in the file.
	Ignore []string
}

// Book is a file that was read and found sound.
type Book struct {
	Kind Kind
	// Notes tell how the file was read, a sentence each.
	Notes []string
	Asks  []Ask
}

// Ask is one application to decide, and the rows that it was made of: one for each of its items, in order.
type Ask struct {
	App   decision.Application
	Lines []Line
}

// Line is one row of a file, as it is told again beside what was decided.
type Line struct {
	// Row is the row as a spreadsheet counts it, or the line of NDJSON.
	Row int
	// Application and Line are the applicant's own references; empty where the file states none.
	Application, Line string
	// Reference is the company's own word for the goods, such as an article number.
	Reference, Description, HSCode string
}

// Fault is one place of a file that has to be mended.
type Fault struct {
	// Row is the row as a spreadsheet counts it, from 1; 0 for the whole file.
	Row int
	// Column is the letter of the column and its name, such as "D (hs_code)"; empty for the whole row.
	Column string
	Detail string
}

// Faulty is the error of a file that is not sound.
type Faulty struct {
	Name   string
	Faults []Fault
}

// Error names every fault on a line of its own, as file:row:column: detail.
func (f *Faulty) Error() string {
	var text strings.Builder
	for _, fault := range f.Faults {
		place := f.Name
		if fault.Row > 0 {
			place += fmt.Sprintf(":%d", fault.Row)
		}
		if fault.Column != "" {
			place += ":" + fault.Column
		}
		fmt.Fprintf(&text, "%s: %s\n", place, fault.Detail)
	}
	return text.String()
}

// complaints gathers the faults of one file.
type complaints struct {
	found []Fault
	order map[string]int // of columns, as they stand in the file
}

func (c *complaints) add(row int, column, detail string) {
	c.found = append(c.found, Fault{row, column, detail})
}

// err gives the faults in the order of the file, each once; nil when there is none.
func (c *complaints) err(name string) error {
	if len(c.found) == 0 {
		return nil
	}
	slices.SortStableFunc(c.found, func(a, b Fault) int {
		return cmp.Or(a.Row-b.Row, c.order[a.Column]-c.order[b.Column])
	})
	return &Faulty{name, slices.Compact(c.found)}
}

// Read reads a file. On any fault there is no book, and the error is Faulty and names every fault.
func Read(name string, data []byte, options Options) (*Book, error) {
	faults := &complaints{order: map[string]int{}}
	book := &Book{}
	switch form, refused := formOf(data); {
	case len(data) > MaxBytes:
		faults.add(0, "", fmt.Sprintf("is longer than %d bytes; split it", MaxBytes))
	case refused != "":
		faults.add(0, "", refused)
	case form == formLines:
		readApplications(book, data, options, faults)
	default:
		readTable(book, form, data, options, faults)
	}
	if err := faults.err(name); err != nil {
		return nil, err
	}
	return book, nil
}

func readTable(book *Book, form form, data []byte, options Options, faults *complaints) {
	var t *table
	if form == formWorkbook {
		t = openWorkbook(data, options, faults)
	} else {
		t = openText(data, options, faults)
	}
	if t == nil {
		return
	}
	defer t.close()
	heads := readHeads(t, options.Ignore, faults)
	if heads == nil {
		return
	}
	book.Notes = append(book.Notes, t.note)
	a := newAssembly(heads, options.Read, faults)
	for row := range t.rows {
		a.add(row)
	}
	a.finish(book)
	if len(book.Asks) == 0 && len(faults.found) == 0 {
		faults.add(0, "", "has a head, but no row below it")
	}
}
