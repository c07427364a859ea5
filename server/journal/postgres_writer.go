package journal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// postgresWriter is the one connection of this node that writes.
type postgresWriter struct {
	connect func(context.Context) (*pgx.Conn, error)

	mu   sync.Mutex // held by a batch from begin to its end
	conn *pgx.Conn
}

// drop gives the connection up; the server rolls back what it had not committed.
func (w *postgresWriter) drop() {
	if w.conn == nil {
		return
	}
	closing, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = w.conn.Close(closing) // of a connection that failed already
	w.conn = nil
}

func (w *postgresWriter) close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.drop()
	return nil
}

func (l *postgresLedger) begin(ctx context.Context, group []*draft) (batch, error) {
	w := &l.writer
	w.mu.Lock()
	reused := w.conn != nil
	b, err := w.begin(ctx, group)
	if err != nil && reused && w.conn.IsClosed() {
		// The server was restarted since the last time. Nothing was written yet, so a new connection may try again.
		w.drop()
		b, err = w.begin(ctx, group)
	}
	if err != nil {
		w.drop()
		w.mu.Unlock()
		return nil, err
	}
	return b, nil
}

// begin locks the end and asks which ids and keys are taken and which bundles are kept, in one round trip.
func (w *postgresWriter) begin(ctx context.Context, group []*draft) (*postgresBatch, error) {
	if w.conn == nil {
		conn, err := w.connect(ctx)
		if err != nil {
			return nil, err
		}
		w.conn = conn
	}
	b := &postgresBatch{w: w, ids: map[string]bool{}, keys: map[claim]bool{}, bundles: map[string]bool{}}
	var ids, callers, keys, bundles []string
	for _, d := range group {
		ids = append(ids, d.record.ID)
		if digest := d.record.Bundle; digest != "" && !slices.Contains(bundles, digest) {
			bundles = append(bundles, digest)
		}
		if d.record.IdempotencyKey != "" {
			callers, keys = append(callers, d.record.Caller), append(keys, d.record.IdempotencyKey)
		}
	}
	var steps pgx.Batch
	steps.Queue("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
	steps.Queue(postgresHead + " FOR UPDATE").QueryRow(func(found pgx.Row) (err error) {
		b.end, err = scanHead(found.Scan)
		return err
	})
	var id, caller, key, digest string
	steps.Queue("SELECT id FROM journal_records WHERE id = ANY($1)", ids).Query(func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, []any{&id}, func() error { b.ids[id] = true; return nil })
		return err
	})
	if len(bundles) > 0 {
		steps.Queue("SELECT digest FROM journal_bundles WHERE digest = ANY($1)", bundles).Query(func(rows pgx.Rows) error {
			_, err := pgx.ForEachRow(rows, []any{&digest}, func() error { b.bundles[digest] = true; return nil })
			return err
		})
	}
	if len(keys) > 0 {
		const taken = `SELECT r.caller, r.idempotency_key FROM unnest($1::text[], $2::text[]) AS k (caller, idempotency_key)
			JOIN journal_records r ON r.caller = k.caller AND r.idempotency_key = k.idempotency_key AND r.idempotency_key <> ''`
		steps.Queue(taken, callers, keys).Query(func(rows pgx.Rows) error {
			_, err := pgx.ForEachRow(rows, []any{&caller, &key}, func() error { b.keys[claim{caller, key}] = true; return nil })
			return err
		})
	}
	return b, w.conn.SendBatch(ctx, &steps).Close()
}

// postgresBatch is one transaction on the writing connection. Rows wait until the commit, so that a group takes two round
// trips in all.
type postgresBatch struct {
	w    *postgresWriter
	end  head
	ids  map[string]bool // those that are taken, as far as the group asks for them
	keys map[claim]bool
	// bundles are those of the group that are kept.
	bundles map[string]bool
	rows    []*row
}

func (b *postgresBatch) head() head { return b.end }

func (b *postgresBatch) page(ctx context.Context, after uint64, limit int) ([]row, error) {
	rows, err := b.w.conn.Query(ctx, postgresPage, int64(after), limit)
	return postgresRows(after, rows, err)
}

func (b *postgresBatch) byKey(ctx context.Context, caller, key string) (row, error) {
	for _, r := range b.rows {
		if r.Caller == caller && r.IdempotencyKey == key {
			return *r, nil
		}
	}
	return postgresOne(b.w.conn.QueryRow(ctx, postgresByKey, caller, key))
}

func (b *postgresBatch) put(_ context.Context, r *row) error {
	name := claim{r.Caller, r.IdempotencyKey}
	if b.ids[r.ID] || r.IdempotencyKey != "" && b.keys[name] {
		return errTaken
	}
	b.ids[r.ID], b.keys[name] = true, true
	b.rows = append(b.rows, r)
	return nil
}

const postgresInsert = "INSERT INTO journal_records (" + columns + ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)"

func (b *postgresBatch) commit(ctx context.Context, end head, keep bool) error {
	var steps pgx.Batch
	for _, r := range b.rows {
		steps.Queue(postgresInsert, r.values()...)
	}
	size := int64(end.edge.size)
	steps.Queue("UPDATE journal_head SET size = $1, at = $2, edge = $3, note = $4 WHERE one = 1", size, end.lastAt, end.edge.bytes(), string(end.note))
	if keep {
		steps.Queue("INSERT INTO journal_checkpoints (size, note) VALUES ($1, $2)", size, string(end.note))
	}
	steps.Queue("SELECT pg_notify('journal_grown', $1)", fmt.Sprint(size))
	done := ""
	steps.Queue("COMMIT").Exec(func(tag pgconn.CommandTag) error {
		done = tag.String()
		return nil
	})
	err := b.w.conn.SendBatch(ctx, &steps).Close()
	switch refused, told := errors.AsType[*pgconn.PgError](err); {
	case done == "COMMIT": // it is durable, whatever happened to the connection after that
		if err != nil {
			b.w.drop()
		}
		b.w.mu.Unlock()
		return nil
	case err == nil:
		err = fmt.Errorf("the server answered the commit with %q", done)
	case told && refused.Severity == "ERROR", pgconn.SafeToRetry(err):
	default:
		err = b.learn(err)
	}
	if err == nil {
		b.w.mu.Unlock()
		return nil
	}
	b.rollback()
	return err
}

// learn finds out what became of a commit whose answer was lost. The old session holds the end until it has committed or
// is gone, so whoever holds it next knows.
func (b *postgresBatch) learn(lost error) error {
	b.w.drop()
	ctx, cancel := context.WithTimeout(context.Background(), postgresPatience)
	defer cancel()
	for {
		committed, err := b.committed(ctx)
		switch {
		case err == nil && committed:
			return nil
		case err == nil:
			return lost
		case !sleep(ctx, 100*time.Millisecond):
			return errors.Join(ErrUncertain, lost, err)
		}
		b.w.drop()
	}
}

func (b *postgresBatch) committed(ctx context.Context) (bool, error) {
	if _, err := b.w.begin(ctx, nil); err != nil {
		return false, err
	}
	last := b.rows[len(b.rows)-1]
	var found bool
	err := b.w.conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM journal_records WHERE seq = $1 AND id = $2)", int64(last.Seq), last.ID).Scan(&found)
	if err != nil {
		return false, err
	}
	_, err = b.w.conn.Exec(ctx, "ROLLBACK")
	return found, err
}

func (b *postgresBatch) rollback() {
	if b.w.conn != nil {
		ctx, cancel := context.WithTimeout(context.Background(), postgresDial)
		if _, err := b.w.conn.Exec(ctx, "ROLLBACK"); err != nil {
			b.w.drop()
		}
		cancel()
	}
	b.w.mu.Unlock()
}

// postgresHolder is the one connection whose session holds the idempotency keys in flight on this node, as advisory locks
// that the server releases when the node is gone. That no key is recorded twice is not left to it: an index sees to that.
type postgresHolder struct {
	connect func(context.Context) (*pgx.Conn, error)

	mu   sync.Mutex
	conn *pgx.Conn
}

func (h *postgresHolder) close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.conn != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = h.conn.Close(ctx) // whatever it held is free when it is gone
		h.conn = nil
	}
	return nil
}

// hold does not end with the caller's ctx: an interrupted statement would close the session, and with it every other hold.
func (l *postgresLedger) hold(ctx context.Context, origin, caller, key string) (release func(), held bool, err error) {
	h := &l.holder
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), postgresDial)
	defer cancel()
	h.mu.Lock()
	defer h.mu.Unlock()
	lock := holdNumber(origin, caller, key)
	err = h.ask(ctx, "SELECT pg_try_advisory_lock($1)", lock, &held)
	if err != nil || !held {
		return nil, false, err
	}
	session := h.conn
	return func() { h.release(session, lock) }, true, nil
}

// ask runs a statement, on a new connection where the old one is gone.
func (h *postgresHolder) ask(ctx context.Context, text string, lock int64, answer *bool) (err error) {
	if h.conn != nil {
		if err = h.conn.QueryRow(ctx, text, lock).Scan(answer); err == nil || !h.conn.IsClosed() {
			return err
		}
	}
	if h.conn, err = h.connect(ctx); err != nil {
		h.conn = nil
		return err
	}
	return h.conn.QueryRow(ctx, text, lock).Scan(answer)
}

func (h *postgresHolder) release(session *pgx.Conn, lock int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.conn != session {
		return // it went with its session
	}
	ctx, cancel := context.WithTimeout(context.Background(), postgresDial)
	defer cancel()
	var released bool
	if err := h.conn.QueryRow(ctx, "SELECT pg_advisory_unlock($1)", lock).Scan(&released); err != nil {
		_ = h.conn.Close(ctx) // so that the server releases it
		h.conn = nil
	}
}
