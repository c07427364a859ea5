package casefile

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode"
)

// earlier is one application that was decided before, as a case tells of it.
type earlier struct {
	On           string               `yaml:"on"`
	Application  string               `yaml:"application"` // left out: one of its own
	Exporter     string               `yaml:"exporter"`    // left out: the exporter of the case
	EndUser      string               `yaml:"end_user"`
	Orders       map[string]*float64  `yaml:"orders"` // kilograms by element; null: not known
	Outcome      string               `yaml:"outcome"`
	Certificates []earlierCertificate `yaml:"certificates"`
}

type earlierCertificate struct {
	Type     string `yaml:"type"` // left out: end_user_certificate
	Party    string `yaml:"party"`
	IssuedOn string `yaml:"issued_on"`
	Contract string `yaml:"contract"`
}

// fault tells what keeps it from being history.
func (e earlier) fault() string {
	if _, err := time.Parse(time.DateOnly, e.On); err != nil {
		return "on is the day of the decision, YYYY-MM-DD"
	}
	if (len(e.Orders) > 0) != (e.EndUser != "") {
		return "orders and end_user go together"
	}
	return ""
}

// application is what of an application its history is asked for by.
type application struct {
	ID       string `json:"id"`
	Exporter struct {
		Name string `json:"name"`
		USCC string `json:"uscc"`
	} `json:"exporter"`
	Documents []struct {
		Type     string `json:"type"`
		Party    string `json:"party"`
		IssuedOn string `json:"issued_on"`
	} `json:"documents"`
}

func (a application) exporter() string {
	if a.Exporter.USCC != "" {
		return a.Exporter.USCC
	}
	return a.Exporter.Name
}

// before lays out data.history as of an instant: what the service answers, said in the plainest way.
func (a application) before(names map[string]bool, elements []string, told []earlier, at time.Time) map[string]any {
	today := at.In(time.FixedZone("Beijing", 8*60*60)).Format(time.DateOnly)
	known := newest(told, a.exporter(), a.ID, today)
	orders, customers, certificates := map[string]any{}, map[string]any{}, map[string]any{}
	for name := range names {
		for _, element := range elements {
			key := rowKey(map[string]string{"but": a.ID, "element": element, "end_user": name, "exporter": a.exporter()})
			orders[key] = ordersRow(of(known, a.exporter(), name), element, today)
		}
		key := rowKey(map[string]string{"but": a.ID, "end_user": name, "exporter": a.exporter()})
		customers[key] = customersRow(of(known, a.exporter(), name))
	}
	for _, d := range a.Documents {
		key := rowKey(map[string]string{
			"but": a.ID, "exporter": a.exporter(), "issued_on": d.IssuedOn, "party": d.Party, "type": d.Type,
		})
		certificates[key] = certificatesRow(known, d.Type, d.Party, d.IssuedOn)
	}
	return map[string]any{"orders": orders, "customers": customers, "certificates": certificates}
}

// newest leaves each application once, with its last decision, the newest first; and leaves one application out.
func newest(told []earlier, exporter, but, today string) []earlier {
	var kept []earlier
	for _, e := range slices.Backward(sortedByDay(told)) {
		if e.Exporter == "" {
			e.Exporter = exporter
		}
		again := func(k earlier) bool {
			return k.Application == e.Application && folded(k.Exporter) == folded(e.Exporter)
		}
		own := e.Application == but && folded(e.Exporter) == folded(exporter)
		if e.On <= today && !own && !slices.ContainsFunc(kept, again) {
			kept = append(kept, e)
		}
	}
	return kept
}

func sortedByDay(told []earlier) []earlier {
	told = slices.Clone(told)
	slices.SortStableFunc(told, func(a, b earlier) int { return strings.Compare(a.On, b.On) })
	return told
}

// of leaves what an exporter ordered for an end user.
func of(known []earlier, exporter, endUser string) []earlier {
	return slices.DeleteFunc(slices.Clone(known), func(e earlier) bool {
		return folded(e.Exporter) != folded(exporter) || folded(e.EndUser) != folded(endUser)
	})
}

func ordersRow(known []earlier, element, today string) map[string]any {
	known = slices.DeleteFunc(known, func(e earlier) bool { _, ordered := e.Orders[element]; return !ordered })
	row := map[string]any{"ever": map[string]any{"count": len(known), "first_on": firstOn(known)}}
	for window, days := range map[string]int{"days_30": 30, "days_90": 90, "days_365": 365} {
		row[window] = windowOf(known, element, daysBefore(today, days-1))
	}
	previous := []any{}
	for _, e := range known[:min(len(known), 10)] {
		one := map[string]any{"application_id": e.Application, "decision_id": "", "decided_on": e.On, "outcome": e.Outcome}
		if kg := e.Orders[element]; kg != nil {
			one["kg"] = *kg
		}
		previous = append(previous, one)
	}
	row["previous"] = previous
	return row
}

// windowOf adds up what was ordered from a day on.
func windowOf(known []earlier, element, first string) map[string]any {
	kg, count, unknown := 0.0, 0, 0
	for _, e := range known {
		switch ordered := e.Orders[element]; {
		case e.On < first:
			continue
		case ordered == nil:
			unknown++
		default:
			kg += *ordered
		}
		count++
	}
	return map[string]any{"kg": kg, "count": count, "unknown": unknown}
}

func customersRow(known []earlier) map[string]any {
	row := map[string]any{"count": len(known), "first_on": firstOn(known), "last_on": nil}
	if len(known) > 0 {
		row["last_on"] = known[0].On
	}
	return row
}

func certificatesRow(known []earlier, kind, party, issuedOn string) map[string]any {
	var contracts []string
	for _, e := range known {
		for _, c := range e.Certificates {
			if c.Type == "" {
				c.Type = "end_user_certificate"
			}
			if c.Type == kind && folded(c.Party) == folded(party) && c.IssuedOn == issuedOn {
				contracts = append(contracts, c.Contract)
			}
		}
	}
	contracts = append([]string{}, sorted(contracts)...)
	return map[string]any{"contracts": contracts, "count": len(contracts)}
}

func firstOn(known []earlier) any {
	if len(known) == 0 {
		return nil
	}
	return known[len(known)-1].On
}

func daysBefore(day string, days int) string {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return at.AddDate(0, 0, -days).Format(time.DateOnly)
}

// rowKey is the key of a row as policies write it: json.marshal of an object, whose names are in order.
func rowKey(parts map[string]string) string {
	key, err := json.Marshal(parts)
	if err != nil {
		return ""
	}
	return string(key)
}

// folded keeps letters and digits of a name.
func folded(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}
