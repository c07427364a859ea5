package journal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

// How long PostgreSQL may take. A server that is gone is noticed after these, and a node that hangs inside a transaction
// loses it, so that it cannot keep the others from recording.
const (
	postgresPatience = 10 * time.Second // for the end to be free, and for an answer
	postgresIdle     = 5 * time.Second  // inside a transaction; shorter, so that those who wait outlast a node that hangs
	postgresDial     = 3 * time.Second
)

// postgresLedger keeps a journal in PostgreSQL, together with other nodes. Writers take turns at the one row of
// journal_head, which is locked from the moment the end is read until the commit.
type postgresLedger struct {
	place  string // host and database, for messages
	config *pgx.ConnConfig
	pool   *pgxpool.Pool
	writer postgresWriter
	holder postgresHolder
}

func openPostgres(ctx context.Context, url string, readOnly bool) (*postgresLedger, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, &Refusal{"PostgreSQL", "its URL cannot be read", "write postgres://user@host:port/database", err}
	}
	connection := config.ConnConfig
	place := fmt.Sprintf("postgres://%s:%d/%s", connection.Host, connection.Port, connection.Database)
	connection.ConnectTimeout = postgresDial
	for name, value := range map[string]string{
		"application_name":                    "greenchannel journal",
		"idle_in_transaction_session_timeout": milliseconds(postgresIdle),
		"lock_timeout":                        milliseconds(postgresPatience),
		"tcp_keepalives_idle":                 "10",
		"tcp_keepalives_interval":             "5",
		"tcp_keepalives_count":                "3",
		"client_encoding":                     "UTF8",
		// Every query here has its index. A plan made while the table was small must not scan it when it is large.
		"enable_seqscan": "off",
		"jit":            "off",
	} {
		if _, chosen := connection.RuntimeParams[name]; !chosen {
			connection.RuntimeParams[name] = value
		}
	}
	// An answer leaves only when the disk has the record, whatever the server's default; remote_apply promises more.
	if connection.RuntimeParams["synchronous_commit"] != "remote_apply" {
		connection.RuntimeParams["synchronous_commit"] = "on"
	}
	if readOnly {
		connection.RuntimeParams["default_transaction_read_only"] = "on"
	}
	config.MaxConns = max(config.MaxConns, 4)
	// A server that was started anew has closed them all; who reads shall not be the one to find out.
	config.ShouldPing = func(context.Context, pgxpool.ShouldPingParams) bool { return true }
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, &Refusal{place, "the database cannot be used", "look at the URL", err}
	}
	l := &postgresLedger{place: place, config: connection, pool: pool}
	l.writer.connect = l.connect
	l.holder.connect = l.connect
	if readOnly {
		return l, nil
	}
	if err := l.prepare(ctx); err != nil {
		return nil, errors.Join(err, l.close())
	}
	return l, nil
}

func milliseconds(d time.Duration) string { return fmt.Sprint(d.Milliseconds()) }

// prepare refuses a server that forgets, and brings the tables to the form that is known.
func (l *postgresLedger) prepare(ctx context.Context) error {
	var fsync, pages string
	err := l.pool.QueryRow(ctx, "SELECT current_setting('fsync'), current_setting('full_page_writes')").Scan(&fsync, &pages)
	if err != nil {
		return &Refusal{l.place, "the database cannot be reached", "start PostgreSQL, and let the service in", err}
	}
	if fsync != "on" || pages != "on" {
		return &Refusal{
			l.place, fmt.Sprintf("the server may forget what it has confirmed (fsync=%s, full_page_writes=%s)", fsync, pages),
			"set both to on; a record that a power cut removes is none", nil,
		}
	}
	db := stdlib.OpenDBFromPool(l.pool)
	err = errors.Join(migrate(ctx, goose.DialectPostgres, db), db.Close()) // the pool stays
	if newer, isNewer := errors.AsType[errNewer](err); isNewer {
		return &Refusal{l.place, newer.Error(), "start the newer program that has written it; a journal is not taken back to an older form", nil}
	}
	if err != nil {
		return &Refusal{
			l.place, "its tables cannot be brought to the form that is needed",
			"give the user CREATE on the schema, and keep tables of other programs named journal_… out of it", err,
		}
	}
	return nil
}

func (l *postgresLedger) connect(ctx context.Context) (*pgx.Conn, error) {
	return pgx.ConnectConfig(ctx, l.config)
}

func (l *postgresLedger) close() error {
	err := errors.Join(l.writer.close(), l.holder.close())
	l.pool.Close()
	return err
}

const postgresHead = "SELECT size, at, edge, note FROM journal_head WHERE one = 1"

func (l *postgresLedger) head(ctx context.Context) (head, error) {
	return scanHead(l.pool.QueryRow(ctx, postgresHead).Scan)
}

const postgresPage = "SELECT " + columns + " FROM journal_records WHERE seq > $1 ORDER BY seq LIMIT $2"

func (l *postgresLedger) page(ctx context.Context, after uint64, limit int) ([]row, error) {
	rows, err := l.pool.Query(ctx, postgresPage, int64(after), limit)
	return postgresRows(after, rows, err)
}

// postgresRows gathers rows, as many as a page may hold in memory. What was read before an error is given as well.
func postgresRows(after uint64, rows pgx.Rows, err error) ([]row, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var page []row
	for size := 0; size < pageBytes && rows.Next(); {
		r, err := scanRow(rows.Scan)
		if err != nil {
			return page, scanDamage(after+uint64(len(page))+1, err)
		}
		page = append(page, r)
		size += weight(&r.Record)
	}
	rows.Close() // what is left of a page that is full is not looked at
	return page, rows.Err()
}

func (l *postgresLedger) byID(ctx context.Context, id string) (row, error) {
	return postgresOne(l.pool.QueryRow(ctx, "SELECT "+columns+" FROM journal_records WHERE id = $1", id))
}

const postgresByKey = "SELECT " + columns + " FROM journal_records WHERE caller = $1 AND idempotency_key = $2 AND idempotency_key <> ''"

func (l *postgresLedger) byKey(ctx context.Context, caller, key string) (row, error) {
	return postgresOne(l.pool.QueryRow(ctx, postgresByKey, caller, key))
}

func postgresOne(found pgx.Row) (row, error) {
	r, err := scanRow(found.Scan)
	if errors.Is(err, pgx.ErrNoRows) {
		return row{}, errNone
	}
	return r, err
}

func (l *postgresLedger) at(ctx context.Context, seqs []uint64) ([]row, error) {
	rows, err := l.pool.Query(ctx, "SELECT "+columns+" FROM journal_records WHERE seq = ANY($1)", seqs)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(found pgx.CollectableRow) (row, error) { return scanRow(found.Scan) })
}

func (l *postgresLedger) hashes(ctx context.Context, seqs []uint64) (map[uint64][]byte, error) {
	if len(seqs) == 0 {
		return nil, nil
	}
	rows, err := l.pool.Query(ctx, "SELECT seq, tree FROM journal_records WHERE seq = ANY($1)", seqs)
	if err != nil {
		return nil, err
	}
	trees := map[uint64][]byte{}
	var seq int64
	var tree []byte
	_, err = pgx.ForEachRow(rows, []any{&seq, &tree}, func() error {
		trees[uint64(seq)] = tree
		tree = nil
		return nil
	})
	return trees, err
}

func (l *postgresLedger) extent(ctx context.Context) (first, last, size uint64, err error) {
	var f, t, s int64
	err = l.pool.QueryRow(ctx, extentQuery).Scan(&f, &t, &s)
	return uint64(f), uint64(t), uint64(s), err
}

func (l *postgresLedger) checkpoints(ctx context.Context, after int64, limit int) ([]kept, error) {
	rows, err := l.pool.Query(ctx, "SELECT size, note FROM journal_checkpoints WHERE size > $1 ORDER BY size LIMIT $2", after, limit)
	if err != nil {
		return nil, err
	}
	var found []kept
	var size int64
	var text string
	_, err = pgx.ForEachRow(rows, []any{&size, &text}, func() error {
		found = append(found, kept{size, []byte(text)})
		return nil
	})
	return found, err
}

func (l *postgresLedger) signers(ctx context.Context) ([]string, error) {
	rows, err := l.pool.Query(ctx, "SELECT verifier FROM journal_signers ORDER BY since, verifier")
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

func (l *postgresLedger) enter(ctx context.Context, verifier string, at time.Time) error {
	_, err := l.pool.Exec(ctx, "INSERT INTO journal_signers (verifier, since) VALUES ($1, $2) ON CONFLICT DO NOTHING", verifier, at.UnixNano())
	return err
}

func (l *postgresLedger) origin(ctx context.Context) (string, error) {
	var origin string
	err := l.pool.QueryRow(ctx, "SELECT origin FROM journal_origin").Scan(&origin)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", errNone
	}
	return origin, err
}

func (l *postgresLedger) found(ctx context.Context, origin, verifier string, empty head) error {
	return pgx.BeginFunc(ctx, l.pool, func(tx pgx.Tx) error {
		done, err := tx.Exec(ctx, "INSERT INTO journal_origin (one, origin) VALUES (1, $1) ON CONFLICT DO NOTHING", origin)
		if err != nil || done.RowsAffected() == 0 {
			return err // another node has been quicker: its name holds
		}
		if _, err := tx.Exec(ctx, "INSERT INTO journal_signers (verifier, since) VALUES ($1, $2)", verifier, empty.lastAt); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "INSERT INTO journal_head (one, size, at, edge, note) VALUES (1, 0, $1, '', $2)", empty.lastAt, string(empty.note))
		return err
	})
}

// audit can do little from outside: that the tables are there is known, and pages are PostgreSQL's own to check
// (initdb --data-checksums). The records themselves are checked by Verify.
func (l *postgresLedger) audit(ctx context.Context, _ bool) error {
	var triggers int
	err := l.pool.QueryRow(ctx, "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'journal_records'::regclass AND tgname = 'journal_records_kept' AND tgenabled <> 'D'").
		Scan(&triggers)
	if err == nil && triggers != 1 {
		err = &Damage{Offset: -1, Detail: "the trigger that keeps records from being changed is missing or disabled"}
	}
	return err
}

// follow listens for what other nodes have recorded, and asks from time to time for what it may have missed.
func (l *postgresLedger) follow(ctx context.Context, reached func(uint64)) {
	for pause := time.Duration(0); ctx.Err() == nil; pause = min(pause*2+50*time.Millisecond, 2*time.Second) {
		if !sleep(ctx, pause) {
			return
		}
		conn, err := l.connect(ctx)
		if err != nil {
			continue
		}
		listen(ctx, conn, func(size uint64) {
			pause = 0
			reached(size)
		})
		// The connection is of no use any more; that closing it fails as well changes nothing.
		_ = conn.Close(context.WithoutCancel(ctx))
	}
}

// postgresPoll is how often the end is asked for when no notice comes.
const postgresPoll = time.Second

// listen goes on until the connection fails or ctx is done.
func listen(ctx context.Context, conn *pgx.Conn, reached func(uint64)) {
	if _, err := conn.Exec(ctx, "LISTEN journal_grown"); err != nil {
		return
	}
	for {
		var size int64
		if err := conn.QueryRow(ctx, "SELECT size FROM journal_head WHERE one = 1").Scan(&size); err != nil {
			return
		}
		reached(uint64(size))
		notice, err := noticed(ctx, conn)
		if err != nil {
			return
		}
		for notice != nil {
			var grown uint64
			if _, err := fmt.Sscanf(notice.Payload, "%d", &grown); err == nil {
				reached(grown)
			}
			if notice, err = noticed(ctx, conn); err != nil {
				return
			}
		}
	}
}

// noticed waits for a notice. None within the time is no error: pgx leaves the connection whole then.
func noticed(ctx context.Context, conn *pgx.Conn) (*pgconn.Notification, error) {
	waiting, cancel := context.WithTimeout(ctx, postgresPoll)
	defer cancel()
	notice, err := conn.WaitForNotification(waiting)
	if err != nil && ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) && !conn.IsClosed() {
		return nil, nil
	}
	return notice, err
}

// sleep waits, and says whether ctx has let it.
func sleep(ctx context.Context, pause time.Duration) bool {
	if pause <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
