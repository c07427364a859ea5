package plan_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/util"
)

// many is how many comparisons the long mode makes; the variable COMPARISONS sets it.
func many(tb testing.TB, few int) int {
	text := os.Getenv("COMPARISONS")
	if text == "" {
		return few
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		tb.Fatalf("COMPARISONS is a number: %v", err)
	}
	return n
}

// FuzzApplications decides applications that were changed at random, by topdown and by the executor.
func FuzzApplications(f *testing.F) {
	p := ourBundle(f)
	g := applications(f)
	for seed := range uint64(8) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		body, at := g.one(seed)
		if err := p.differ(t, body, at); err != nil {
			t.Errorf("seed %d, at %s: %v\n%s", seed, at, err, body)
		}
	})
}

// TestManyApplications is the long mode of FuzzApplications.
func TestManyApplications(t *testing.T) {
	p := ourBundle(t)
	g := applications(t)
	start := uint64(time.Now().UnixNano())
	n := many(t, 200)
	for i := range n {
		seed := start + uint64(i)
		body, at := g.one(seed)
		if err := p.differ(t, body, at); err != nil {
			t.Fatalf("seed %d, at %s: %v\n%s", seed, at, err, body)
		}
	}
	t.Logf("%d applications from seed %d on: equal, %d of them failures of both", n, start, p.failed.Load())
}

// mutator changes the applications of the cases, with the words that stand in them.
type mutator struct {
	bodies  [][]byte
	words   []any
	members []string
}

func applications(tb testing.TB) *mutator {
	tb.Helper()
	files, err := filepath.Glob("../../tests/cases/applications/*.json")
	if err != nil || len(files) == 0 {
		tb.Fatal("no applications", err)
	}
	g := &mutator{words: []any{
		nil, true, false, "", " ", "none", "other", "KGM", "2025-04-04", "2026-11-10T00:00:00+08:00", "<&>\u2028", "\x7f\u00e9", "CN", "US", "DE", "Sm", "Co", "Dy",
		json.Number("0"), json.Number("-0"), json.Number("1.0"), json.Number("1"), json.Number("100.5"), json.Number("1e2"), json.Number("0.1"),
		json.Number("12345678901234567890"), json.Number("-7"), json.Number("36028797018963968"), []any{}, map[string]any{},
	}}
	members := map[string]bool{}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		g.bodies = append(g.bodies, body)
		var app any
		if err := util.Unmarshal(body, &app); err != nil {
			tb.Fatal(err)
		}
		g.collect(app, members)
	}
	g.members = slices.Sorted(maps.Keys(members))
	return g
}

func (g *mutator) collect(node any, members map[string]bool) {
	switch n := node.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(n)) {
			members[k] = true
			g.collect(n[k], members)
		}
	case []any:
		for _, item := range n {
			g.collect(item, members)
		}
	default:
		g.words = append(g.words, n)
	}
}

// one makes an application and an instant of a seed.
func (g *mutator) one(seed uint64) ([]byte, time.Time) {
	r := rand.New(rand.NewPCG(seed, 1))
	var app any
	if err := util.Unmarshal(g.bodies[r.IntN(len(g.bodies))], &app); err != nil {
		panic(err)
	}
	for range r.IntN(6) {
		app = g.change(r, app, 0)
	}
	body, err := json.Marshal(app)
	if err != nil {
		panic(err)
	}
	day := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(r.IntN(3*365*24)) * time.Hour)
	return body, day.Add(time.Duration(r.IntN(1_000_000_000)))
}

func (g *mutator) change(r *rand.Rand, node any, depth int) any {
	switch n := node.(type) {
	case map[string]any:
		keys := slices.Sorted(maps.Keys(n))
		switch {
		case len(keys) == 0 || r.IntN(12) == 0:
			n[g.members[r.IntN(len(g.members))]] = g.words[r.IntN(len(g.words))]
		case r.IntN(8) == 0:
			delete(n, keys[r.IntN(len(keys))])
		default:
			k := keys[r.IntN(len(keys))]
			n[k] = g.change(r, n[k], depth+1)
		}
		return n
	case []any:
		switch {
		case len(n) == 0 || r.IntN(6) == 0:
			return append(n, g.words[r.IntN(len(g.words))])
		case r.IntN(4) == 0:
			return append(n, copied(n[r.IntN(len(n))]))
		case r.IntN(6) == 0:
			i := r.IntN(len(n))
			return append(n[:i:i], n[i+1:]...)
		}
		i := r.IntN(len(n))
		n[i] = g.change(r, n[i], depth+1)
		return n
	}
	if depth == 0 {
		return node
	}
	return copied(g.words[r.IntN(len(g.words))])
}

func copied(node any) any {
	raw, err := json.Marshal(node)
	if err != nil {
		panic(fmt.Sprint(node, err))
	}
	var again any
	if err := util.Unmarshal(raw, &again); err != nil {
		panic(err)
	}
	return again
}
