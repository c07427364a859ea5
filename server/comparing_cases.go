package server

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"greenchannel/server/casefile"
	"greenchannel/server/decision"
	"greenchannel/server/impact"
	"greenchannel/server/problem"
)

// caseMatter is the decisions that a folder of cases asks for: each case as of each of its days.
func caseMatter(asked Comparison, elements []string) (matter, error) {
	cases, err := casefile.Load(asked.Cases)
	if err != nil {
		return matter{}, problem.Wrap(err, problem.Invalid, fmt.Sprintf("The cases of %s cannot be read: %v", asked.CasesName, err))
	}
	m := matter{source: "the cases of " + asked.CasesName}
	for _, c := range cases {
		if !asked.Old.AsOf.IsZero() && !asked.New.AsOf.IsZero() {
			c.Days = c.Days[:min(len(c.Days), 1)] // its own days do not count, so it is one application
		}
		m.total += uint64(len(c.Days))
	}
	if m.total == 0 {
		return matter{}, problem.New(problem.Invalid, fmt.Sprintf("%s holds no cases; a case file is a list of cases and ends in .yaml.", asked.CasesName))
	}
	m.applications = func(yield func(*submitted, error) bool) {
		for _, c := range cases {
			body, err := c.Body(asked.Cases)
			if err != nil {
				yield(nil, fmt.Errorf("%s: %w", c.Place, err))
				return
			}
			for _, day := range c.Days {
				app, err := caseSubmission(c, day, body, elements)
				if !yield(app, err) || err != nil {
					return
				}
			}
		}
	}
	return m, nil
}

func caseSubmission(c *casefile.Case, day casefile.Day, body []byte, elements []string) (*submitted, error) {
	at, err := decision.ParseAsOf(day.AsOf)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Place, err)
	}
	app := &submitted{Subject: impact.Subject{Case: c.Name, Place: c.Place, ApplicationID: idOf(body)}, body: body, at: at}
	if c.Tables.Given {
		app.rows = func(at time.Time) ([]byte, error) { return rowsOf(c.Tables, body, at, elements) }
	}
	return app, nil
}

// row is a row as a record has it; without a value it is known that there was none.
type row struct {
	Path  []string       `json:"path"`
	Value jsontext.Value `json:"value,omitzero"`
}

// rowsOf writes what a case says of the tables as a record would have it: every row that the application can ask for, as it
// is given, or as not there where its table was not run.
func rowsOf(tables casefile.Tables, body []byte, at time.Time, elements []string) ([]byte, error) {
	given, err := tables.Rows(body, at, elements)
	if err != nil {
		return nil, err
	}
	askable, err := casefile.Tables{}.Rows(body, at, elements) // nothing is found, and every table was run
	if err != nil {
		return nil, err
	}
	rows := []row{}
	for _, part := range slices.Sorted(maps.Keys(askable)) {
		tables := askable[part].(map[string]any)
		for _, table := range slices.Sorted(maps.Keys(tables)) {
			for _, key := range slices.Sorted(maps.Keys(tables[table].(map[string]any))) {
				one := row{Path: []string{part, table, key}}
				if value, there := rowAt(given, one.Path); there {
					if one.Value, err = json.Marshal(value, json.Deterministic(true)); err != nil {
						return nil, err
					}
				}
				rows = append(rows, one)
			}
		}
	}
	return json.Marshal(rows)
}

func rowAt(tree map[string]any, path []string) (any, bool) {
	below, there := tree[path[0]]
	for _, step := range path[1:] {
		if there {
			below, there = below.(map[string]any)[step]
		}
	}
	return below, there
}

// idOf is what an application calls itself, for reports; empty where it cannot be read.
func idOf(body []byte) string {
	var application struct {
		ID string `json:"id"`
	}
	_ = json.Unmarshal(body, &application) // whoever decides it tells what is wrong
	return application.ID
}
