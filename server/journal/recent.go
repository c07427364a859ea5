package journal

import "sync"

// recent keeps the last records in memory, so that checks and tails need not read again what was just written.
type recent struct {
	mu      sync.RWMutex
	records []*Record // a row without gaps, up to the last record that this process has committed
	bytes   int
}

// Limits of what is kept.
const (
	recentRecords = 4096
	recentBytes   = 32 << 20
)

// weight is about how many bytes a record takes in memory.
func weight(r *Record) int {
	return len(r.Input) + len(r.Reads) + len(r.Facts) + len(r.Result) + 512
}

// add appends records that were committed. After a gap (other nodes have written) it starts anew.
func (c *recent) add(records []*Record) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(records) == 0 {
		return
	}
	if n := len(c.records); n > 0 && c.records[n-1].Seq+1 != records[0].Seq {
		c.records, c.bytes = nil, 0
	}
	for _, r := range records {
		c.records = append(c.records, r)
		c.bytes += weight(r)
	}
	drop := 0
	for drop < len(c.records)-1 && (len(c.records)-drop > recentRecords || c.bytes > recentBytes) {
		c.bytes -= weight(c.records[drop])
		c.records[drop] = nil
		drop++
	}
	c.records = c.records[drop:]
}

// after gives the records after a place, or says that it does not reach back so far.
func (c *recent) after(seq uint64, limit int) (records []*Record, reaches bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if len(c.records) == 0 || seq+1 < c.records[0].Seq {
		return nil, false
	}
	from := min(seq+1-c.records[0].Seq, uint64(len(c.records)))
	rest := c.records[from:]
	return append([]*Record(nil), rest[:min(limit, len(rest))]...), true
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
