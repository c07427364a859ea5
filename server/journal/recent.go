package journal

import (
	"slices"
	"sync"
)

// recent keeps the last records in memory, so that checks and tails need not read again what was just written. Tails want
// whole records and follow closely; checks may look far back, and want little of each (Record.brief).
type recent struct {
	mu      sync.RWMutex
	records []*Record // a row without gaps, up to the last record that this process has committed
	briefs  int       // how many of them, from the first on, are brief
	bytes   int
}

// Limits of what is kept.
const (
	recentRecords = 4096
	recentWhole   = 256
	recentBytes   = 32 << 20
)

// weight is about how many bytes a record takes in memory.
func weight(r *Record) int {
	return len(r.Input) + len(r.Reads) + len(r.Facts) + len(r.Result) + 512
}

// brief is a record with what a check may look at.
func (r *Record) brief() *Record {
	brief := *r
	brief.Input, brief.Reads, brief.Result = nil, nil, nil
	return &brief
}

// add appends records that were committed. After a gap (other nodes have written) it starts anew.
func (c *recent) add(records []*Record) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(records) == 0 {
		return
	}
	if n := len(c.records); n > 0 && c.records[n-1].Seq+1 != records[0].Seq {
		c.records, c.briefs, c.bytes = nil, 0, 0
	}
	for _, r := range records {
		c.records = append(c.records, r)
		c.bytes += weight(r)
	}
	for ; c.briefs < len(c.records)-recentWhole; c.briefs++ {
		whole := c.records[c.briefs]
		brief := whole.brief()
		c.records[c.briefs] = brief
		c.bytes -= weight(whole) - weight(brief)
	}
	c.drop()
}

// drop lets the oldest go until the rest is within the limits.
func (c *recent) drop() {
	drop := 0
	for drop < len(c.records)-1 && (len(c.records)-drop > recentRecords || c.bytes > recentBytes) {
		c.bytes -= weight(c.records[drop])
		c.records[drop] = nil
		drop++
	}
	c.records, c.briefs = c.records[drop:], max(c.briefs-drop, 0)
}

// whole gives the records after a place, or says that it does not reach back so far.
func (c *recent) whole(after uint64, limit int) (records []*Record, reaches bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return following(c.records[c.briefs:], after, limit)
}

// toCheck is whole, and reaches further back: the records may be brief.
func (c *recent) toCheck(after uint64, limit int) (records []*Record, reaches bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return following(c.records, after, limit)
}

// following gives some of a row of records.
func following(row []*Record, after uint64, limit int) (records []*Record, reaches bool) {
	if len(row) == 0 || after+1 < row[0].Seq {
		return nil, false
	}
	rest := row[min(after+1-row[0].Seq, uint64(len(row))):]
	return slices.Clone(rest[:min(limit, len(rest))]), true
}

// progress tells those who wait how far the journal reaches.
type progress struct {
	mu      sync.Mutex
	size    uint64
	changed chan struct{}
}

// reached notes that the journal reaches so far.
func (p *progress) reached(size uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if size <= p.size {
		return
	}
	p.size = size
	if p.changed != nil {
		close(p.changed)
		p.changed = nil
	}
}

// past gives a channel that closes when the journal reaches past a place; nil when it does already.
func (p *progress) past(seq uint64) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.size > seq {
		return nil
	}
	if p.changed == nil {
		p.changed = make(chan struct{})
	}
	return p.changed
}
