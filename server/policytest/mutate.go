package policytest

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"path"
	"regexp"
	"slices"
	"sync"
	"time"
)

// MutationOptions say how many mutants are made.
type MutationOptions struct {
	// Sample is how many of the mutants are tried, chosen by Seed; 0 for all.
	Sample int
	Seed   uint64
	// In leaves only mutants of files whose path it matches; nil leaves all.
	In *regexp.Regexp
	// Jobs is how many are tried at a time.
	Jobs int
	// Excuses are the mutants that no test can notice, each with its reason.
	Excuses Excuses
	// Progress is told each mutant that was tried; nil for nobody. It is called by several goroutines.
	Progress func(done, all int)
}

// Mutation is the report of a mutation check.
type Mutation struct {
	Mutants   int        `json:"mutants" jsonschema:"How many mutants there are."`
	Tried     int        `json:"tried" jsonschema:"How many of them were tried."`
	Killed    int        `json:"killed" jsonschema:"How many of those the tests noticed."`
	Excused   int        `json:"excused" jsonschema:"How many of the tried ones no test noticed or could notice, as the list of excuses says."`
	Score     float64    `json:"score" jsonschema:"Share of the tried and not excused mutants that the tests noticed, in percent."`
	Survivors []Survivor `json:"survivors" jsonschema:"The mutants that no test noticed."`
	Stale     []string   `json:"stale_excuses,omitzero" jsonschema:"Excuses that are not needed: there is no such mutant, or a test noticed it."`
	Seed      uint64     `json:"seed,omitzero" jsonschema:"What chose the sample; absent where all were tried."`
	Tests     int        `json:"tests" jsonschema:"How many tests and cases there are."`
	Seconds   float64    `json:"seconds" jsonschema:"How long it took."`
}

// Survivor is a mutant that no test noticed.
type Survivor struct {
	Mutant
	Reached int `json:"reached" jsonschema:"How many tests evaluate the place."`
}

// trial is what came of one mutant.
type trial struct {
	tried   bool
	killer  string
	reached int
	err     error
}

// Mutate makes each mutant, runs the tests that reach it until one fails, and tells which ones all of them let pass. The
// tests have to pass before.
func (s *Suite) Mutate(ctx context.Context, options MutationOptions) (*Mutation, error) {
	began := time.Now()
	jobs := max(options.Jobs, 1)
	benches := make([]*bench, jobs)
	for i := range benches { // one after the other: the parsed policies are shared
		var err error
		if benches[i], err = s.bench(ctx); err != nil {
			return nil, err
		}
	}
	order, err := benches[0].orders(ctx)
	if err != nil {
		return nil, err
	}
	quarries := make([][]*site, jobs)
	for i, b := range benches {
		quarries[i] = b.sites(s.sources)
	}
	chosen := sample(quarries[0], options)
	trials := make([]trial, len(quarries[0]))
	work := make(chan int)
	var workers sync.WaitGroup
	var done sync.Mutex
	finished := 0
	for i, b := range benches {
		workers.Go(func() {
			for n := range work {
				trials[n] = b.try(ctx, quarries[i][n], order)
				done.Lock()
				finished++
				if options.Progress != nil {
					options.Progress(finished, len(chosen))
				}
				done.Unlock()
			}
		})
	}
	for _, n := range chosen {
		work <- n
	}
	close(work)
	workers.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	report := &Mutation{Mutants: len(trials), Tests: len(benches[0].probes), Seed: options.Seed, Survivors: []Survivor{}}
	report.count(quarries[0], trials, options)
	report.Seconds = time.Since(began).Seconds()
	return report, nil
}

// sample chooses mutants, in the order of the sources.
func sample(all []*site, options MutationOptions) []int {
	var chosen []int
	for i, s := range all {
		if options.In == nil || options.In.MatchString(s.File) {
			chosen = append(chosen, i)
		}
	}
	if options.Sample <= 0 || options.Sample >= len(chosen) {
		return chosen
	}
	random := rand.New(rand.NewPCG(options.Seed, 0)) //nolint:gosec // the same seed has to choose the same mutants
	random.Shuffle(len(chosen), func(i, j int) { chosen[i], chosen[j] = chosen[j], chosen[i] })
	chosen = chosen[:options.Sample]
	slices.Sort(chosen)
	return chosen
}

// order is which tests reach a place, the quickest first.
type order struct {
	exprs, rules map[spot][]int
}

// orders runs every test once on the policies as they are. All have to pass.
func (b *bench) orders(ctx context.Context) (*order, error) {
	o := &order{exprs: map[spot][]int{}, rules: map[spot][]int{}}
	reached := make([]reach, len(b.probes))
	for i := range b.probes {
		p, t := &b.probes[i], newTracer()
		began := time.Now()
		v := b.run(ctx, p, t)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if !v.passed {
			return nil, fmt.Errorf("%s:%d: %s fails as the policies are; mutants are tried when all tests pass\n%s", p.file, p.row, p.name, v.why())
		}
		p.took = time.Since(began)
		reached[i] = t.reached()
	}
	quickest := make([]int, len(b.probes))
	for i := range quickest {
		quickest[i] = i
	}
	slices.SortStableFunc(quickest, func(i, j int) int { return cmp.Compare(b.probes[i].took, b.probes[j].took) })
	for _, i := range quickest {
		for at := range reached[i].exprs {
			o.exprs[at] = append(o.exprs[at], i)
		}
		for at := range reached[i].entered {
			o.rules[at] = append(o.rules[at], i)
		}
	}
	return o, nil
}

// tests are those that reach some place of a mutant: first those beside the rule, which were written to notice.
func (o *order) tests(s *site, probes []probe) []int {
	var all []int
	for _, p := range s.places {
		by := o.exprs
		if p.head {
			by = o.rules
		}
		if all == nil {
			all = by[p.reachedBy]
			continue
		}
		for _, i := range by[p.reachedBy] {
			if !slices.Contains(all, i) {
				all = append(slices.Clip(all), i)
			}
		}
	}
	beside, others := make([]int, 0, len(all)), make([]int, 0, len(all))
	for _, i := range all {
		if path.Dir(probes[i].file) == path.Dir(s.File) {
			beside = append(beside, i)
		} else {
			others = append(others, i)
		}
	}
	return append(beside, others...)
}

// try puts a mutant in, runs the tests that reach it until one fails, and takes it out again.
func (b *bench) try(ctx context.Context, s *site, o *order) trial {
	for _, p := range s.places {
		defer p.apply()()
	}
	tests := o.tests(s, b.probes)
	for _, i := range tests {
		if ctx.Err() != nil {
			return trial{}
		}
		if v := b.run(ctx, &b.probes[i]); !v.passed {
			return trial{tried: true, killer: b.probes[i].name, reached: len(tests), err: v.err}
		}
	}
	return trial{tried: true, reached: len(tests)}
}

func (m *Mutation) count(sites []*site, trials []trial, options MutationOptions) {
	used := make([]bool, len(options.Excuses))
	for n, t := range trials {
		if !t.tried {
			continue
		}
		m.Tried++
		excuse := options.Excuses.find(sites[n].Mutant)
		switch {
		case t.killer != "":
			m.Killed++
			continue
		case excuse >= 0:
			m.Excused++
			used[excuse] = true
		default:
			m.Survivors = append(m.Survivors, Survivor{sites[n].Mutant, t.reached})
		}
	}
	for n, t := range trials { // an excuse is judged only where its mutant was tried
		if excuse := options.Excuses.find(sites[n].Mutant); excuse >= 0 && !t.tried {
			used[excuse] = true
		}
	}
	for i, excuse := range options.Excuses {
		if !used[i] {
			m.Stale = append(m.Stale, excuse.String())
		}
	}
	if m.Score = 100; m.Tried > m.Excused {
		m.Score = 100 * float64(m.Killed) / float64(m.Tried-m.Excused)
	}
}
