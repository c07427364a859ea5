package journal_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"greenchannel/server/journal"
)

// A disk that takes what is written and then fails to confirm it leaves nobody sure: such a commit is never acknowledged,
// and it is not denied either. What was acknowledged before is there.
func TestDiskThatDoesNotConfirm(t *testing.T) {
	t.Parallel()
	g := sqliteGround(t)
	p, err := spawn(t, g, "unsynced", &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL})
	if err != nil {
		t.Fatal(err)
	}
	var acked []string
	for p.stdout.Scan() {
		acked = append(acked, p.stdout.Text())
	}
	if err := p.Wait(); err == nil || p.ProcessState.ExitCode() != -1 {
		t.Fatalf("it was to end by its own kill: %v: %s", err, p.stderr)
	}
	j := g.open(t)
	for i, id := range acked {
		if r, err := j.Get(t.Context(), id); err != nil || r.Seq != uint64(i+1) {
			t.Errorf("%s was acknowledged as the record %d, and there is %+v, %v", id, i+1, r, err)
		}
	}
	// The kernel still had what the disk did not confirm: SQLite may find it whole, and then it is a record like any other.
	if size := sound(t, j); size < 20 || size > 21 {
		t.Errorf("%d records, and 20 were acknowledged", size)
	}
}

// failToSync appends, makes fsync fail from then on, appends in vain, and dies as if the power had gone.
func failToSync(g ground) error {
	j, err := g.tryOpen()
	if err != nil {
		return err
	}
	for i := range 20 {
		e := entry(i)
		if _, err := j.Append(context.Background(), e); err != nil {
			return err
		}
		fmt.Println(e.ID)
	}
	if err := denySync(); err != nil {
		return err
	}
	for i := range 5 {
		_, err := j.Append(context.Background(), entry(i))
		if !errors.Is(err, journal.ErrUncertain) || !isUnrecorded(err) {
			return fmt.Errorf("where the disk confirms nothing: %w", err)
		}
	}
	if err := j.KeepBundle(context.Background(), spare(1)); !isUnrecorded(err) {
		return fmt.Errorf("a bundle, where the disk confirms nothing: %w", err)
	}
	return syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
}

// denySync lets the kernel answer every fsync and fdatasync of this process with an I/O error, by a seccomp filter.
func denySync() error {
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // the number of the system call
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_FSYNC, Jt: 2},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_FDATASYNC, Jt: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EIO)},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	_, _, code := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program)))
	if code != 0 {
		return code
	}
	return nil
}
