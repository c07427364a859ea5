package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// What a file of ours says of itself in its header.
const (
	// sqliteApplication is the application_id of a journal: "GCjl" in ASCII.
	sqliteApplication = 0x47436a6c
	// quickAuditBytes is the largest file that is looked through whole at the start; past it only its end is.
	quickAuditBytes = 64 << 20
)

// sqliteLedger keeps a journal in one SQLite file in WAL mode. One connection writes; a few others read.
type sqliteLedger struct {
	path   string
	reader *sql.DB
	writer sqliteWriter
	// folding is nil where the journal is only read.
	folding *folding

	pageStmt, idStmt, keyStmt, atStmt, treeStmt *sql.Stmt
}

// sqliteURI is the name under which SQLite opens a file, with what holds for every connection.
func sqliteURI(path string, settings ...string) string {
	query := url.Values{"_defensive": {"1"}, "_dqs": {"0"}, "_error_rc": {"1"}, "_txlock": {"immediate"}}
	for _, s := range append([]string{"busy_timeout(10000)", "cell_size_check(1)"}, settings...) {
		query.Add("_pragma", s)
	}
	query.Set("mode", "rw")
	return (&url.URL{Scheme: "file", Path: path, RawQuery: query.Encode()}).String()
}

// writing is how connections that write are set: a commit returns when the disk has it. What it wrote is folded into the file
// beside it, and inside of it only where that falls behind.
func writing() []string {
	return []string{"journal_mode(WAL)", "synchronous(FULL)", fmt.Sprintf("wal_autocheckpoint(%d)", netFrames)}
}

// openSQLite opens the file, and makes it when make says so.
func openSQLite(ctx context.Context, path string, fresh bool, log *slog.Logger) (*sqliteLedger, error) {
	if fresh {
		file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
		if err == nil {
			err = file.Close()
		}
		if err != nil {
			return nil, &Refusal{path, "the file cannot be made", "make room, and let the service write there", err}
		}
	}
	if err := claimSQLite(ctx, path); err != nil {
		return nil, err
	}
	err := onceSQLite(path, func(db *sql.DB) error { return migrate(ctx, goose.DialectSQLite3, db) }, writing()...)
	if err != nil {
		return nil, sqliteRefusal(path, err)
	}
	l, err := readSQLite(ctx, path)
	if err == nil {
		l.folding = beginFolding(&l.writer, log)
	}
	return l, err
}

// readSQLite opens the file as it is. The writer opens its own connection when it first writes.
func readSQLite(ctx context.Context, path string) (*sqliteLedger, error) {
	if err := foreignSQLite(ctx, path); err != nil {
		return nil, err
	}
	reader, err := sql.Open("sqlite", sqliteURI(path, "query_only(1)"))
	if err != nil {
		return nil, err
	}
	reader.SetMaxOpenConns(4)
	reader.SetMaxIdleConns(4)
	l := &sqliteLedger{path: path, reader: reader, writer: sqliteWriter{path: path}}
	for _, s := range []statement{
		{&l.pageStmt, "SELECT " + columns + " FROM journal_records WHERE seq > ? ORDER BY seq LIMIT ?"},
		{&l.idStmt, "SELECT " + columns + " FROM journal_records WHERE id = ?"},
		{&l.keyStmt, "SELECT " + columns + " FROM journal_records WHERE caller = ? AND idempotency_key = ? AND idempotency_key <> ''"},
		{&l.atStmt, "SELECT " + columns + " FROM journal_records WHERE seq IN (SELECT value FROM json_each(?))"},
		{&l.treeStmt, "SELECT seq, tree FROM journal_records WHERE seq IN (SELECT value FROM json_each(?))"},
	} {
		if err := s.prepare(ctx, reader); err != nil {
			return nil, errors.Join(sqliteRefusal(path, err), l.close())
		}
	}
	return l, nil
}

// statement is one to be prepared, and where it is kept until its connection is given up.
type statement struct {
	stmt **sql.Stmt
	text string
}

func (s statement) prepare(ctx context.Context, on interface {
	PrepareContext(context.Context, string) (*sql.Stmt, error)
}) error {
	made, err := on.PrepareContext(ctx, s.text)
	s.keep(made)
	return err
}

func (s statement) keep(made *sql.Stmt) { *s.stmt = made }

// claimSQLite makes an empty file ours, before anything else is written to it. What is of something else is not touched.
func claimSQLite(ctx context.Context, path string) (err error) {
	application, tables, err := identifySQLite(ctx, path)
	switch {
	case err != nil:
		return sqliteRefusal(path, err)
	case application != 0 || tables > 0:
		return foreignSQLite(ctx, path)
	}
	return onceSQLite(path, func(db *sql.DB) error {
		_, err := db.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", sqliteApplication))
		return err
	})
}

// foreignSQLite refuses a file that is not ours.
func foreignSQLite(ctx context.Context, path string) error {
	application, tables, err := identifySQLite(ctx, path)
	if err != nil {
		return sqliteRefusal(path, err)
	}
	if application != sqliteApplication {
		return &Refusal{
			path, fmt.Sprintf("it is an SQLite file of something else (application_id %#x, %d tables)", application, tables),
			"name another file or folder; nothing in this one was changed", nil,
		}
	}
	return nil
}

// identifySQLite reads what a file says of itself, without a setting that would change it.
func identifySQLite(ctx context.Context, path string) (application, tables int64, err error) {
	err = onceSQLite(path, func(db *sql.DB) error {
		if err := db.QueryRowContext(ctx, "PRAGMA application_id").Scan(&application); err != nil {
			return err
		}
		return db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables)
	})
	return application, tables, err
}

// onceSQLite uses a file for a moment, on one connection.
func onceSQLite(path string, use func(*sql.DB) error, settings ...string) error {
	db, err := sql.Open("sqlite", sqliteURI(path, settings...))
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	return errors.Join(use(db), db.Close())
}

// sqliteRefusal says in words why a file is not opened.
func sqliteRefusal(path string, err error) error {
	const restore = "move the file and its -wal and -shm aside, all three, and restore them from a backup; keep what was moved, since `sqlite3 FILE .recover` may still read it"
	if newer, ok := errors.AsType[errNewer](err); ok {
		return &Refusal{path, newer.Error(), "start the newer program that has written it; a journal is not taken back to an older form", nil}
	}
	code := 0
	if known, ok := errors.AsType[*sqlite.Error](err); ok {
		code = known.Code() & 0xff
	}
	switch code {
	case sqlite3.SQLITE_NOTADB:
		return &Refusal{path, "it is no SQLite file, or its first page is destroyed", "name another file if this is none of ours; else " + restore, err}
	case sqlite3.SQLITE_CORRUPT:
		return &Refusal{path, "the file is damaged", restore, err}
	case sqlite3.SQLITE_FULL:
		return &Refusal{path, "the disk is full", "make room", err}
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_AUTH:
		return &Refusal{path, "the file cannot be opened for writing", "let the service read and write the file and its folder", err}
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return &Refusal{path, "another program has the file locked", "end it; an SQL shell may read the file while the service runs, but not lock it", err}
	}
	return &Refusal{path, "it does not read as a journal", "if the disk is sound, " + restore, err}
}

// isDamage says whether SQLite has found its own file unsound.
func isDamage(err error) bool {
	known, ok := errors.AsType[*sqlite.Error](err)
	return ok && (known.Code()&0xff == sqlite3.SQLITE_CORRUPT || known.Code()&0xff == sqlite3.SQLITE_NOTADB)
}

// isUnsynced says whether a commit was written whole and the disk would not confirm it. It counts as not made, and the next
// one is written over it; but if the machine stops before that, SQLite may find it in the WAL and take it for good.
func isUnsynced(err error) bool {
	known, ok := errors.AsType[*sqlite.Error](err)
	return ok && (known.Code() == sqlite3.SQLITE_IOERR_FSYNC || known.Code() == sqlite3.SQLITE_IOERR_DIR_FSYNC)
}

func (l *sqliteLedger) close() error {
	var errs []error
	for _, stmt := range []*sql.Stmt{l.pageStmt, l.idStmt, l.keyStmt, l.atStmt, l.treeStmt} {
		if stmt != nil {
			errs = append(errs, stmt.Close())
		}
	}
	if l.folding != nil {
		l.folding.end()
	}
	// The writer goes last: it folds the rest of the WAL into the file when nobody reads any more.
	errs = append(errs, l.reader.Close(), l.writer.close())
	return errors.Join(errs...)
}

func (l *sqliteLedger) head(ctx context.Context) (head, error) {
	return scanHead(l.reader.QueryRowContext(ctx, sqliteHead).Scan)
}

const sqliteHead = "SELECT size, at, edge, note FROM journal_head"

// pageBytes bounds what one page of records brings into memory, roughly.
const pageBytes = 8 << 20

func (l *sqliteLedger) page(ctx context.Context, after uint64, limit int) ([]row, error) {
	return sqlitePage(ctx, l.pageStmt, after, limit)
}

func sqlitePage(ctx context.Context, stmt *sql.Stmt, after uint64, limit int) (page []row, err error) {
	rows, err := stmt.QueryContext(ctx, int64(after), limit)
	if err != nil {
		return nil, asDamage(after+1, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	next := after + 1
	for size := 0; size < pageBytes && rows.Next(); {
		r, err := scanRow(rows.Scan)
		if err != nil {
			return page, scanDamage(next, err)
		}
		page, next = append(page, r), r.Seq+1
		size += weight(&r.Record)
	}
	return page, asDamage(next, rows.Err())
}

// asDamage makes what SQLite says of a broken file a Damage near a place.
func asDamage(seq uint64, err error) error {
	if err == nil || !isDamage(err) {
		return err
	}
	return &Damage{Seq: seq, Offset: -1, Detail: "the file cannot be read from here on", cause: err}
}

// scanDamage is for a row that was found and does not read as one: a value of another type.
func scanDamage(seq uint64, err error) error {
	if _, told := errors.AsType[*Damage](err); told || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &Damage{Seq: seq, Offset: -1, Detail: "a column holds a value of another type", cause: err}
}

func (l *sqliteLedger) byID(ctx context.Context, id string) (row, error) {
	return sqliteOne(l.idStmt.QueryRowContext(ctx, id))
}

func (l *sqliteLedger) byKey(ctx context.Context, caller, key string) (row, error) {
	return sqliteOne(l.keyStmt.QueryRowContext(ctx, caller, key))
}

func sqliteOne(found *sql.Row) (row, error) {
	r, err := scanRow(found.Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return row{}, errNone
	}
	return r, asDamage(0, err)
}

func (l *sqliteLedger) at(ctx context.Context, seqs []uint64) (found []row, err error) {
	rows, err := l.atStmt.QueryContext(ctx, list(seqs))
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

// list is a JSON array of places, as json_each takes them.
func list(seqs []uint64) string {
	list := []byte("[")
	for i, seq := range seqs {
		if i > 0 {
			list = append(list, ',')
		}
		list = strconv.AppendUint(list, seq, 10)
	}
	return string(append(list, ']'))
}

func (l *sqliteLedger) hashes(ctx context.Context, seqs []uint64) (trees map[uint64][]byte, err error) {
	if len(seqs) == 0 {
		return nil, nil
	}
	rows, err := l.treeStmt.QueryContext(ctx, list(seqs))
	if err != nil {
		return nil, asDamage(0, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	trees = map[uint64][]byte{}
	for rows.Next() {
		var seq int64
		var tree []byte
		if err := rows.Scan(&seq, &tree); err != nil {
			return nil, scanDamage(uint64(seq), err)
		}
		trees[uint64(seq)] = tree
	}
	return trees, asDamage(0, rows.Err())
}

func (l *sqliteLedger) extent(ctx context.Context) (first, last, size uint64, err error) {
	err = l.reader.QueryRowContext(ctx, extentQuery).Scan(&first, &last, &size)
	return first, last, size, asDamage(0, err)
}

// extentQuery asks for the two ends one by one, since both then come from the tree's edges without a walk.
const extentQuery = `SELECT (SELECT coalesce(min(seq), 0) FROM journal_records), (SELECT coalesce(max(seq), 0) FROM journal_records),
	(SELECT size FROM journal_head)`

func (l *sqliteLedger) checkpoints(ctx context.Context, after int64, limit int) (found []kept, err error) {
	rows, err := l.reader.QueryContext(ctx, "SELECT size, note FROM journal_checkpoints WHERE size > ? ORDER BY size LIMIT ?", after, limit)
	if err != nil {
		return nil, asDamage(0, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var k kept
		if err := rows.Scan(&k.size, &k.note); err != nil {
			return nil, scanDamage(0, err)
		}
		found = append(found, k)
	}
	return found, asDamage(0, rows.Err())
}

func (l *sqliteLedger) signers(ctx context.Context) (keys []string, err error) {
	rows, err := l.reader.QueryContext(ctx, "SELECT verifier FROM journal_signers ORDER BY since, verifier")
	if err != nil {
		return nil, asDamage(0, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			return nil, scanDamage(0, err)
		}
		keys = append(keys, key)
	}
	return keys, asDamage(0, rows.Err())
}

func (l *sqliteLedger) enter(ctx context.Context, verifier string, at time.Time) error {
	return l.writer.once(ctx, "INSERT INTO journal_signers (verifier, since) VALUES (?, ?) ON CONFLICT DO NOTHING", verifier, at.UnixNano())
}

func (l *sqliteLedger) origin(ctx context.Context) (string, error) {
	var origin string
	err := l.reader.QueryRowContext(ctx, "SELECT origin FROM journal_origin").Scan(&origin)
	if errors.Is(err, sql.ErrNoRows) {
		return "", errNone
	}
	return origin, asDamage(0, err)
}

func (l *sqliteLedger) found(ctx context.Context, origin, verifier string, empty head) error {
	return l.writer.found(ctx, origin, verifier, empty)
}

func (l *sqliteLedger) audit(ctx context.Context, quick bool) error {
	pragma := "PRAGMA integrity_check(1)"
	if quick {
		info, err := os.Stat(l.path)
		if err != nil || info.Size() > quickAuditBytes {
			return err
		}
		pragma = "PRAGMA quick_check(1)"
	}
	var found string
	if err := l.reader.QueryRowContext(ctx, pragma).Scan(&found); err != nil {
		return asDamage(0, err)
	}
	if found != "ok" {
		return &Damage{Offset: -1, Detail: "SQLite finds the file unsound: " + found}
	}
	return nil
}

// hold has nothing to do: the folder's lock keeps other processes away, and claims of this one are kept in memory.
func (l *sqliteLedger) hold(context.Context, string, string, string) (release func(), held bool, err error) {
	return func() {}, true, nil
}

// sqlitePoll is how often a process that only reads asks how far the one that writes has come.
const sqlitePoll = time.Second

// follow asks for the end from time to time. For the process that writes there is nobody to follow, and nothing is told
// that it does not know already.
func (l *sqliteLedger) follow(ctx context.Context, reached func(uint64)) {
	for {
		if end, err := l.head(ctx); err == nil {
			reached(end.edge.size)
		}
		if !sleep(ctx, sqlitePoll) {
			return
		}
	}
}
