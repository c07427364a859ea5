package bundle

import (
	"fmt"
	"slices"
	"strings"
)

// CatalogueRow is one rule, as the catalogue shows it.
type CatalogueRow struct {
	ID       string   `json:"id" jsonschema:"Id of the rule, as in the reasons of decisions."`
	Title    string   `json:"title" jsonschema:"Its title."`
	Effect   string   `json:"effect" jsonschema:"Its effect."`
	Severity string   `json:"severity" jsonschema:"Its severity."`
	Basis    []string `json:"basis" jsonschema:"Articles that it stands on."`
	InForce  InForce  `json:"in_force" jsonschema:"When it gives reasons. A rule that names no instrument has been in force as long as the service reaches back."`
	File     string   `json:"file" jsonschema:"File that it stands in."`
	Row      int      `json:"row" jsonschema:"Its line, from 1."`
	Tests    []string `json:"tests" jsonschema:"Full names of the tests that fire it."`
}

// InForce are the days of the instrument that a rule stands on, as the data has them.
type InForce struct {
	Instrument string   `json:"instrument,omitempty" jsonschema:"Its instrument."`
	From       string   `json:"from,omitempty" jsonschema:"First day on which that is in force."`
	Until      string   `json:"until,omitempty" jsonschema:"First day on which that is in force no more."`
	Suspended  []string `json:"suspended,omitempty" jsonschema:"Windows in which that is suspended, as the catalogue writes them."`
}

// Rows makes the catalogue of a bundle; fired says which tests fire each rule.
func (b *Bundle) Rows(fired map[string][]string) []CatalogueRow {
	instruments := table(b.Data, "rareearth", "reference", "instruments", "rows")
	var rows []CatalogueRow
	for _, rule := range b.Catalogue() {
		text := func(key string) string { value, _ := rule.Custom[key].(string); return value }
		row := CatalogueRow{
			ID: rule.ID, Title: rule.Title, Effect: text("effect"), Severity: text("severity"), Basis: texts(rule.Custom["basis"]),
			File: rule.File, Row: rule.Row, Tests: fired[rule.ID],
		}
		if name := text("instrument"); name != "" {
			row.InForce = inForce(name, table(instruments, name))
		}
		rows = append(rows, row)
	}
	return rows
}

func inForce(name string, instrument map[string]any) InForce {
	text := func(of map[string]any, key string) string { value, _ := of[key].(string); return value }
	days := InForce{Instrument: name, From: text(instrument, "effective_from"), Until: text(instrument, "effective_until")}
	windows, _ := instrument["suspended"].([]any)
	for _, one := range windows {
		window, _ := one.(map[string]any)
		said := text(window, "from") + " to " + text(window, "until")
		if sure, _ := window["confirmed"].(bool); !sure {
			said += " (not confirmed)"
		}
		days.Suspended = append(days.Suspended, said)
	}
	return days
}

// table finds an object by its path; an empty one where there is none.
func table(value map[string]any, path ...string) map[string]any {
	for _, step := range path {
		value, _ = value[step].(map[string]any)
	}
	return value
}

func texts(value any) []string {
	var all []string
	list, _ := value.([]any)
	for _, one := range list {
		all = append(all, fmt.Sprint(one))
	}
	return all
}

// Page writes the catalogue in Markdown. Of the tests, those beside the rule are named, and the others counted.
func Page(rows []CatalogueRow) string {
	var out strings.Builder
	out.WriteString("# Catalogue of rules\n\n" +
		"Written by `greenchannel bundle catalogue policies`; change the rules, not this page. A rule that names no instrument stands on a statute or\n" +
		"on a promise of the service, and gives reasons on every day that can be asked about. Days are Beijing's; `until` is the first day without.\n\n" +
		"| rule | what it finds | effect | basis | in force | tests that fire it |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, row := range rows {
		fmt.Fprintf(&out, "| [%s](../policies/%s#L%d) | %s | %s, %s | %s | %s | %s |\n",
			cell(row.ID), row.File, row.Row, cell(row.Title), cell(row.Effect), cell(row.Severity), cell(strings.Join(row.Basis, ", ")), cell(row.InForce.String()), testsOf(row))
	}
	return out.String()
}

// String tells the days in a few words.
func (i InForce) String() string {
	if i.Instrument == "" {
		return "always"
	}
	said := i.Instrument + ": from " + i.From
	if i.Until != "" {
		said += " until " + i.Until
	}
	if len(i.Suspended) > 0 {
		said += "; suspended " + strings.Join(i.Suspended, ", ")
	}
	return said
}

func testsOf(row CatalogueRow) string {
	beside := strings.ReplaceAll(strings.TrimSuffix(row.File[:max(strings.LastIndex(row.File, "/"), 0)], "/"), "/", ".") + "_test."
	var near []string
	for _, test := range row.Tests {
		if name, ok := strings.CutPrefix(test, beside); ok {
			near = append(near, "`"+name+"`")
		}
	}
	slices.Sort(near)
	elsewhere := len(row.Tests) - len(near)
	switch {
	case elsewhere == 0:
		return strings.Join(near, ", ")
	case len(near) == 0:
		return fmt.Sprintf("%d elsewhere", elsewhere)
	}
	return fmt.Sprintf("%s and %d elsewhere", strings.Join(near, ", "), elsewhere)
}

// cell keeps a text within its cell.
func cell(text string) string {
	return strings.NewReplacer("|", "\\|", "\n", " ").Replace(text)
}
