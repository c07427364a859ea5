package sheet

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json"

	"greenchannel/server/problem"
)

// readApplications reads whole applications, one a line.
func readApplications(book *Book, data []byte, options Options, faults *complaints) {
	book.Kind = Applications
	text, encoding, detail := decoded(data, options.Encoding)
	if detail != "" {
		faults.add(0, "", detail)
		return
	}
	book.Notes = append(book.Notes, fmt.Sprintf("read as NDJSON in %s", shownEncoding(encoding)))
	number := 0
	for line := range bytes.Lines([]byte(text)) {
		number++
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if number > maxRows {
			faults.add(number, "", fmt.Sprintf("is past the %d lines that are read; split the file", maxRows))
			return
		}
		app, err := options.Read(line)
		if err != nil {
			tell(faults, number, problem.Of(err))
			continue
		}
		var items struct {
			Items []goods `json:"items"`
		}
		if err := json.Unmarshal(line, &items); err != nil {
			faults.add(number, "", err.Error())
			continue
		}
		book.Asks = append(book.Asks, Ask{App: app, Lines: linesOf(number, app.ID(), items.Items)})
	}
}

// tell tells what the reader of applications found wrong with a line.
func tell(faults *complaints, number int, p *problem.Error) {
	for _, fault := range p.Faults {
		faults.add(number, fault.Pointer, fault.Detail)
	}
	if len(p.Faults) == 0 {
		faults.add(number, "", p.Detail)
	}
}
