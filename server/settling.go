package server

import (
	"maps"
	"sync"
)

// mostUnsettled is how many exporters are noted before those are looked for that need not be any more.
const mostUnsettled = 1024

// unsettled knows the last record that was made here of each exporter, as long as the live tables may not hold it: they follow
// the record at a small distance, and whoever has an answer may send the next application before they are there.
type unsettled struct {
	mu      sync.Mutex
	records map[string]uint64 // by exporter, the Seq
}

// note notes a record; settled is how far the live tables are.
func (u *unsettled) note(exporter string, seq, settled uint64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.records) >= mostUnsettled {
		maps.DeleteFunc(u.records, func(_ string, seq uint64) bool { return seq <= settled })
	}
	if u.records == nil {
		u.records = map[string]uint64{}
	}
	u.records[exporter] = max(seq, u.records[exporter])
}

// last is the Seq of the last record of an exporter; 0 where the live tables hold it.
func (u *unsettled) last(exporter string, settled uint64) uint64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	seq := u.records[exporter]
	if seq <= settled {
		delete(u.records, exporter)
		return 0
	}
	return seq
}
