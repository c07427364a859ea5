package store_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode"

	"golang.org/x/text/unicode/norm"

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

// A state of another form is none of ours to read: what stood in its columns may have meant something else.
func TestAnotherFormIsRefused(t *testing.T) {
	head := struct {
		Stamp   *store.Stamp
		Unicode string
	}{&store.Stamp{Form: store.SavedForm - 1, Seq: 3}, unicode.Version + " and " + norm.Version}
	var body bytes.Buffer
	if err := gob.NewEncoder(&body).Encode(head); err != nil {
		t.Fatal(err)
	}
	line := magic(savedState(t))
	sum := sha256.Sum256(line)
	state := bytes.Clone(line)
	for _, block := range [][]byte{body.Bytes(), nil} {
		framed := append(binary.BigEndian.AppendUint32(nil, uint32(len(block))), block...)
		sum = sha256.Sum256(append(sum[:], framed...))
		state = append(append(state, framed...), sum[:]...)
	}
	want := fmt.Sprintf("its form is %d", store.SavedForm-1)
	if live, _, err := store.Restore(bytes.NewReader(state), nil); err == nil || live != nil || !strings.Contains(err.Error(), want) {
		t.Errorf("an older state is told as %v, want %q", err, want)
	}
}

// The histories name decisions by id, whatever it looks like; a saved state has it, byte for byte.
func TestARestoredHistoryNamesTheSameDecisions(t *testing.T) {
	live := store.NewLive()
	for i, id := range []string{
		"019a0000-0000-7000-8000-000000000001", "019A0000-0000-7000-8000-00000000000A", "sixteen letters!", "00000000-0000-0000-0000-000000000000", "1",
	} {
		r := past{seq: uint64(i + 1), at: "2026-06-01", exporter: "X", application: "A\x00-" + id, outcome: "of " + id, orders: []placed{{"Motor Works", "Dy", "1"}}}.record(t)
		r.ID = id
		if err := live.Apply(r); err != nil {
			t.Fatal(err)
		}
		var file bytes.Buffer
		if err := live.Snapshot().Save(&file, store.Stamp{Seq: r.Seq}); err != nil {
			t.Fatal(err)
		}
		restored, _, err := store.Restore(&file, nil)
		if err != nil {
			t.Fatal(err)
		}
		asked := []string{"history", "orders", ordersOf("", "X", "Motor Works", "Dy")}
		before, after := read(t, filled(t, nil, live), "2026-06-30", asked...), read(t, filled(t, nil, restored), "2026-06-30", asked...)
		want := fmt.Sprintf(`"previous":[{"application_id":"A\u0000-%s","decided_on":"2026-06-01","decision_id":"%[1]s","kg":1,"outcome":"of %[1]s"}`, id)
		if before != after || !strings.Contains(before, want) {
			t.Errorf("%q:\nbefore   %s\nrestored %s\nwant %s", id, before, after, want)
		}
	}
}

func TestTheSameStateIsSavedToTheSameBytes(t *testing.T) {
	if !bytes.Equal(savedState(t), savedState(t)) {
		t.Error("two saves of one state differ")
	}
}
