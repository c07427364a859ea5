// Package architecture checks the house: which room may import which, who may know which library, what lies where, how
// long a file may be, and what no file may hold. Every rule stands here with its reason, and every rule has a small tree
// in testdata that breaks it, so that a rule which has stopped looking is found. It judges no behaviour; the tests
// beside the code do that.
package architecture

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A rule is one thing that is asked of the whole tree.
type rule struct {
	name   string
	reason string
	check  func(tree) []breach
}

// A breach is one place that breaks a rule.
type breach struct {
	place  string // path, or path:line
	detail string // what is wrong, and how to mend it
}

func (b breach) String() string { return b.place + ": " + b.detail }

func rules() []rule {
	return []rule{
		{"imports", "One way only: whoever reads a room needs to know the rooms below it and no others.", imports},
		{"libraries", "A library that one room knows can be replaced in one room.", libraries},
		{"comments", "A newcomer asks of each room what it is for; the answer stands in the room.", comments},
		{"layout", "The top level is a map. It does not change with the fashion of the day.", layout},
		{"names", "A folder called utils says nothing about what belongs in it, so that everything ends there.", names},
		{"length", "A file that does not fit a mind hides what it does.", length},
		{"text", "What holds on one machine only breaks on the next one.", text},
		{"unfinished", "Work that is left open belongs in an issue, where it is seen.", unfinished},
		{"state", "State that any function can change makes two tests, or two generations, see each other.", state},
	}
}

func TestHouse(t *testing.T) {
	house, err := tracked("../..")
	if err != nil {
		t.Fatal(err)
	}
	if len(house.files) < 20 {
		t.Fatalf("only %d files were found; the rules would pass without having looked at anything", len(house.files))
	}
	for _, rule := range rules() {
		t.Run(rule.name, func(t *testing.T) {
			for _, breach := range rule.check(house) {
				t.Errorf("%s\n\treason: %s", breach, rule.reason)
			}
		})
	}
}

// TestRulesBite runs each rule on trees that break it. A tree is a txtar archive. Its comment names the rule and, one a
// line, the places that the rule has to find, each with a part of what it has to say: no more and no fewer.
func TestRulesBite(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	bitten := map[string]bool{}
	for _, archive := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(archive), ".txtar"), func(t *testing.T) {
			broken, name, wanted, err := fixture(archive)
			if err != nil {
				t.Fatal(err)
			}
			at := slices.IndexFunc(rules(), func(r rule) bool { return r.name == name })
			if at < 0 {
				t.Fatalf("%s: no rule is called %q", archive, name)
			}
			bitten[name] = bitten[name] || len(wanted) > 0
			got := rules()[at].check(broken)
			if diff := cmp.Diff(wanted, got, cmp.Comparer(alike), cmp.AllowUnexported(breach{})); diff != "" {
				t.Errorf("rule %q on %s (-wanted +got):\n%s", name, archive, diff)
			}
		})
	}
	for _, rule := range rules() {
		if !bitten[rule.name] {
			t.Errorf("no tree in testdata breaks the rule %q; nobody knows whether it can fail", rule.name)
		}
	}
}

// alike compares a wanted breach, whose detail is a part of the sentence, with one that was found.
func alike(a, b breach) bool {
	return a.place == b.place && (strings.Contains(a.detail, b.detail) || strings.Contains(b.detail, a.detail))
}

func TestWhereItIsTold(t *testing.T) {
	for _, row := range []struct {
		pkg  string
		want int
		ok   bool
	}{
		{"cmd/greenchannel", 0, true},
		{"server", 1, true},
		{"server/httpapi", 2, true},
		{"server/journal/sqlite", 2, true},
		{"server/decision", 3, true},
		{"server/problem", 4, true},
		{"policies", 4, true},
		{"server/attic", 0, false},
		{"elsewhere", 0, false},
	} {
		if got, ok := rank(row.pkg); got != row.want || ok != row.ok {
			t.Errorf("rank(%q) = %v, want %v", row.pkg, fmt.Sprint(got, ok), fmt.Sprint(row.want, row.ok))
		}
	}
}
