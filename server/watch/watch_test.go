package watch

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Every way in which a file is saved is told, also in a folder that is made later; what changes one moment after the other
// is told together.
func TestWhatIsSavedIsTold(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	folder, err := Open(root)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	told, ended := make(chan time.Time, 100), make(chan error, 1)
	go func() { ended <- folder.Follow(ctx, func(_ context.Context, at time.Time) { told <- at }) }()
	write := func(name string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(root, name), []byte("package a\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, save := range []struct {
		name string
		do   func()
	}{
		{"written", func() { write("a.rego") }},
		{"written again", func() { write("a.rego") }},
		{"a folder is made, and a file in it", func() {
			if err := os.MkdirAll(filepath.Join(root, "deep", "deeper"), 0o700); err != nil {
				t.Fatal(err)
			}
			write("deep/deeper/b.rego")
		}},
		{"put in the place of another", func() {
			write(".b.rego.swp")
			if err := os.Rename(filepath.Join(root, ".b.rego.swp"), filepath.Join(root, "deep", "deeper", "b.rego")); err != nil {
				t.Fatal(err)
			}
		}},
		{"removed", func() {
			if err := os.Remove(filepath.Join(root, "deep", "deeper", "b.rego")); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		save.do()
		select {
		case at := <-told:
			if at.IsZero() {
				t.Errorf("%s: no moment is told", save.name)
			}
		case <-time.After(time.Minute):
			t.Fatalf("%s: nothing is told", save.name)
		}
		for quiet := false; !quiet; { // on a busy machine one save may be told in parts
			select {
			case <-told:
			case <-time.After(5 * settle):
				quiet = true
			}
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestWhatCannotBeWatched(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "a.rego")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(file + ".none"); err == nil {
		t.Error("what is not there is watched")
	}

}
