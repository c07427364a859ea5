package engine

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"

	"greenchannel/server/decision"
	"greenchannel/server/problem"
)

// Controls answers with the entries of the control list that a filter asks for, each with its status as of an instant.
// The store chooses the entries; the very rules that decide applications say their status.
func (e *Engine) Controls(ctx context.Context, at time.Time, filter decision.ControlFilter) (decision.ControlList, error) {
	g, err := e.generation()
	if err != nil {
		return decision.ControlList{}, err
	}
	list := decision.ControlList{AsOf: decision.Instant(at), Policy: g.policy, Controls: []jsontext.Value{}}
	err = e.limited(ctx, func(ctx context.Context) error {
		return g.reading(ctx, nil, func(txn storage.Transaction) error {
			snapshot, err := g.store.SnapshotOf(txn)
			if err != nil {
				return err
			}
			keys, near, err := keysOf(snapshot, filter)
			if err != nil {
				return err
			}
			list.Near = near
			rows, err := e.listed(ctx, g, txn, g.controls, keys, at)
			if err != nil {
				return err
			}
			list.Controls, err = withStatus(rows, keys, filter.Status)
			return err
		})
	})
	if err != nil {
		return decision.ControlList{}, err
	}
	list.Count = len(list.Controls)
	return list, nil
}

// Control answers with one entry of the control list as of an instant. An unknown code is an error of kind NotFound that
// names what is near.
func (e *Engine) Control(ctx context.Context, at time.Time, code string) (decision.Control, error) {
	g, err := e.generation()
	if err != nil {
		return decision.Control{}, err
	}
	control := decision.Control{AsOf: decision.Instant(at), Policy: g.policy}
	err = e.limited(ctx, func(ctx context.Context) error {
		return g.reading(ctx, nil, func(txn storage.Transaction) error {
			snapshot, err := g.store.SnapshotOf(txn)
			if err != nil {
				return err
			}
			found, near, err := known(snapshot, code)
			if err != nil {
				return err
			}
			if !found {
				return unknownCode(code, near)
			}
			rows, err := e.listed(ctx, g, txn, g.controls, []string{code}, at)
			if err != nil {
				return err
			}
			control.Control = rows[code]
			return nil
		})
	})
	if err != nil {
		return decision.Control{}, err
	}
	return control, nil
}

// listed asks the policies for rows of a list by their keys. A key that they leave out is an error: a list with a silent
// gap would read as "not controlled".
func (e *Engine) listed(ctx context.Context, g *Generation, txn storage.Transaction, list inquiry, keys []string, at time.Time) (map[string]jsontext.Value, error) {
	wanted := make([]*ast.Term, 0, len(keys))
	for _, key := range keys {
		wanted = append(wanted, ast.StringTerm(key))
	}
	input := ast.NewObject(ast.Item(ast.StringTerm("keys"), ast.ArrayTerm(wanted...)))
	answer, _, err := e.ask(ctx, g, list, txn, about{value: input, at: at}, forgetNothing)
	if err != nil {
		return nil, unlisted(err)
	}
	rows := map[string]jsontext.Value{}
	if err := json.Unmarshal(answer, &rows); err != nil {
		return nil, unlisted(err)
	}
	for _, key := range keys {
		if rows[key].Kind() != jsontext.KindBeginObject {
			return nil, unlisted(fmt.Errorf("the policies give no status to the row %s", key))
		}
	}
	return rows, nil
}

func unlisted(cause error) error {
	return problem.Wrap(cause, problem.Undecided,
		"The policies gave no status to a row of a list, so no list is given. The operator finds the reason in the log.")
}

// withStatus writes the rows in the order of keys, those only that have the wanted status if one is wanted.
func withStatus(rows map[string]jsontext.Value, keys []string, wanted string) ([]jsontext.Value, error) {
	written := make([]jsontext.Value, 0, len(keys))
	for _, key := range keys {
		var row struct {
			Status any `json:"status"`
		}
		if err := json.Unmarshal(rows[key], &row); err != nil {
			return nil, unlisted(err)
		}
		if wanted == "" || row.Status == wanted {
			written = append(written, rows[key])
		}
	}
	return written, nil
}

func unknownCode(code string, near []string) error {
	detail := fmt.Sprintf("The control list has no entry %.100q.", code)
	if len(near) > 0 {
		detail += " Near: " + strings.Join(near, ", ") + "."
	}
	return problem.New(problem.NotFound, detail)
}
