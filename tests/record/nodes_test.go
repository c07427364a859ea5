package record

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"greenchannel/tests/postgres"
)

// server is one PostgreSQL for all tests; TestMain ends it.
var server = sync.OnceValues(postgres.Start)

var serverUsed bool

func database(t *testing.T) string {
	t.Helper()
	serverUsed = true
	s, err := server()
	if err != nil {
		t.Fatal(err)
	}
	url, err := s.Database()
	if err != nil {
		t.Fatal(err)
	}
	return url
}

func stopPostgres() error {
	if !serverUsed {
		return nil
	}
	if s, err := server(); err == nil { // an error is told by the tests
		return s.Remove()
	}
	return nil
}

// exported is a line of the journal, as far as these tests look at it.
type exported struct {
	Input  struct{ ID string }
	Custom struct {
		Seq   uint64
		Reads []struct {
			Path  []string
			Value json.RawMessage
		}
	}
}

// counted is what a decision read of the orders before it: how many in 90 days.
func (e exported) counted(t *testing.T) (orders int, read bool) {
	t.Helper()
	for _, row := range e.Custom.Reads {
		if strings.Join(row.Path[:2], "/") != "history/orders" {
			continue
		}
		var value struct {
			Days90 struct{ Count int } `json:"days_90"`
		}
		if err := json.Unmarshal(row.Value, &value); err != nil {
			t.Fatalf("%v: %s", err, row.Value)
		}
		return value.Days90.Count, true
	}
	return 0, false
}

// split posts one order in many parts, at the same time and to several services.
func split(t *testing.T, services []*service, parts int) {
	t.Helper()
	var all sync.WaitGroup
	todo := make(chan int, parts)
	for part := range parts {
		todo <- part
	}
	close(todo)
	for worker := range 8 {
		s := services[worker%len(services)]
		all.Go(func() {
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for part := range todo {
				body := application(t, fmt.Sprint("SPLIT-", part))
				for try := 0; ; try++ {
					status, answer, err := post(t.Context(), client, s.url, body, "")
					if err == nil && status == http.StatusConflict && try < 100 { // others came before; it says to try again
						time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
						continue
					}
					if err != nil || status != http.StatusCreated {
						t.Errorf("part %d: status %d, %v: %s", part, status, err, answer)
					}
					break
				}
			}
		})
	}
	all.Wait()
}

// nobodyMissed checks by the record that each part saw all parts before it, whoever decided them.
func nobodyMissed(t *testing.T, parts int, at ...string) {
	t.Helper()
	code, out, told := run(t, append([]string{"journal", "export", "--format", "ndjson"}, at...)...)
	if code != 0 {
		t.Fatalf("export exits with %d: %s", code, told)
	}
	before := 0
	for line := range strings.Lines(out) {
		var e exported
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		got, read := e.counted(t)
		if !read || got != before {
			t.Errorf("record %d (%s) saw %d orders before it, want %d", e.Custom.Seq, e.Input.ID, got, before)
		}
		before++
	}
	if before != parts {
		t.Errorf("%d records, want %d", before, parts)
	}
}

// Two orders at one moment cannot both miss each other: whoever is recorded second has seen the first.
func TestSplitOrdersOnSQLite(t *testing.T) {
	t.Parallel()
	at := []string{"--data", t.TempDir()}
	s := start(t, at...)
	split(t, []*service{s}, 40)
	if err := s.end(t, syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	nobodyMissed(t, 40, at...)
}

func TestSplitOrdersOnTwoServicesOfOneDatabase(t *testing.T) {
	t.Parallel()
	url := database(t)
	one, other := t.TempDir(), t.TempDir()
	services := []*service{start(t, "--data", one, "--journal", url), start(t, "--data", other, "--journal", url)}
	split(t, services, 40)
	for _, s := range services {
		if err := s.end(t, syscall.SIGTERM); err != nil {
			t.Error(err)
		}
	}
	at := []string{"--data", one, "--journal", url}
	nobodyMissed(t, 40, at...)
	sound(t, at...)
}

// A database that goes away under load costs answers, never a record: it is told, and when the database is back, so is
// the service.
func TestPostgreSQLRestarted(t *testing.T) {
	t.Parallel()
	own, err := postgres.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := own.Remove(); err != nil {
			t.Error(err)
		}
	})
	url, err := own.Database()
	if err != nil {
		t.Fatal(err)
	}
	at := []string{"--data", t.TempDir(), "--journal", url}
	s := start(t, at...)
	client := &http.Client{}
	told := &acknowledged{answers: map[string][]byte{}, unknown: map[string]string{}}
	refused := 0
	for n := range 30 {
		if n == 10 {
			if err := own.Stop(syscall.SIGQUIT); err != nil {
				t.Fatal(err)
			}
		}
		if n == 15 {
			if err := own.Restart(); err != nil {
				t.Fatal(err)
			}
		}
		key := fmt.Sprint("restart-", n)
		body := application(t, key)
		status, answer, err := post(t.Context(), client, s.url, body, key)
		switch {
		case err != nil:
			t.Fatal(err)
		case status == http.StatusCreated:
			told.answers[key] = answer
		case status == http.StatusServiceUnavailable && read(t, answer).Type == "/problems/unrecorded":
			refused++
			told.unknown[key] = body
		default:
			t.Errorf("status %d: %s", status, answer)
		}
	}
	if refused < 5 || len(told.answers) < 15 {
		t.Errorf("%d were refused and %d answered", refused, len(told.answers))
	}
	told.check(t, s)
	if err := s.end(t, syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	sound(t, at...)
}
