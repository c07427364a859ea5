package store_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"greenchannel/server/store"
)

func savedState(t testing.TB) []byte {
	t.Helper()
	live := remembered(t,
		past{at: "2026-06-01", exporter: "X", application: "A-1", orders: []placed{{"Motor Works", "Dy", "1"}}, parties: []string{"X"}},
		past{at: "2026-06-02", exporter: "X", application: "A-2", certificates: []shown{{"Motor Works", "2026-01-02", "x", "C"}}},
	)
	if err := live.Apply(registration(t, 3, "P-1", `{"name":"Motor Works"}`, "Motor Works")); err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := live.Snapshot().Save(&file, store.Stamp{Origin: "here", Seq: 3, Leaf: "leaf"}); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// Whatever happens to a saved state, it is restored as it was or not at all.
func TestADamagedStateIsRefused(t *testing.T) {
	whole := savedState(t)
	refused := func(name string, state []byte) {
		t.Helper()
		if live, _, err := store.Restore(bytes.NewReader(state), nil); err == nil || live != nil {
			t.Fatalf("%s is accepted", name)
		}
	}
	for at := range whole {
		flipped := bytes.Clone(whole)
		flipped[at] ^= 1 << (at % 8)
		refused(fmt.Sprintf("a bit flipped in byte %d of %d", at, len(whole)), flipped)
		refused(fmt.Sprintf("the first %d bytes", at), whole[:at])
	}
	refused("one byte more", append(bytes.Clone(whole), 0))
	refused("twice the same", append(bytes.Clone(whole), whole...))
	blocks := framed(whole)
	if len(blocks) < 5 {
		t.Fatalf("there are %d blocks, too few to change their order", len(blocks))
	}
	blocks[1], blocks[2] = blocks[2], blocks[1]
	refused("two blocks in each other's place", slices.Concat(append([][]byte{magic(whole)}, blocks...)...))
	refused("a block left out", slices.Concat(append([][]byte{magic(whole)}, slices.Delete(blocks, 1, 2)...)...))
	live, stamp, err := store.Restore(iotest.OneByteReader(bytes.NewReader(whole)), nil)
	if err != nil || live.Seq() != 3 || stamp != (store.Stamp{Form: store.SavedForm, Origin: "here", Seq: 3, Leaf: "leaf"}) {
		t.Errorf("restored %+v, %v", stamp, err)
	}
	if _, _, err := store.Restore(iotest.ErrReader(errors.New("no such disk")), nil); err == nil || !strings.Contains(err.Error(), "no such disk") {
		t.Errorf("a failure to read is told as %v", err)
	}
}

func magic(state []byte) []byte { return state[:bytes.IndexByte(state, '\n')+1] }

// framed parts a saved state into its blocks.
func framed(state []byte) (blocks [][]byte) {
	for rest := state[len(magic(state)):]; len(rest) > 0; {
		size := 4 + int(binary.BigEndian.Uint32(rest)) + sha256.Size
		blocks, rest = append(blocks, rest[:size]), rest[size:]
	}
	return blocks
}

func TestWhatCannotBeSaved(t *testing.T) {
	v := remembered(t, past{at: "2026-06-01", exporter: "X", application: "A-1"}).Snapshot()
	if err := v.Save(io.Discard, store.Stamp{Seq: 2}); err == nil {
		t.Error("the stamp of another record is accepted")
	}
	whole := savedState(t)
	for room := range whole {
		if err := v.Save(&narrow{room: room}, store.Stamp{Seq: 1}); room < 200 && err == nil {
			t.Fatalf("a disk with %d bytes left is no error", room)
		}
	}
}

// narrow is a disk with some room.
type narrow struct{ room int }

func (n *narrow) Write(p []byte) (int, error) {
	if n.room -= len(p); n.room < 0 {
		return 0, errors.New("no space left")
	}
	return len(p), nil
}

func TestTheSameStateIsSavedToTheSameBytes(t *testing.T) {
	if !bytes.Equal(savedState(t), savedState(t)) {
		t.Error("two saves of one state differ")
	}
}
