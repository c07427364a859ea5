package journal_test

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// What was recorded comes into the file while the journal is open, beside those who record; and the WAL is written over again
// and again instead of growing with the record.
func TestTheWALIsFolded(t *testing.T) {
	t.Parallel()
	const chunk, most = 8 << 20, 40 << 20
	g := sqliteGround(t)
	j := g.open(t)
	file := filepath.Join(g.folder, "journal.db")
	recorded := int64(0)
	for range 10 {
		for until := recorded + chunk; recorded < until; recorded += 64 << 10 {
			e := entry(1)
			e.Result = bytes.Repeat([]byte("r"), 64<<10)
			add(t, j, e)
		}
		for enough := time.Now().Add(time.Minute); sizeOf(t, file) < recorded-chunk; time.Sleep(time.Millisecond) {
			if time.Now().After(enough) {
				t.Fatalf("of %d bytes that were recorded the file has %d", recorded, sizeOf(t, file))
			}
		}
	}
	if wal := sizeOf(t, file+"-wal"); wal > most {
		t.Errorf("after %d bytes of records the WAL has %d, want %d at most", recorded, wal, most)
	}
	close1(t, j)
	sound(t, g.open(t))
}

// Whoever reads an old state keeps from being folded what came after it. Recording goes on meanwhile, and what was kept back
// follows.
func TestFoldingGoesOnAfterAReader(t *testing.T) {
	t.Parallel()
	g := sqliteGround(t)
	j := g.open(t)
	file := filepath.Join(g.folder, "journal.db")
	record := func(until func() bool) {
		t.Helper()
		for n := 0; !until(); n++ {
			if n == 10_000 {
				t.Fatal("640 MB were recorded and nothing is folded")
			}
			e := entry(1)
			e.Result = bytes.Repeat([]byte("r"), 64<<10)
			add(t, j, e)
		}
	}
	record(func() bool { return sizeOf(t, file) > 8<<20 })

	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	reading, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var seen, still int
	const count = "SELECT count(*) FROM journal_records"
	if err := reading.QueryRowContext(t.Context(), count).Scan(&seen); err != nil {
		t.Fatal(err)
	}
	more := 400
	record(func() bool { more--; return more == 0 })
	if err := reading.QueryRowContext(t.Context(), count).Scan(&still); err != nil || still != seen {
		t.Errorf("a reader saw %d records and then %d, %v", seen, still, err)
	}
	kept := sizeOf(t, file)
	if err := reading.Rollback(); err != nil {
		t.Fatal(err)
	}
	record(func() bool { return sizeOf(t, file) >= kept+16<<20 })
	close1(t, j)
	sound(t, g.open(t))
}

func sizeOf(t *testing.T, file string) int64 {
	t.Helper()
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
