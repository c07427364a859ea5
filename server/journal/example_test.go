package journal_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"greenchannel/server/journal"
)

// An auditor has a checkpoint, the public key of the node that signed it, and a record. That the record stands in the log,
// and that a later checkpoint only adds to it, is checked without the service and without this package.
func Example_checkedByHand() {
	ctx := context.Background()
	folder, err := os.MkdirTemp("", "journal-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	kept, err := journal.Open(ctx, "sqlite://"+folder, journal.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer kept.Close()

	must := func(err error) {
		if err != nil {
			log.Fatal(err)
		}
	}
	record := func(n int) {
		_, err := kept.Append(ctx, journal.Entry{ID: newID(), Kind: journal.Party, Clock: time.Now(), Input: fmt.Appendf(nil, "%d", n)})
		must(err)
	}
	for n := range 5 {
		record(n)
	}
	earlier, err := kept.Checkpoint(ctx)
	must(err)
	record(5)
	later, err := kept.Checkpoint(ctx)
	must(err)
	publicKey := kept.VerifierKey()

	// From here on: the public key, two checkpoints, a leaf and two proofs.
	verifier, err := note.NewVerifier(publicKey)
	must(err)
	read := func(checkpoint []byte) (size int64, root tlog.Hash) {
		opened, err := note.Open(checkpoint, note.VerifierList(verifier)) // checks the signature
		must(err)
		lines := strings.Split(opened.Text, "\n") // name, size, root
		size, err = strconv.ParseInt(lines[1], 10, 64)
		must(err)
		root, err = tlog.ParseHash(lines[2])
		must(err)
		return size, root
	}
	oldSize, oldRoot := read(earlier)
	size, root := read(later)

	third, err := kept.BySeq(ctx, 3)
	must(err)
	inclusion, err := kept.ProveInclusion(ctx, 3, uint64(size))
	must(err)
	leaf := tlog.RecordHash(third.Leaf())                          // as the README lays it out, byte by byte
	must(tlog.CheckRecord(inclusion.Proof, size, root, 3-1, leaf)) // the index counts from 0
	consistency, err := kept.ProveConsistency(ctx, uint64(oldSize), uint64(size))
	must(err)
	must(tlog.CheckTree(consistency.Proof, size, root, oldSize, oldRoot)) // nothing of the first five was changed

	fmt.Println(oldSize, size, string(third.Input))
	// Output: 5 6 2
}
