package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"greenchannel/server/decision"
	lists "greenchannel/server/sheet"
)

// rowWording is what the table of screen says by itself.
type rowWording struct{ title, row, application, line, status, outcome, entries, reasons, missing, next, asOf, rows, oneRow decision.Text }

func rowPhrases() rowWording {
	return rowWording{
		title:       decision.Text{EN: "SCREENING", ZH: "筛查结果"},
		row:         decision.Text{EN: "Row", ZH: "行"},
		application: decision.Text{EN: "Application", ZH: "申请"},
		line:        decision.Text{EN: "Line", ZH: "项"},
		status:      decision.Text{EN: "Status", ZH: "列管状态"},
		outcome:     decision.Text{EN: "Outcome", ZH: "结论"},
		entries:     decision.Text{EN: "Entries", ZH: "条目"},
		reasons:     decision.Text{EN: "Reasons", ZH: "理由"},
		missing:     decision.Text{EN: "Missing", ZH: "尚缺"},
		next:        decision.Text{EN: "Next", ZH: "下一步"},
		asOf:        decision.Text{EN: "As of %s, bundle %s", ZH: "判定时点 %s，策略包 %s"},
		rows:        decision.Text{EN: "%d rows", ZH: "共%d行"},
		oneRow:      decision.Text{EN: "%d row", ZH: "共%d行"},
	}
}

// Where the columns of the table stand.
const (
	rowWidth, applicationWidth, lineWidth, statusWidth = 6, 22, 6, 16
	rowMargin, rowLabel                                = 6, 10
)

// printRows writes rows as a table for the terminal, in a language, with notes below it.
func printRows(out io.Writer, lang string, notes []string, rows []lists.Row) error {
	s := sheet{paper: newPaper(out), chinese: lang == "zh"}
	p := rowPhrases()
	s.line(s.bold(s.say(p.title)))
	s.line(strings.Repeat("=", sheetWidth))
	s.line(pad(s.say(p.row), rowWidth) + pad(s.say(p.application), applicationWidth) + pad(s.say(p.line), lineWidth) +
		pad(s.say(p.status), statusWidth) + s.say(p.outcome))
	s.line(strings.Repeat("-", sheetWidth))
	for _, row := range rows {
		s.screened(row)
	}
	s.tally(rows)
	s.line("")
	for _, note := range notes {
		s.entry(0, "", 0, note)
	}
	return s.err
}

// screened writes one row.
func (s sheet) screened(row lists.Row) {
	p := rowPhrases()
	style := map[string]func(string) string{"listed": s.yellow, "not_listed": s.green, "unclassified": s.yellow}[row.Status]
	if style == nil {
		style = s.red
	}
	application := row.Application
	if application == "" {
		application = row.Reference
	}
	s.line(pad(strconv.Itoa(row.Row), rowWidth) + pad(fitted(application, applicationWidth-2), applicationWidth) +
		pad(fitted(row.Line.Line, lineWidth-1), lineWidth) + style(pad(s.word(row.Status), statusWidth)) + s.bold(s.outcomeOf(row)))
	if goods := strings.Join(present(row.Description, row.HSCode), s.say(phrases().semicolon)); goods != "" {
		s.entry(rowMargin, "", 0, goods)
	}
	for _, part := range []struct {
		label decision.Text
		words []string
	}{{p.entries, s.entriesOf(row)}, {p.reasons, row.Reasons}, {p.missing, row.Missing}, {p.next, []string{s.say(row.Next)}}} {
		if len(part.words) > 0 {
			s.entry(rowMargin, s.say(part.label), rowLabel, strings.Join(part.words, ", "))
		}
	}
}

// entriesOf names the entries of a row, with their status in the language of the table.
func (s sheet) entriesOf(row lists.Row) []string {
	if !s.chinese {
		return row.Entries
	}
	var shown []string
	for _, entry := range row.Entries {
		code, status, _ := strings.Cut(strings.TrimSuffix(entry, ")"), " (")
		shown = append(shown, code+fmt.Sprintf(s.say(phrases().aside), s.word(status)))
	}
	return shown
}

func (s sheet) outcomeOf(row lists.Row) string {
	switch {
	case row.Outcome != "":
		return fmt.Sprintf("%s [%s]", s.say(outcomeWords()[row.Outcome].name), row.Outcome)
	case row.Status == lists.Undecided:
		return ""
	}
	return s.say(lists.NotAsked())
}

// tally counts what came of the rows.
func (s sheet) tally(rows []lists.Row) {
	if len(rows) == 0 {
		return
	}
	var order []string
	counts := map[string]int{}
	for _, row := range rows {
		for _, word := range present(row.Status, string(row.Outcome)) {
			if counts[word]++; counts[word] == 1 {
				order = append(order, word)
			}
		}
	}
	var parts []string
	for _, word := range order {
		shown := word // as the contract has it, for who looks for it in CSV
		if name, ok := outcomeWords()[decision.Outcome(word)]; s.chinese && ok {
			shown = s.say(name.name)
		} else if s.chinese {
			shown = s.word(word)
		}
		parts = append(parts, fmt.Sprintf("%s %d", shown, counts[word]))
	}
	p := rowPhrases()
	count := p.rows
	if len(rows) == 1 {
		count = p.oneRow
	}
	s.line(strings.Repeat("-", sheetWidth))
	s.entry(0, "", 0, fmt.Sprintf(s.say(count), len(rows))+s.say(phrases().semicolon)+strings.Join(parts, s.say(phrases().comma)))
	s.entry(0, "", 0, fmt.Sprintf(s.say(p.asOf), s.moment(rows[0].AsOf), rows[0].Bundle))
}

func present(words ...string) []string {
	var stated []string
	for _, word := range words {
		if word != "" {
			stated = append(stated, word)
		}
	}
	return stated
}

// fitted shortens a text to a width.
func fitted(text string, width int) string {
	text = printable(strings.Join(strings.Fields(text), " "))
	if columns(text) <= width {
		return text
	}
	head, _ := cut(text, width-1)
	return head + "…"
}
