package journal

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
)

func (l *postgresLedger) keepBundle(ctx context.Context, b storedBundle) error {
	const insert = "INSERT INTO journal_bundles (" + bundleColumns + ") VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (digest) DO NOTHING"
	_, err := l.pool.Exec(ctx, insert, b.values()...)
	return err
}

func (l *postgresLedger) bundle(ctx context.Context, digest string) (storedBundle, error) {
	b, err := scanBundle(l.pool.QueryRow(ctx, "SELECT "+bundleColumns+" FROM journal_bundles WHERE digest = $1", digest).Scan)
	if errors.Is(err, pgx.ErrNoRows) {
		return storedBundle{}, errNone
	}
	return b, err
}

func (l *postgresLedger) bundles(ctx context.Context) ([]BundleUse, error) {
	rows, err := l.pool.Query(ctx, bundleUses)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (BundleUse, error) { return scanUse(row.Scan) })
}

func (l *postgresLedger) activations(ctx context.Context, before uint64, limit int) ([]row, error) {
	rows, err := l.pool.Query(ctx, activationsBefore("$1", "$2"), int64(before), limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(found pgx.CollectableRow) (row, error) { return scanRow(found.Scan) })
}

func (l *postgresLedger) pruneBundles(ctx context.Context, keep []string) ([]string, error) {
	return l.prune(ctx, `DELETE FROM journal_bundles b WHERE NOT digest = ANY($1)
		AND NOT EXISTS (SELECT FROM journal_records r WHERE r.bundle = b.digest) RETURNING digest`, keep)
}

func (l *postgresLedger) dropBundles(ctx context.Context, digests []string) ([]string, error) {
	return l.prune(ctx, `DELETE FROM journal_bundles b WHERE digest = ANY($1)
		AND NOT EXISTS (SELECT FROM journal_records r WHERE r.bundle = b.digest) RETURNING digest`, digests)
}

// prune removes bundles by a statement that takes a list of digests. It locks the end of the journal first, so that no node can
// record what it decided with one of them meanwhile.
func (l *postgresLedger) prune(ctx context.Context, statement string, digests []string) (removed []string, err error) {
	err = pgx.BeginFunc(ctx, l.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, postgresHead+" FOR UPDATE"); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, statement, digests)
		if err == nil {
			removed, err = pgx.CollectRows(rows, pgx.RowTo[string])
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return removed, nil
}

// keeps answers what the batch has asked for when it began.
func (b *postgresBatch) keeps(_ context.Context, digest string) (bool, error) {
	return b.bundles[digest], nil
}
