package store_test

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/open-policy-agent/opa/v1/storage"

	"greenchannel/server/decision"
	"greenchannel/server/store"
)

// While records are applied, every reader sees one state: the row of orders, the listed decisions and the Seq agree, now
// and when it reads again, and a state that is saved meanwhile is that of its Seq.
func TestReadersSeeOneStateWhileRecordsAreApplied(t *testing.T) {
	const many = 1500
	live := store.NewLive()
	s := filled(t, nil, live)
	key := ordersOf("", "X", "Motor Works", "Dy")
	var readers sync.WaitGroup
	done := make(chan struct{})
	for range 3 {
		readers.Go(func() {
			for finished := false; !finished; {
				select {
				case <-done:
					finished = true
				default:
				}
				if fault := oneState(t, s, key); fault != "" {
					t.Error(fault)
					return
				}
			}
		})
	}
	for seq := uint64(1); seq <= many; {
		n := min(seq%7+1, many-seq+1)
		batch := make([]decision.Record, n)
		for i := range batch {
			p := past{
				seq: seq, at: "2026-06-01", exporter: "X", application: fmt.Sprint(seq), orders: []placed{{"Motor Works", "Dy", "1"}},
				parties: []string{"Motor Works"}, rules: []string{"RF-13"},
			}
			batch[i] = p.record(t)
			seq++
		}
		if err := live.Apply(batch...); err != nil {
			t.Fatal(err)
		}
	}
	close(done)
	readers.Wait()
	if live.Seq() != many {
		t.Errorf("at record %d, want %d", live.Seq(), many)
	}
}

func oneState(t *testing.T, s *store.Store, key string) string {
	reads := &store.ReadSet{}
	txn := storage.NewTransactionOrDie(t.Context(), s, storage.TransactionParams{Context: store.AsOf(store.NoteReads(nil, reads), instant(t, "2026-06-30"))})
	defer s.Abort(t.Context(), txn)
	v, err := s.LiveOf(txn)
	if err != nil {
		return err.Error()
	}
	if _, err := v.Decisions(store.Filter{Party: "motor works"}, 0, 1000); err != nil {
		return err.Error()
	}
	row, err := s.Read(t.Context(), txn, storage.Path{"history", "orders", key})
	if err != nil {
		return err.Error()
	}
	want := fmt.Sprintf(`"days_30": {"count": %d, "kg": %[1]d, "unknown": 0}`, v.Seq())
	if !strings.Contains(fmt.Sprint(row), want) {
		return fmt.Sprintf("at record %d the row is %v", v.Seq(), row)
	}
	found, err := v.Decisions(store.Filter{Rule: "RF-13"}, 0, 2000)
	if err != nil || uint64(len(found)) != v.Seq() {
		return fmt.Sprintf("at record %d there are %d decisions, %v", v.Seq(), len(found), err)
	}
	if reads.Touches(past{seq: v.Seq() + 1, at: "2026-06-01", exporter: "Y", application: "A-1"}.record(t)) {
		return "an unrelated record touches the row"
	}
	var file bytes.Buffer
	if err := v.Save(&file, store.Stamp{Seq: v.Seq()}); err != nil {
		return err.Error()
	}
	restored, _, err := store.Restore(&file, nil)
	if err != nil || restored.Seq() != v.Seq() {
		return fmt.Sprintf("saved at record %d: %v", v.Seq(), err)
	}
	return ""
}
