package impact

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"greenchannel/server/decision"
)

// Allowance is what may change without anybody being stopped. It covers changes from one outcome to another (Old and New),
// changes of one class (Class), or changes for one rule's sake (Class Reasons and Rule).
type Allowance struct {
	Old, New decision.Outcome
	Class    Class
	Rule     string
	// Most is how many changes it covers; nil for any number.
	Most *uint64
}

// ParseAllowance reads OLD:NEW, CLASS or reasons:RULE, each with =NUMBER behind it for at most so many.
func ParseAllowance(text string) (Allowance, error) {
	what, number, limited := strings.Cut(text, "=")
	var a Allowance
	if limited {
		most, err := strconv.ParseUint(number, 10, 64)
		if err != nil {
			return Allowance{}, fmt.Errorf("%.100q: %.40q is no number of changes", text, number)
		}
		a.Most = &most
	}
	first, second, paired := strings.Cut(what, ":")
	switch {
	case Class(first) == Reasons && paired && second != "":
		a.Class, a.Rule = Reasons, second
		return a, nil
	case !paired && Class(first) == Same:
		return Allowance{}, fmt.Errorf("%.100q: what is the same is no change, so it needs no leave", text)
	case !paired && Class(first).Known():
		a.Class = Class(first)
		return a, nil
	case !paired:
		return Allowance{}, fmt.Errorf("%.100q: %.60q is no class of changes%s; write %s, reasons:RULE or OLD:NEW", text, first, meant(first, classWords()), strings.Join(classWords(), ", "))
	}
	a.Old, a.New = decision.Outcome(first), decision.Outcome(second)
	for _, outcome := range []decision.Outcome{a.Old, a.New} {
		if !outcome.Known() {
			return Allowance{}, fmt.Errorf("%.100q: there is no outcome %.60q%s", text, string(outcome), meant(string(outcome), outcomeWords()))
		}
	}
	if a.Old == a.New {
		return Allowance{}, fmt.Errorf("%.100q: an outcome that stays is no change of outcome; write reasons or details", text)
	}
	return a, nil
}

func classWords() []string {
	var words []string
	for _, class := range Classes() {
		if class != Same {
			words = append(words, string(class))
		}
	}
	return words
}

func outcomeWords() []string {
	var words []string
	for _, outcome := range decision.Outcomes() {
		words = append(words, string(outcome))
	}
	return words
}

func meant(word string, known []string) string {
	if near, ok := decision.Nearest(word, known); ok {
		return fmt.Sprintf(" (did you mean %s?)", near)
	}
	return ""
}

// String is the allowance as ParseAllowance reads it.
func (a Allowance) String() string {
	text := string(a.Class)
	switch {
	case a.Rule != "":
		text += ":" + a.Rule
	case a.Class == "":
		text = string(a.Old) + ":" + string(a.New)
	}
	if a.Most != nil {
		text += "=" + strconv.FormatUint(*a.Most, 10)
	}
	return text
}

// key tells allowances apart that cover different changes.
func (a Allowance) key() string {
	a.Most = nil
	return a.String()
}

// ReadAllowances reads one allowance a line; what follows a # is prose. Everything that is wrong is told at once, with the
// name of the file and the line.
func ReadAllowances(name string, in io.Reader) ([]Allowance, error) {
	var all []Allowance
	var faults []error
	lines := bufio.NewScanner(in)
	for n := 1; lines.Scan(); n++ {
		text, _, _ := strings.Cut(lines.Text(), "#")
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		a, err := ParseAllowance(text)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s:%d: %w", name, n, err))
			continue
		}
		all = append(all, a)
	}
	if err := lines.Err(); err != nil {
		faults = append(faults, fmt.Errorf("%s: %w", name, err))
	}
	return all, errors.Join(faults...)
}

// Gate counts the changes against what is allowed. The most precise allowance that covers a change decides on it alone: the
// one of its two outcomes, then those of its rules, then the one of its class. One that is used up is not helped by a
// wider one, or a limit would limit nothing.
type Gate struct {
	allowed map[string]*granted
	order   []string
}

type granted struct {
	Allowance
	seen uint64
}

// NewGate makes a gate. It refuses to be told the same thing twice.
func NewGate(allowed []Allowance) (*Gate, error) {
	g := &Gate{allowed: map[string]*granted{}}
	for _, a := range allowed {
		if _, twice := g.allowed[a.key()]; twice {
			return nil, fmt.Errorf("%s is allowed twice; say it once", a.key())
		}
		g.allowed[a.key()] = &granted{Allowance: a}
		g.order = append(g.order, a.key())
	}
	return g, nil
}

// pass counts a change, and says whether it is allowed.
func (g *Gate) pass(c Change) bool {
	if c.Class == Same {
		return true
	}
	covering := g.covering(c)
	passes := len(covering) > 0
	for _, a := range covering {
		a.seen++
		passes = passes && (a.Most == nil || a.seen <= *a.Most)
	}
	return passes
}

// covering finds the most precise allowances that cover a change: one, or one for each of its rules.
func (g *Gate) covering(c Change) []*granted {
	if c.Class == Looser || c.Class == Stricter {
		if a := g.allowed[Allowance{Old: c.Old, New: c.New}.key()]; a != nil {
			return []*granted{a}
		}
	}
	if c.Class == Reasons {
		var all []*granted
		rules := c.rules()
		for _, rule := range rules {
			if a := g.allowed[Allowance{Class: Reasons, Rule: rule}.key()]; a != nil {
				all = append(all, a)
			}
		}
		if len(all) == len(rules) {
			return all
		}
	}
	if a := g.allowed[Allowance{Class: c.Class}.key()]; a != nil {
		return []*granted{a}
	}
	return nil
}

// rules lists the rules that came, went or weigh otherwise.
func (c *Change) rules() []string {
	var all []string
	for _, list := range [][]Finding{c.Came, c.Went, c.Weighs} {
		for _, f := range list {
			all = append(all, f.Rule)
		}
	}
	return all
}
