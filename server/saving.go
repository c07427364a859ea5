package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"greenchannel/server/store"
)

// savedFile holds the live tables as they were at some record. It is made from the record and can be made again from it:
// whatever is wrong with it, it is left aside and the record is read.
const savedFile = "live.saved"

// restored gives the live tables as they were saved; empty ones where nothing was saved that belongs to this journal.
func (b *recordbook) restored(ctx context.Context) *store.Live {
	live, err := b.readSaved(ctx)
	if err == nil {
		return live
	}
	if !errors.Is(err, fs.ErrNotExist) {
		b.config.Log.Warn("the saved live tables cannot be used; they are made again from the record", "file", b.savedPath(), "err", err)
	}
	return store.NewLiveIn(b.paged())
}

func (b *recordbook) savedPath() string { return filepath.Join(b.config.Data, savedFile) }

func (b *recordbook) readSaved(ctx context.Context) (*store.Live, error) {
	file, err := os.Open(b.savedPath())
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	live, stamp, err := store.Restore(bufio.NewReaderSize(file, 1<<20), b.paged())
	if err != nil {
		return nil, err
	}
	if stamp.Origin != b.journal.Origin() {
		return nil, fmt.Errorf("they are of the journal %s, and this is %s", stamp.Origin, b.journal.Origin())
	}
	last, err := b.journal.BySeq(ctx, stamp.Seq)
	if err != nil {
		return nil, err
	}
	if hash := hashText(last.Hash()); hash != stamp.Leaf {
		return nil, fmt.Errorf("record %d was %s when they were saved, and is %s", stamp.Seq, stamp.Leaf, hash)
	}
	return live, nil
}

// save writes the live tables beside the record. That it cannot is no harm: the next start takes longer.
func (b *recordbook) save(ctx context.Context) {
	if err := b.writeSaved(ctx); err != nil {
		b.config.Log.Warn("the live tables could not be saved; the next start makes them again from the record", "err", err)
	}
}

func (b *recordbook) writeSaved(ctx context.Context) error {
	state := b.live.Snapshot()
	if state.Seq() == 0 {
		return nil
	}
	last, err := b.journal.BySeq(ctx, state.Seq())
	if err != nil {
		return err
	}
	fresh, err := os.CreateTemp(b.config.Data, savedFile+".new-*")
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(fresh, 1<<20)
	err = state.Save(out, store.Stamp{Origin: b.journal.Origin(), Seq: state.Seq(), Leaf: hashText(last.Hash())})
	err = errors.Join(err, out.Flush(), fresh.Sync(), fresh.Close())
	if err == nil {
		err = os.Rename(fresh.Name(), b.savedPath())
	}
	if err != nil {
		return errors.Join(err, os.Remove(fresh.Name()))
	}
	return nil
}
