package impact

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// WriteTable writes an effect for people, in English: the counts, the outcomes, the rules, and each change that is listed,
// with the reasons that came ("+"), went ("-") or weigh otherwise ("~"). It holds text of applicants, and is not made safe
// for a terminal.
func (e Effect) WriteTable(out io.Writer) error {
	var text strings.Builder
	fmt.Fprintf(&text, "%s\nold  %s\nnew  %s\n", e.Source, e.Old.words(), e.New.words())
	for _, note := range e.Notes {
		fmt.Fprintf(&text, "note: %s\n", note)
	}
	text.WriteString("\n")
	e.counts(&text)
	e.flows(&text)
	e.rules(&text)
	for _, c := range e.Changes {
		c.write(&text)
	}
	_, err := io.WriteString(out, text.String())
	return err
}

func (b Basis) words() string {
	text := b.Name + " " + b.Revision
	if b.AsOf != "" {
		text += ", as of " + b.AsOf
	}
	return text
}

func (e Effect) counts(text *strings.Builder) {
	rows := tabwriter.NewWriter(text, 0, 0, 2, ' ', 0)
	fmt.Fprintf(rows, "CLASS\tDECISIONS\tNOT ALLOWED\n")
	for _, c := range e.Classes {
		fmt.Fprintf(rows, "%s\t%d\t%d\n", c.Class, c.Count, c.Stopped)
	}
	_ = rows.Flush() // into memory
}

func (e Effect) flows(text *strings.Builder) {
	if len(e.Outcomes) == 0 {
		return
	}
	text.WriteString("\n")
	rows := tabwriter.NewWriter(text, 0, 0, 2, ' ', 0)
	fmt.Fprintf(rows, "OLD OUTCOME\tNEW OUTCOME\t\tDECISIONS\n")
	for _, f := range e.Outcomes {
		fmt.Fprintf(rows, "%s\t%s\t%s\t%d\n", f.Old, f.New, f.Class, f.Count)
	}
	_ = rows.Flush() // into memory
}

func (e Effect) rules(text *strings.Builder) {
	if len(e.Rules) == 0 {
		return
	}
	text.WriteString("\n")
	rows := tabwriter.NewWriter(text, 0, 0, 2, ' ', 0)
	fmt.Fprintf(rows, "RULE\tCAME\tWENT\tWEIGHS OTHERWISE\tTITLE\n")
	for _, r := range e.Rules {
		fmt.Fprintf(rows, "%s\t%d\t%d\t%d\t%s\n", r.Rule, r.Came, r.Went, r.Weighs, r.Title)
	}
	_ = rows.Flush() // into memory
}

// Name says which application it is: the case, the number of the record, or the file.
func (s Subject) Name() string {
	switch {
	case s.Case != "":
		return s.Place + " " + s.Case
	case s.Seq > 0:
		return fmt.Sprintf("record %d", s.Seq)
	default:
		return s.Place
	}
}

// Word is the change in a word or two.
func (c Change) Word() string {
	switch {
	case c.Missing != nil:
		return strings.ReplaceAll(string(c.Class), "_", " ")
	case c.Old != c.New:
		return fmt.Sprintf("%s → %s (%s)", c.Old, c.New, c.Class)
	default:
		return fmt.Sprintf("%s, other %s", c.Old, c.Class)
	}
}

func (c ListedChange) write(text *strings.Builder) {
	fmt.Fprintf(text, "\n%s: application %s, as of %s: %s", c.Name(), c.ApplicationID, c.AsOf, c.Word())
	if c.Allowed {
		text.WriteString(", allowed")
	}
	text.WriteString("\n")
	if c.Missing != nil {
		fmt.Fprintf(text, "  of the %s\n", map[string]string{"old": "old decision", "new": "new decision", "both": "old and the new decision"}[c.Of])
		c.Missing.write(text)
	}
	for _, list := range []struct {
		sign     string
		findings []Finding
	}{{"+", c.Came}, {"-", c.Went}, {"~", c.Weighs}} {
		for _, f := range list.findings {
			fmt.Fprintf(text, "  %s %s %s: %s\n", list.sign, f.Rule, f.weight(), f.Title)
		}
	}
	if c.Class != Details {
		return
	}
	for _, d := range c.Details {
		Difference{d.Pointer, d.Old, d.New, d.Note}.write(text)
	}
	if c.LeftOff > 0 {
		fmt.Fprintf(text, "  … and in %d more places\n", c.LeftOff)
	}
}

// weight is how a finding weighs, and how it weighed where that is known.
func (f Finding) weight() string {
	now := f.Effect + "/" + f.Severity
	if f.Was != "" && f.Was != now {
		return f.Was + " → " + now
	}
	return now
}
