package store_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"greenchannel/server/decision"
)

// The second statement of the live tables: a list of all that happened, gone through for each question.
type plainly []event

// event is a decision or a registration. Names are numbers; spellings says how each may be written.
type event struct {
	seq          uint64
	at           time.Time
	party        string // id in the registry; empty for a decision
	exporter     int
	application  string
	outcome      string
	orders       []plainOrder
	certificates []plainCertificate
	names        []int // parties, or the names of the party
	rules        []string
}

type plainOrder struct {
	endUser int
	element string
	kg      *big.Rat // nil: not known
	text    string
}

type plainCertificate struct {
	party    int
	day      string
	contract string
}

func spellings(name int) []string {
	return [][]string{
		{"Motor Works GmbH", "motor-works GMBH", "ＭＯＴＯＲ Works GmbH"}, {"电机厂", "电 机 厂"}, {"Straße 9", "STRASSE 9", "strasse⑨"},
		{"91350200M0001234XY", "91350200m0001234xy"}, {"***"},
	}[name]
}

const manyNames = 5

func spelling(t *rapid.T, name int) string {
	return rapid.SampledFrom(spellings(name)).Draw(t, "spelling")
}

// newest lists the newest decision on each application, by Seq.
func (all plainly) newest() []event {
	var kept []event
	for _, e := range all {
		if e.party != "" {
			continue
		}
		kept = slices.DeleteFunc(kept, func(old event) bool { return old.exporter == e.exporter && old.application == e.application })
		kept = append(kept, e)
	}
	return kept
}

func beijing(at time.Time) string { return at.Add(8 * time.Hour).UTC().Format(time.DateOnly) }

// back is the day some days before that of an instant.
func back(at time.Time, days int) string { return beijing(at.AddDate(0, 0, -days)) }

func (all plainly) orders(at time.Time, exporter, endUser int, element, but string) string {
	var text string
	for _, days := range []int{30, 90, 365} {
		kg, count, unknown := new(big.Rat), 0, 0
		for _, o := range all.ordersOf(exporter, endUser, element, but) {
			if day := beijing(o.at); day > beijing(at) || day < back(at, days-1) {
				continue
			}
			kg.Add(kg, o.kg)
			count++
			if o.unknown {
				unknown++
			}
		}
		text += fmt.Sprintf("%s/%d/%d ", decimal(kg), count, unknown)
	}
	first, listed, count := "", []string{}, 0
	for _, o := range all.ordersOf(exporter, endUser, element, but) {
		if beijing(o.at) > beijing(at) {
			continue
		}
		count++
		if first == "" || beijing(o.at) < first {
			first = beijing(o.at)
		}
		name := o.application
		if o.unknown {
			name += "?"
		}
		listed = append(listed, name)
	}
	if count == 0 {
		return text + "ever 0 null"
	}
	slices.Reverse(listed)
	return text + fmt.Sprintf("ever %d %s ", count, first) + strings.Join(listed[:min(len(listed), 10)], ",")
}

type summed struct {
	event
	kg      *big.Rat
	unknown bool
}

func (all plainly) ordersOf(exporter, endUser int, element, but string) []summed {
	var found []summed
	for _, e := range all.newest() {
		if e.exporter != exporter || e.application == but {
			continue
		}
		s, has := summed{event: e, kg: new(big.Rat)}, false
		for _, o := range e.orders {
			if o.endUser != endUser || element != "" && o.element != element {
				continue
			}
			has = true
			if o.kg == nil {
				s.unknown = true
			} else {
				s.kg.Add(s.kg, o.kg)
			}
		}
		if has {
			found = append(found, s)
		}
	}
	return found
}

func decimal(kg *big.Rat) string {
	text := kg.FloatString(12)
	return strings.TrimRight(strings.TrimRight(text, "0"), ".")
}

func (all plainly) customers(at time.Time, exporter, endUser int, but string) string {
	var days []string
	for _, o := range all.ordersOf(exporter, endUser, "", but) {
		if day := beijing(o.at); day <= beijing(at) {
			days = append(days, day)
		}
	}
	if len(days) == 0 {
		return `{"count":0,"first_on":null,"last_on":null}`
	}
	return fmt.Sprintf(`{"count":%d,"first_on":"%s","last_on":"%s"}`, len(days), slices.Min(days), slices.Max(days))
}

func (all plainly) certificates(exporter, party int, day, but string) string {
	var contracts []string
	for _, e := range all.newest() {
		if e.exporter == exporter && e.application == but {
			continue
		}
		for _, c := range e.certificates {
			if c.party == party && c.day == day && c.contract != "" {
				contracts = append(contracts, `"`+c.contract+`"`)
			}
		}
	}
	slices.Sort(contracts)
	contracts = slices.Compact(contracts)
	return fmt.Sprintf(`{"contracts":[%s],"count":%d}`, strings.Join(contracts, ","), len(contracts))
}

func (all plainly) registered(name int) string {
	latest := map[string]event{}
	for _, e := range all {
		if e.party != "" {
			latest[e.party] = e
		}
	}
	var found []string
	for id, e := range latest {
		if slices.Contains(e.names, name) {
			found = append(found, fmt.Sprintf(`{"certificates":[],"id":"%s","name":"put by %d","verifications":[]}`, id, e.seq))
		}
	}
	slices.Sort(found)
	return "[" + strings.Join(found, ",") + "]"
}

func (all plainly) search(wants func(event) bool, before uint64, limit int) []uint64 {
	var found []uint64
	for _, e := range slices.Backward(all) {
		if e.party == "" && (before == 0 || e.seq < before) && wants(e) && len(found) < limit {
			found = append(found, e.seq)
		}
	}
	return found
}

// record writes an event as the journal has it.
func (e event) record(t *rapid.T, tb testing.TB) decision.Record {
	if e.party != "" {
		var names []string
		for _, name := range e.names {
			names = append(names, spelling(t, name))
		}
		return registration(tb, e.seq, e.party, fmt.Sprintf(`{"name":"put by %d"}`, e.seq), names...)
	}
	p := past{
		seq: e.seq, at: e.at.Format(time.RFC3339Nano), exporter: spelling(t, e.exporter), application: e.application, outcome: e.outcome, rules: e.rules,
	}
	for _, o := range e.orders {
		line := placed{EndUser: spelling(t, o.endUser), Element: o.element}
		if o.text != "" {
			line.KG = json.Number(o.text)
		}
		p.orders = append(p.orders, line)
	}
	for _, c := range e.certificates {
		p.certificates = append(p.certificates, shown{spelling(t, c.party), c.day, "end_user_certificate", c.contract})
	}
	for _, name := range e.names {
		p.parties = append(p.parties, spelling(t, name))
	}
	return p.record(tb)
}

func drawName() *rapid.Generator[int] { return rapid.IntRange(0, manyNames-1) }

func drawElement() *rapid.Generator[string] { return rapid.SampledFrom([]string{"Dy", "Tb"}) }

func drawApplication() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{"A-1", "A-2", "A-3", "A 3", "a-1"})
}

func drawDay() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{"2026-01-02", "2026-01-03"})
}

// drawEvent makes what happens next. Time goes on by anything from nothing to months.
func drawEvent(t *rapid.T, seq uint64, after time.Time) event {
	e := event{seq: seq, at: after.Add(time.Duration(rapid.Int64Range(0, int64(24*time.Hour)).Draw(t, "wait")))}
	if rapid.IntRange(0, 9).Draw(t, "long") == 0 {
		e.at = e.at.AddDate(0, rapid.IntRange(1, 14).Draw(t, "months"), 0)
	}
	if rapid.IntRange(0, 7).Draw(t, "kind") == 0 {
		e.party = rapid.SampledFrom([]string{"P-1", "P-2"}).Draw(t, "party")
		e.names = rapid.SliceOfN(drawName(), 0, 2).Draw(t, "names")
		return e
	}
	e.exporter = drawName().Draw(t, "exporter")
	e.application = drawApplication().Draw(t, "application")
	e.outcome = rapid.SampledFrom([]string{"standard_review", "prohibited"}).Draw(t, "outcome")
	e.names = rapid.SliceOfN(drawName(), 0, 3).Draw(t, "parties")
	e.rules = rapid.SliceOfN(rapid.SampledFrom([]string{"RF-12", "RF-13", "RE-1"}), 0, 3).Draw(t, "rules")
	e.orders = rapid.SliceOfN(rapid.Custom(drawOrder), 0, 3).Draw(t, "orders")
	e.certificates = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) plainCertificate {
		return plainCertificate{drawName().Draw(t, "party"), drawDay().Draw(t, "day"), rapid.SampledFrom([]string{"", "C-1", "C-2", "C-3"}).Draw(t, "contract")}
	}), 0, 3).Draw(t, "certificates")
	return e
}

func drawOrder(t *rapid.T) plainOrder {
	o := plainOrder{endUser: drawName().Draw(t, "end user"), element: drawElement().Draw(t, "element")}
	if rapid.IntRange(0, 4).Draw(t, "unknown") == 0 {
		return o
	}
	o.text = rapid.SampledFrom([]string{"0", "0.1", "1.005", "250", "12.5e1", "1E-3", "999999.999999999999", "0.000000000001"}).Draw(t, "kg")
	o.kg, _ = new(big.Rat).SetString(o.text)
	return o
}

func drawEvents(t *rapid.T, most int) plainly {
	var all plainly
	at := time.Date(2024, 2, 27, 15, 59, 0, 0, time.UTC)
	for seq := range rapid.IntRange(0, most).Draw(t, "events") {
		e := drawEvent(t, uint64(seq+1), at)
		at = e.at
		all = append(all, e)
	}
	return all
}
