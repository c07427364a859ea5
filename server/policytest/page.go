package policytest

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
)

//go:embed page.html
var pageTemplate string

// pageFile is a file as the page shows it.
type pageFile struct {
	FileCoverage
	Anchor, Percent string
	Lines           []pageLine
}

type pageLine struct {
	Row   int
	Class string // covered, missed, or empty for a line that nothing evaluates
	Text  string
}

// WriteHTML writes one page that needs nothing else: the files, each with its source, the lines coloured by whether some
// test evaluates them; and the rules with how many tests saw them fire and not fire.
func (r *Report) WriteHTML(out io.Writer) error {
	page, err := template.New("page").Parse(pageTemplate)
	if err != nil {
		return err
	}
	var files []pageFile
	for _, f := range r.Coverage.Files {
		one := pageFile{FileCoverage: f, Anchor: strings.ReplaceAll(f.File, "/", "-"), Percent: percent(f)}
		for i, text := range strings.Split(strings.TrimSuffix(f.source, "\n"), "\n") {
			line := pageLine{Row: i + 1, Text: text}
			switch {
			case slices.Contains(f.NotCovered, line.Row):
				line.Class = "missed"
			case slices.Contains(f.Covered, line.Row):
				line.Class = "covered"
			}
			one.Lines = append(one.Lines, line)
		}
		files = append(files, one)
	}
	return page.Execute(out, struct {
		*Report
		Files []pageFile
	}{r, files})
}

func percent(f FileCoverage) string {
	all := len(f.Covered) + len(f.NotCovered)
	if all == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(len(f.Covered))/float64(all))
}
