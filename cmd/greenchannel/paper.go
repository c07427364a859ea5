package main

import (
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// sheetWidth is how wide a decision sheet is, in columns: a printed page, and most terminals.
const sheetWidth = 100

// paper takes the lines of a sheet. It remembers the first error, so that sections need not look.
type paper struct {
	out      io.Writer
	terminal bool
	colour   bool
	err      error
}

// newPaper uses bold type and colour on a terminal only, and not where NO_COLOR asks for none.
func newPaper(out io.Writer) *paper {
	file, ok := out.(*os.File)
	terminal := ok && term.IsTerminal(int(file.Fd()))
	return &paper{out: out, terminal: terminal, colour: terminal && os.Getenv("NO_COLOR") == ""}
}

// line writes one line as it is.
func (p *paper) line(text string) {
	if p.err == nil {
		_, p.err = io.WriteString(p.out, strings.TrimRight(text, " ")+"\n")
	}
}

// heading begins a section.
func (p *paper) heading(text string) {
	p.line("")
	p.line(p.bold(text))
	p.line(strings.Repeat("-", sheetWidth))
}

// entry writes a text behind a label that stands in a column of its own; later lines of the text are set under its first.
func (p *paper) entry(indent int, label string, labelWidth int, text string) {
	p.styledEntry(indent, label, labelWidth, text, func(s string) string { return s })
}

func (p *paper) styledEntry(indent int, label string, labelWidth int, text string, style func(string) string) {
	margin := strings.Repeat(" ", indent)
	lines := wrap(printable(text), sheetWidth-indent-labelWidth)
	if label != "" && columns(label) >= labelWidth { // a label that fills its column stands on a line of its own
		p.line(margin + label)
		label = ""
	}
	for i, line := range lines {
		if i > 0 {
			label = ""
		}
		p.line(margin + pad(label, labelWidth) + style(line))
	}
}

func (p *paper) bold(text string) string   { return p.styled("1", text) }
func (p *paper) red(text string) string    { return p.styled("31", text) }
func (p *paper) yellow(text string) string { return p.styled("33", text) }
func (p *paper) green(text string) string  { return p.styled("32", text) }

func (p *paper) styled(code, text string) string {
	if !p.colour || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}
