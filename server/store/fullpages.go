package store

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"slices"
)

// fullPage is a page that a later one has followed. Memory has what most searches pass it over by; its concordance lies on
// the shelf.
type fullPage struct {
	number      uint64
	first, last int64  // the earliest and the latest decision
	skip        filter // the terms of all
	words       shelved
}

func (p *fullPage) place() uint64 { return p.number }

func (p *fullPage) find(q *query) (found marks, err error) {
	if !q.mayFind(p) {
		return found, nil
	}
	x, err := p.read(&q.buffer)
	if err != nil {
		return found, err
	}
	found = x.decisions()
	for _, term := range q.terms {
		found = found.both(x.with(term))
	}
	if q.covers(p.first) && q.covers(p.last) {
		return found, nil
	}
	for place, at := range x.times() {
		if !q.covers(at) {
			found.drop(place)
		}
	}
	return found, nil
}

// read gives the concordance of a page; one that lies in the file comes into buffer, which grows as it must.
func (p *fullPage) read(buffer *[]byte) (concordance, error) {
	x, err := p.words.read(buffer)
	if err != nil {
		return nil, fmt.Errorf("page %d of the decisions: %w", p.number, err)
	}
	return x, nil
}

// PageFile takes the pages that are full, so that they need no memory. Whatever stands in it is written over: it is worth
// nothing to another Live. It is read by several goroutines while it is written.
type PageFile interface {
	io.ReaderAt
	io.WriterAt
}

// shelf is where the concordances of full pages lie: in a file, or in memory where there is none.
type shelf struct {
	file PageFile
	end  int64
}

// shelved is a concordance on a shelf.
type shelved struct {
	memory concordance // nil when it is in the file
	file   PageFile
	at     int64
	size   int
	sum    uint32
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// put keeps a concordance; in memory, if it cannot be written.
func (s *shelf) put(x concordance) shelved {
	if s.file == nil {
		return shelved{memory: x}
	}
	if _, err := s.file.WriteAt(x, s.end); err != nil {
		return shelved{memory: x}
	}
	there := shelved{file: s.file, at: s.end, size: len(x), sum: crc32.Checksum(x, castagnoli)}
	s.end += int64(len(x))
	return there
}

var errPageChanged = errors.New("it is not what was written to the file of pages; a start makes that file again from the record")

func (s *shelved) read(buffer *[]byte) (concordance, error) {
	if s.memory != nil {
		return s.memory, nil
	}
	*buffer = slices.Grow((*buffer)[:0], s.size)[:s.size]
	x := *buffer
	if _, err := s.file.ReadAt(x, s.at); err != nil {
		return nil, err
	}
	if crc32.Checksum(x, castagnoli) != s.sum {
		return nil, errPageChanged
	}
	return x, nil
}

// shelve keeps a concordance as a page that is full. The caller alone may change the tables.
func (l *Live) shelve(number uint64, x concordance) *fullPage {
	p := &fullPage{number: number, first: math.MaxInt64, last: math.MinInt64, skip: filterOf(x), words: l.shelf.put(x)}
	for _, at := range x.times() {
		p.first, p.last = min(p.first, at), max(p.last, at)
	}
	return p
}
