package engine

import (
	"context"

	"github.com/open-policy-agent/opa/v1/storage"
)

// Corrupt makes the executor of decisions answer with what change makes of its answer.
func (g *Generation) Corrupt(change func(answer []byte, err error) ([]byte, error)) {
	g.decision.executor = corrupted{g.decision.executor, change}
}

type corrupted struct {
	evaluator
	change func([]byte, error) ([]byte, error)
}

func (c corrupted) answer(ctx context.Context, txn storage.Transaction, about about) ([]byte, error) {
	return c.change(c.evaluator.answer(ctx, txn, about))
}
