package store

import (
	"math"
	"slices"
	"strings"

	"github.com/hashicorp/go-memdb"
)

// history is what is remembered under one key, of orders or of customers: totals for each day, and the orders themselves,
// newest first. An application counts once, with its newest decision. A history that is in a snapshot does not change.
type history struct {
	key    string
	spans  []*span // in order of days
	newest *orderPage
}

func (h *history) rowKey() string { return h.key }

// spanDays is how many days share a total of their own: a window adds whole spans, then days, never orders, and a new
// order copies the days of one span.
const spanDays = 256

type span struct {
	number int32 // its first day, in spans
	whole  total
	days   []dayTotal // in order, none empty
}

type dayTotal struct {
	day int32
	total
}

// total sums orders: how many there are, how many of them have a mass that is not wholly known, and what is known of it.
type total struct {
	count, unknown uint32
	kg             mass
}

func (t total) plus(other total) total {
	return total{t.count + other.count, t.unknown + other.unknown, t.kg.plus(other.kg)}
}

func (t total) minus(other total) total {
	return total{t.count - other.count, t.unknown - other.unknown, t.kg.minus(other.kg)}
}

// counted is one order in a history: the application that it stands in, as it was last decided.
type counted struct {
	of      *application // nil for no order
	unknown bool
	kg      mass
}

func (c counted) total() total {
	t := total{count: 1, kg: c.kg}
	if c.unknown {
		t.unknown = 1
	}
	return t
}

// countedAs is an order of an application as its histories count it.
func (a *application) countedAs(o order) counted {
	return counted{of: a, unknown: o.unknown, kg: o.kg}
}

// orderPage is a piece of a list of orders, so that a new order does not copy all that were before it.
type orderPage struct {
	orders []counted // by seq
	older  *orderPage
}

const pageOrders = 32

// with returns the history with an order added; listed says whether the order itself is kept beside the totals.
func (h *history) with(c counted, listed bool) *history {
	now := &history{key: h.key, spans: slices.Clone(h.spans), newest: h.newest}
	at, there := now.spanAt(c.of.day)
	if there {
		old := now.spans[at]
		now.spans[at] = &span{number: old.number, whole: old.whole, days: append(make([]dayTotal, 0, len(old.days)+1), old.days...)}
	}
	now.add(c, listed)
	return now
}

// add adds an order to a history of which nobody else holds the span of that day.
func (h *history) add(c counted, listed bool) {
	at, there := h.spanAt(c.of.day)
	if !there {
		h.spans = slices.Insert(h.spans, at, &span{number: floorSpan(c.of.day)})
	}
	s := h.spans[at]
	s.whole = s.whole.plus(c.total())
	d, there := s.dayAt(c.of.day)
	if !there {
		s.days = slices.Insert(s.days, d, dayTotal{day: c.of.day})
	}
	s.days[d].total = s.days[d].plus(c.total())
	if listed {
		h.newest = h.newest.with(c)
	}
}

// without returns the history with an order taken out; nil when it was the last.
func (h *history) without(c counted, listed bool) *history {
	now := &history{key: h.key, spans: slices.Clone(h.spans), newest: h.newest}
	if listed {
		now.newest = h.newest.without(c.of.seq)
	}
	at, _ := now.spanAt(c.of.day)
	old := now.spans[at]
	if old.whole.count == 1 {
		now.spans = slices.Delete(now.spans, at, at+1)
		if len(now.spans) == 0 {
			return nil
		}
		return now
	}
	s := &span{number: old.number, whole: old.whole.minus(c.total()), days: slices.Clone(old.days)}
	d, _ := s.dayAt(c.of.day)
	if s.days[d].count == 1 {
		s.days = slices.Delete(s.days, d, d+1)
	} else {
		s.days[d].total = s.days[d].minus(c.total())
	}
	now.spans[at] = s
	return now
}

func floorSpan(day int32) int32 { return int32(math.Floor(float64(day) / spanDays)) }

func (h *history) spanAt(day int32) (int, bool) {
	return slices.BinarySearchFunc(h.spans, floorSpan(day), func(s *span, number int32) int { return int(s.number) - int(number) })
}

func (s *span) dayAt(day int32) (int, bool) {
	return slices.BinarySearchFunc(s.days, day, func(d dayTotal, day int32) int { return int(d.day) - int(day) })
}

// with adds an order to a list; it is newer than all that are in it. It writes behind what any snapshot knows of the page,
// and only the newest state is ever added to.
func (p *orderPage) with(c counted) *orderPage {
	if p == nil || len(p.orders) >= pageOrders {
		return &orderPage{orders: []counted{c}, older: p}
	}
	return &orderPage{orders: append(p.orders, c), older: p.older}
}

// without takes an order out of a list. Pages newer than its own are copied.
func (p *orderPage) without(seq uint64) *orderPage {
	if p == nil {
		return nil
	}
	if len(p.orders) > 0 && seq < p.orders[0].of.seq {
		return &orderPage{orders: p.orders, older: p.older.without(seq)}
	}
	left := slices.DeleteFunc(slices.Clone(p.orders), func(c counted) bool { return c.of.seq == seq })
	if len(left) == 0 {
		return p.older
	}
	return &orderPage{orders: left, older: p.older}
}

// between sums the orders of some days, the first and the last included.
func (h *history) between(first, last int32) (sum total) {
	if h == nil {
		return total{}
	}
	for _, s := range h.spans {
		begin := s.number * spanDays
		switch end := begin + spanDays - 1; {
		case end < first || begin > last:
		case begin >= first && end <= last:
			sum = sum.plus(s.whole)
		default:
			for _, d := range s.days {
				if d.day >= first && d.day <= last {
					sum = sum.plus(d.total)
				}
			}
		}
	}
	return sum
}

// application is what is remembered of an application: its newest decision and what that put into the histories.
type application struct {
	key          string // exporter and reference
	seq          uint64
	day          int32
	id           decisionID
	outcome      string
	orders       []order
	certificates []presented
}

func (a *application) rowKey() string { return a.key }

// reference is the applicant's own name of the application.
func (a *application) reference() string {
	_, reference, _ := strings.Cut(a.key, "\x00")
	return reference
}

// order is what an application has in a history of orders; the zero value for nothing.
func (a *application) order(key string) counted {
	if a == nil {
		return counted{}
	}
	for _, o := range a.orders {
		if o.key == key {
			return a.countedAs(o)
		}
	}
	return counted{}
}

// customer is what an application has in a history of customers; the zero value for nothing.
func (a *application) customer(key string) counted {
	if a == nil || !slices.Contains(a.customers(), key) {
		return counted{}
	}
	return counted{of: a}
}

// customers are the keys of the end users that an application orders for, each once.
func (a *application) customers() []string {
	var keys []string
	for _, o := range a.orders {
		if key := customerKey(o.key); !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys
}

// memory is a transaction that changes what is remembered of applications.
type memory struct {
	applications *changed[*application]
	histories    *changed[*history]
	certificates *changed[*certificate]
}

func remembering(rows *memdb.Txn) *memory {
	return &memory{
		applications: changesTo[*application](rows, tableApplications),
		histories:    changesTo[*history](rows, tableHistories),
		certificates: changesTo[*certificate](rows, tableCertificates),
	}
}

// remember puts the newest decision on an application in the place of the one before it.
func (m *memory) remember(now *application) error {
	old, err := m.applications.get(now.key)
	if err != nil {
		return err
	}
	if old != nil {
		now.key = old.key // one text for both
		if err := m.forget(old); err != nil {
			return err
		}
	}
	for i := range now.orders {
		if now.orders[i].key, err = m.count(now.orders[i].key, now.countedAs(now.orders[i]), true); err != nil {
			return err
		}
	}
	for _, key := range now.customers() {
		if _, err := m.count(key, now.customer(key), false); err != nil {
			return err
		}
	}
	for _, p := range now.certificates {
		if err := m.present(p, 1); err != nil {
			return err
		}
	}
	if len(now.orders) == 0 && len(now.certificates) == 0 {
		return m.applications.drop(now.key) // nothing of it will ever have to be taken out
	}
	return m.applications.put(now)
}

// count adds to a history and returns the text of its key, so that all who name it share one.
func (m *memory) count(key string, c counted, listed bool) (string, error) {
	h, err := m.histories.get(key)
	if err != nil {
		return "", err
	}
	if h == nil {
		h = &history{key: key}
	}
	return h.key, m.histories.put(h.with(c, listed))
}

func (m *memory) forget(old *application) error {
	for _, o := range old.orders {
		if err := m.discount(o.key, old.countedAs(o), true); err != nil {
			return err
		}
	}
	for _, key := range old.customers() {
		if err := m.discount(key, old.customer(key), false); err != nil {
			return err
		}
	}
	for _, p := range old.certificates {
		if err := m.present(p, -1); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) discount(key string, c counted, listed bool) error {
	h, err := m.histories.get(key)
	if err != nil {
		return err
	}
	if left := h.without(c, listed); left != nil {
		return m.histories.put(left)
	}
	return m.histories.drop(key)
}

func (m *memory) keep() error {
	if err := m.histories.keep(); err != nil {
		return err
	}
	if err := m.certificates.keep(); err != nil {
		return err
	}
	return m.applications.keep()
}
