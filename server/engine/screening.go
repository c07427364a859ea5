package engine

import (
	"context"
	"time"

	"github.com/open-policy-agent/opa/v1/storage"

	"greenchannel/server/decision"
)

// Screen searches the party lists for names near to one, and gives each with its status as of an instant. The store finds
// them; the very rules that decide applications say their status.
func (e *Engine) Screen(ctx context.Context, name string, at time.Time) (decision.Screening, error) {
	g, err := e.generation()
	if err != nil {
		return decision.Screening{}, err
	}
	found := decision.Screening{Name: name, AsOf: decision.Instant(at), Policy: g.policy}
	err = e.limited(ctx, func(ctx context.Context) error {
		return g.reading(ctx, nil, func(txn storage.Transaction) error {
			found.Matches, found.Screened, err = e.matches(ctx, g, txn, name, at)
			return err
		})
	})
	if err != nil {
		return decision.Screening{}, err
	}
	return found, nil
}

func (e *Engine) matches(ctx context.Context, g *Generation, txn storage.Transaction, name string, at time.Time) (found []decision.Match, screened bool, err error) {
	snapshot, err := g.store.SnapshotOf(txn)
	if err != nil {
		return nil, false, err
	}
	near, screened, err := snapshot.Matches(name)
	if err != nil {
		return nil, false, err
	}
	ids := make([]string, 0, len(near))
	for _, match := range near {
		ids = append(ids, match.Row)
	}
	rows, err := e.listed(ctx, g, txn, g.parties, ids, at)
	if err != nil {
		return nil, false, err
	}
	found = make([]decision.Match, 0, len(near))
	for _, match := range near {
		found = append(found, decision.Match{Name: match.Name, Score: match.Score, Band: string(match.Band), Party: rows[match.Row]})
	}
	return found, screened, nil
}
