package server

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"greenchannel/server/store"
)

// pagesFile takes what only a search over all records reads, so that it needs no memory. A start makes it anew, from the
// saved live tables and the record, and whatever stands in one of before is never read; the lock of the data folder keeps it
// from being that of another process.
const pagesFile = "live.pages"

// pages is the file of pages while it is in use.
type pages struct {
	*os.File
	log  *slog.Logger
	told sync.Once
}

// openPages makes the file. Without one the live tables work as well, and need more memory.
func (b *recordbook) openPages() {
	file, err := os.OpenFile(filepath.Join(b.config.Data, pagesFile), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		b.config.Log.Warn("there can be no file for what a search reads; it stays in memory", "err", err)
		return
	}
	b.pages = &pages{File: file, log: b.config.Log}
}

// WriteAt writes a page. That it could not is told once, since the next ones will hardly fare better.
func (p *pages) WriteAt(page []byte, at int64) (int, error) {
	n, err := p.File.WriteAt(page, at)
	if err != nil {
		p.told.Do(func() {
			p.log.Warn("what a search reads could not be written to its file; it stays in memory", "err", err)
		})
	}
	return n, err
}

// paged are the pages in the words of the live tables; nil without a file.
func (b *recordbook) paged() store.PageFile {
	if b.pages == nil {
		return nil
	}
	return b.pages
}

func (b *recordbook) closePages() error {
	if b.pages == nil {
		return nil
	}
	return errors.Join(b.pages.Close(), os.Remove(b.pages.Name()))
}
