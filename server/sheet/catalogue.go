package sheet

import (
	"fmt"
)

// chunk is how many goods of a catalogue are asked about at once.
const chunk = 50

// catalogue makes the asks of a file that states no parties. Goods are asked about in applications for consultation, whose
// exporter, end user and destination stand for nothing: what comes back of those is not told (see Rows).
func (a *assembly) catalogue(book *Book) {
	book.Kind = Catalogue
	var items []item
	for _, o := range a.orders {
		for _, i := range o.items {
			fields, places := i.tree(0)
			fields["line"] = 1 // the file's own numbers need not be unique
			delete(places, "/line")
			under := map[string]stated{"": {row: i.line.Row}}
			for pointer, s := range places {
				under["/items/0"+pointer] = s
			}
			if _, ok := a.checked(consultation([]any{fields}), under); ok {
				items = append(items, i)
			}
		}
	}
	if len(a.faults.found) > 0 {
		return
	}
	for len(items) > 0 {
		part := items[:min(chunk, len(items))]
		items = items[len(part):]
		if ask, ok := a.asked(part); ok {
			book.Asks = append(book.Asks, ask)
		}
	}
}

func (a *assembly) asked(part []item) (Ask, bool) {
	var ask Ask
	var goods []any
	for at, i := range part {
		fields, _ := i.tree(at)
		fields["line"] = at + 1
		goods = append(goods, fields)
		ask.Lines = append(ask.Lines, i.line)
	}
	var ok bool
	ask.App, ok = a.checked(consultation(goods), map[string]stated{"": {row: part[0].line.Row}})
	return ask, ok
}

func consultation(items []any) map[string]any {
	nobody := "not stated"
	return map[string]any{
		"id": "catalogue", "kind": "consultation", "exporter": map[string]any{"name": nobody}, "destination": "CN",
		"parties": []any{map[string]any{"role": "end_user", "name": nobody}}, "items": items,
	}
}

// lines gives an ask of a whole application, whose items are its rows.
func linesOf(row int, application string, items []goods) []Line {
	var all []Line
	for _, g := range items {
		all = append(all, Line{
			Row: row, Application: application, Line: fmt.Sprint(g.Line), Description: g.Description, HSCode: g.HSCode,
		})
	}
	return all
}

// goods is what is told again of an item of an application.
type goods struct {
	Line        int64  `json:"line"`
	Description string `json:"description"`
	HSCode      string `json:"hs_code"`
}
