package sheet

import (
	"encoding/csv"
	"io"

	"github.com/xuri/excelize/v2"

	"greenchannel/server/decision"
)

// TemplateCSV writes an empty list with every column that can be read and one example to be replaced.
func TemplateCSV(out io.Writer, lang string) error {
	if _, err := io.WriteString(out, "\ufeff"); err != nil {
		return err
	}
	writer := csv.NewWriter(out)
	writer.UseCRLF = true
	head, example := templateRows(lang)
	if err := writer.WriteAll([][]string{head, example}); err != nil {
		return err
	}
	return writer.Error()
}

func templateRows(lang string) (head, example []string) {
	for _, c := range columns() {
		head, example = append(head, headOf(c, lang)), append(example, c.example)
	}
	return head, example
}

func headOf(c column, lang string) string { return say(decision.Text{EN: c.name, ZH: c.zh}, lang) }

// TemplateXLSX writes the same as a workbook, whose columns are text so that no code is damaged, and a second sheet that
// says what each column means.
func TemplateXLSX(out io.Writer, lang string) (err error) {
	file := excelize.NewFile()
	defer func() { err = closed(err, file) }()
	list := say(decision.Text{EN: "List", ZH: "清单"}, lang)
	if err := file.SetSheetName("Sheet1", list); err != nil {
		return err
	}
	head, example := templateRows(lang)
	const wide, rows = 20, 500
	var widths []float64
	for range head {
		widths = append(widths, wide)
	}
	empty := make([]string, len(head))
	table := [][]string{head, example}
	for range rows { // formatted as text before anybody types a code
		table = append(table, empty)
	}
	if err := fill(file, list, widths, table); err != nil {
		return err
	}
	about := say(decision.Text{EN: "Columns", ZH: "列说明"}, lang)
	if _, err := file.NewSheet(about); err != nil {
		return err
	}
	meanings := [][]string{{
		say(decision.Text{EN: "column", ZH: "列名"}, lang), say(decision.Text{EN: "in Chinese", ZH: "英文列名"}, lang),
		say(decision.Text{EN: "meaning", ZH: "含义"}, lang), say(decision.Text{EN: "example", ZH: "示例"}, lang),
	}}
	for _, c := range columns() {
		other := c.zh
		if lang == "zh" {
			other = c.name
		}
		meanings = append(meanings, []string{headOf(c, lang), other, say(c.meaning, lang), c.example})
	}
	if err := fill(file, about, []float64{24, 24, 80, 44}, meanings); err != nil {
		return err
	}
	return file.Write(out)
}
