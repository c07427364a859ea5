package sheet

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"greenchannel/server/decision"
)

// outHead is one column of the answer.
type outHead struct {
	title decision.Text
	width float64
	value func(r Row, lang string) string
}

func say(text decision.Text, lang string) string {
	if lang == "zh" {
		return text.ZH
	}
	return text.EN
}

// outHeads are the columns of the answer. The words of the contract are codes, and stay what they are in every language.
func outHeads() []outHead {
	text := func(en, zh string) decision.Text { return decision.Text{EN: en, ZH: zh} }
	joined := func(values func(Row) []string) func(Row, string) string {
		return func(r Row, _ string) string { return strings.Join(values(r), "; ") }
	}
	return []outHead{
		{text("row", "行"), 6, func(r Row, _ string) string { return strconv.Itoa(r.Row) }},
		{text("application_id", "申请编号"), 18, func(r Row, _ string) string { return r.Application }},
		{text("line", "行号"), 6, func(r Row, _ string) string { return r.Line.Line }},
		{text("reference", "货号"), 14, func(r Row, _ string) string { return r.Reference }},
		{text("description", "品名"), 34, func(r Row, _ string) string { return r.Description }},
		{text("hs_code", "商品编码"), 13, func(r Row, _ string) string { return r.HSCode }},
		{text("status", "列管状态"), 13, func(r Row, _ string) string { return r.Status }},
		{text("entries", "清单条目"), 26, joined(func(r Row) []string { return r.Entries })},
		{text("outcome", "结论"), 22, outcomeShown},
		{text("reasons", "理由"), 30, joined(func(r Row) []string { return r.Reasons })},
		{text("missing", "尚缺"), 26, joined(func(r Row) []string { return r.Missing })},
		{text("next_step", "下一步"), 60, func(r Row, lang string) string { return say(r.Next, lang) }},
		{text("as_of", "判定时点"), 26, func(r Row, _ string) string { return r.AsOf }},
		{text("bundle", "策略包修订版"), 16, func(r Row, _ string) string { return r.Bundle }},
	}
}

func outcomeShown(r Row, lang string) string {
	if r.Outcome == "" && r.Status != Undecided {
		return say(NotAsked(), lang)
	}
	return string(r.Outcome)
}

// NotAsked stands where the outcome would, in the answer to a catalogue: silence would read as "nothing stands against it".
func NotAsked() decision.Text { return decision.Text{EN: "not asked", ZH: "未判定"} }

// CatalogueNote says what a catalogue cannot be told.
func CatalogueNote() decision.Text {
	return decision.Text{
		EN: "A catalogue states no parties and no destination: only the status of each line was asked, not the outcome. A line that is not listed may still need a licence for its end use or end user (ECL-12(3)).",
		ZH: "目录未载明交易方和目的地：仅判定各行是否列管，未判定结论。未列管的物项仍可能因最终用途或最终用户而需要许可（《出口管制法》第十二条第三款）。",
	}
}

// WriteCSV writes rows as CSV in UTF-8 with a byte-order mark, without which spreadsheets take Chinese for something else.
// No cell can be taken for a formula.
func WriteCSV(out io.Writer, lang string, rows []Row) error {
	if _, err := io.WriteString(out, "\ufeff"); err != nil {
		return err
	}
	writer := csv.NewWriter(out)
	writer.UseCRLF = true // RFC 4180
	heads := outHeads()
	record := make([]string, len(heads))
	for i, head := range heads {
		record[i] = harmless(say(head.title, lang))
	}
	if err := writer.Write(record); err != nil {
		return err
	}
	for _, row := range rows {
		for i, head := range heads {
			record[i] = harmless(head.value(row, lang))
		}
		if err := writer.Write(record); err != nil {
			return err
		}
	}
	writer.Flush()
	return writer.Error()
}

// harmless puts an apostrophe before what a spreadsheet would take for a formula: what begins with one of = + - @, in full
// width as well, or with a tab or a line break, also behind space.
func harmless(text string) string {
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(text, " \u00a0\u3000\ufeff\u200b"))
	if strings.ContainsRune("=+-@＝＋－＠﹢﹣﹦﹫\t\r\n", first) {
		return "'" + text
	}
	return text
}

// WriteXLSX writes rows as a workbook. Every cell is text, so that none is a formula and no code loses a digit. A note
// stands on a sheet of its own.
func WriteXLSX(out io.Writer, lang string, rows []Row, notes []string) (err error) {
	file := excelize.NewFile()
	defer func() { err = closed(err, file) }()
	title := say(decision.Text{EN: "Screening", ZH: "筛查结果"}, lang)
	if err := file.SetSheetName("Sheet1", title); err != nil {
		return err
	}
	heads := outHeads()
	table := make([][]string, 0, len(rows)+1)
	var widths []float64
	var head []string
	for _, h := range heads {
		head, widths = append(head, say(h.title, lang)), append(widths, h.width)
	}
	table = append(table, head)
	for _, row := range rows {
		var record []string
		for _, h := range heads {
			record = append(record, h.value(row, lang))
		}
		table = append(table, record)
	}
	if err := fill(file, title, widths, table); err != nil {
		return err
	}
	if len(notes) > 0 {
		var lines [][]string
		for _, note := range notes {
			lines = append(lines, []string{note})
		}
		name := say(decision.Text{EN: "Notes", ZH: "说明"}, lang)
		if _, err := file.NewSheet(name); err != nil {
			return err
		}
		const wide = 120
		if err := fill(file, name, []float64{wide}, lines); err != nil {
			return err
		}
	}
	return file.Write(out)
}

// fill writes a sheet row by row; the first stays in sight.
func fill(file *excelize.File, sheet string, widths []float64, table [][]string) error {
	const asText = 49 // the number of the format "@"
	plain, err := file.NewStyle(&excelize.Style{NumFmt: asText, Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	if err != nil {
		return err
	}
	bold, err := file.NewStyle(&excelize.Style{NumFmt: asText, Font: &excelize.Font{Bold: true}})
	if err != nil {
		return err
	}
	stream, err := file.NewStreamWriter(sheet)
	if err != nil {
		return err
	}
	for i, width := range widths {
		if err := stream.SetColWidth(i+1, i+1, width); err != nil {
			return err
		}
	}
	if len(widths) > 1 {
		if err := stream.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
			return err
		}
	}
	for i, record := range table {
		style := plain
		if i == 0 && len(widths) > 1 {
			style = bold
		}
		cells := make([]any, 0, len(record))
		for _, value := range record {
			cells = append(cells, excelize.Cell{StyleID: style, Value: fitting(value)})
		}
		if err := stream.SetRow(fmt.Sprintf("A%d", i+1), cells); err != nil {
			return err
		}
	}
	return stream.Flush()
}

// fitting keeps a value within what a cell of a workbook can hold, and without characters that XML has no place for.
func fitting(value string) string {
	const most = excelize.TotalCellChars
	value = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == '\ufffe' || r == '\uffff' {
			return '\ufffd'
		}
		return r
	}, strings.ToValidUTF8(value, "\ufffd"))
	if runes := []rune(value); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return value
}

func closed(err error, file *excelize.File) error {
	if closing := file.Close(); err == nil {
		return closing
	}
	return err
}
