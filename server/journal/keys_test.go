package journal_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"greenchannel/server/journal"
	"greenchannel/server/problem"
)

// keyed is an entry under an idempotency key.
func keyed(n int, caller, key string) journal.Entry {
	e := entry(n)
	e.Caller, e.IdempotencyKey = caller, key
	return e
}

func TestAKeyIsRecordedOnce(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		j := g.open(t)
		first := keyed(1, "erp", "order-1")
		add(t, j, first)
		same, other := keyed(1, "erp", "order-1"), keyed(2, "erp", "order-1")
		if _, err := j.Append(t.Context(), same); !errors.Is(err, journal.ErrRecorded) {
			t.Errorf("same key, same body: %v", err)
		}
		if _, err := j.Append(t.Context(), other); !errors.Is(err, journal.ErrKeyReused) {
			t.Errorf("same key, other body: %v", err)
		}
		// Another caller's key, and no key at all, are others.
		add(t, j, keyed(2, "portal", "order-1"))
		add(t, j, keyed(2, "erp", ""))
		add(t, j, keyed(2, "erp", ""))
		if n := sound(t, j); n != 4 {
			t.Errorf("%d records, want 4", n)
		}
	})
}

func TestClaim(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		j := g.open(t)
		e := keyed(1, "erp", "order-1")
		stored, release, err := j.Claim(t.Context(), e.Caller, e.IdempotencyKey, e.Input)
		if stored != nil || err != nil {
			t.Fatalf("a new key: %v, %v", stored, err)
		}
		if _, _, err := j.Claim(t.Context(), e.Caller, e.IdempotencyKey, e.Input); !errors.Is(err, journal.ErrInFlight) {
			t.Errorf("while it is being answered: %v", err)
		}
		if _, _, err := j.Claim(t.Context(), e.Caller, e.IdempotencyKey, []byte("{}")); !errors.Is(err, journal.ErrKeyReused) {
			t.Errorf("while another body is being answered: %v", err)
		}
		if _, other, err := j.Claim(t.Context(), "portal", e.IdempotencyKey, e.Input); err != nil {
			t.Errorf("another caller's key: %v", err)
		} else {
			other()
		}
		add(t, j, e)
		if _, _, err := j.Claim(t.Context(), e.Caller, e.IdempotencyKey, e.Input); !errors.Is(err, journal.ErrInFlight) {
			t.Errorf("recorded, but not released: %v", err)
		}
		release()
		release() // once is enough, twice is harmless
		stored, _, err = j.Claim(t.Context(), e.Caller, e.IdempotencyKey, e.Input)
		if err != nil || stored == nil || stored.ID != e.ID || string(stored.Result) != string(e.Result) {
			t.Errorf("after it was answered: %+v, %v", stored, err)
		}
		if _, _, err := j.Claim(t.Context(), e.Caller, e.IdempotencyKey, []byte("{}")); !errors.Is(err, journal.ErrKeyReused) {
			t.Errorf("with another body: %v", err)
		}
		if stored, release, err := j.Claim(t.Context(), e.Caller, "", e.Input); stored != nil || err != nil {
			t.Errorf("without a key: %v, %v", stored, err)
		} else {
			release()
		}
		if _, _, err := j.Claim(t.Context(), "erp", "a\x00b", nil); problem.Of(err).Kind != problem.Invalid {
			t.Errorf("a key that cannot be kept: %v", err)
		}
	})
}

func TestAKeyGivenUpIsFree(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		j := g.open(t)
		for range 3 { // evaluated in vain, and sent again
			stored, release, err := j.Claim(t.Context(), "erp", "order-1", []byte("{}"))
			if stored != nil || err != nil {
				t.Fatalf("%v, %v", stored, err)
			}
			release()
		}
	})
}

// Everybody sends the same request at once: one answers it, the others hear that it is in flight, and in the end all have
// the same record.
func TestClaimsOfManyAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		nodes := []*journal.Journal{g.open(t)}
		if g.name == "postgres" {
			nodes = append(nodes, g.node(t).open(t))
		}
		e := keyed(1, "erp", "order-1")
		var appended atomic.Int64
		var group sync.WaitGroup
		var mu sync.Mutex
		ids := map[string]int{}
		for n := range 24 {
			j := nodes[n%len(nodes)]
			group.Go(func() {
				for {
					stored, release, err := j.Claim(context.Background(), e.Caller, e.IdempotencyKey, e.Input)
					switch {
					case errors.Is(err, journal.ErrInFlight):
						continue
					case err != nil:
						t.Error(err)
						return
					case stored != nil:
						mu.Lock()
						ids[stored.ID]++
						mu.Unlock()
						return
					}
					mine := e
					mine.ID = newID()
					if _, err := j.Append(context.Background(), mine); err != nil {
						t.Error(err)
					}
					appended.Add(1)
					release()
				}
			})
		}
		group.Wait()
		if appended.Load() != 1 || len(ids) != 1 {
			t.Errorf("appended %d times, answered with %v", appended.Load(), ids)
		}
	})
}

// The index keeps a key single even where nobody claims it.
func TestUnclaimedKeysOfManyAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		nodes := []*journal.Journal{g.open(t)}
		if g.name == "postgres" {
			nodes = append(nodes, g.node(t).open(t))
		}
		var group sync.WaitGroup
		var taken, refused atomic.Int64
		for n := range 32 {
			group.Go(func() {
				switch _, err := nodes[n%len(nodes)].Append(context.Background(), keyed(1, "erp", "order-1")); {
				case err == nil:
					taken.Add(1)
				case errors.Is(err, journal.ErrRecorded):
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		group.Wait()
		if taken.Load() != 1 || refused.Load() != 31 {
			t.Errorf("%d were recorded and %d refused", taken.Load(), refused.Load())
		}
		sound(t, nodes[0])
	})
}
