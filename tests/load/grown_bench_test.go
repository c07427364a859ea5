package main

import (
	"fmt"
	"testing"

	"greenchannel/server/bundle"
	"greenchannel/server/engine"
	"greenchannel/server/store"
)

// BenchmarkGrownBundle takes a bundle with a long control list from its folder to a generation that can decide, stage by
// stage: what an activation waits for.
func BenchmarkGrownBundle(b *testing.B) {
	for _, entries := range []int{10_000, 100_000} {
		b.Run(fmt.Sprintf("entries=%d", entries), func(b *testing.B) { benchmarkGrown(b, entries) })
	}
}

func benchmarkGrown(b *testing.B, entries int) {
	folder, err := grownBundle(b.TempDir(), entries, 0)
	if err != nil {
		b.Fatal(err)
	}
	loaded, err := bundle.Load(folder)
	if err != nil {
		b.Fatal(err)
	}
	filled, err := store.New(loaded.Data, store.Screening(), store.NewLive())
	if err != nil {
		b.Fatal(err)
	}
	for _, stage := range []struct {
		name string
		do   func() error
	}{
		{"load", func() error { _, err := bundle.Load(folder); return err }},
		{"store", func() error { _, err := store.New(loaded.Data, store.Screening(), store.NewLive()); return err }},
		{"compile", func() error { _, err := engine.Compile(b.Context(), loaded, filled); return err }},
		{"pack", func() error { _, err := bundle.Pack(folder); return err }},
	} {
		b.Run(stage.name, func(b *testing.B) {
			for b.Loop() {
				if err := stage.do(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
