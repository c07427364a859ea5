package journal_test

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"greenchannel/tests/postgres"
)

// withoutPostgres says that the one who runs the tests has no PostgreSQL and knows it.
func withoutPostgres() bool { return os.Getenv("GREENCHANNEL_TEST_POSTGRES") == "off" }

// shared is the server that most tests use. TestMain ends it.
var shared = sync.OnceValues(func() (*postgres.Server, error) {
	s, err := postgres.Start()
	if err != nil {
		return nil, fmt.Errorf("%w (or set GREENCHANNEL_TEST_POSTGRES=off to test SQLite alone)", err)
	}
	return s, nil
})

// database makes an empty database on the shared server, and fails where PostgreSQL is missing.
func database(t testing.TB) string {
	t.Helper()
	sharedUsed.Store(true)
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return databaseOf(t, s)
}

func databaseOf(t testing.TB, s *postgres.Server) string {
	t.Helper()
	at, err := s.Database()
	if err != nil {
		t.Fatal(err)
	}
	return at
}

var sharedUsed atomic.Bool

func removeShared() error {
	if !sharedUsed.Load() {
		return nil
	}
	if s, err := shared(); err == nil { // an error was told by the tests
		return s.Remove()
	}
	return nil
}
