package journal_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"greenchannel/server/journal"
)

// refused opens a journal that must not open, and checks that the message says what was found and what to do.
func refused(t *testing.T, g ground, found, remedy string, options ...func(*journal.Options)) {
	t.Helper()
	j, err := g.tryOpen(options...)
	if err == nil {
		close1(t, j)
		t.Errorf("opened, and should be refused: %s", found)
		return
	}
	refusal, ok := errors.AsType[*journal.Refusal](err)
	if !ok || !strings.Contains(refusal.Error(), found) || !strings.Contains(refusal.Remedy, remedy) {
		t.Errorf("refused with: %v\nwant %q, and to %q", err, found, remedy)
	}
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestWhatIsNoJournalIsRefused(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		make          func(path string) error
		found, remedy string
	}{
		"text": {func(path string) error {
			return os.WriteFile(path, []byte(strings.Repeat("no database\n", 100)), 0o600)
		}, "it is no SQLite file", "name another file"},
		"noise": {func(path string) error { return os.WriteFile(path, []byte("SQLite format 3\x00\x10"), 0o600) }, "", ""},
		"another program's": {func(path string) error {
			return execSQLite(path, "CREATE TABLE orders (id INTEGER)")
		}, "of something else", "nothing in this one was changed"},
		"another program's, empty": {func(path string) error {
			return execSQLite(path, "PRAGMA application_id = 7")
		}, "of something else", "name another file"},
	} {
		g := sqliteGround(t)
		path := filepath.Join(g.folder, "journal.db")
		if err := tc.make(path); err != nil {
			t.Fatal(err)
		}
		before := read(t, path)
		refused(t, g, tc.found, tc.remedy)
		refused(t, g, tc.found, tc.remedy, readOnly)
		if after := read(t, path); string(after) != string(before) {
			t.Errorf("%s: the file was changed", name)
		}
	}
}

func execSQLite(path string, statements ...string) error {
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return err
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			return err
		}
	}
	return nil
}

func TestANewerJournalIsRefused(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		j := g.open(t)
		fill(t, j, 1)
		close1(t, j)
		applied := "1"
		if g.name == "postgres" {
			applied = "true"
		}
		g.tamper(t, "INSERT INTO journal_migrations (version_id, is_applied) VALUES (99, "+applied+")")
		refused(t, g, "it has the form 99", "start the newer program")
	})
}

func TestASecondProcessIsRefused(t *testing.T) {
	t.Parallel()
	g := sqliteGround(t)
	j := g.open(t)
	refused(t, g, "another process has it open (process ", "give this one a data folder of its own")
	close1(t, j)
	g.open(t)
}

func TestURLsThatNameNothing(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "journal", "mysql://x", "sqlite:", "sqlite://host/path", "sqlite:///a?mode=ro", "sqlite:///%zz", "postgres://a:secret@b:port/x"} {
		g := ground{url: url, folder: t.TempDir()}
		_, err := g.tryOpen()
		if !isRefusal(err) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", url, err)
		}
	}
	g := ground{url: "postgres://somebody@localhost/x"}
	refused(t, g, "no data folder", "name a folder")
}

func TestAFileMayBeNamed(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "with space", "50%", "名")
	path := filepath.Join(folder, "kept.db")
	g := ground{"sqlite", "sqlite://" + strings.ReplaceAll(path, "%", "%25"), ""}
	j := g.open(t)
	fill(t, j, 2)
	close1(t, j)
	for _, name := range []string{path, filepath.Join(folder, "journal.key"), filepath.Join(folder, "journal.checkpoint")} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has the mode %v; others may read it", name, info.Mode())
		}
	}
	if n := sound(t, g.open(t)); n != 2 {
		t.Errorf("%d records, want 2", n)
	}
}

// The database is gone or another one, and the folder knows that there was one: nothing is begun anew in silence.
func TestALostDatabaseIsMissed(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		empty := grounds(t)
		j := g.open(t)
		fill(t, j, 2)
		close1(t, j)
		if g.name == "sqlite" {
			path := filepath.Join(g.folder, "journal.db")
			if err := os.Rename(path, path+".moved"); err != nil {
				t.Fatal(err)
			}
			refused(t, g, "the file is gone or empty", "put the file back")
			write(t, path, nil)
			refused(t, g, "the file is gone or empty", "put the file back")
			return
		}
		refused(t, ground{g.name, empty[1].url, g.folder}, "shows that there was one", "look for the database")
		// Another journal's database.
		other := empty[1].open(t)
		fill(t, other, 1)
		refused(t, ground{g.name, empty[1].url, g.folder}, "the key belongs to the journal", "bring the folder and the database together")
	})
}

// A database put back from an older copy lacks records that were signed: the checkpoint beside it shows that.
func TestAnOlderCopyIsRefused(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		j := g.open(t)
		fill(t, j, 3)
		close1(t, j)
		old := g.save(t)
		j = g.open(t)
		fill(t, j, 2)
		close1(t, j)
		witness := filepath.Join(g.folder, "journal.checkpoint")
		signed := read(t, witness)
		g.restore(t, old)
		write(t, witness, signed)
		refused(t, g, "it lacks or has changed records", "put back the newest copy")
		if _, err := verified(t, g); err == nil || !strings.Contains(err.Error(), "it is of 5 records, and only 3 are there") {
			t.Errorf("verify: %v", err)
		}
		// The loss is accepted.
		if err := os.Remove(witness); err != nil {
			t.Fatal(err)
		}
		j = g.open(t)
		if r := add(t, j, entry(4)); r.Seq != 4 {
			t.Errorf("place %d, want 4", r.Seq)
		}
		close1(t, j)
		// The checkpoint of five is no more the one of this journal's future, however it grows.
		j = g.open(t)
		fill(t, j, 3)
		close1(t, j)
		write(t, witness, signed)
		refused(t, g, "the records up to there are not those that were signed", "put back the newest copy")
	})
}

func TestTheKey(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		j := g.open(t)
		fill(t, j, 2)
		first := j.VerifierKey()
		close1(t, j)
		key := filepath.Join(g.folder, "journal.key")
		private := read(t, key)
		if err := os.Chmod(key, 0o644); err != nil {
			t.Fatal(err)
		}
		refused(t, g, "can be read by others", "chmod 600")
		write(t, key, []byte("PRIVATE+KEY+nonsense"))
		if err := os.Chmod(key, 0o600); err != nil {
			t.Fatal(err)
		}
		refused(t, g, "cannot be used", "restore it from a backup")
		// A lost key: a new one takes over, the old signatures stay good.
		if err := os.Remove(key); err != nil {
			t.Fatal(err)
		}
		j = g.open(t, func(o *journal.Options) { o.KeepCheckpoint = 1 })
		second := j.VerifierKey()
		if second == first {
			t.Error("the lost key came back by itself")
		}
		fill(t, j, 1)
		report, err := j.Verify(t.Context(), nil)
		if err != nil || len(report.Signers) != 1 {
			t.Errorf("report %+v, %v", report, err)
		}
		close1(t, j)
		// Who trusts only the first key does not believe what the second signed.
		only := func(o *journal.Options) { o.Trust = []string{first} }
		refused(t, g, "the checkpoint of the end is not sound", "", only)
		j = g.open(t, func(o *journal.Options) { o.Trust = []string{first, second} })
		close1(t, j)
		write(t, key, private)
		j = g.open(t)
		if j.VerifierKey() != first {
			t.Error("the key that was put back is not used")
		}
	})
}

// A crash between founding a journal and keeping its key leaves a draft of the key, which is taken up.
func TestAFoundingThatWasCutShort(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		j := g.open(t)
		first := j.VerifierKey()
		close1(t, j)
		key := filepath.Join(g.folder, "journal.key")
		if err := os.Rename(key, key+".draft"); err != nil {
			t.Fatal(err)
		}
		j = g.open(t)
		if j.VerifierKey() != first {
			t.Error("the draft was not taken up")
		}
		close1(t, j)
		// A draft of a founding that never came to be is no reason to refuse.
		fresh := grounds(t)
		n := 0
		if g.name == "postgres" {
			n = 1
		}
		write(t, filepath.Join(fresh[n].folder, "journal.key.draft"), read(t, key))
		fill(t, fresh[n].open(t), 1)
	})
}
