package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"

	"greenchannel/server/problem"
)

// The words that can be asked beside the ids of rules.
const (
	wordAll     = "all"
	wordWhy     = "why"
	wordNearest = "nearest"
)

// Words are the words that an explanation can be asked by; any id of a rule is one more.
func Words() []string { return []string{wordWhy, wordNearest, wordAll} }

// Ask is what is to be explained of a decision.
type Ask struct {
	// All asks about every rule, Why about those that the outcome turns on, and Rules about these.
	All, Why bool
	Rules    []string
	// Nearest asks for the nearest green.
	Nearest bool
}

// mostNear is how many ids an error proposes in place of one that is not known.
const mostNear = 3

// Parse reads what is to be explained: words and ids of rules, separated by commas. Ids that are not known are told all at
// once, in an error of kind Invalid, each with those that are nearest.
func Parse(text string, known []string) (Ask, error) {
	var ask Ask
	var faults []problem.Fault
	for word := range strings.SplitSeq(text, ",") {
		switch word = strings.TrimSpace(word); {
		case word == wordAll:
			ask.All = true
		case word == wordWhy:
			ask.Why = true
		case word == wordNearest:
			ask.Nearest = true
		case !slices.Contains(known, word):
			faults = append(faults, problem.Fault{Pointer: "?explain", Detail: unknown(word, known)})
		case !slices.Contains(ask.Rules, word):
			ask.Rules = append(ask.Rules, word)
		}
	}
	if len(faults) > 0 {
		return Ask{}, problem.New(problem.Invalid, "What is to be explained is not known.", faults...)
	}
	return ask, nil
}

func unknown(word string, known []string) string {
	const longest = 60
	if word == "" {
		return "names nothing between two commas; name ids of rules, or " + strings.Join(Words(), ", ")
	}
	if runes := []rune(word); len(runes) > longest {
		word = string(runes[:longest]) + "…"
	}
	return fmt.Sprintf("there is no rule %q; the nearest ids are %s; the words are %s", word, strings.Join(near(word, known), ", "), strings.Join(Words(), ", "))
}

// near gives the ids that differ least from a word; of those that differ alike, the first.
func near(word string, known []string) []string {
	distance := func(id string) int { return levenshtein.ComputeDistance(strings.ToUpper(word), strings.ToUpper(id)) }
	ids := slices.Compact(slices.Sorted(slices.Values(slices.Concat(known, Words()))))
	slices.SortStableFunc(ids, func(a, b string) int { return cmp.Compare(distance(a), distance(b)) })
	return ids[:min(mostNear, len(ids))]
}
