package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/gofrs/flock"
)

// Files of a data folder.
const (
	databaseFile = "journal.db"         // SQLite only
	keyFile      = "journal.key"        // the private key that signs checkpoints
	witnessFile  = "journal.checkpoint" // the last checkpoint that this node has seen
	lockFile     = "journal.lock"       // held while a process has the journal open

	// draftFile is a key before its journal is founded. It becomes the key once the database has the journal's name, so a
	// key is always that of a journal that was there.
	draftFile = "journal.key.draft"
)

// folder is the data folder of one process: its lock, its key and its witness.
type folder struct {
	path string
	lock *flock.Flock
}

// openFolder makes the folder when it is not there and takes its lock.
func openFolder(path string) (*folder, error) {
	if err := makeFolder(path); err != nil {
		return nil, &Refusal{path, "the data folder cannot be made", "choose a folder that the service may write to", err}
	}
	lock := flock.New(filepath.Join(path, lockFile), flock.SetPermissions(0o600))
	held, err := lock.TryLock()
	switch {
	case err != nil:
		return nil, &Refusal{path, "its lock cannot be taken", "choose a folder that the service may write to, on a disk of this machine", err}
	case !held:
		return nil, &Refusal{
			path, "another process has it open" + holder(lock.Path()),
			"stop that process, or give this one a data folder of its own; several nodes share one record with PostgreSQL", nil,
		}
	}
	// Who holds the lock is told to the next one; that it is told is a courtesy, so a full disk does not matter.
	_ = os.WriteFile(lock.Path(), fmt.Appendf(nil, "%d\n", os.Getpid()), 0o600)
	return &folder{path, lock}, nil
}

// makeFolder makes a folder and those above it that are missing. Their names are on disk before it returns: a record that
// is durable in a folder whose name is not would be lost with it.
func makeFolder(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	above := filepath.Dir(path)
	if above == path {
		return fmt.Errorf("%s: %w", path, fs.ErrNotExist)
	}
	if err := makeFolder(above); err != nil {
		return err
	}
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncFolder(above)
}

func holder(path string) string {
	pid, err := os.ReadFile(path)
	if err != nil || len(pid) == 0 {
		return ""
	}
	return " (process " + strings.TrimSpace(string(pid)) + ")"
}

func (f *folder) close() error { return f.lock.Unlock() }

func (f *folder) file(name string) string { return filepath.Join(f.path, name) }

// used says whether a journal has been kept with this folder before.
func (f *folder) used() (name string, used bool) {
	for _, name := range []string{witnessFile, keyFile} {
		if _, err := os.Lstat(f.file(name)); err == nil {
			return name, true
		}
	}
	return "", false
}

// signer reads the key of this node, and makes it when there is none.
func (f *folder) signer(origin string) (s signer, fresh bool, err error) {
	path := f.file(keyFile)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		s, err = f.firstSigner(origin)
		return s, true, err
	}
	if err != nil {
		return signer{}, false, &Refusal{path, "the key that signs checkpoints cannot be read", "let the service read it", err}
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return signer{}, false, &Refusal{
			path, fmt.Sprintf("the key that signs checkpoints can be read by others (mode %04o)", info.Mode().Perm()),
			"take the rights away (chmod 600); if others may have read it, move it away, and a new key is made", nil,
		}
	}
	private, err := os.ReadFile(path)
	if err == nil {
		s, err = readSigner(strings.TrimSpace(string(private)))
	}
	if err != nil {
		return signer{}, false, &Refusal{
			path, "the key that signs checkpoints cannot be used",
			"restore it from a backup, or move it away, and a new key is made and entered beside the old one", err,
		}
	}
	if s.Name() != origin {
		return signer{}, false, &Refusal{
			path, fmt.Sprintf("the key belongs to the journal %s, and the database holds %s", s.Name(), origin),
			"bring the folder and the database together that belong together", nil,
		}
	}
	return s, false, nil
}

// draftSigner makes a key for a journal that is about to be founded.
func (f *folder) draftSigner(origin string) (signer, error) { return f.makeSigner(draftFile, origin) }

// firstSigner makes the key of this node for a journal that is there: the draft, if the journal was founded with it.
func (f *folder) firstSigner(origin string) (signer, error) {
	draft, err := os.ReadFile(f.file(draftFile))
	if err == nil {
		if s, err := readSigner(strings.TrimSpace(string(draft))); err == nil && s.Name() == origin {
			err = errors.Join(os.Rename(f.file(draftFile), f.file(keyFile)), syncFolder(f.path))
			return s, err
		}
		if err := os.Remove(f.file(draftFile)); err != nil {
			return signer{}, err
		}
	}
	return f.makeSigner(keyFile, origin)
}

func (f *folder) makeSigner(name, origin string) (signer, error) {
	private, err := newSignerKey(origin)
	if err != nil {
		return signer{}, err
	}
	if err := keep(f.file(name), []byte(private+"\n")); err != nil {
		return signer{}, &Refusal{f.file(name), "the key that signs checkpoints cannot be kept", "make room, and let the service write there", err}
	}
	return readSigner(private)
}

// witness is the last checkpoint that this node has kept outside the database; nil for none.
func (f *folder) witness() ([]byte, error) {
	signed, err := os.ReadFile(f.file(witnessFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return signed, err
}

func (f *folder) keepWitness(signed []byte) error { return keep(f.file(witnessFile), signed) }

// keep puts a file in place whole or not at all, and on disk before it returns.
func keep(path string, content []byte) error {
	fresh, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*") // made with mode 0600
	if err != nil {
		return err
	}
	_, err = fresh.Write(content)
	err = errors.Join(err, fresh.Sync(), fresh.Close())
	if err == nil {
		err = os.Rename(fresh.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(fresh.Name()))
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes the names in a folder durable. Windows knows no such thing.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
