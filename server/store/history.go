package store

import (
	"fmt"
	"math"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
)

// attach makes a store answer the live tables, each transaction from the state in which it finds them when it opens.
func (l *Live) attach(to *Store) {
	to.live = l
	to.computed = append(to.computed, ordersTable(), customersTable(), certificatesTable(), registryTable())
}

const (
	mostPrevious  = 10
	mostContracts = 50
)

// asked is a question for a history: a row, the application that is left out of it, and the day up to which it counts.
type asked struct {
	row   string
	but   *application
	today int32
}

// historyTable is a table under data.history. A policy asks for a row with a JSON object of the parts of its key, the
// exporter, and the application that the row shall leave out ("but").
func historyTable(name string, parts []string, answer func(v *View, a asked) (*ast.Term, error)) Computed {
	fields := append([]string{"but", "exporter"}, parts...)
	slices.Sort(fields)
	fields = slices.Compact(fields)
	watch := func(key string) (watched, error) {
		stated, err := fieldsOfKey(key, fields...)
		if err != nil {
			return watched{}, err
		}
		values := make([]string, len(parts))
		for i, part := range parts {
			values[i] = stated[part]
		}
		return watched{row: keyOf(name, values...), but: applicationKey(stated["exporter"], stated["but"])}, nil
	}
	return Computed{Path: storage.Path{"history", name}, watch: watch, Answer: func(v *View, _ string) (ast.Value, error) {
		if v.AsOf.IsZero() {
			return nil, fmt.Errorf("data.history.%s is read without an instant: give the transaction one with AsOf", name)
		}
		but, err := lookUp[*application](v.live.rows, tableApplications, v.watched.but)
		if err != nil {
			return nil, err
		}
		row, err := answer(v, asked{row: v.watched.row, but: but, today: dayOf(v.AsOf)})
		if err != nil {
			return nil, err
		}
		return row.Value, nil
	}}
}

// ordersTable says what an exporter ordered of an element for an end user.
func ordersTable() Computed {
	return historyTable(keyOrders, []string{"exporter", "end_user", "element"}, func(v *View, a asked) (*ast.Term, error) {
		h, err := lookUp[*history](v.live.rows, tableHistories, a.row)
		if err != nil {
			return nil, err
		}
		own := a.but.order(a.row)
		return ast.ObjectTerm(
			item("days_30", h.window(30, own, a.today)),
			item("days_90", h.window(90, own, a.today)),
			item("days_365", h.window(365, own, a.today)),
			item("ever", ast.ObjectTerm(item("count", h.ever(own, a.today)), item("first_on", h.first(own, a.today)))),
			item("previous", h.previous(own, a.today)),
		), nil
	})
}

// customersTable says how often an exporter applied for an end user.
func customersTable() Computed {
	return historyTable(keyCustomers, []string{"exporter", "end_user"}, func(v *View, a asked) (*ast.Term, error) {
		h, err := lookUp[*history](v.live.rows, tableHistories, a.row)
		if err != nil {
			return nil, err
		}
		own := a.but.customer(a.row)
		return ast.ObjectTerm(
			item("count", h.ever(own, a.today)),
			item("first_on", h.first(own, a.today)),
			item("last_on", h.last(own, a.today)),
		), nil
	})
}

// certificatesTable says for which contracts the same certificate was presented in other applications.
func certificatesTable() Computed {
	return historyTable(keyCertificates, []string{"party", "type", "issued_on"}, func(v *View, a asked) (*ast.Term, error) {
		c, err := lookUp[*certificate](v.live.rows, tableCertificates, a.row)
		if err != nil {
			return nil, err
		}
		contracts := c.others(a.but)
		listed := make([]*ast.Term, min(len(contracts), mostContracts))
		for i := range listed {
			listed[i] = ast.StringTerm(contracts[i])
		}
		return ast.ObjectTerm(item("contracts", ast.ArrayTerm(listed...)), item("count", ast.InternedTerm(len(contracts)))), nil
	})
}

// sum adds up what was ordered from a day up to today, without one order (a zero one for none).
func (h *history) sum(first int32, own counted, today int32) total {
	sum := h.between(first, today)
	if own.of != nil && own.of.day >= first && own.of.day <= today {
		sum = sum.minus(own.total())
	}
	return sum
}

// window is the sum over today and the days before it.
func (h *history) window(days int32, own counted, today int32) *ast.Term {
	sum := h.sum(today-days+1, own, today)
	return ast.ObjectTerm(
		item("kg", sum.kg.term()),
		item("count", ast.InternedTerm(int(sum.count))),
		item("unknown", ast.InternedTerm(int(sum.unknown))),
	)
}

// ever is how many orders there are up to today.
func (h *history) ever(own counted, today int32) *ast.Term {
	return ast.InternedTerm(int(h.sum(math.MinInt32, own, today).count))
}

// first is the first day with an order, no later than today.
func (h *history) first(own counted, today int32) *ast.Term {
	if h == nil {
		return ast.NullTerm()
	}
	for _, s := range h.spans {
		for _, d := range s.days {
			if d.day <= today && d.besides(own) {
				return dateTerm(d.day)
			}
		}
	}
	return ast.NullTerm()
}

// last is the last day with an order, no later than today.
func (h *history) last(own counted, today int32) *ast.Term {
	if h == nil {
		return ast.NullTerm()
	}
	for _, s := range slices.Backward(h.spans) {
		for _, d := range slices.Backward(s.days) {
			if d.day <= today && d.besides(own) {
				return dateTerm(d.day)
			}
		}
	}
	return ast.NullTerm()
}

// besides says whether a day has an order that is not the one given.
func (d dayTotal) besides(own counted) bool {
	return d.count > 1 || own.of == nil || own.of.day != d.day
}

// previous lists the orders up to today, the newest first, without one.
func (h *history) previous(own counted, today int32) *ast.Term {
	if h == nil {
		return ast.ArrayTerm()
	}
	var listed []*ast.Term
	for p := h.newest; p != nil; p = p.older {
		for _, c := range slices.Backward(p.orders) {
			if c.of == own.of || c.of.day > today {
				continue
			}
			if len(listed) == mostPrevious {
				return ast.ArrayTerm(listed...)
			}
			listed = append(listed, c.decided())
		}
	}
	return ast.ArrayTerm(listed...)
}

// decided is an order with the decision on it. One whose mass is not wholly known has no kg.
func (c counted) decided() *ast.Term {
	members := [][2]*ast.Term{
		item("application_id", ast.StringTerm(c.of.reference())),
		item("decision_id", ast.StringTerm(c.of.id.String())),
		item("decided_on", dateTerm(c.of.day)),
		item("outcome", ast.StringTerm(c.of.outcome)),
	}
	if !c.unknown {
		members = append(members, item("kg", c.kg.term()))
	}
	return ast.ObjectTerm(members...)
}

func item(name string, value *ast.Term) [2]*ast.Term { return ast.Item(ast.InternedTerm(name), value) }

func dateTerm(day int32) *ast.Term { return ast.StringTerm(dateOf(day)) }
