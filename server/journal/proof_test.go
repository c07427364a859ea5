package journal_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"greenchannel/server/journal"
	"greenchannel/server/problem"
)

// referenceRoot is the root of RFC 6962, section 2.1, written from its definition.
func referenceRoot(leaves []journal.Hash) journal.Hash {
	switch len(leaves) {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return leaves[0]
	}
	split := 1 << (bits.Len(uint(len(leaves)-1)) - 1)
	left, right := referenceRoot(leaves[:split]), referenceRoot(leaves[split:])
	return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
}

func TestEverythingCanBeProved(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		j := g.open(t, func(o *journal.Options) { o.KeepCheckpoint = 4 })
		if _, err := j.ProveInclusion(t.Context(), 1, 0); problem.Of(err).Kind != problem.Invalid {
			t.Errorf("a proof in an empty journal: %v", err)
		}
		const n = 21
		var leaves []journal.Hash
		for i := range n {
			leaves = append(leaves, add(t, j, entry(i)).Hash)
			statesRoot(t, j, uint64(i+1), referenceRoot(leaves))
		}
		for size := uint64(1); size <= n; size++ {
			root := referenceRoot(leaves[:size])
			for seq := uint64(1); seq <= size; seq++ {
				p, err := j.ProveInclusion(t.Context(), seq, size)
				if err != nil {
					t.Fatal(err)
				}
				if p.Root != root || p.Hash != leaves[seq-1] || p.Seq != seq || p.Size != size {
					t.Fatalf("inclusion of %d in %d: %+v", seq, size, p)
				}
				if err := tlog.CheckRecord(p.Proof, int64(size), root, int64(seq-1), leaves[seq-1]); err != nil {
					t.Fatal(err)
				}
				c, err := j.ProveConsistency(t.Context(), seq, size)
				if err != nil {
					t.Fatal(err)
				}
				if err := tlog.CheckTree(c.Proof, int64(size), root, int64(seq), referenceRoot(leaves[:seq])); err != nil || c.NewRoot != root {
					t.Fatalf("consistency of %d with %d: %v", size, seq, err)
				}
			}
		}
		for _, wrong := range [][2]uint64{{0, 5}, {6, 5}, {1, n + 1}, {n + 1, 0}} {
			_, inclusion := j.ProveInclusion(t.Context(), wrong[0], wrong[1])
			_, consistency := j.ProveConsistency(t.Context(), wrong[0], wrong[1])
			for _, err := range []error{inclusion, consistency} {
				if err == nil || problem.Of(err).Kind != problem.Invalid {
					t.Errorf("a proof of %v: %v", wrong, err)
				}
			}
		}
	})
}

// statesRoot checks the checkpoint as somebody would who has nothing but the public key.
func statesRoot(t *testing.T, j *journal.Journal, size uint64, root journal.Hash) {
	t.Helper()
	signed, err := j.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(j.VerifierKey())
	if err != nil {
		t.Fatal(err)
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("%s\n%d\n%s\n", j.Origin(), size, base64.StdEncoding.EncodeToString(root[:]))
	if opened.Text != want {
		t.Fatalf("the checkpoint says\n%s, want\n%s", opened.Text, want)
	}
}

// The leaf is a format that others rely on: it may never change under this tag.
func TestTheLeafIsAsDocumented(t *testing.T) {
	t.Parallel()
	r := journal.Record{
		Seq: 258, ID: "0193f1d2-0000-7000-8000-000000000001", Kind: journal.Decision,
		At: time.Unix(1_700_000_000, 5).UTC(), Clock: time.Unix(1_700_000_000, 1).UTC(),
		Bundle: "sha256:ab", Input: []byte(`{"id":"A"}`), Reads: []byte("[]"), Facts: []byte(`{"a":1}`), Result: []byte("{}"),
		Caller: "erp", IdempotencyKey: "k", RequestHash: sha256.Sum256([]byte(`{"id":"A"}`)),
		ApplicationID: "A", Exporter: "赣", Outcome: "refer",
	}
	request := sha256.Sum256(r.Input)
	want := strings.Join([]string{
		hex.EncodeToString([]byte("greenchannel/journal/record/v1\n")),
		"00000024" + hex.EncodeToString([]byte(r.ID)),
		"00000008" + hex.EncodeToString([]byte("decision")),
		"00000008" + "17979cfe362a0001",
		"00000009" + hex.EncodeToString([]byte("sha256:ab")),
		"0000000a" + hex.EncodeToString([]byte(`{"id":"A"}`)),
		"00000002" + "5b5d",
		"00000007" + "7b2261223a317d",
		"00000002" + "7b7d",
		"00000003" + "657270",
		"00000001" + "6b",
		"00000020" + hex.EncodeToString(request[:]),
		"00000001" + "41",
		"00000003" + "e8b5a3",
		"00000005" + "7265666572",
		"00000008" + "17979cfe362a0005",
		"00000008" + "0000000000000102",
	}, "")
	if got := hex.EncodeToString(r.Leaf()); got != want {
		t.Fatalf("leaf\n%s, want\n%s", got, want)
	}
	leaf, err := hex.DecodeString(want)
	if err != nil {
		t.Fatal(err)
	}
	if r.Hash() != sha256.Sum256(append([]byte{0}, leaf...)) {
		t.Error("the leaf hash is not SHA-256 of a zero byte and the leaf")
	}
}

// Anybody can take a leaf apart again: no two records share one.
func TestALeafReadsBack(t *testing.T) {
	t.Parallel()
	r := journal.Record{ID: "a", Input: []byte("b"), Facts: []byte("e"), Caller: "", IdempotencyKey: "cd", Seq: 7, At: time.Unix(0, 9), Clock: time.Unix(0, 8)}
	rest := strings.TrimPrefix(string(r.Leaf()), "greenchannel/journal/record/v1\n")
	var parts []string
	for rest != "" {
		n := binary.BigEndian.Uint32([]byte(rest[:4]))
		parts = append(parts, rest[4:4+n])
		rest = rest[4+n:]
	}
	if len(parts) != 16 || parts[0] != "a" || parts[4] != "b" || parts[6] != "e" || parts[8] != "" || parts[9] != "cd" || strconv.QuoteToASCII(parts[15]) != `"\x00\x00\x00\x00\x00\x00\x00\a"` {
		t.Errorf("parts %q", parts)
	}
}
