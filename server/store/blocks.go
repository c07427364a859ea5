package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
)

// A saved state is a line that says what it is, and blocks: the length of a gob, the gob, and the SHA-256 of the hash before it
// and of all of this. So each block is known to be whole, and in its place, before it is decoded. An empty block ends it.
const (
	savedMagic = "greenchannel live tables\n"
	mostBlock  = 256 << 20
)

type blockWriter struct {
	to  io.Writer
	sum [sha256.Size]byte
}

func writeBlocks(to io.Writer) (*blockWriter, error) {
	_, err := io.WriteString(to, savedMagic)
	return &blockWriter{to: to, sum: sha256.Sum256([]byte(savedMagic))}, err
}

func (w *blockWriter) write(columns any) error {
	var body bytes.Buffer
	if err := gob.NewEncoder(&body).Encode(columns); err != nil {
		return err
	}
	return w.frame(body.Bytes())
}

func (w *blockWriter) end() error { return w.frame(nil) }

func (w *blockWriter) frame(body []byte) error {
	if len(body) > mostBlock {
		return fmt.Errorf("a block has %d bytes; the most is %d", len(body), mostBlock)
	}
	framed := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	framed = append(framed, body...)
	w.sum = chained(w.sum, framed)
	_, err := w.to.Write(append(framed, w.sum[:]...))
	return err
}

func chained(before [sha256.Size]byte, framed []byte) [sha256.Size]byte {
	h := sha256.New()
	h.Write(before[:])
	h.Write(framed)
	return [sha256.Size]byte(h.Sum(nil))
}

type blockReader struct {
	from io.Reader
	sum  [sha256.Size]byte
}

var errDamaged = errors.New("it is damaged or cut short")

func readBlocks(from io.Reader) (*blockReader, error) {
	line := make([]byte, len(savedMagic))
	if _, err := io.ReadFull(from, line); err != nil {
		return nil, ended(err)
	}
	if string(line) != savedMagic {
		return nil, errors.New("it is no saved state of live tables")
	}
	return &blockReader{from: from, sum: sha256.Sum256(line)}, nil
}

// next reads the next block into columns; false at the end.
func (r *blockReader) next(columns any) (bool, error) {
	var length [4]byte
	if _, err := io.ReadFull(r.from, length[:]); err != nil {
		return false, ended(err)
	}
	size := int(binary.BigEndian.Uint32(length[:]))
	if size > mostBlock {
		return false, errDamaged
	}
	var framed bytes.Buffer // grows with what comes, so that a damaged length asks for no memory
	framed.Write(length[:])
	if _, err := io.CopyN(&framed, r.from, int64(size)); err != nil {
		return false, ended(err)
	}
	r.sum = chained(r.sum, framed.Bytes())
	var stated [sha256.Size]byte
	if _, err := io.ReadFull(r.from, stated[:]); err != nil {
		return false, ended(err)
	}
	if stated != r.sum {
		return false, errDamaged
	}
	if size == 0 {
		return false, r.nothingMore()
	}
	return true, gob.NewDecoder(bytes.NewReader(framed.Bytes()[len(length):])).Decode(columns)
}

func (r *blockReader) nothingMore() error {
	if n, err := io.ReadFull(r.from, make([]byte, 1)); n > 0 || !errors.Is(err, io.EOF) {
		return errDamaged
	}
	return nil
}

// ended tells an end that comes too early from a failure to read.
func ended(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errDamaged
	}
	return err
}
