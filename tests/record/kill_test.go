package record

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// rounds is how often the service is killed: GREENCHANNEL_KILL_ROUNDS, or enough to see the common faults.
func rounds(t *testing.T, least int) int {
	t.Helper()
	text := os.Getenv("GREENCHANNEL_KILL_ROUNDS")
	if text == "" {
		return least
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("GREENCHANNEL_KILL_ROUNDS is %q, want a number of rounds", text)
	}
	return n
}

// acknowledged is what clients were told, by the key of their request.
type acknowledged struct {
	mu      sync.Mutex
	answers map[string][]byte // status 201
	unknown map[string]string // sent, and no answer came: key and body
}

// load posts applications until the service is gone.
func (a *acknowledged) load(t *testing.T, s *service, round, clients int) *sync.WaitGroup {
	t.Helper()
	var all sync.WaitGroup
	for c := range clients {
		body := func(n int) (key, text string) {
			key = fmt.Sprintf("kill-%d-%d-%d", round, c, n)
			return key, application(t, key)
		}
		all.Go(func() {
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for n := 0; ; n++ {
				key, text := body(n)
				status, answer, err := post(t.Context(), client, s.url, text, key)
				a.mu.Lock()
				switch {
				case err != nil:
					a.unknown[key] = text
				case status == http.StatusCreated:
					a.answers[key] = answer
				default:
					t.Errorf("round %d: status %d: %s", round, status, answer)
				}
				a.mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	return &all
}

// await waits until so many answers have come, or for a while.
func (a *acknowledged) await(answers int) {
	const patience = 10 * time.Second
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		a.mu.Lock()
		there := len(a.answers)
		a.mu.Unlock()
		if there >= answers {
			return
		}
	}
}

// check asks a service that was started again for everything that was acknowledged in the round before, and sends again
// what nobody had an answer to: it may have been recorded or not, but never twice.
func (a *acknowledged) check(t *testing.T, s *service) {
	t.Helper()
	client := &http.Client{}
	defer client.CloseIdleConnections()
	for key, answer := range a.answers {
		status, again, err := get(t.Context(), client, s.url+"/v1/decisions/"+read(t, answer).DecisionID)
		if err != nil || status != http.StatusOK || !bytes.Equal(again, answer) {
			t.Errorf("%s was acknowledged and is not there: status %d, %v\n%s\nwas\n%s", key, status, err, again, answer)
		}
	}
	for key, body := range a.unknown {
		status, first, err := post(t.Context(), client, s.url, body, key)
		if err != nil || status != http.StatusCreated {
			t.Errorf("%s sent again: status %d, %v: %s", key, status, err, first)
			continue
		}
		_, second, err := post(t.Context(), client, s.url, body, key)
		if err != nil || !bytes.Equal(first, second) {
			t.Errorf("%s has two answers: %v\n%s\n%s", key, err, first, second)
		}
	}
}

// killed kills a service under load, again and again, and looks after each time.
func killed(t *testing.T, n int, args ...string) {
	t.Helper()
	const clients = 4
	chance := rand.New(rand.NewPCG(uint64(n), uint64(time.Now().UnixNano())))
	told := &acknowledged{answers: map[string][]byte{}, unknown: map[string]string{}}
	total := 0
	for round := range n {
		s := start(t, args...)
		told.check(t, s)
		total += len(told.answers)
		told.answers, told.unknown = map[string][]byte{}, map[string]string{}
		load := told.load(t, s, round, clients)
		told.await(chance.IntN(2 * clients)) // some rounds end before the first answer, most in the midst of others
		time.Sleep(time.Duration(chance.IntN(20_000)) * time.Microsecond)
		_ = s.end(t, syscall.SIGKILL)
		load.Wait()
		if t.Failed() {
			t.Fatalf("in round %d of %d; the service said:\n%s", round+1, n, s.said())
		}
	}
	s := start(t, args...)
	told.check(t, s)
	total += len(told.answers)
	if err := s.end(t, syscall.SIGTERM); err != nil {
		t.Errorf("an orderly end: %v\n%s", err, s.said())
	}
	if total < n/2 {
		t.Errorf("only %d decisions were acknowledged in %d rounds: the kills come too early to show anything", total, n)
	}
	sound(t, args...)
	t.Logf("%d rounds, %d acknowledged decisions, all there", n, total)
}

func TestKilledOnSQLite(t *testing.T) {
	t.Parallel()
	killed(t, rounds(t, 20), "--data", t.TempDir())
}

func TestKilledOnPostgreSQL(t *testing.T) {
	t.Parallel()
	killed(t, max(rounds(t, 20)/4, 5), "--data", t.TempDir(), "--journal", database(t))
}
