package server

import (
	"log/slog"
	"testing"

	"greenchannel/policies"
	"greenchannel/server/bundle"
	"greenchannel/server/store"
)

// BenchmarkStart makes the rooms of the embedded bundle, which is what a start takes beside opening the record; and its
// stages alone.
func BenchmarkStart(b *testing.B) {
	b.Run("rooms", func(b *testing.B) {
		for b.Loop() {
			if _, err := Open(b.Context(), policies.FS(), 0); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("recorded", func(b *testing.B) {
		for b.Loop() {
			rooms, err := OpenRecorded(b.Context(), policies.FS(), 0, RecordConfig{Data: b.TempDir(), Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				b.Fatal(err)
			}
			if err := rooms.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
	loaded, err := bundle.Load(policies.FS())
	if err != nil {
		b.Fatal(err)
	}
	b.Run("load", func(b *testing.B) {
		for b.Loop() {
			if _, err := bundle.Load(policies.FS()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("store", func(b *testing.B) {
		for b.Loop() {
			if _, err := store.New(loaded.Data, store.Screening(), store.NewLive()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("compile", func(b *testing.B) {
		for b.Loop() {
			if _, err := compileLoaded(b.Context(), loaded, store.NewLive()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("pack", func(b *testing.B) {
		for b.Loop() {
			if _, err := bundle.Pack(policies.FS()); err != nil {
				b.Fatal(err)
			}
		}
	})
}
