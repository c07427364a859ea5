package sheet

import (
	"fmt"
	"slices"
	"strings"
)

// heads are the columns of a file, as its head names them.
type heads struct {
	columns []headed
	names   names
	ignored []int // the places of columns that are not read on purpose
}

// headed is one column of a file.
type headed struct {
	column
	at int // from 0
	// place names it in faults.
	place string
}

// readHeads finds the head among the first rows: that in which most columns are known to us. It tells every column that is
// not known, since one that is passed over could have changed the answer; nil when nothing can be read.
func readHeads(t *table, ignore []string, faults *complaints) *heads {
	h := &heads{names: newNames()}
	var ignored []string
	for _, name := range ignore {
		ignored = append(ignored, foldedHead(name))
	}
	var above []row
	best, most := -1, 0
	for row := range t.rows {
		above = append(above, row)
		known := h.known(row, ignored)
		if known > most {
			best, most = len(above)-1, known
		}
		if known >= 2 || known > 0 && known == filled(row) || len(above) >= headWithin {
			break
		}
	}
	if best < 0 {
		if len(faults.found) == 0 {
			faults.add(0, "", "has no head that names its columns, such as description, hs_code, composition; --template prints one")
		}
		return nil
	}
	head, later, rest := above[best], above[best+1:], t.rows
	t.rows = func(yield func(row) bool) {
		for _, r := range later {
			if !yield(r) {
				return
			}
		}
		rest(yield)
	}
	if best > 0 {
		t.note += fmt.Sprintf("; the head is row %d", head.number)
	}
	h.read(head, ignore, ignored, faults)
	return h
}

// known counts the cells of a row that name a column, or one that is ignored.
func (h *heads) known(r row, ignored []string) int {
	n := 0
	for _, c := range r.cells {
		if _, ok := h.names.find(c.text); ok || slices.Contains(ignored, foldedHead(c.text)) {
			n++
		}
	}
	return n
}

func filled(r row) int {
	n := 0
	for _, c := range r.cells {
		if !c.empty() {
			n++
		}
	}
	return n
}

func (h *heads) read(row row, ignore, ignored []string, faults *complaints) {
	var taken []string
	used := make([]bool, len(ignored))
	for at, c := range row.cells {
		letter := letters(at)
		switch i := slices.Index(ignored, foldedHead(c.text)); {
		case c.empty():
			h.columns = append(h.columns, headed{at: at, place: letter})
			faults.order[letter] = at + 1
			continue
		case i >= 0:
			used[i] = true
			h.ignored = append(h.ignored, at)
			continue
		}
		known, ok := h.names.find(c.text)
		place := fmt.Sprintf("%s (%s)", letter, shortened(strings.Join(strings.Fields(c.text), " ")))
		switch {
		case !ok:
			faults.add(row.number, place, h.unknown(c.text))
			h.ignored = append(h.ignored, at) // told once, here
		case slices.Contains(taken, known.name):
			faults.add(row.number, place, fmt.Sprintf("stands for %s, as another column does; keep one", known.name))
			h.ignored = append(h.ignored, at)
		default:
			taken = append(taken, known.name)
			h.columns = append(h.columns, headed{known, at, place})
		}
		faults.order[place] = at + 1
	}
	for i, was := range used {
		if !was {
			faults.add(row.number, "", fmt.Sprintf("has no column %q to ignore", ignore[i]))
		}
	}
}

func (h *heads) unknown(head string) string {
	if near, ok := h.names.nearest(head); ok {
		return fmt.Sprintf("is no column that is known; did you mean %s (%s)? Otherwise name it in --ignore", near.name, near.zh)
	}
	return "is no column that is known; name it in --ignore if it does not matter, or see --template for those that there are"
}

// has says whether the file has a column.
func (h *heads) has(name string) (headed, bool) {
	i := slices.IndexFunc(h.columns, func(c headed) bool { return c.name == name })
	if i < 0 {
		return headed{}, false
	}
	return h.columns[i], true
}

// ignores says whether a place is that of a column which is not read on purpose.
func (h *heads) ignores(at int) bool { return slices.Contains(h.ignored, at) }
