package journal_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// crashRounds is how often a process is killed: GREENCHANNEL_JOURNAL_ROUNDS, or 30.
func crashRounds(t *testing.T) int {
	t.Helper()
	text := os.Getenv("GREENCHANNEL_JOURNAL_ROUNDS")
	if text == "" {
		return 30
	}
	rounds, err := strconv.Atoi(text)
	if err != nil || rounds < 1 {
		t.Fatalf("GREENCHANNEL_JOURNAL_ROUNDS=%q is no number of rounds", text)
	}
	return rounds
}

// A process is killed at a random moment while it appends, again and again on the same journal: what it had acknowledged
// is there, in its place and with its hash, and the whole journal verifies.
func TestKilledUnderLoad(t *testing.T) {
	rounds := crashRounds(t)
	onEach(t, func(t *testing.T, g ground) {
		const lifetime = 25 // rounds on one journal, so that verifying it stays short
		total := 0
		for round := range rounds {
			if round > 0 && round%lifetime == 0 {
				g = afresh(t, g)
			}
			acked := killed(t, g)
			total += len(acked)
			j, err := g.tryOpen()
			if err != nil {
				t.Fatalf("round %d: %v", round, err)
			}
			for _, a := range acked {
				r, err := j.Get(t.Context(), a.id)
				if err != nil || r.Seq != a.seq || r.Hash().String() != a.hash {
					t.Fatalf("round %d: %+v was acknowledged, and there is %+v, %v", round, a, r, err)
				}
			}
			size := sound(t, j)
			// PostgreSQL may still be finishing what the killed process had sent, so its last group may come in between.
			if r := add(t, j, entry(round)); r.Seq <= size || g.name == "sqlite" && r.Seq != size+1 {
				t.Fatalf("round %d: the next record has the place %d after %d", round, r.Seq, size)
			}
			close1(t, j)
		}
		t.Logf("%d rounds, %d records were acknowledged before a kill", rounds, total)
		if total == 0 {
			t.Error("nothing was ever acknowledged: the test has tested nothing")
		}
	})
}

func afresh(t *testing.T, g ground) ground {
	t.Helper()
	if g.name == "sqlite" {
		return sqliteGround(t)
	}
	return postgresGround(t)
}

// killed runs a process that appends, kills it some time after its first words, and gives what it has said.
func killed(t *testing.T, g ground) []acknowledged {
	t.Helper()
	p, err := spawn(t, g, "append", &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL})
	if err != nil {
		t.Fatal(err)
	}
	var timer *time.Timer
	var acked []acknowledged
	for p.stdout.Scan() {
		if timer == nil {
			timer = time.AfterFunc(rand.N(60*time.Millisecond), func() { _ = p.Process.Kill() })
		}
		var a acknowledged
		if _, err := fmt.Sscanf(p.stdout.Text(), "%s %d %s", &a.id, &a.seq, &a.hash); err != nil {
			t.Fatalf("it said %q: %v", p.stdout.Text(), err)
		}
		acked = append(acked, a)
	}
	_ = p.Wait() // it was killed
	if len(acked) == 0 {
		t.Fatalf("it said nothing before it ended: %s", p.stderr)
	}
	return acked
}

// While one process has the file open, another is told so; when it is killed, the file is free at once.
func TestTwoProcessesOnOneFile(t *testing.T) {
	t.Parallel()
	g := sqliteGround(t)
	p, err := spawn(t, g, "append", &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL})
	if err != nil {
		t.Fatal(err)
	}
	if !p.stdout.Scan() {
		t.Fatal(p.stderr)
	}
	refused(t, g, fmt.Sprintf("(process %d)", p.Process.Pid), "stop that process")
	// Reading is allowed meanwhile.
	reader := g.open(t, readOnly)
	if n := sound(t, reader); n == 0 {
		t.Error("the reader sees nothing")
	}
	close1(t, reader)
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for p.stdout.Scan() { // to the end
	}
	_ = p.Wait()
	sound(t, g.open(t))
}

// A process that dies while it makes a journal leaves nothing that the next one stumbles over.
func TestKilledWhileFounding(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		for round := range max(4, crashRounds(t)/5) {
			g := afresh(t, g)
			p, err := spawn(t, g, "append", &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL})
			if err != nil {
				t.Fatal(err)
			}
			timer := time.AfterFunc(rand.N(400*time.Millisecond), func() { _ = p.Process.Kill() })
			for p.stdout.Scan() { // until it is killed
			}
			timer.Stop()
			_ = p.Wait()
			j, err := g.tryOpen()
			if err != nil {
				left, _ := filepath.Glob(filepath.Join(g.folder, "*"))
				t.Fatalf("round %d: %v (left %v)", round, err, left)
			}
			sound(t, j)
			add(t, j, entry(round))
			close1(t, j)
		}
	})
}
