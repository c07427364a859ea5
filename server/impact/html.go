package impact

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"greenchannel/server/decision"
)

//go:embed page.html
var page string

//go:embed page.css
var style string

// WriteHTML writes an effect as one page that needs nothing beside it: no script, no font and no picture from elsewhere. It
// holds in light and dark, and on paper.
func (e Effect) WriteHTML(out io.Writer) error {
	parsed, err := template.New("page").Funcs(template.FuncMap{
		"words":   func(name any) string { return words(fmt.Sprint(name)) },
		"verdict": verdict,
		"share":   share,
		"json":    shown,
	}).Parse(page)
	if err != nil {
		return fmt.Errorf("the page of the report: %w", err)
	}
	return parsed.Execute(out, struct {
		Effect
		Bases  []named
		Style  template.CSS
		Matrix *matrixPicture
		Flow   *flowPicture
		Bars   *barsPicture
	}{e, []named{{"old", e.Old}, {"new", e.New}}, template.CSS(style), matrixOf(e.Outcomes), flowOf(e.Outcomes), barsOf(e.Rules)}) //nolint:gosec // the style is our own file
}

type named struct {
	Side string
	Basis
}

// Places counts the places in which the decisions differ.
func (c Change) Places() string {
	if n := len(c.Details) + c.LeftOff; n != 1 {
		return fmt.Sprintf("%d places differ", n)
	}
	return "1 place differs"
}

// words writes a name for people.
func words[T ~string](name T) string { return strings.ReplaceAll(string(name), "_", " ") }

// verdict says in one sentence what came of it.
func verdict(e Effect) string {
	switch {
	case e.Changed == 0:
		return fmt.Sprintf("None of %d decisions changes.", e.Decided)
	case e.Stopped == 0:
		return fmt.Sprintf("%d of %d decisions change, all as is allowed.", e.Changed, e.Decided)
	default:
		return fmt.Sprintf("%d of %d decisions change, %d of them not as is allowed.", e.Changed, e.Decided, e.Stopped)
	}
}

// share is a part of all, in percent.
func share(part, all uint64) string {
	if all == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(all))
}

// involved lists the outcomes that satisfy a question, the strictest first.
func involved(asked func(decision.Outcome) bool) []decision.Outcome {
	var some []decision.Outcome
	for _, outcome := range decision.OutcomesByStrictness() {
		if asked(outcome) {
			some = append(some, outcome)
		}
	}
	return some
}
