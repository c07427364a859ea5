package server

import (
	"log/slog"
	"testing"
	"time"

	"greenchannel/policies"
)

// The way back to a bundle that was in force: from the request to the record on disk and the swap.
func BenchmarkRollBack(b *testing.B) {
	rooms, err := OpenRecorded(b.Context(), policies.FS(), time.Minute, RecordConfig{Data: b.TempDir(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := rooms.Close(); err != nil {
			b.Error(err)
		}
	}()
	shelf := newShelf(rooms)
	second, _, err := shelf.Keep(b.Context(), secondArchive(b))
	if err != nil {
		b.Fatal(err)
	}
	both := []string{second.Digest, rooms.Bundle.Digest}
	for i := 0; b.Loop(); i++ {
		if _, err := shelf.Activate(b.Context(), both[i%2]); err != nil {
			b.Fatal(err)
		}
	}
}
