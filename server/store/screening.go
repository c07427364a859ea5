package store

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"

	"greenchannel/server/screening"
)

// Screening is the computed table data.screening.matches[name]: the near matches of a name among the listed parties, as
// an array, empty when there are none. A name that cannot be screened has no row, which policies take for "not run".
func Screening() Computed {
	return Computed{
		Path: storage.Path{"screening", "matches"},
		Answer: func(v *View, name string) (ast.Value, error) {
			row, err := v.names()
			if err != nil {
				return nil, err
			}
			return row.found.of(name, func() (ast.Value, error) {
				matches, screened, err := v.Matches(name)
				if err != nil || !screened {
					return nil, err
				}
				return matchesValue(matches), nil
			})
		},
	}
}

// found keeps the rows of names that were screened against one state of the lists. Exporters and their customers come again
// and again; the rows are shared and nobody changes them.
type found struct {
	mu   sync.RWMutex
	rows map[string]ast.Value // nil: the name cannot be screened
}

const (
	mostFound    = 4096
	longestFound = 1024 // bytes of a name that is kept
)

func (f *found) of(name string, find func() (ast.Value, error)) (ast.Value, error) {
	f.mu.RLock()
	row, kept := f.rows[name]
	f.mu.RUnlock()
	if kept {
		return row, nil
	}
	row, err := find()
	if err != nil || len(name) > longestFound {
		return row, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.rows == nil || len(f.rows) >= mostFound { // those that come again are soon there again
		f.rows = map[string]ast.Value{}
	}
	f.rows[strings.Clone(name)] = row // the name may be a part of a whole application
	return row, nil
}

// Matches screens a name against the listed parties. It says false where that is not possible: the name has no letter
// or digit, or the parties, the folding table or the screening settings are not in the data.
func (v *Snapshot) Matches(name string) (matches []screening.Match, screened bool, err error) {
	row, err := v.names()
	if err != nil {
		return nil, false, err
	}
	if row.index == nil || row.folder.Key(name) == "" {
		return nil, false, nil
	}
	return row.index.Match(name), true, nil
}

func (v *Snapshot) names() (*names, error) {
	found, err := v.rows.First(tableNames, indexID)
	if err != nil {
		return nil, fmt.Errorf("read how names are folded: %w", err)
	}
	row, ok := found.(*names)
	if !ok {
		return nil, errors.New("read how names are folded: the store was never filled")
	}
	return row, nil
}

func matchesValue(matches []screening.Match) ast.Value {
	terms := make([]*ast.Term, len(matches))
	for i, m := range matches {
		terms[i] = ast.ObjectTerm(
			ast.Item(ast.InternedTerm("row"), ast.StringTerm(m.Row)),
			ast.Item(ast.InternedTerm("name"), ast.StringTerm(m.Name)),
			ast.Item(ast.InternedTerm("list"), ast.StringTerm(m.List)),
			ast.Item(ast.InternedTerm("score"), ast.FloatNumberTerm(m.Score)),
			ast.Item(ast.InternedTerm("band"), ast.StringTerm(string(m.Band))),
		)
	}
	return ast.NewArray(terms...)
}

// decodeFolding reads the table that folds names; an absent one folds only what needs no table.
func decodeFolding(document ast.Value) (screening.Folding, error) {
	f := &fields{path: foldingTable[:2], key: foldingTable[2], object: ast.NewObject()}
	if document != nil {
		f.of(document)
	}
	return screening.Folding{
		Characters: f.pairs("characters"), LegalForms: f.pairs("legal_forms"),
		LegalPhrases: f.pairs("legal_phrases"), SmallWords: f.pairs("small_words"),
	}, errors.Join(f.faults...)
}

// decodeScreening reads the settings of the screening; absent ones are zero and not asked for.
func decodeScreening(document ast.Value) (screening.Settings, error) {
	if document == nil {
		return screening.Settings{}, nil
	}
	f := &fields{path: screeningSettings[:2], key: screeningSettings[2]}
	f.of(document)
	settings := screening.Settings{Hit: f.number("hit"), Review: f.number("review"), Forms: f.texts("forms")}
	if len(f.faults) > 0 {
		return settings, errors.Join(f.faults...)
	}
	if err := settings.Check(); err != nil {
		return settings, fmt.Errorf("%s: %w", screeningSettings, err)
	}
	return settings, nil
}
