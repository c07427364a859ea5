package sheet

import (
	"fmt"
	"slices"
	"strings"

	"greenchannel/server/decision"
)

// Row is one row of the answer: what was decided for one row of the file.
type Row struct {
	Line
	// Status is listed, not_listed, unclassified or conflict; undecided where there is no decision.
	Status string
	// Entries name the rows of the control list that the line touches, with their status on the day.
	Entries []string
	// Outcome is that of the application; empty where it was not asked.
	Outcome decision.Outcome
	// Reasons are the ids of the findings on the line and on its application.
	Reasons []string
	// Missing names papers, columns, and by their pointers the fields that no column has.
	Missing []string
	// Next says what to do next.
	Next decision.Text
	// AsOf and Bundle say by which rules, and of which day.
	AsOf, Bundle string
}

// Undecided is the status of a row for which there is no decision.
const Undecided = "undecided"

// Rows lays out what was decided for an ask: a row for each of its lines. Of a catalogue only what was found on the goods
// themselves is told: its exporter, end user and destination stood for nothing.
func Rows(kind Kind, ask Ask, decided decision.Decision) []Row {
	var all []Row
	for at, line := range ask.Lines {
		row := Row{
			Line: line, Status: Undecided, AsOf: decided.AsOf, Bundle: decided.Policy.Revision,
		}
		if at < len(decided.Items) {
			row.Status = decided.Items[at].Status
			for _, entry := range decided.Items[at].Entries {
				row.Entries = append(row.Entries, fmt.Sprintf("%s (%s)", entry.Code, entry.Status))
			}
		}
		onLine, onWhole := found(decided.Reasons, at)
		if kind == Catalogue { // a fast route is for applications
			onLine = slices.DeleteFunc(onLine, func(r decision.Reason) bool { return strings.HasPrefix(r.Rule, "GC-") })
		}
		said := onLine
		if kind != Catalogue {
			row.Outcome = decided.Outcome
			said = slices.Concat(onLine, onWhole)
		}
		for _, reason := range said {
			if !slices.Contains(row.Reasons, reason.Rule) {
				row.Reasons = append(row.Reasons, reason.Rule)
			}
		}
		row.Missing = missing(kind, decided.Missing, at)
		row.Next = next(row.Outcome, onLine, said)
		all = append(all, row)
	}
	return all
}

// Failed lays out an ask that was not decided, with the reason.
func Failed(ask Ask, detail string) []Row {
	var all []Row
	for _, line := range ask.Lines {
		all = append(all, Row{Line: line, Status: Undecided, Next: decision.Text{EN: detail, ZH: detail}})
	}
	return all
}

// found parts the findings into those on one item alone and those on the application; those on other items are left out.
func found(reasons []decision.Reason, item int) (onLine, onWhole []decision.Reason) {
	for _, reason := range reasons {
		own, others := false, false
		for _, pointer := range reason.Paths {
			is, of := ofItemAt(pointer, item)
			own, others = own || is, others || of && !is
		}
		outside := slices.ContainsFunc(reason.Paths, func(pointer string) bool {
			_, of := ofItemAt(pointer, item)
			return !of
		})
		switch {
		case own && !outside && !others:
			onLine = append(onLine, reason)
		case own || !others || outside:
			onWhole = append(onWhole, reason)
		}
	}
	return onLine, onWhole
}

// ofItemAt says whether a pointer leads into the items, and whether into this one.
func ofItemAt(pointer string, item int) (is, of bool) {
	own := fmt.Sprintf("/items/%d", item)
	return pointer == own || strings.HasPrefix(pointer, own+"/"), strings.HasPrefix(pointer, "/items/")
}

// missing names what is still needed for a line: papers of its application, and fields of its own.
func missing(kind Kind, all []string, item int) []string {
	var told []string
	for _, name := range all {
		is, of := ofItemAt(name, item)
		switch {
		case is:
			told = append(told, inColumn(strings.TrimPrefix(name, fmt.Sprintf("/items/%d", item)), ofItem))
		case !of && kind != Catalogue:
			told = append(told, inColumn(name, ofApplication))
		}
	}
	return told
}

// inColumn names the column in which a field belongs; a field that no column has is named by its pointer.
func inColumn(pointer string, of scope) string {
	for _, c := range columns() {
		if c.scope == of && c.pointer == pointer {
			return c.name
		}
	}
	return pointer
}

// next takes the remedy of the finding that stands most in the way: of those that lead to the outcome the gravest, and of
// those that of the line itself.
func next(outcome decision.Outcome, onLine, said []decision.Reason) decision.Text {
	leading := map[decision.Outcome][]string{
		decision.Prohibited: {"refuse"}, decision.NotAccepted: {"hold"}, decision.OutOfScope: {"hold"},
		decision.SpecialApplication: {"hold"}, decision.ClassificationNeeded: {"hold"}, decision.Incomplete: {"require"},
		decision.ReferForRefusal: {"refer"}, decision.EnhancedReview: {"flag", "hold"}, decision.NoLicenceRequired: {"clear"},
	}[outcome]
	if best, ok := gravest(onLine, said, func(r decision.Reason) bool { return slices.Contains(leading, r.Effect) }); ok {
		return best.Remedy
	}
	if best, ok := gravest(onLine, onLine, func(r decision.Reason) bool { return r.Effect != "clear" }); ok {
		return best.Remedy
	}
	if best, ok := gravest(onLine, said, func(r decision.Reason) bool { return r.Effect != "clear" || outcome == "" }); ok {
		return best.Remedy
	}
	return decision.Text{EN: "Read the whole decision: greenchannel decide.", ZH: "请以 greenchannel decide 查看完整判定。"}
}

func gravest(onLine, said []decision.Reason, counts func(decision.Reason) bool) (decision.Reason, bool) {
	severities := []string{"low", "medium", "high"}
	best, most := decision.Reason{}, -1
	for _, reason := range said {
		if !counts(reason) {
			continue
		}
		weight := slices.Index(severities, reason.Severity) * 2
		if slices.ContainsFunc(onLine, func(own decision.Reason) bool {
			return own.Rule == reason.Rule && slices.Equal(own.Paths, reason.Paths)
		}) {
			weight++
		}
		if weight > most {
			best, most = reason, weight
		}
	}
	return best, most >= 0
}
