package impact

import (
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// entry is one entry of an array. Its key says which entry of the other array is the same one, possibly changed.
type entry struct {
	index int
	value jsontext.Value
	key   string
	named bool // the key is a name inside the entry, not its whole text
}

// names are the members by which entries of a list are told apart, the first that an entry has: the findings, conditions,
// lines and control entries of a decision, and the rows that were read.
func names() []string { return []string{"rule", "id", "line", "code", "path"} }

func entriesOf(array jsontext.Value) []entry {
	var entries []entry
	for i, value := range parts(array) {
		e := entry{index: i, value: value, key: string(value)}
		if value.Kind() == jsontext.KindBeginObject {
			_, members := membersOf(value)
			for _, name := range names() {
				if id, stated := members[member{name, 1}]; stated {
					e.key, e.named = name+"="+string(id), true
					break
				}
			}
		}
		entries = append(entries, e)
	}
	return entries
}

// mostPairs bounds the work of finding out what belongs together in two arrays; past it, entries are taken by their place.
const mostPairs = 1 << 20

// arrays compares entries that belong together, so that one finding more does not make all that follow it differ.
func (d *differ) arrays(pointer string, recorded, replayed []entry) {
	for len(recorded) > 0 && len(replayed) > 0 && slices.Equal(recorded[0].value, replayed[0].value) {
		recorded, replayed = recorded[1:], replayed[1:]
	}
	var same [][2]int // the places of entries that belong together
	if len(recorded)*len(replayed) <= mostPairs {
		same = longestCommon(recorded, replayed)
	}
	was, is := 0, 0
	for _, pair := range append(same, [2]int{len(recorded), len(replayed)}) {
		d.gap(pointer, recorded[was:pair[0]], replayed[is:pair[1]])
		if pair[0] < len(recorded) && pair[1] < len(replayed) {
			d.value(at(pointer, recorded[pair[0]].index), recorded[pair[0]].value, replayed[pair[1]].value)
		}
		was, is = pair[0]+1, pair[1]+1
	}
}

// gap compares what stands between entries that belong together: entries without a name by their place, and the others as
// gone and new.
func (d *differ) gap(pointer string, gone, fresh []entry) {
	for len(gone) > 0 && len(fresh) > 0 && !gone[0].named && !fresh[0].named {
		d.value(at(pointer, gone[0].index), gone[0].value, fresh[0].value)
		gone, fresh = gone[1:], fresh[1:]
	}
	for _, e := range gone {
		d.add(at(pointer, e.index), e.value, nil, "")
	}
	for _, e := range fresh {
		d.add(at(pointer, e.index), nil, e.value, "")
	}
}

// longestCommon finds the longest sequence of keys that two arrays have in common, as pairs of places.
func longestCommon(a, b []entry) [][2]int {
	length := make([][]int, len(a)+1) // of the sequence from i and j on
	for i := range length {
		length[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i].key == b[j].key {
				length[i][j] = length[i+1][j+1] + 1
			} else {
				length[i][j] = max(length[i+1][j], length[i][j+1])
			}
		}
	}
	var pairs [][2]int
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i].key == b[j].key:
			pairs = append(pairs, [2]int{i, j})
			i, j = i+1, j+1
		case length[i+1][j] >= length[i][j+1]:
			i++
		default:
			j++
		}
	}
	return pairs
}
