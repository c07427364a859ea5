package journal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// location is where a journal is kept.
type location struct {
	// shown names it in messages, without any password.
	shown  string
	folder string
	// file is the SQLite file; url is that of PostgreSQL. One of them is empty.
	file, url string
}

// locate reads the URL of a journal.
func locate(raw, folder string) (location, error) {
	scheme, rest, _ := strings.Cut(raw, ":")
	switch scheme {
	case "postgres", "postgresql":
		if folder == "" {
			return location{}, &Refusal{"PostgreSQL", "no data folder is given for the key of this node", "name a folder of this machine", nil}
		}
		return location{shown: shownURL(raw), folder: folder, url: raw}, nil
	case "sqlite":
		return locateFile(raw, rest)
	}
	return location{}, &Refusal{
		fmt.Sprintf("%.100q", scheme+":…"), "the URL has no scheme that is known",
		"write sqlite:///folder or postgres://user@host/database", nil,
	}
}

func locateFile(raw, rest string) (location, error) {
	wrong := &Refusal{raw, "the URL names no file or folder", "write sqlite:///folder, or sqlite:folder for one below the current folder", nil}
	if strings.HasPrefix(rest, "//") {
		if !strings.HasPrefix(rest, "///") {
			return location{}, wrong // what stands there would be a host
		}
		rest = rest[len("//"):]
	}
	path, err := url.PathUnescape(rest)
	if err != nil || path == "" || strings.ContainsAny(rest, "?#\x00") {
		return location{}, wrong
	}
	if path, err = filepath.Abs(path); err != nil {
		return location{}, err
	}
	info, err := os.Stat(path)
	isFile := err == nil && info.Mode().IsRegular() || err != nil && filepath.Ext(path) == ".db"
	if !isFile {
		path = filepath.Join(path, databaseFile)
	}
	// The lock is taken beside the file, always: two processes must not write one file under two locks.
	return location{shown: path, folder: filepath.Dir(path), file: path}, nil
}

// shownURL is a URL without its password, or only its scheme where it cannot be read.
func shownURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "PostgreSQL"
	}
	u.RawQuery = "" // may hold a password as well
	return u.Redacted()
}

// open opens the database. The folder is locked already.
func (l location) open(ctx context.Context, folder *folder, log *slog.Logger) (ledger, error) {
	if l.url != "" {
		return openPostgres(ctx, l.url, false)
	}
	info, err := os.Stat(l.file)
	fresh := errors.Is(err, os.ErrNotExist)
	if err != nil && !fresh {
		return nil, &Refusal{l.file, "the file cannot be looked at", "let the service read it", err}
	}
	if name, used := folder.used(); used && (fresh || info.Size() == 0) {
		return nil, &Refusal{
			l.file, fmt.Sprintf("the file is gone or empty, but %s shows that there was a record", folder.file(name)),
			"put the file back, with its -wal if there is one, or a copy of it; to begin a new record, choose a new folder", nil,
		}
	}
	return openSQLite(ctx, l.file, fresh, log)
}

// openReadOnly opens a database that is there, and changes nothing in it.
func (l location) openReadOnly(ctx context.Context) (ledger, error) {
	if l.url != "" {
		return openPostgres(ctx, l.url, true)
	}
	if _, err := os.Stat(l.file); err != nil {
		return nil, &Refusal{l.file, "the file cannot be looked at", "name the file or folder of a journal, and let this program read it", err}
	}
	return readSQLite(ctx, l.file)
}

// refuse says what to do about what was found while the journal was opened.
func (l location) refuse(err error) error {
	if _, told := errors.AsType[*Refusal](err); told {
		return err
	}
	damage, damaged := errors.AsType[*Damage](err)
	switch {
	case damaged && l.url == "":
		return &Refusal{l.shown, damage.Error(), "move the file and its -wal and -shm aside, all three, keep them, and put back the newest sound copy; " +
			"verifying what was moved (ReadOnly) names the first bad record, and those before it can still be exported", err}
	case damaged:
		return &Refusal{l.shown, damage.Error(), "keep a copy of the database as it is and restore the newest sound backup beside it", err}
	case l.url == "":
		return sqliteRefusal(l.file, err)
	}
	return &Refusal{l.shown, "the database does not answer as it should", "start PostgreSQL, let the service in, and start the service again", err}
}
