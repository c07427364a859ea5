package impact

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// longestShown is how many characters of a value stand in the text of a report; the JSON form has the whole of it.
const longestShown = 240

// Text is the report for people, in English: one line when nothing differs, and the differences with what is recorded
// under "-" and what was decided now under "+". It holds text of applicants, and is not made safe for a terminal.
func (r Report) Text() string {
	var text strings.Builder
	fmt.Fprintf(&text, "record %d, decision %s, application %s: %s\n", r.Seq, r.DecisionID, r.ApplicationID, r.word())
	if r.Identical {
		return text.String()
	}
	if r.Bundle != r.RecordedBundle {
		fmt.Fprintf(&text, "  decided under %s\n  and again under %s\n", r.RecordedBundle, r.Bundle)
	}
	if why := r.Unavailable; why != nil {
		why.write(&text)
	}
	for _, difference := range r.Differences {
		difference.write(&text)
	}
	return text.String()
}

// word is the report in a word or two.
func (r Report) word() string {
	switch {
	case r.Unavailable != nil:
		return "cannot be decided again"
	case r.Identical:
		return "identical"
	case len(r.Differences) == 1:
		return "differs in one place"
	default:
		return fmt.Sprintf("differs in %d places", len(r.Differences))
	}
}

func (u *Unavailable) write(text *strings.Builder) {
	fmt.Fprintf(text, "  %s\n", u.Detail)
	if len(u.Path) > 0 {
		fmt.Fprintf(text, "  the row: data")
		for _, segment := range u.Path {
			quoted, _ := jsontext.AppendQuote(nil, segment) // says what it can of a text that is not UTF-8
			fmt.Fprintf(text, "[%s]", quoted)
		}
		text.WriteString("\n")
	}
	for _, fault := range u.Faults {
		fmt.Fprintf(text, "  %s\n", fault)
	}
	if u.cause != nil && len(u.Path) == 0 && len(u.Faults) == 0 {
		fmt.Fprintf(text, "  cause: %v\n", u.cause)
	}
}

func (d Difference) write(text *strings.Builder) {
	text.WriteString("  " + d.Pointer)
	if d.Note != "" {
		text.WriteString(": " + d.Note)
	}
	text.WriteString("\n")
	if d.Recorded != nil {
		text.WriteString("    - " + shown(d.Recorded) + "\n")
	}
	if d.Replayed != nil {
		text.WriteString("    + " + shown(d.Replayed) + "\n")
	}
}

// shown is a value on one line.
func shown(value jsontext.Value) string {
	line := strings.NewReplacer("\n", " ", "\r", " ", "\t", " ").Replace(string(value))
	letters := []rune(line)
	if len(letters) <= longestShown {
		return line
	}
	return fmt.Sprintf("%s… (%d bytes)", string(letters[:longestShown]), len(value))
}
