package casefile

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// A Difference is one part of a decision that is not as a case wants it.
type Difference struct {
	What   string `json:"what" jsonschema:"The part of the decision."`
	Wanted any    `json:"wanted" jsonschema:"The value that is wanted; null for none."`
	Given  any    `json:"given" jsonschema:"The value that is given; null for none."`
}

// Differences are those of one decision: the outcome first, then by name.
type Differences []Difference

// compare adds a difference where there is one.
func (d Differences) compare(what string, wanted, given any) Differences {
	if reflect.DeepEqual(wanted, given) {
		return d
	}
	return append(d, Difference{what, wanted, given})
}

// place sorts the outcome before everything else, since it is what a reader asks for first.
func place(what string) int {
	if what == "outcome" {
		return 0
	}
	return 1
}

// String tells each difference in a line of its own: of lists what came and what went, of all else both values.
func (d Differences) String() string {
	var lines []string
	for _, one := range d {
		lines = append(lines, one.String())
	}
	return strings.Join(lines, "\n")
}

// String tells the difference in one line.
func (d Difference) String() string {
	wanted, isList := d.Wanted.([]string)
	given, isListToo := d.Given.([]string)
	if !isList || !isListToo {
		return fmt.Sprintf("%s: wanted %s, given %s", d.What, written(d.Wanted), written(d.Given))
	}
	var parts []string
	if came := lacking(given, wanted); len(came) > 0 {
		parts = append(parts, "came "+strings.Join(came, ", "))
	}
	if went := lacking(wanted, given); len(went) > 0 {
		parts = append(parts, "went "+strings.Join(went, ", "))
	}
	return d.What + ": " + strings.Join(parts, "; ")
}

// lacking gives what stands in a and not in b.
func lacking(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(name string) bool { return slices.Contains(b, name) })
}

// written is a value in few words: a text as it is, all else as JSON.
func written(value any) string {
	if text, ok := value.(string); ok && text != "" {
		return text
	}
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}
