package engine

import (
	"context"
	"runtime"
	"time"

	"github.com/open-policy-agent/opa/v1/storage"

	"greenchannel/server/decision"
	"greenchannel/server/store"
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

// AsWritten says whether a decision of the executor is taken as it was written, without being read.
func (e *Engine) AsWritten(ctx context.Context, g *Generation, app decision.Application, at time.Time) (written bool, err error) {
	err = g.reading(ctx, store.AsOf(nil, at), func(txn storage.Transaction) error {
		answer, err := g.decision.executor.answer(ctx, txn, about{body: app.Shared(), at: at})
		if err == nil {
			_, written = g.asWritten(answer, app, at)
		}
		return err
	})
	return written, err
}

// Places is how many decisions are evaluated at once.
func Places() int { return placesOfEach * runtime.GOMAXPROCS(0) }
