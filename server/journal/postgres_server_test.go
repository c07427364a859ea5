package journal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// withoutPostgres says that the one who runs the tests has no PostgreSQL and knows it.
func withoutPostgres() bool { return os.Getenv("GREENCHANNEL_TEST_POSTGRES") == "off" }

// postgresServer is a real server of its own, with fsync on, on a Unix socket in a temporary folder.
type postgresServer struct {
	folder  string // data and socket
	binary  string
	account *syscall.Credential // whom it runs as; nil for whoever runs the tests
	options []string            // of the next start, beside the usual ones
	process *exec.Cmd
	log     bytes.Buffer
	names   atomic.Int64
}

// postgresBinaries finds where initdb and postgres are.
func postgresBinaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err == nil && len(found) > 0 {
		return filepath.Dir(found[len(found)-1]), nil
	}
	initdb, err := exec.LookPath("initdb")
	if err != nil {
		return "", errors.New("PostgreSQL is not installed, and the journal is tested on it: install it " +
			"(Debian: apt-get install postgresql), or set GREENCHANNEL_TEST_POSTGRES=off to test SQLite alone")
	}
	return filepath.Dir(initdb), nil
}

// account is whom PostgreSQL runs as when the tests run as root, which it refuses.
func account() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.Atoi(found.Uid)
		if err != nil {
			return nil, err
		}
		gid, err := strconv.Atoi(found.Gid)
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
	}
	return nil, errors.New("neither the user postgres nor nobody is there to run PostgreSQL as")
}

func newPostgresServer() (*postgresServer, error) {
	binary, err := postgresBinaries()
	if err != nil {
		return nil, err
	}
	who, err := account()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "greenchannel-postgres-")
	if err != nil {
		return nil, err
	}
	s := &postgresServer{folder: folder, binary: binary, account: who}
	if who != nil {
		if err := os.Chown(folder, int(who.Uid), int(who.Gid)); err != nil {
			return nil, err
		}
	}
	initdb := s.command("initdb", "--pgdata", s.data(), "--username", "postgres", "--auth", "trust", "--encoding", "UTF8",
		"--locale", "C", "--data-checksums")
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return s, s.start()
}

func (s *postgresServer) data() string { return filepath.Join(s.folder, "data") }

func (s *postgresServer) command(name string, args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(s.binary, name), args...)
	c.Dir = s.folder
	c.SysProcAttr = &syscall.SysProcAttr{Credential: s.account, Pdeathsig: syscall.SIGQUIT}
	return c
}

// start starts the server and waits until it answers.
func (s *postgresServer) start() error {
	usual := []string{
		"-D", s.data(), "-k", s.folder, "-h", "", "-c", "fsync=on", "-c", "max_connections=100", "-c", "shared_buffers=64MB",
		"-c", "log_min_messages=fatal",
	}
	s.process = s.command("postgres", append(usual, s.options...)...)
	s.process.Stdout, s.process.Stderr = &s.log, &s.log
	if err := s.process.Start(); err != nil {
		return err
	}
	var err error
	for range 300 {
		var conn *pgx.Conn
		if conn, err = pgx.Connect(context.Background(), s.url("postgres")); err == nil {
			return conn.Close(context.Background())
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("PostgreSQL does not answer: %w", err)
}

// stop ends the server: with SIGINT it rolls back what is open and writes a checkpoint, with SIGQUIT it drops everything,
// as in a crash.
func (s *postgresServer) stop(signal syscall.Signal) error {
	if err := s.process.Process.Signal(signal); err != nil {
		return err
	}
	_ = s.process.Wait() // a server that was told to drop everything does not exit with 0
	return nil
}

func (s *postgresServer) remove() error {
	return errors.Join(s.stop(syscall.SIGINT), os.RemoveAll(s.folder))
}

func (s *postgresServer) url(database string) string {
	query := url.Values{"host": {s.folder}}
	return "postgres://postgres@/" + database + "?" + query.Encode()
}

// database makes an empty database and gives its URL.
func (s *postgresServer) database(t testing.TB) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.url("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	name := fmt.Sprintf("journal_%d", s.names.Add(1))
	if _, err := conn.Exec(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	return s.url(name)
}

// shared is the server that most tests use. TestMain ends it.
var shared = sync.OnceValues(newPostgresServer)

// sharedPostgres gives it, and fails where PostgreSQL is missing.
func sharedPostgres(t testing.TB) *postgresServer {
	t.Helper()
	sharedUsed.Store(true)
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var sharedUsed atomic.Bool

func removeShared() error {
	if !sharedUsed.Load() {
		return nil
	}
	if s, err := shared(); err == nil { // an error was told by the tests
		return s.remove()
	}
	return nil
}
