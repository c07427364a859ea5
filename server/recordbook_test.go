package server

import (
	"log/slog"
	"testing"
	"time"
)

// A clock that has gone back does not hide what was recorded before it did.
func TestTheClockOfDecisionsNeverStandsBeforeARecord(t *testing.T) {
	t.Parallel()
	book, err := openRecordbook(t.Context(), RecordConfig{Data: t.TempDir(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := book.close(); err != nil {
			t.Error(err)
		}
	})
	before := time.Now()
	if now := book.now(); now.Before(before) || now.After(time.Now()) {
		t.Errorf("now is %s, want that of the machine", now)
	}
	ahead := before.Add(48 * time.Hour)
	book.reached(ahead)
	book.reached(before)
	if now := book.now(); !now.Equal(ahead) {
		t.Errorf("now is %s, want the instant of the latest record, %s", now, ahead)
	}
}
