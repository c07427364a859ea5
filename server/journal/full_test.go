package journal_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"greenchannel/server/journal"
)

// The disk is a tmpfs of a few megabytes, mounted by a child in a mount namespace of its own, so that nothing is left of
// it. Where namespaces are not to be had, the limit on file sizes stands in for it.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	g := sqliteGround(t)
	apart := &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Cloneflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		apart.Cloneflags |= syscall.CLONE_NEWUSER
		apart.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		apart.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	p, err := spawn(t, g, "full", apart)
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EINVAL) {
		t.Logf("no mount namespace here (%v): a limit on file sizes stands in for the full disk", err)
		p, err = spawn(t, g, "limited", nil)
	}
	ended(t, p, err)
}

// The disk gives an I/O error in the middle of a file: here because the file may not grow.
func TestDiskFails(t *testing.T) {
	t.Parallel()
	p, err := spawn(t, sqliteGround(t), "limited", nil)
	ended(t, p, err)
}

func ended(t *testing.T, p *process, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for p.stdout.Scan() {
		t.Log(p.stdout.Text())
	}
	if err := p.Wait(); err != nil {
		t.Errorf("%v: %s", err, p.stderr)
	}
}

// fillDisk mounts a small disk and runs the journal on it until it is full, and again when there is room.
func fillDisk(g ground) error {
	// What is mounted here is not to be seen outside.
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return err
	}
	disk := filepath.Join(g.folder, "disk")
	if err := os.Mkdir(disk, 0o700); err != nil {
		return err
	}
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=16m"); err != nil {
		return err
	}
	ballast := filepath.Join(disk, "ballast")
	hold := func() error { return os.WriteFile(ballast, make([]byte, 12<<20), 0o600) }
	free := func() error { return os.Remove(ballast) }
	return fullAndFree(ground{name: "sqlite", url: "sqlite://" + disk, folder: disk}, hold, free)
}

// fillLimit does the same with a limit on the size of files, beyond which the system gives an I/O error.
func fillLimit(g ground) error {
	signal.Ignore(syscall.SIGXFSZ)
	limit := func(bytes uint64) error {
		return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: bytes, Max: ^uint64(0)})
	}
	hold := func() error { return limit(3 << 20) }
	free := func() error { return limit(6 << 20) }
	return fullAndFree(ground{name: "sqlite", url: "sqlite://" + g.folder, folder: g.folder}, hold, free)
}

// fullAndFree appends until the disk is full, sees that nothing is answered and nothing half written while it is, and that
// the journal goes on by itself when there is room, in the next place.
func fullAndFree(g ground, hold, free func() error) error {
	if err := hold(); err != nil {
		return err
	}
	j, err := g.tryOpen()
	if err != nil {
		return err
	}
	var given, denied []string
	big := strings.Repeat("x", 40<<10)
	appendBig := func() error {
		e := entry(len(given))
		e.Result = []byte(big)
		_, err := j.Append(context.Background(), e)
		if err != nil {
			denied = append(denied, e.ID)
			return err
		}
		given = append(given, e.ID)
		return nil
	}
	for range 1000 {
		if err = appendBig(); err != nil {
			break
		}
	}
	if !isUnrecorded(err) || errors.Is(err, journal.ErrUncertain) {
		return fmt.Errorf("a full disk: %w (after %d records)", err, len(given))
	}
	fmt.Printf("full after %d records: %v\n", len(given), err)
	for range 5 { // it stays full, and the journal stays up
		if err := appendBig(); !isUnrecorded(err) {
			return fmt.Errorf("while the disk is full: %w", err)
		}
	}
	if err := holds(j, given, denied); err != nil {
		return fmt.Errorf("while the disk is full: %w", err)
	}
	if err := free(); err != nil {
		return err
	}
	full := len(given)
	for range 10 {
		if err := appendBig(); err != nil {
			return fmt.Errorf("when there is room again: %w", err)
		}
	}
	fmt.Printf("%d more when there was room again\n", len(given)-full)
	if err := holds(j, given, denied); err != nil {
		return fmt.Errorf("when there is room again: %w", err)
	}
	if err := j.Close(); err != nil {
		return err
	}
	if j, err = g.tryOpen(); err != nil {
		return err
	}
	return errors.Join(holds(j, given, denied), j.Close())
}

// holds checks that a journal is sound and has the one records and not the others, in their order and without a gap.
func holds(j *journal.Journal, given, denied []string) error {
	report, err := j.Verify(context.Background(), nil)
	if err != nil {
		return err
	}
	if report.Records != uint64(len(given)) {
		return fmt.Errorf("%d records are there, and %d were acknowledged", report.Records, len(given))
	}
	for i, id := range given {
		if r, err := j.Get(context.Background(), id); err != nil || r.Seq != uint64(i+1) {
			return fmt.Errorf("record %d: %+v, %w", i+1, r, err)
		}
	}
	for _, id := range denied {
		if r, err := j.Get(context.Background(), id); err == nil {
			return fmt.Errorf("record %d was denied and is there", r.Seq)
		}
	}
	return nil
}
