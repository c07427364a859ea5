package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"greenchannel/server/decision"
	"greenchannel/server/explain"
)

// sheet is a decision as a licensing officer reads it, on one screen or one print.
type sheet struct {
	*paper
	chinese bool
	app     filed
	decided decision.Decision
	// explanation is nil where none was asked for.
	explanation *explain.Explanation
}

// filed is what the sheet repeats of the application.
type filed struct {
	Kind     string `json:"kind"`
	Exporter struct {
		Name      string `json:"name"`
		NameLocal string `json:"name_local"`
	} `json:"exporter"`
	Parties []struct {
		Role    string `json:"role"`
		Name    string `json:"name"`
		Country string `json:"country"`
	} `json:"parties"`
	Items []struct {
		Line        jsontext.Value `json:"line"`
		Description string         `json:"description"`
		HSCode      string         `json:"hs_code"`
		Form        string         `json:"form"`
		Quantity    struct {
			Value jsontext.Value `json:"value"`
			Unit  string         `json:"unit"`
		} `json:"quantity"`
	} `json:"items"`
	Destination string `json:"destination"`
}

// printSheet writes the sheet of a decision in a language, en or zh, and the explanation if there is one.
func printSheet(out io.Writer, lang string, app decision.Application, decided decision.Decision, explanation *explain.Explanation) error {
	s := sheet{paper: newPaper(out), chinese: lang == "zh", decided: decided, explanation: explanation}
	if err := json.Unmarshal(app.Bytes(), &s.app); err != nil {
		return fmt.Errorf("read the application for the sheet: %w", err)
	}
	s.write()
	return s.err
}

func (s sheet) write() {
	s.head()
	s.outcome()
	s.lines()
	s.missing()
	s.reasons()
	s.ladder()
	s.nearestGreen()
	s.explainedRules()
	s.obligations()
	s.notAssessed()
	s.line("")
	s.line(s.say(phrases().foot))
}

// say picks the language of the sheet.
func (s sheet) say(text decision.Text) string {
	if s.chinese {
		return text.ZH
	}
	return text.EN
}

// word names one of the contract's own words; one that is not in the vocabulary is shown as it is.
func (s sheet) word(term string) string {
	if known, ok := vocabulary()[term]; ok {
		return s.say(known)
	}
	return strings.ReplaceAll(term, "_", " ")
}

func (s sheet) joined(terms []string) string {
	var words []string
	for _, term := range terms {
		words = append(words, s.word(term))
	}
	return strings.Join(words, s.say(phrases().and))
}

// labels is the width of the labels of the head; Chinese labels are shorter, but wider.
const labels = 14

func (s sheet) field(label decision.Text, text string) {
	s.entry(0, s.say(label), labels, text)
}

func (s sheet) head() {
	p := phrases()
	title, note := s.say(p.title), s.say(p.dryRun)
	s.line(s.bold(title) + strings.Repeat(" ", max(1, sheetWidth-columns(title)-columns(note))) + note)
	s.line(strings.Repeat("=", sheetWidth))
	s.field(p.application, s.decided.ApplicationID+s.kind())
	exporter := s.app.Exporter.Name
	if s.app.Exporter.NameLocal != "" {
		exporter += " / " + s.app.Exporter.NameLocal
	}
	s.field(p.exporter, exporter)
	for _, party := range s.app.Parties {
		if party.Role == "end_user" {
			s.field(p.endUser, strings.TrimSuffix(party.Name+", "+party.Country, ", "))
		}
	}
	s.field(p.destination, s.app.Destination)
	s.field(p.asOf, s.moment(s.decided.AsOf))
	s.field(p.bundle, fmt.Sprintf(s.say(p.revision), s.decided.Policy.Name, s.decided.Policy.Revision))
	s.field(decision.Text{}, s.decided.Policy.Digest)
}

func (s sheet) kind() string {
	if s.app.Kind == "" {
		return ""
	}
	return fmt.Sprintf(s.say(phrases().aside), s.word(s.app.Kind))
}

// moment writes an instant of the decision as people write it. All of them are in Beijing time.
func (s sheet) moment(text string) string {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return text // the schema keeps other texts out; should one come all the same, it is shown
	}
	return fmt.Sprintf(s.say(phrases().beijing), at.In(decision.Beijing()).Format(time.DateTime))
}

func (s sheet) outcome() {
	p := phrases()
	named := outcomeWords()[s.decided.Outcome]
	s.line("")
	s.styledEntry(0, s.say(p.outcome), labels, fmt.Sprintf("%s [%s]", s.say(named.name), s.decided.Outcome), s.bold)
	s.field(decision.Text{}, s.say(named.meaning))
	s.field(p.timeLimit, s.timeLimit())
	if s.decided.ValidUntil != nil {
		s.field(p.validUntil, fmt.Sprintf(s.say(p.windowTurns), s.moment(*s.decided.ValidUntil)))
	} else {
		s.field(p.validUntil, s.say(p.noWindow))
	}
}

func (s sheet) timeLimit() string {
	p, clock := phrases(), s.decided.Clock
	switch {
	case clock == nil:
		return s.say(p.noClock)
	case clock.Error != "":
		return fmt.Sprintf(s.say(p.stuckClock), clock.ID, clock.WorkingDays, clock.StartsOn, clock.Year)
	default:
		return fmt.Sprintf(s.say(p.runningClock), clock.ID, clock.WorkingDays, clock.StartsOn, clock.DueOn)
	}
}

func (s sheet) lines() {
	p := phrases()
	s.heading(s.say(p.lines))
	for _, line := range s.decided.Items {
		number := strconv.FormatInt(line.Line, 10)
		s.entry(0, fmt.Sprintf("%3s  %s", number, s.word(line.Status)), 19, s.goods(number))
		for _, entry := range line.Entries {
			s.entry(5, entry.Code, 14, fmt.Sprintf(s.say(p.entryLine),
				entry.Instrument, s.word(entry.Status), s.joined(entry.MatchedBy)))
		}
	}
}

// goods describes the item of the application that has this line number.
func (s sheet) goods(number string) string {
	for _, item := range s.app.Items {
		if string(item.Line) != number {
			continue
		}
		var parts []string
		for _, part := range []string{
			item.Description, s.word(item.Form), item.HSCode,
			strings.TrimSpace(string(item.Quantity.Value) + " " + item.Quantity.Unit),
		} {
			if part != "" {
				parts = append(parts, part)
			}
		}
		return strings.Join(parts, s.say(phrases().semicolon))
	}
	return ""
}

func (s sheet) missing() {
	if len(s.decided.Missing) == 0 {
		return
	}
	s.heading(s.say(phrases().missing))
	for _, name := range s.decided.Missing {
		text := s.word(name)
		if strings.HasPrefix(name, "/") {
			text = name
		}
		s.entry(0, " -", 3, text)
	}
}

// reasons are grouped by the eight review factors of ECL-13, the gravest first. A factor without a finding says so.
func (s sheet) reasons() {
	p := phrases()
	s.heading(s.say(p.reasons))
	for i, factor := range factors() {
		found := slices.DeleteFunc(slices.Clone(s.decided.Reasons), func(r decision.Reason) bool { return r.Factor != i+1 })
		title := fmt.Sprintf("%d  %s", i+1, s.say(factor))
		if len(found) == 0 {
			s.line(title + s.say(p.noFinding))
			continue
		}
		s.line(s.bold(title))
		slices.SortStableFunc(found, func(a, b decision.Reason) int { return gravity(a) - gravity(b) })
		for _, reason := range found {
			s.reason(reason)
		}
	}
}

func gravity(r decision.Reason) int {
	return slices.Index([]string{"high", "medium", "low"}, r.Severity)
}

func (s sheet) reason(r decision.Reason) {
	const indent, label = 6, 9
	p := phrases()
	mark, style := s.mark(r.Severity)
	title := r.Rule + s.say(p.comma) + s.word(r.Effect)
	if !s.chinese { // titles are written in English only
		title += ": " + r.Title
	}
	s.styledEntry(2, mark, indent-2, title, style)
	s.entry(indent, "", 0, s.say(r.Text))
	basis := strings.Join(r.Basis, ", ")
	if len(r.Paths) > 0 {
		basis = fmt.Sprintf(s.say(p.at), basis, strings.Join(r.Paths, ", "))
	}
	s.entry(indent, s.say(p.basis), label, basis)
	if r.Effect != "clear" { // nothing is to be mended then
		s.entry(indent, s.say(p.remedy), label, s.say(r.Remedy))
	}
}

func (s sheet) mark(severity string) (mark string, style func(string) string) {
	switch severity {
	case "high":
		return "!!!", s.red
	case "medium":
		return "!!", s.yellow
	default:
		return "!", s.bold
	}
}

func (s sheet) ladder() {
	p := phrases()
	s.heading(s.say(p.ladder))
	channel := s.decided.GreenChannel
	if channel.Eligible && channel.Channel != nil {
		s.line(s.green(fmt.Sprintf(s.say(p.eligible), *channel.Channel)))
	} else {
		s.entry(0, "", 0, fmt.Sprintf(s.say(p.notEligible), strings.Join(channel.Failed, ", ")))
	}
	for _, condition := range channel.Conditions {
		mark, style := "[ ]", s.yellow
		if condition.Met {
			mark, style = "[x]", s.green
		}
		s.styledEntry(0, mark+" "+condition.ID, 12, s.say(condition.Text), style)
	}
	s.entry(0, "", 0, s.say(p.speedOnly))
}

func (s sheet) obligations() {
	if len(s.decided.Obligations) == 0 {
		return
	}
	p := phrases()
	s.heading(s.say(p.obligations))
	for _, duty := range s.decided.Obligations {
		s.entry(0, duty.ID, 16, s.say(duty.Text)+fmt.Sprintf(s.say(p.aside), s.say(duty.Due)))
	}
}

func (s sheet) notAssessed() {
	s.heading(s.say(phrases().notAssessed))
	for _, gap := range s.decided.NotAssessed {
		s.entry(0, gap.ID, 16, s.say(gap.Reason))
	}
}
