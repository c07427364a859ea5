package journal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"greenchannel/server/journal"
	"greenchannel/server/problem"
)

func TestMain(m *testing.M) {
	if mode := os.Getenv(childMode); mode != "" {
		os.Exit(child(mode))
	}
	code := m.Run()
	if err := removeShared(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// ground is a database that a journal can be opened on, again and again.
type ground struct {
	name   string
	url    string
	folder string
}

// grounds gives a fresh one of every kind that there is.
func grounds(t testing.TB) []ground {
	t.Helper()
	all := []ground{sqliteGround(t)}
	if !withoutPostgres() {
		all = append(all, postgresGround(t))
	}
	return all
}

func sqliteGround(t testing.TB) ground {
	folder := t.TempDir()
	return ground{"sqlite", "sqlite://" + folder, folder}
}

func postgresGround(t testing.TB) ground {
	t.Helper()
	return ground{"postgres", database(t), t.TempDir()}
}

// onEach runs a test on a fresh ground of every kind.
func onEach(t *testing.T, test func(*testing.T, ground)) {
	t.Parallel()
	for _, g := range grounds(t) {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			test(t, g)
		})
	}
}

// node is the same database with a data folder of its own: another server on it. SQLite has only one.
func (g ground) node(t testing.TB) ground {
	return ground{g.name, g.url, t.TempDir()}
}

// open opens the journal and closes it at the end of the test.
func (g ground) open(t testing.TB, options ...func(*journal.Options)) *journal.Journal {
	t.Helper()
	j, err := g.tryOpen(options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return j
}

// tryOpen opens the journal, and keeps the bundles that entries name.
func (g ground) tryOpen(options ...func(*journal.Options)) (*journal.Journal, error) {
	j, err := g.openAsItIs(options...)
	if err != nil || j.VerifierKey() == "" { // for reading only
		return j, err
	}
	for n := range bundles {
		if err := j.KeepBundle(context.Background(), bundle(n)); err != nil {
			return nil, errors.Join(err, j.Close())
		}
	}
	return j, nil
}

// openAsItIs opens the journal and keeps nothing in it.
func (g ground) openAsItIs(options ...func(*journal.Options)) (*journal.Journal, error) {
	o := journal.Options{Folder: g.folder}
	for _, choose := range options {
		choose(&o)
	}
	return journal.Open(context.Background(), g.url, o)
}

// bundles is how many bundles entries name.
const bundles = 2

func bundle(n int) journal.KeptBundle {
	return journal.KeptBundle{
		Digest: fmt.Sprintf("sha256:%064x", n+1), Name: "rareearth", Revision: fmt.Sprintf("r%d", n),
		Archive: bytes.Repeat(fmt.Appendf(nil, "archive %d \xff\x00", n), 50),
	}
}

func readOnly(o *journal.Options) { o.ReadOnly = true }

func close1(t testing.TB, j *journal.Journal) {
	t.Helper()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// entry is a decision that could be recorded, with something of its own in every field.
func entry(n int) journal.Entry {
	return journal.Entry{
		ID: newID(), Kind: journal.Decision, Clock: time.Date(2026, 11, 23, 9, 0, n%60, n, time.UTC),
		Bundle: bundle(n % bundles).Digest,
		Input:  fmt.Appendf(nil, `{"id": "A-%d", "exporter": {"name": "赣州 %d"}}`+"\n", n, n),
		Reads:  fmt.Appendf(nil, `[{"path": "/registry/%d", "value": null}]`, n),
		Facts:  fmt.Appendf(nil, `{"exporter":"赣州 %d","orders":[{"element":"Dy","kg":%d}]}`, n, n),
		Result: fmt.Appendf(nil, `{"outcome":"green_channel","application_id":"A-%d"}`, n),
		Caller: fmt.Sprintf("erp-%d", n%3), ApplicationID: fmt.Sprintf("A-%d", n), Exporter: fmt.Sprintf("赣州 %d", n),
		Outcome: "green_channel",
	}
}

// add appends an entry that must be taken.
func add(t testing.TB, j *journal.Journal, e journal.Entry) journal.Receipt {
	t.Helper()
	r, err := j.Append(context.Background(), e)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func fill(t testing.TB, j *journal.Journal, n int) {
	t.Helper()
	for i := range n {
		add(t, j, entry(i))
	}
}

func isDamage(err error) bool {
	_, found := errors.AsType[*journal.Damage](err)
	return found
}

func isRefusal(err error) bool {
	_, found := errors.AsType[*journal.Refusal](err)
	return found
}

// sound verifies a journal and gives how many records it has.
func sound(t testing.TB, j *journal.Journal) uint64 {
	t.Helper()
	report, err := j.Verify(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return report.Records
}

func isUnrecorded(err error) bool {
	return err != nil && problem.Of(err).Kind == problem.Unrecorded
}

// saved is a copy of a closed journal.
type saved map[string][]byte

// savedTables lists what a copy of a database holds.
func savedTables() []string {
	return []string{"journal_origin", "journal_records", "journal_head", "journal_checkpoints", "journal_signers", "journal_bundles"}
}

// save copies what the journal is kept in: the folder, and for PostgreSQL the tables.
func (g ground) save(t testing.TB) saved {
	t.Helper()
	s := saved{}
	found, err := os.ReadDir(g.folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if s[f.Name()], err = os.ReadFile(filepath.Join(g.folder, f.Name())); err != nil {
			t.Fatal(err)
		}
	}
	if g.name == "postgres" {
		var statements []string
		for _, table := range savedTables() {
			statements = append(statements, "DROP TABLE IF EXISTS saved_"+table, "CREATE TABLE saved_"+table+" AS TABLE "+table)
		}
		g.tamper(t, statements...)
	}
	return s
}

// restore puts a copy back.
func (g ground) restore(t testing.TB, s saved) {
	t.Helper()
	found, err := os.ReadDir(g.folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if err := os.Remove(filepath.Join(g.folder, f.Name())); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range s {
		if err := os.WriteFile(filepath.Join(g.folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if g.name == "postgres" {
		var statements []string
		for _, table := range savedTables() {
			statements = append(statements, "DELETE FROM "+table, "INSERT INTO "+table+" TABLE saved_"+table)
		}
		g.tamper(t, statements...)
	}
}
