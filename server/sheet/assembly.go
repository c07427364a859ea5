package sheet

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"greenchannel/server/decision"
	"greenchannel/server/problem"
)

// assembly makes applications of rows.
type assembly struct {
	heads  *heads
	read   func([]byte) (decision.Application, error)
	faults *complaints

	orders []*order
	byID   map[string]*order
	// told says that a row states something of its application, and not only of goods.
	told bool
	// tooLong says that there are more rows than are read.
	tooLong bool
}

// order is one application while its rows are gathered.
type order struct {
	id     string
	fields map[string]stated // of the application, by pointer
	items  []item
}

// stated is a value and the place where it stands.
type stated struct {
	value any
	text  string
	row   int
	place string
	// told says that the value is wrong and was told; what follows from that is not.
	told bool
}

// item is one row as an item of an application.
type item struct {
	line   Line
	fields map[string]stated // by pointer
}

func newAssembly(h *heads, read func([]byte) (decision.Application, error), faults *complaints) *assembly {
	return &assembly{heads: h, read: read, faults: faults, byID: map[string]*order{}}
}

// add takes one row.
func (a *assembly) add(r row) {
	if r.number > maxRows {
		if !a.tooLong {
			a.faults.add(r.number, "", fmt.Sprintf("is past the %d rows that are read; split the file", maxRows))
		}
		a.tooLong = true
		return
	}
	i := item{line: Line{Row: r.number}, fields: map[string]stated{}}
	whole := map[string]stated{}
	for _, column := range a.heads.columns {
		c := r.at(column.at)
		switch {
		case c.empty():
		case column.name == "":
			a.faults.add(r.number, column.place, "stands in a column without a name")
		default:
			a.take(r.number, column, c, &i, whole)
		}
	}
	a.beyond(r)
	o := a.orderOf(i, whole)
	o.items = append(o.items, i)
}

// take puts one value where it belongs.
func (a *assembly) take(number int, column headed, c cell, i *item, whole map[string]stated) {
	s := stated{text: c.text, row: number, place: column.place}
	var detail string
	if c.kind == isFault {
		detail = c.text
	} else {
		s.value, detail = column.read(c)
	}
	if detail != "" {
		a.faults.add(number, column.place, detail)
		s.told = true
	}
	switch column.name {
	case applicationColumn:
		i.line.Application = c.text
	case referenceColumn:
		i.line.Reference = c.text
	case lineColumn:
		i.line.Line = c.text
	case "description":
		i.line.Description = c.text
	case "hs_code":
		i.line.HSCode = c.text
	}
	switch column.scope {
	case ofItem:
		i.fields[column.pointer] = s
	case ofApplication:
		whole[column.pointer] = s
		a.told = true
	case ofRow:
		if column.pointer != "" {
			whole[column.pointer] = s
		}
	}
}

// beyond tells of what stands to the right of the head.
func (a *assembly) beyond(r row) {
	last := 0
	for _, column := range a.heads.columns {
		last = max(last, column.at)
	}
	for at := last + 1; at < len(r.cells); at++ {
		if !r.cells[at].empty() && !a.heads.ignores(at) {
			a.faults.order[letters(at)] = at + 1
			a.faults.add(r.number, letters(at), "stands in a column without a name; is a separator or a quotation mark out of place?")
			return
		}
	}
}

// orderOf finds the application of a row: that of the same id, or a new one. What is stated again has to be the same.
func (a *assembly) orderOf(i item, whole map[string]stated) *order {
	id := i.line.Application
	o, known := a.byID[id]
	if id == "" || !known {
		o = &order{id: id, fields: map[string]stated{}}
		a.orders = append(a.orders, o)
		if id != "" {
			a.byID[id] = o
		}
	}
	for pointer, s := range whole {
		before, again := o.fields[pointer]
		switch {
		case !again:
			o.fields[pointer] = s
		case before.text != s.text && !before.told && !s.told:
			a.faults.add(s.row, s.place, fmt.Sprintf("%q differs from %q in row %d of the same application %q",
				shortened(s.text), shortened(before.text), before.row, shortened(id)))
		}
	}
	return o
}

// finish makes the book: of a file that speaks of goods alone, a catalogue.
func (a *assembly) finish(book *Book) {
	switch {
	case a.tooLong:
		return // the file has to be split anyway
	case !a.told:
		a.catalogue(book)
		return
	}
	book.Kind = Orders
	for _, o := range a.orders {
		if app, ok := a.application(o); ok {
			ask := Ask{App: app}
			for at, i := range o.items {
				if i.line.Line == "" { // as it was counted
					i.line.Line = strconv.Itoa(at + 1)
				}
				ask.Lines = append(ask.Lines, i.line)
			}
			book.Asks = append(book.Asks, ask)
		}
	}
}

// application makes one application, and tells what its reader finds wrong at the cells that it came from.
func (a *assembly) application(o *order) (decision.Application, bool) {
	places := map[string]stated{"": {row: o.items[0].line.Row}}
	tree := map[string]any{"id": fmt.Sprintf("row %d", o.items[0].line.Row)}
	var parties []any
	for _, role := range []string{"end_user", "importer"} {
		party := map[string]any{}
		for pointer, s := range o.fields {
			if field, ok := strings.CutPrefix(pointer, "/parties/"+role+"/"); ok {
				if !s.told {
					party[field] = s.value
				}
				places[fmt.Sprintf("/parties/%d/%s", len(parties), field)] = s
			}
		}
		if len(party) > 0 {
			party["role"] = role
			parties = append(parties, party)
		}
	}
	for pointer, s := range o.fields {
		if !strings.HasPrefix(pointer, "/parties/") {
			put(tree, pointer, s)
			places[pointer] = s
		}
	}
	if len(parties) > 0 {
		tree["parties"] = parties
	}
	var items []any
	for at, i := range o.items {
		fields, itemPlaces := i.tree(at)
		items = append(items, fields)
		for pointer, s := range itemPlaces {
			places[fmt.Sprintf("/items/%d%s", at, pointer)] = s
		}
	}
	tree["items"] = items
	return a.checked(tree, places)
}

// tree makes the item of an application; at is its place.
func (i item) tree(at int) (fields map[string]any, places map[string]stated) {
	fields = map[string]any{"line": at + 1}
	places = map[string]stated{"": {row: i.line.Row}}
	for pointer, s := range i.fields {
		put(fields, pointer, s)
		places[pointer] = s
	}
	return fields, places
}

// put sets a value at a pointer, and makes the objects on the way. A value that is wrong leaves its place empty.
func put(tree map[string]any, pointer string, s stated) {
	if s.told {
		return
	}
	parts := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for _, name := range parts[:len(parts)-1] {
		inner, ok := tree[name].(map[string]any)
		if !ok {
			inner = map[string]any{}
			tree[name] = inner
		}
		tree = inner
	}
	tree[parts[len(parts)-1]] = s.value
}

// checked has an application read as any other, and tells the faults where the values stand.
func (a *assembly) checked(tree map[string]any, places map[string]stated) (decision.Application, bool) {
	body, err := json.Marshal(tree, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		a.faults.add(places[""].row, "", err.Error())
		return decision.Application{}, false
	}
	app, err := a.read(body)
	if err == nil {
		return app, true
	}
	p := problem.Of(err)
	for _, fault := range p.Faults {
		if follows(fault.Pointer, places) {
			continue
		}
		row, place := a.placeOf(fault.Pointer, places)
		a.faults.add(row, place, fault.Detail+a.columnFor(fault.Pointer, places))
	}
	if len(p.Faults) == 0 {
		a.faults.add(places[""].row, "", p.Detail)
	}
	return decision.Application{}, false
}

// follows says whether a fault only follows from one that was told: a value is missing, or all that stands around it,
// because it was wrong.
func follows(pointer string, places map[string]stated) bool {
	for at, s := range places {
		if s.told && (at == pointer || strings.HasPrefix(at, pointer+"/")) {
			return true
		}
	}
	return false
}

// placeOf finds the row and the column that a fault speaks of: those of the value, or of what stands around it.
func (a *assembly) placeOf(pointer string, places map[string]stated) (row int, place string) {
	for at := pointer; ; {
		if s, ok := places[at]; ok {
			return s.row, s.place
		}
		if beside := besides(places, at); beside.row > 0 && at != "" && at != pointer {
			return beside.row, beside.place
		}
		cut := strings.LastIndexByte(at, '/')
		if cut < 0 {
			return places[""].row, ""
		}
		at = at[:cut]
	}
}

// besides gives a value that stands below a pointer, such as the quantity where its unit is missing.
func besides(places map[string]stated, pointer string) stated {
	var found stated
	for at, s := range places {
		if strings.HasPrefix(at, pointer+"/") && strings.Count(at, "/") == strings.Count(pointer, "/")+1 && s.place != "" && (found.row == 0 || s.place < found.place) {
			found = s
		}
	}
	return found
}

// columnFor names the column in which a missing value belongs.
func (a *assembly) columnFor(pointer string, places map[string]stated) string {
	if _, ok := places[pointer]; ok {
		return ""
	}
	sought := pointer
	if strings.HasPrefix(pointer, "/items/") {
		parts := strings.SplitN(pointer, "/", 4)
		if len(parts) < 4 {
			return ""
		}
		sought = "/" + parts[3]
	}
	for _, c := range columns() {
		if c.scope != ofRow && (c.pointer == sought || strings.HasPrefix(c.pointer, sought+"/")) {
			if in, ok := a.heads.has(c.name); ok {
				return fmt.Sprintf(" (column %s)", in.place)
			}
			return fmt.Sprintf(" (column %s, %s)", c.name, c.zh)
		}
	}
	return ""
}
