package journal_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib"

	"greenchannel/server/journal"
)

// tamper changes a closed journal behind its back, past the triggers that would refuse it.
func (g ground) tamper(t testing.TB, statements ...string) {
	t.Helper()
	if g.name == "sqlite" {
		db, err := sql.Open("sqlite", filepath.Join(g.folder, "journal.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		db.SetMaxOpenConns(1)
		for _, trigger := range []string{"journal_records_kept", "journal_records_all", "journal_checkpoints_kept", "journal_checkpoints_all", "journal_bundles_kept", "journal_bundles_needed"} {
			statements = append([]string{"DROP TRIGGER IF EXISTS " + trigger}, statements...)
		}
		for _, s := range statements {
			if _, err := db.ExecContext(t.Context(), s); err != nil {
				t.Fatalf("%s: %v", s, err)
			}
		}
		return
	}
	conn, err := pgx.Connect(t.Context(), g.url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for _, s := range append([]string{"SET session_replication_role = replica", "SET synchronous_commit = off"}, statements...) {
		if _, err := conn.Exec(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// shell opens the database as somebody would who writes SQL by hand.
func (g ground) shell(t testing.TB) *sql.DB {
	t.Helper()
	driver, source := "sqlite", filepath.Join(g.folder, "journal.db")
	if g.name == "postgres" {
		driver, source = "pgx", g.url
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// flipped is SQL that gives a column with one byte changed, counted from 0.
func (g ground) flipped(column string, at int, text bool) string {
	if g.name == "postgres" {
		if text {
			return fmt.Sprintf("overlay(%s placing '~' from %d for 1)", column, at+1)
		}
		return fmt.Sprintf("set_byte(%s, %d, get_byte(%s, %d) # 4)", column, at, column, at)
	}
	if text {
		return fmt.Sprintf("substr(%s, 1, %d) || '~' || substr(%s, %d)", column, at, column, at+2)
	}
	// SQLite has no exclusive or on bytes: '~' (0x7e) is written where no test has it.
	return fmt.Sprintf("CAST(substr(%s, 1, %d) || x'7e' || substr(%s, %d) AS BLOB)", column, at, column, at+2)
}

// verified opens a journal for reading only and verifies it.
func verified(t *testing.T, g ground) (journal.Report, error) {
	t.Helper()
	j, err := g.tryOpen(readOnly)
	if err != nil {
		return journal.Report{}, err
	}
	report, err := j.Verify(t.Context(), nil)
	close1(t, j)
	return report, err
}

// damaged checks that a journal whose end was changed is refused when it is opened, and that verifying names the place.
func damaged(t *testing.T, g ground, want journal.Damage) {
	t.Helper()
	if j, err := g.tryOpen(); err == nil {
		t.Errorf("the damaged journal was opened")
		close1(t, j)
	} else if !isRefusal(err) {
		t.Errorf("opening is refused without a remedy: %v", err)
	}
	named(t, g, want)
}

// named checks that verifying names the place of a change.
func named(t *testing.T, g ground, want journal.Damage) {
	t.Helper()
	_, err := verified(t, g)
	got, found := errors.AsType[*journal.Damage](err)
	if !found {
		t.Fatalf("verify: %v, want damage", err)
	}
	if got.Seq != want.Seq || got.Field != want.Field || got.Offset != want.Offset || !strings.Contains(got.Detail, want.Detail) {
		t.Errorf("verify: %v\nwant record %d, %s, byte %d, %q", got, want.Seq, want.Field, want.Offset, want.Detail)
	}
}

func TestAChangeInAnyColumnIsNamed(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		j := g.open(t)
		for i := range 9 {
			e := keyed(i, "erp", fmt.Sprintf("key-%d", i))
			e.Exporter = fmt.Sprintf("Ganzhou %d", i) // each byte one character
			add(t, j, e)
		}
		close1(t, j)
		saved := g.save(t)
		for _, tc := range []struct {
			column string
			text   bool
			at     int
		}{
			{"id", true, 30},
			{"kind", true, 2},
			{"bundle", true, 10},
			{"caller", true, 0},
			{"idempotency_key", true, 3},
			{"application_id", true, 1},
			{"exporter", true, 7},
			{"outcome", true, 4},
			{"input", false, 11},
			{"reads", false, 0},
			{"facts", false, 20},
			{"result", false, 40},
			{"request_hash", false, 31},
		} {
			g.tamper(t, fmt.Sprintf("UPDATE journal_records SET %s = %s WHERE seq = 6", tc.column, g.flipped(tc.column, tc.at, tc.text)))
			damaged(t, g, journal.Damage{Seq: 6, Field: tc.column, Offset: int64(tc.at), Detail: "was recorded as"})
			g.restore(t, saved)
		}
		// Numbers, and what stands beside the record.
		for _, tc := range []struct {
			change string
			want   journal.Damage
		}{
			{"clock = clock # 256", journal.Damage{Seq: 6, Field: "clock", Offset: 6, Detail: "was recorded as"}},
			{"at = at # 1", journal.Damage{Seq: 6, Field: "at", Offset: 7, Detail: "was recorded as"}},
			{"seq = 900", journal.Damage{Seq: 6, Field: "seq", Offset: -1, Detail: "missing"}},
			{"tree = " + g.flipped("tree", 5, false), journal.Damage{Seq: 6, Field: "tree", Offset: 5, Detail: "leaf hash"}},
			{"tree = " + g.flipped("tree", 40, false), journal.Damage{Seq: 6, Field: "tree", Offset: 40, Detail: "stored hash of the tree"}},
			{"input = ''", journal.Damage{Seq: 6, Field: "input", Offset: -1, Detail: "check sum"}},
			{"input = '{}', result = '{}'", journal.Damage{Seq: 6, Field: "input", Offset: -1, Detail: "likewise result"}},
			{"request_hash = ''", journal.Damage{Seq: 6, Field: "request_hash", Offset: -1, Detail: "0 bytes"}},
			{"sums = '', caller = 'x'", journal.Damage{Seq: 6, Field: "sums", Offset: -1, Detail: "0 bytes"}},
		} {
			change := tc.change
			if g.name == "sqlite" { // which has neither # nor texts that become bytes
				change = strings.NewReplacer("clock # 256", "(clock | 256) - (clock & 256)", "at # 1", "(at | 1) - (at & 1)", "''", "x''", "'{}'", "x'7b7d'").Replace(change)
			}
			g.tamper(t, "UPDATE journal_records SET "+change+" WHERE seq = 6")
			if tc.want.Detail == "stored hash of the tree" { // which the end does not need
				named(t, g, tc.want)
			} else {
				damaged(t, g, tc.want)
			}
			g.restore(t, saved)
		}
	})
}

func TestAChangeBesideTheRecordsIsFound(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		j := g.open(t, func(o *journal.Options) { o.KeepCheckpoint = 4 })
		fill(t, j, 11)
		close1(t, j)
		saved := g.save(t)
		for name, change := range map[string]string{
			"a record removed":       "DELETE FROM journal_records WHERE seq = 5",
			"the last removed":       "DELETE FROM journal_records WHERE seq = 11",
			"the first removed":      "DELETE FROM journal_records WHERE seq = 1",
			"two swapped":            "UPDATE journal_records SET seq = CASE seq WHEN 3 THEN 1003 ELSE 3 END WHERE seq IN (3, 4)",
			"one appended":           "INSERT INTO journal_records SELECT 12, 'x' || substr(id, 2), kind, at + 1, clock, bundle, caller, idempotency_key, request_hash, application_id, exporter, outcome, tree, sums, input, reads, facts, result FROM journal_records WHERE seq = 11",
			"the head's size":        "UPDATE journal_head SET size = 10",
			"the head's instant":     "UPDATE journal_head SET at = at + 1",
			"the head's edge":        "UPDATE journal_head SET edge = " + g.flipped("edge", 33, false),
			"the head's note":        "UPDATE journal_head SET note = " + g.flipped("note", 30, true),
			"the note's signature":   "UPDATE journal_head SET note = " + g.flipped("note", 150, true),
			"a checkpoint's text":    "UPDATE journal_checkpoints SET note = " + g.flipped("note", 50, true) + " WHERE size = 4",
			"a checkpoint's size":    "UPDATE journal_checkpoints SET size = 5 WHERE size = 4",
			"a checkpoint past all":  "INSERT INTO journal_checkpoints SELECT 100, note FROM journal_checkpoints WHERE size = 4",
			"the public key":         "UPDATE journal_signers SET verifier = " + g.flipped("verifier", 60, true),
			"the public key removed": "DELETE FROM journal_signers",
			"another check sum":      "UPDATE journal_records SET sums = " + g.flipped("sums", 9, false) + " WHERE seq = 2",
		} {
			g.tamper(t, change)
			if _, err := verified(t, g); !isDamage(err) {
				t.Errorf("%s: verify: %v, want damage", name, err)
			}
			g.restore(t, saved)
		}
		if _, err := verified(t, g); err != nil {
			t.Errorf("with everything put back: %v", err)
		}
	})
}

// A damaged record is not given to anybody, wherever it is read; those before it are.
func TestADamagedRecordIsNeverGiven(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		j := g.open(t)
		var ids []string
		for i := range 6 {
			e := keyed(i, "erp", fmt.Sprintf("key-%d", i))
			ids = append(ids, e.ID)
			add(t, j, e)
		}
		close1(t, j)
		g.tamper(t, "UPDATE journal_records SET outcome = 'prohibited' WHERE seq = 4")
		j = g.open(t, readOnly)
		_, byID := j.Get(t.Context(), ids[3])
		_, bySeq := j.BySeq(t.Context(), 4)
		for _, err := range []error{byID, bySeq} {
			if !isDamage(err) {
				t.Errorf("%v, want damage", err)
			}
		}
		given := 0
		for r, err := range j.Range(t.Context(), 0, 0) {
			if err == nil && r.Seq != 4 {
				given++
			} else if !isDamage(err) {
				t.Errorf("%+v, %v", r, err)
			}
		}
		if given != 3 {
			t.Errorf("%d records before the damage were given, want 3", given)
		}
	})
}

// What is recorded while verifying goes on does not look like damage, neither to the process that records nor to another.
func TestVerifyingWhileRecording(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		j := g.open(t, func(o *journal.Options) { o.KeepCheckpoint = 1 }) // which is kept beside the journal each time
		fill(t, j, 5)
		for _, verifying := range []*journal.Journal{j, g.open(t, readOnly)} {
			done := 0
			report, err := verifying.Verify(t.Context(), func(uint64, uint64) { fill(t, j, 3); done++ })
			if err != nil || report.Records < 5 || done == 0 {
				t.Errorf("report %+v, %v", report, err)
			}
		}
	})
}

func TestRecordsCannotBeChangedWithSQL(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		j := g.open(t, func(o *journal.Options) { o.KeepCheckpoint = 1 })
		fill(t, j, 3)
		db := g.shell(t)
		for _, s := range []string{
			"UPDATE journal_records SET outcome = 'x'", "DELETE FROM journal_records WHERE seq = 3",
			"UPDATE journal_checkpoints SET note = 'x'", "DELETE FROM journal_checkpoints",
		} {
			if _, err := db.ExecContext(t.Context(), s); err == nil || !strings.Contains(err.Error(), "never") {
				t.Errorf("%s: %v", s, err)
			}
		}
		var input, at string
		if err := db.QueryRowContext(t.Context(), "SELECT input, at FROM journal_readable WHERE seq = 2").Scan(&input, &at); err != nil {
			t.Fatal(err)
		}
		want, err := j.BySeq(t.Context(), 2)
		if err != nil {
			t.Fatal(err)
		}
		if input != string(want.Input) || at != want.At.Format("2006-01-02T15:04:05.000000000Z") {
			t.Errorf("the readable view gives %q and %q, want %q and %q", input, at, want.Input, want.At)
		}
	})
}
