package casefile

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"greenchannel/server/decision"
)

// Want is what a case asks of a decision. What it does not name is not asked about.
type Want struct {
	Outcome        decision.Outcome            `yaml:"outcome"`
	Items          map[int64]string            `yaml:"items"`
	Entries        map[int64]map[string]string `yaml:"entries"`
	Reasons        []string                    `yaml:"reasons"`
	NoReasons      []string                    `yaml:"no_reasons"`
	OnlyReasons    []string                    `yaml:"only_reasons"`
	Severity       map[string]string           `yaml:"severity"`
	Failed         []string                    `yaml:"failed"`
	Missing        []string                    `yaml:"missing"`
	MissingHas     []string                    `yaml:"missing_has"`
	NotAssessedHas []string                    `yaml:"not_assessed_has"`
	ObligationsHas []string                    `yaml:"obligations_has"`
	Clock          yaml.Node                   `yaml:"clock"`
	ValidUntil     yaml.Node                   `yaml:"valid_until"`
	Channel        yaml.Node                   `yaml:"channel"`
}

// faults tells what keeps a wish from being one that a decision can fail.
func (w Want) faults() []string {
	var faults []string
	if reflect.ValueOf(w).IsZero() {
		faults = append(faults, "nothing is wanted")
	}
	if w.Outcome != "" && !w.Outcome.Known() {
		faults = append(faults, fmt.Sprintf("%q is no outcome", w.Outcome))
	}
	if w.OnlyReasons != nil && (w.Reasons != nil || w.NoReasons != nil) {
		faults = append(faults, "only_reasons says it all; leave reasons and no_reasons out")
	}
	if w.Missing != nil && w.MissingHas != nil {
		faults = append(faults, "missing says it all; leave missing_has out")
	}
	for _, both := range overlap(w.Reasons, w.NoReasons) {
		faults = append(faults, fmt.Sprintf("%s is wanted and not wanted", both))
	}
	return faults
}

// Differ compares what is wanted with a decision, in those parts only that the case names, and gives the parts that are not
// as they are wanted.
func (w Want) Differ(d decision.Decision) (Differences, error) {
	var found Differences
	put := func(name string, want, have any) { found = found.compare(name, want, have) }

	if w.Outcome != "" {
		put("outcome", string(w.Outcome), string(d.Outcome))
	}
	for line, status := range w.Items {
		put(fmt.Sprintf("items, line %d", line), status, lineStatus(d, line))
	}
	for line, entries := range w.Entries {
		for code, status := range entries {
			put(fmt.Sprintf("entries, line %d, %s", line, code), status, entryStatus(d, line, code))
		}
	}
	severities := severitiesByRule(d)
	rules := slices.Sorted(maps.Keys(severities))
	if w.OnlyReasons != nil {
		put("reasons, all of them", sorted(w.OnlyReasons), rules)
	}
	for rule, severity := range w.Severity {
		put("severity of "+rule, severity, strings.Join(severities[rule], " and "))
	}
	if w.Failed != nil {
		put("failed conditions of the green channel", sorted(w.Failed), sorted(d.GreenChannel.Failed))
	}
	if w.Missing != nil {
		put("missing", sorted(w.Missing), sorted(d.Missing))
	}
	among := func(name string, some, all []string) {
		if some != nil {
			put(name+", among others", sorted(some), overlap(some, all))
		}
	}
	among("reasons", w.Reasons, rules)
	among("missing", w.MissingHas, d.Missing)
	among("not assessed", w.NotAssessedHas, idsOf(d.NotAssessed, func(n decision.NotAssessed) string { return n.ID }))
	among("obligations", w.ObligationsHas, idsOf(d.Obligations, func(o decision.Obligation) string { return o.ID }))
	if w.NoReasons != nil {
		put("reasons that must not be there", []string(nil), overlap(w.NoReasons, rules))
	}
	for name, part := range map[string]struct {
		node *yaml.Node
		have any
	}{
		"clock": {&w.Clock, d.Clock}, "valid_until": {&w.ValidUntil, d.ValidUntil}, "channel": {&w.Channel, d.GreenChannel.Channel},
	} {
		if part.node.Kind == 0 {
			continue
		}
		want, err := plain(part.node)
		if err != nil {
			return nil, err
		}
		have, err := generic(part.have)
		if err != nil {
			return nil, err
		}
		put(name, want, restricted(have, want))
	}
	slices.SortFunc(found, func(a, b Difference) int { return cmp.Or(place(a.What)-place(b.What), strings.Compare(a.What, b.What)) })
	return found, nil
}

// restricted leaves of an object only what is asked about.
func restricted(have, want any) any {
	object, isObject := have.(map[string]any)
	asked, isAsked := want.(map[string]any)
	if !isObject || !isAsked {
		return have
	}
	part := map[string]any{}
	for key := range asked {
		if value, there := object[key]; there {
			part[key] = value
		}
	}
	return part
}

// generic gives a value as JSON has it, with numbers as they are written.
func generic(value any) (any, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(strings.NewReader(string(text)))
	dec.UseNumber()
	var out any
	return out, dec.Decode(&out)
}

func lineStatus(d decision.Decision, line int64) string {
	for _, l := range d.Items {
		if l.Line == line {
			return l.Status
		}
	}
	return "(no such line)"
}

func entryStatus(d decision.Decision, line int64, code string) string {
	for _, l := range d.Items {
		for _, e := range l.Entries {
			if l.Line == line && e.Code == code {
				return e.Status
			}
		}
	}
	return "(no such entry)"
}

// severitiesByRule gives each rule with the severities that its reasons have, each once.
func severitiesByRule(d decision.Decision) map[string][]string {
	by := map[string][]string{}
	for _, r := range d.Reasons {
		if !slices.Contains(by[r.Rule], r.Severity) {
			by[r.Rule] = append(by[r.Rule], r.Severity)
		}
		slices.Sort(by[r.Rule])
	}
	return by
}

func idsOf[T any](list []T, id func(T) string) []string {
	var all []string
	for _, element := range list {
		all = append(all, id(element))
	}
	return all
}

// sorted gives each name once, in order; of nothing, nothing.
func sorted(names []string) []string {
	names = slices.Clone(names)
	slices.Sort(names)
	if names = slices.Compact(names); len(names) == 0 {
		return nil
	}
	return names
}

// overlap gives the names of a that b has too, in order.
func overlap(a, b []string) []string {
	return sorted(slices.DeleteFunc(slices.Clone(a), func(name string) bool { return !slices.Contains(b, name) }))
}
