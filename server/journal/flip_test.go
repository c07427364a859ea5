package journal_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"greenchannel/server/journal"
)

// Whatever single byte of the file is changed: the journal is refused, or verifying finds it, or it gives back exactly
// what was recorded.
func TestAnyFlippedByteIsFoundOrHarmless(t *testing.T) {
	t.Parallel()
	g := sqliteGround(t)
	j := g.open(t, func(o *journal.Options) { o.KeepCheckpoint = 8 })
	var want []journal.Record
	for i := range 60 {
		e := keyed(i, "erp", fmt.Sprintf("key-%d", i))
		if i%7 == 0 {
			e.Result = bytes.Repeat([]byte("overflow page "), 900)
		}
		add(t, j, e)
		r, err := j.Get(t.Context(), e.ID)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, *r)
	}
	close1(t, j)
	path := filepath.Join(g.folder, "journal.db")
	sound := read(t, path)
	others := g.save(t)
	refused, found, harmless := 0, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		at := rapid.IntRange(0, len(sound)-1).Draw(rt, "offset")
		bit := rapid.IntRange(0, 7).Draw(rt, "bit")
		broken := bytes.Clone(sound)
		broken[at] ^= 1 << bit
		g.restore(t, others)
		if err := os.WriteFile(path, broken, 0o600); err != nil {
			rt.Fatal(err)
		}
		switch outcome := afterFlip(rt, g, want); outcome {
		case "refused":
			refused++
		case "found":
			found++
		default:
			harmless++
		}
	})
	t.Logf("refused when opened %d, found by verifying %d, harmless %d", refused, found, harmless)
	if refused+found == 0 {
		t.Error("no flipped byte was noticed at all")
	}
}

// afterFlip opens and verifies a changed journal; where both say that it is sound, everything must be as it was.
func afterFlip(t *rapid.T, g ground, want []journal.Record) string {
	opened, err := g.openAsItIs()
	outcome := "refused"
	if err == nil {
		outcome = "found"
		if err := opened.Close(); err != nil && !isDamage(err) {
			t.Logf("close: %v", err)
		}
	}
	j, err := g.tryOpen(readOnly)
	if err != nil {
		if outcome != "refused" {
			t.Fatalf("it opens for writing and not for reading: %v", err)
		}
		return outcome
	}
	defer j.Close()
	if _, err := j.Verify(t.Context(), nil); err != nil {
		return outcome
	}
	var got []journal.Record
	for r, err := range j.Range(t.Context(), 0, 0) {
		if err != nil {
			t.Fatalf("verified, and then: %v", err)
		}
		byID, err := j.Get(t.Context(), r.ID)
		if err != nil || byID.Seq != r.Seq {
			t.Fatalf("verified, and record %d is not found by its id: %v", r.Seq, err)
		}
		byKey, _, err := j.Claim(t.Context(), r.Caller, r.IdempotencyKey, r.Input)
		if err != nil || byKey == nil || byKey.Seq != r.Seq {
			t.Fatalf("verified, and record %d is not found by its key: %v", r.Seq, err)
		}
		got = append(got, *r)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("verified, and not what was recorded:\n%s", diff)
	}
	for n := range bundles {
		want := bundle(n)
		kept, err := j.Bundle(t.Context(), want.Digest)
		if err != nil {
			t.Fatalf("verified, and then: %v", err)
		}
		want.KeptAt = kept.KeptAt
		if diff := cmp.Diff(want, kept); diff != "" {
			t.Fatalf("verified, and not the bundle that was kept:\n%s", diff)
		}
	}
	return "harmless"
}

// A flipped bit in what a row holds is named to the byte, on either database.
func TestAFlippedBitOfARowIsNamedToTheByte(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		j := g.open(t)
		for i := range 12 {
			e := entry(i)
			e.Result = bytes.Repeat([]byte("a long result "), 1<<i)
			add(t, j, e)
		}
		close1(t, j)
		j = g.open(t, readOnly)
		seed := rand.Uint64()
		random := rand.New(rand.NewPCG(seed, 0))
		for range 40 {
			seq := 1 + random.IntN(12)
			column := []string{"input", "reads", "facts", "result", "request_hash", "tree", "sums"}[random.IntN(7)]
			value := g.value(t, column, seq)
			at, bit := random.IntN(len(value)), random.IntN(8)
			broken := bytes.Clone(value)
			broken[at] ^= 1 << bit
			g.tamper(t, fmt.Sprintf("UPDATE journal_records SET %s = %s WHERE seq = %d", column, g.literal(broken), seq))
			_, err := j.Verify(t.Context(), nil)
			damage, found := errors.AsType[*journal.Damage](err)
			if !found || damage.Seq != uint64(seq) || damage.Field != column || damage.Offset != int64(at) {
				t.Fatalf("seed %d: bit %d of byte %d of %s in record %d: %v", seed, bit, at, column, seq, err)
			}
			g.tamper(t, fmt.Sprintf("UPDATE journal_records SET %s = %s WHERE seq = %d", column, g.literal(value), seq))
		}
		sound(t, j)
	})
}

// literal is SQL for bytes.
func (g ground) literal(b []byte) string {
	if g.name == "postgres" {
		return fmt.Sprintf(`'\x%x'`, b)
	}
	return fmt.Sprintf("x'%x'", b)
}

// value reads a column of bytes with SQL.
func (g ground) value(t *testing.T, column string, seq int) (value []byte) {
	t.Helper()
	if err := g.shell(t).QueryRowContext(t.Context(), fmt.Sprintf("SELECT %s FROM journal_records WHERE seq = %d", column, seq)).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}
