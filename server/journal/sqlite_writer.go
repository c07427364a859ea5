package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
)

// sqliteWriter is the one connection that writes. After any failure it knows nothing any more and reads the end of the
// journal from the file again, so that nothing is ever built on what did not reach the disk.
type sqliteWriter struct {
	path string

	mu    sync.Mutex // held by a batch from begin to its end
	db    *sql.DB
	conn  *sql.Conn
	stmts sqliteStmts
	end   *head // as the file has it; nil when that has to be read
	ended bool  // the journal is closed; another process may have the file already
}

type sqliteStmts struct{ insert, advance, keep, key, page, bundle *sql.Stmt }

// ready opens the connection if there is none. The caller holds the lock.
func (w *sqliteWriter) ready(ctx context.Context) error {
	if w.ended {
		return ErrClosed
	}
	if w.conn != nil {
		return nil
	}
	db, err := sql.Open("sqlite", sqliteURI(w.path, writing()...))
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	w.db = db
	if w.conn, err = db.Conn(ctx); err != nil {
		w.drop()
		return err
	}
	for _, s := range []statement{
		{&w.stmts.insert, "INSERT INTO journal_records (" + columns + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"},
		{&w.stmts.advance, "UPDATE journal_head SET size = ?, at = ?, edge = ?, note = ?"},
		{&w.stmts.keep, "INSERT INTO journal_checkpoints (size, note) VALUES (?, ?)"},
		{&w.stmts.key, "SELECT " + columns + " FROM journal_records WHERE caller = ? AND idempotency_key = ? AND idempotency_key <> ''"},
		{&w.stmts.page, "SELECT " + columns + " FROM journal_records WHERE seq > ? ORDER BY seq LIMIT ?"},
		{&w.stmts.bundle, "SELECT EXISTS (SELECT 1 FROM journal_bundles WHERE digest = ?)"},
	} {
		if err := s.prepare(ctx, w.conn); err != nil {
			w.drop()
			return err
		}
	}
	return nil
}

// drop gives the connection up. What it had not committed is gone.
func (w *sqliteWriter) drop() {
	w.end = nil
	for _, stmt := range []*sql.Stmt{w.stmts.insert, w.stmts.advance, w.stmts.keep, w.stmts.key, w.stmts.page, w.stmts.bundle} {
		if stmt != nil {
			_ = stmt.Close() // of a connection that failed already
		}
	}
	w.stmts = sqliteStmts{}
	if w.conn != nil {
		_ = w.conn.Close()
	}
	if w.db != nil {
		_ = w.db.Close()
	}
	w.conn, w.db = nil, nil
}

func (w *sqliteWriter) close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	if w.conn == nil {
		return nil
	}
	_, err := w.conn.ExecContext(context.Background(), "PRAGMA wal_checkpoint(TRUNCATE)")
	w.drop()
	return err
}

func (w *sqliteWriter) exec(ctx context.Context, text string, args ...any) error {
	_, err := w.conn.ExecContext(ctx, text, args...)
	return err
}

// once runs one statement in a transaction of its own.
func (w *sqliteWriter) once(ctx context.Context, text string, args ...any) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.ready(ctx); err != nil {
		return err
	}
	return w.exec(ctx, text, args...)
}

func (w *sqliteWriter) found(ctx context.Context, origin, verifier string, empty head) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.ready(ctx); err != nil {
		return err
	}
	err := w.exec(ctx, "BEGIN IMMEDIATE")
	if err == nil {
		err = w.exec(ctx, "INSERT INTO journal_origin (one, origin) VALUES (1, ?)", origin)
	}
	if err == nil {
		err = w.exec(ctx, "INSERT INTO journal_signers (verifier, since) VALUES (?, ?)", verifier, empty.lastAt)
	}
	if err == nil {
		err = w.exec(ctx, "INSERT INTO journal_head (one, size, at, edge, note) VALUES (1, 0, ?, x'', ?)", empty.lastAt, string(empty.note))
	}
	if err == nil {
		err = w.exec(ctx, "COMMIT")
	}
	if err != nil {
		w.drop()
	}
	return err
}

// begin takes no heed of ctx, nor do the steps of a batch: a disk of this machine has no time limit, and watching a
// context costs SQLite's driver a goroutine for each statement.
func (l *sqliteLedger) begin(context.Context, []*draft) (batch, error) {
	w := &l.writer
	w.mu.Lock()
	err := w.begin(context.Background())
	if err != nil {
		w.drop()
		w.mu.Unlock()
		return nil, err
	}
	return &sqliteBatch{w: w, folding: l.folding, bundles: map[string]bool{}}, nil
}

func (w *sqliteWriter) begin(ctx context.Context) error {
	if err := w.ready(ctx); err != nil {
		return err
	}
	if err := w.exec(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	if w.end == nil {
		end, err := scanHead(w.conn.QueryRowContext(ctx, sqliteHead).Scan)
		if err != nil {
			return err
		}
		w.end = &end
	}
	return nil
}

// sqliteBatch is one transaction on the writing connection.
type sqliteBatch struct {
	w       *sqliteWriter
	folding *folding
	bundles map[string]bool // whether they are kept, as far as that was asked
	written int             // bytes of its records
	// failed says that the file may not be as the writer believes.
	failed bool
}

func (b *sqliteBatch) head() head { return *b.w.end }

func (b *sqliteBatch) page(_ context.Context, after uint64, limit int) ([]row, error) {
	return sqlitePage(context.Background(), b.w.stmts.page, after, limit)
}

func (b *sqliteBatch) byKey(_ context.Context, caller, key string) (row, error) {
	return sqliteOne(b.w.stmts.key.QueryRowContext(context.Background(), caller, key))
}

func (b *sqliteBatch) put(_ context.Context, r *row) error {
	ctx := context.Background()
	done, err := b.w.stmts.insert.ExecContext(ctx, r.values()...)
	if err != nil {
		b.failed = true
		return err
	}
	added, err := done.RowsAffected()
	if err != nil || added == 1 {
		b.written += weight(&r.Record)
		return err
	}
	var there int
	err = b.w.conn.QueryRowContext(ctx, "SELECT count(*) FROM journal_records WHERE seq = ?", int64(r.Seq)).Scan(&there)
	if err != nil || there > 0 {
		b.failed = true
		return errors.Join(err, &Damage{Seq: r.Seq, Field: "seq", Offset: -1, Detail: fmt.Sprintf("a record stands past the end of %d", r.Seq-1)})
	}
	return errTaken
}

func (b *sqliteBatch) commit(_ context.Context, end head, keep bool) error {
	ctx := context.Background()
	_, err := b.w.stmts.advance.ExecContext(ctx, int64(end.edge.size), end.lastAt, end.edge.bytes(), string(end.note))
	if err == nil && keep {
		_, err = b.w.stmts.keep.ExecContext(ctx, int64(end.edge.size), string(end.note))
	}
	if err == nil {
		if err = b.w.exec(ctx, "COMMIT"); isUnsynced(err) {
			err = errors.Join(ErrUncertain, err)
		}
	}
	if err != nil {
		b.failed = true
		b.rollback()
		return err
	}
	b.w.end = &end
	b.w.mu.Unlock()
	b.folding.wrote(b.written)
	return nil
}

func (b *sqliteBatch) rollback() {
	// Where SQLite has rolled back by itself there is nothing left to roll back, which is an error as well; either way the
	// connection starts anew after a failure.
	err := b.w.exec(context.Background(), "ROLLBACK")
	if err != nil || b.failed {
		b.w.drop()
	}
	b.w.mu.Unlock()
}
