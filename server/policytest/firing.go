package policytest

import (
	"cmp"
	"context"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Firing is a rule with the tests that saw it.
type Firing struct {
	ID       string   `json:"id" jsonschema:"custom.id of its annotations."`
	File     string   `json:"file" jsonschema:"File that it stands in."`
	Row      int      `json:"row" jsonschema:"Its line, from 1."`
	FiredBy  []string `json:"fired_by" jsonschema:"Tests and cases in which it gave something."`
	SilentIn []string `json:"silent_in" jsonschema:"Tests and cases in which it was asked and gave nothing."`
}

// FiredBy runs every test and case, and gives for each rule that has a custom.id the names of those that fire it, in order.
func (s *Suite) FiredBy(ctx context.Context) (map[string][]string, error) {
	b, err := s.bench(ctx)
	if err != nil {
		return nil, err
	}
	reached, _, err := b.survey(ctx)
	if err != nil {
		return nil, err
	}
	by := map[string][]string{}
	for _, rule := range s.firing(b, reached) {
		by[rule.ID] = append(by[rule.ID], rule.FiredBy...)
	}
	return by, nil
}

// firing pairs rules with the tests that saw them.
func (s *Suite) firing(b *bench, reached []reach) []Firing {
	var all []Firing
	for _, file := range s.files() {
		if isTest(file) {
			continue
		}
		for _, annotations := range s.modules[file].Annotations {
			id, ok := annotations.Custom["id"].(string)
			if !ok {
				continue
			}
			one := Firing{ID: id, File: file, Row: annotations.Loc().Row, FiredBy: []string{}, SilentIn: []string{}}
			heads := s.heads(file, annotations)
			for i, r := range reached {
				asked, fired := false, false
				for _, head := range heads {
					asked, fired = asked || r.entered[head], fired || r.fired[head]
				}
				switch {
				case fired:
					one.FiredBy = append(one.FiredBy, b.probes[i].name)
				case asked:
					one.SilentIn = append(one.SilentIn, b.probes[i].name)
				}
			}
			all = append(all, one)
		}
	}
	slices.SortFunc(all, func(a, b Firing) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.File, b.File), a.Row-b.Row)
	})
	return all
}

// heads are the rules that annotations speak of: the first one below them, or, in the scope of a document, all of its name.
func (s *Suite) heads(file string, annotations *ast.Annotations) []spot {
	var first *ast.Rule
	for _, rule := range s.modules[file].Rules {
		if rule.Location.Row > annotations.Loc().Row && (first == nil || rule.Location.Row < first.Location.Row) {
			first = rule
		}
	}
	if first == nil {
		return nil
	}
	var heads []spot
	for _, rule := range s.modules[file].Rules {
		if rule == first || annotations.Scope == "document" && rule.Ref().GroundPrefix().Equal(first.Ref().GroundPrefix()) {
			for r := rule; r != nil; r = r.Else {
				heads = append(heads, spotOf(r.Head.Location))
			}
		}
	}
	return heads
}

// unseen lists the rules that no test saw firing, and those that no test saw not firing.
func unseen(rules []Firing) (silent, restless []string) {
	for _, rule := range rules {
		if len(rule.FiredBy) == 0 {
			silent = append(silent, rule.ID)
		}
		if len(rule.SilentIn) == 0 {
			restless = append(restless, rule.ID)
		}
	}
	return silent, restless
}
