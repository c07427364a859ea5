package journal

import (
	"fmt"
	"math/bits"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// frontier is the right edge of the tree over size leaves: the hashes of its complete subtrees, the largest first, one for
// each bit of size that is set. It is all that is needed to add a leaf and to know the root.
type frontier struct {
	size  uint64
	nodes []Hash
}

// ReadHashes makes a frontier a tlog.HashReader for the few hashes that adding a leaf and the root ask for.
func (f frontier) ReadHashes(indexes []int64) ([]Hash, error) {
	hashes := make([]Hash, len(indexes))
	for i, index := range indexes {
		level, n := tlog.SplitStoredHashIndex(index)
		if f.size>>level&1 == 0 || uint64(n) != f.size>>level-1 {
			return nil, fmt.Errorf("journal: the tree of %d has no subtree %d of level %d at its edge", f.size, n, level)
		}
		hashes[i] = f.nodes[bits.OnesCount64(f.size>>(level+1))]
	}
	return hashes, nil
}

// grow adds a leaf. It returns the longer frontier and the hashes that have to be stored with the leaf: its own, and those
// of the subtrees that it completes.
func (f frontier) grow(leaf Hash) (frontier, []Hash, error) {
	stored, err := tlog.StoredHashesForRecordHash(int64(f.size), leaf, f)
	if err != nil {
		return f, nil, err
	}
	kept := len(f.nodes) - (len(stored) - 1)
	nodes := slices.Concat(f.nodes[:kept], stored[len(stored)-1:])
	return frontier{f.size + 1, nodes}, stored, nil
}

// root is the hash of the whole tree.
func (f frontier) root() Hash {
	root, err := tlog.TreeHash(int64(f.size), f)
	if err != nil {
		panic(err) // the edge of a tree is what its root is made of
	}
	return root
}

// bytes is the frontier as it is stored.
func (f frontier) bytes() []byte { return joined(f.nodes) }

// readFrontier is the reverse of bytes.
func readFrontier(size uint64, stored []byte) (frontier, error) {
	if want := bits.OnesCount64(size) * tlog.HashSize; len(stored) != want {
		return frontier{}, fmt.Errorf("the edge of a tree of %d has %d bytes, not %d", size, want, len(stored))
	}
	nodes, err := parted(stored)
	return frontier{size, nodes}, err
}

func joined(hashes []Hash) []byte {
	joined := make([]byte, 0, len(hashes)*tlog.HashSize)
	for _, h := range hashes {
		joined = append(joined, h[:]...)
	}
	return joined
}

func parted(stored []byte) ([]Hash, error) {
	if len(stored)%tlog.HashSize != 0 {
		return nil, fmt.Errorf("%d bytes are not a row of hashes of %d", len(stored), tlog.HashSize)
	}
	hashes := make([]Hash, len(stored)/tlog.HashSize)
	for i := range hashes {
		hashes[i] = Hash(stored[i*tlog.HashSize:])
	}
	return hashes, nil
}

// home says which record's row keeps a stored hash of the tree, and at which place of that row.
func home(index int64) (seq uint64, level int) {
	level, n := tlog.SplitStoredHashIndex(index)
	return uint64(n+1) << level, level
}
