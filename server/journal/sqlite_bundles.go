package journal

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
)

func (l *sqliteLedger) keepBundle(ctx context.Context, b storedBundle) error {
	return l.writer.once(ctx, "INSERT INTO journal_bundles ("+bundleColumns+") VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (digest) DO NOTHING", b.values()...)
}

func (l *sqliteLedger) bundle(ctx context.Context, digest string) (storedBundle, error) {
	b, err := scanBundle(l.reader.QueryRowContext(ctx, "SELECT "+bundleColumns+" FROM journal_bundles WHERE digest = ?", digest).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return storedBundle{}, errNone
	}
	return b, asDamage(0, err)
}

func (l *sqliteLedger) bundles(ctx context.Context) (kept []BundleUse, err error) {
	rows, err := l.reader.QueryContext(ctx, bundleUses)
	if err != nil {
		return nil, asDamage(0, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		use, err := scanUse(rows.Scan)
		if err != nil {
			return nil, scanDamage(0, err)
		}
		kept = append(kept, use)
	}
	return kept, asDamage(0, rows.Err())
}

func (l *sqliteLedger) activations(ctx context.Context, before uint64, limit int) (found []row, err error) {
	rows, err := l.reader.QueryContext(ctx, activationsBefore("?", "?"), int64(before), limit)
	if err != nil {
		return nil, asDamage(0, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		r, err := scanRow(rows.Scan)
		if err != nil {
			return nil, scanDamage(0, err)
		}
		found = append(found, r)
	}
	return found, asDamage(0, rows.Err())
}

func (l *sqliteLedger) pruneBundles(ctx context.Context, keep []string) ([]string, error) {
	return l.writer.prune(ctx, `DELETE FROM journal_bundles WHERE digest NOT IN (SELECT value FROM json_each(?))
		AND NOT EXISTS (SELECT 1 FROM journal_records WHERE bundle = journal_bundles.digest) RETURNING digest`, keep)
}

func (l *sqliteLedger) dropBundles(ctx context.Context, digests []string) ([]string, error) {
	return l.writer.prune(ctx, `DELETE FROM journal_bundles WHERE digest IN (SELECT value FROM json_each(?))
		AND NOT EXISTS (SELECT 1 FROM journal_records WHERE bundle = journal_bundles.digest) RETURNING digest`, digests)
}

// prune removes bundles by a statement that takes a list of digests. It is one transaction, on the connection that writes
// records: none can be added meanwhile.
func (w *sqliteWriter) prune(ctx context.Context, statement string, digests []string) (removed []string, err error) {
	list, err := json.Marshal(digests)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.ready(ctx); err != nil {
		return nil, err
	}
	rows, err := w.conn.QueryContext(ctx, statement, string(list))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var digest string
		if err := rows.Scan(&digest); err != nil {
			return nil, err
		}
		removed = append(removed, digest)
	}
	return removed, rows.Err()
}

// keeps is asked once for each bundle of a batch.
func (b *sqliteBatch) keeps(_ context.Context, digest string) (kept bool, err error) {
	if kept, asked := b.bundles[digest]; asked {
		return kept, nil
	}
	if err := b.w.stmts.bundle.QueryRowContext(context.Background(), digest).Scan(&kept); err != nil {
		return false, err
	}
	b.bundles[digest] = kept
	return kept, nil
}
