package journal_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"greenchannel/server/journal"
)

// The test binary runs itself again for what needs a process of its own: to be killed, to fill a disk, to hold a lock.
const (
	childMode   = "GREENCHANNEL_JOURNAL_CHILD"
	childURL    = "GREENCHANNEL_JOURNAL_CHILD_URL"
	childFolder = "GREENCHANNEL_JOURNAL_CHILD_FOLDER"
)

func child(mode string) int {
	g := ground{url: os.Getenv(childURL), folder: os.Getenv(childFolder)}
	modes := map[string]func(ground) error{
		"append": appendForEver, "full": fillDisk, "limited": fillLimit, "count": countInAChild, "unsynced": failToSync,
	}
	if err := modes[mode](g); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// process is a child that runs.
type process struct {
	*exec.Cmd
	stdout *bufio.Scanner
	stderr *strings.Builder
}

// spawn starts a child on a ground.
func spawn(t testing.TB, g ground, mode string, attributes *syscall.SysProcAttr) (*process, error) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{Cmd: exec.Command(self), stderr: &strings.Builder{}}
	p.Env = append(os.Environ(), childMode+"="+mode, childURL+"="+g.url, childFolder+"="+g.folder)
	p.Stderr = p.stderr
	p.SysProcAttr = attributes
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.stdout = bufio.NewScanner(out)
	return p, p.Start()
}

// acknowledged is what a child says of a record once it has its receipt.
type acknowledged struct {
	id   string
	seq  uint64
	hash string
}

// appendForEver appends from some goroutines at once and says what was acknowledged, until it is killed.
func appendForEver(g ground) error {
	j, err := g.tryOpen(func(o *journal.Options) { o.KeepCheckpoint = 50 })
	if err != nil {
		return err
	}
	var group sync.WaitGroup
	var mu sync.Mutex
	for n := range 8 {
		group.Go(func() {
			for i := 0; ; i++ {
				e := entry(n*1_000_000 + i)
				if i%5 == 0 {
					e.Result = []byte(strings.Repeat("a longer result ", 1<<(i%12)))
				}
				r, err := j.Append(context.Background(), e)
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				mu.Lock()
				// One write a line: a line is said whole or not at all.
				_, err = io.WriteString(os.Stdout, fmt.Sprintf("%s %d %s\n", e.ID, r.Seq, r.Hash))
				mu.Unlock()
				if err != nil {
					os.Exit(0) // nobody listens any more
				}
			}
		})
	}
	group.Wait()
	return nil
}
