package journal_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"greenchannel/server/journal"
	"greenchannel/tests/postgres"
)

// ownPostgres is a server that a test may stop.
func ownPostgres(t *testing.T) *postgres.Server {
	t.Helper()
	s, err := postgres.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Remove(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// The server is restarted, and crashes, while two nodes append: what was acknowledged is there, what was denied is not, and
// both nodes go on by themselves.
func TestPostgresRestartedUnderLoad(t *testing.T) {
	if withoutPostgres() {
		t.Log("without PostgreSQL there is nothing to restart")
		return
	}
	t.Parallel()
	server := ownPostgres(t)
	g := ground{"postgres", databaseOf(t, server), t.TempDir()}
	nodes := []*journal.Journal{g.open(t), g.node(t).open(t)}
	tail := counted(t, nodes[1])

	var mu sync.Mutex
	acked, denied := map[string]journal.Receipt{}, map[string]bool{}
	uncertain := 0
	var done atomic.Bool
	var sinceUp atomic.Int64
	var group sync.WaitGroup
	for n := range 8 {
		j := nodes[n%len(nodes)]
		group.Go(func() {
			for i := 0; !done.Load(); i++ {
				e := entry(n*1_000_000 + i)
				r, err := j.Append(context.Background(), e)
				mu.Lock()
				switch {
				case err == nil:
					acked[e.ID] = r
					sinceUp.Add(1)
				case errors.Is(err, journal.ErrUncertain):
					uncertain++
				case isUnrecorded(err):
					denied[e.ID] = true
				default:
					t.Error(err)
				}
				mu.Unlock()
			}
		})
	}
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT, syscall.SIGINT, syscall.SIGQUIT} {
		waitFor(t, func() bool { return sinceUp.Load() > 50 })
		if err := server.Stop(signal); err != nil {
			t.Fatal(err)
		}
		if err := server.Restart(); err != nil {
			t.Fatal(err)
		}
		sinceUp.Store(0)
	}
	waitFor(t, func() bool { return sinceUp.Load() > 50 })
	done.Store(true)
	group.Wait()

	for id, receipt := range acked {
		r, err := nodes[0].Get(t.Context(), id)
		if err != nil || r.Seq != receipt.Seq || r.Hash() != receipt.Hash {
			t.Fatalf("%s was acknowledged as %+v, and there is %+v, %v", id, receipt, r, err)
		}
	}
	for id := range denied {
		if r, err := nodes[0].Get(t.Context(), id); err == nil {
			t.Fatalf("%s was denied, and is there as %d", id, r.Seq)
		}
	}
	size := sound(t, nodes[0])
	if extra := int(size) - len(acked); extra < 0 || extra > uncertain {
		t.Errorf("%d records, %d acknowledged, %d uncertain", size, len(acked), uncertain)
	}
	waitFor(t, func() bool { return tail.Load() == size })
	t.Logf("%d acknowledged, %d denied, %d uncertain", len(acked), len(denied), uncertain)
}

// counted counts what a tail gives, over all interruptions, and checks that nothing is left out or given twice.
func counted(t *testing.T, j *journal.Journal) *atomic.Uint64 {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	var last atomic.Uint64
	go func() {
		defer close(ended)
		for r, err := range j.Tail(ctx, 0) {
			if err != nil {
				continue // the server is away; the tail goes on when it is back
			}
			if r.Seq != last.Load()+1 {
				t.Errorf("the tail gives %d after %d", r.Seq, last.Load())
			}
			last.Store(r.Seq)
		}
	}()
	t.Cleanup(func() { cancel(); <-ended })
	return &last
}

// waitFor waits for what must come about; the limit only ends a test that has failed.
func waitFor(t *testing.T, reached func() bool) {
	t.Helper()
	for range 3000 {
		if reached() {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("it did not come about within a minute")
}

// A server that may forget what it has confirmed is refused.
func TestAForgetfulServerIsRefused(t *testing.T) {
	if withoutPostgres() {
		t.Log("without PostgreSQL there is nothing to refuse")
		return
	}
	t.Parallel()
	server := ownPostgres(t)
	g := ground{"postgres", databaseOf(t, server), t.TempDir()}
	for _, setting := range []string{"fsync", "full_page_writes"} {
		if err := server.Stop(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		if err := server.Restart("-c", setting+"=off"); err != nil {
			t.Fatal(err)
		}
		refused(t, g, setting+"=off", "set both to on")
	}
	if err := server.Stop(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	refused(t, g, "the database cannot be reached", "start PostgreSQL")
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	fill(t, g.open(t), 1)
}

// Two nodes that found the journal at the same moment come to one journal.
func TestNodesThatStartAtOnce(t *testing.T) {
	if withoutPostgres() {
		t.Log("without PostgreSQL there is one node")
		return
	}
	t.Parallel()
	g := postgresGround(t)
	nodes := make([]*journal.Journal, 4)
	var group sync.WaitGroup
	for i := range nodes {
		own := g.node(t)
		group.Go(func() {
			var err error
			if nodes[i], err = own.tryOpen(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	keys := map[string]bool{}
	for i, j := range nodes {
		if j == nil {
			continue
		}
		if j.Origin() != nodes[0].Origin() {
			t.Errorf("node %d keeps %s, and node 0 %s", i, j.Origin(), nodes[0].Origin())
		}
		keys[j.VerifierKey()] = true
		add(t, j, entry(i))
	}
	if n := sound(t, nodes[0]); n != 4 || len(keys) != 4 {
		t.Errorf("%d records and %d keys of four nodes", n, len(keys))
	}
	for _, j := range nodes {
		close1(t, j)
	}
}

// A node that hangs inside a transaction loses it: the others go on recording.
func TestAHangingNodeIsSetAside(t *testing.T) {
	if withoutPostgres() {
		t.Log("without PostgreSQL there is one node")
		return
	}
	t.Parallel()
	g := postgresGround(t)
	j := g.open(t)
	fill(t, j, 1)
	p, err := spawn(t, g.node(t), "append", &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.Process.Kill()
		for p.stdout.Scan() { // to the end
		}
		_ = p.Wait()
	})
	if !p.stdout.Scan() {
		t.Fatal(p.stderr)
	}
	// It is stopped somewhere, as often as not inside a transaction.
	if err := p.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		e := entry(i)
		var err error
		for range 5 {
			if _, err = j.Append(context.Background(), e); err == nil {
				break
			}
		}
		if err != nil {
			t.Fatalf("while another node hangs: %v", err)
		}
	}
	sound(t, j)
}

func TestNoPasswordIsShown(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "no-server-here")
	for _, url := range []string{
		fmt.Sprintf("postgres://clerk:hunter2@/x?host=%s", missing),
		fmt.Sprintf("postgres://clerk@/x?host=%s&password=hunter2", missing),
		"postgres://clerk:hunter2@[::1/x",
	} {
		_, err := ground{url: url, folder: t.TempDir()}.tryOpen()
		if !isRefusal(err) {
			t.Errorf("%v", err)
		}
		if text := fmt.Sprint(err); strings.Contains(text, "hunter2") {
			t.Errorf("the password is shown: %s", text)
		}
	}
}
