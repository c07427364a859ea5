package httpapi

import (
	"testing"

	"greenchannel/server/problem"
)

func TestEveryKindHasItsReply(t *testing.T) {
	t.Parallel()
	table := replies()
	titles := map[string]problem.Kind{}
	for _, kind := range problem.Kinds() {
		known, ok := table[kind]
		if !ok || known.status < 400 || known.status > 599 || known.title == "" {
			t.Errorf("%s: %+v", kind, known)
		}
		if other, twice := titles[known.title]; twice {
			t.Errorf("%s and %s share the title %q", kind, other, known.title)
		}
		titles[known.title] = kind
	}
	if len(table) != len(problem.Kinds()) {
		t.Errorf("%d replies for %d kinds", len(table), len(problem.Kinds()))
	}
}
