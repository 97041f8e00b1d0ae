package clearing

import (
	"bytes"
	"errors"
	"io"
)

const (
	blockData = 1012 // bytes of a block that are data
	blockSize = 1014
	fill      = 0x40 // a blank in EBCDIC
)

// BlockReader reads the data out of 1014-byte blocks. It checks the two fill bytes of each block, and that the last one
// is whole.
type BlockReader struct {
	r      io.Reader
	block  [blockSize]byte
	rest   []byte // of the block's data, not yet read
	blocks int64  // that were begun
	err    error
}

// NewBlockReader returns a BlockReader of r, which it reads a block at a time.
func NewBlockReader(r io.Reader) *BlockReader { return &BlockReader{r: r} }

// Read implements io.Reader. The data before a fault comes first. The fault is ErrFill or ErrTruncated in an *Error
// that tells the block's offset and no record.
func (b *BlockReader) Read(p []byte) (int, error) {
	for len(b.rest) == 0 {
		if b.err != nil {
			return 0, b.err
		}
		b.next()
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

// next reads a block and keeps the fault behind its data, if there is one.
func (b *BlockReader) next() {
	n, err := io.ReadFull(b.r, b.block[:])
	b.rest = b.block[:min(n, blockData)]
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		b.err = &Error{Offset: b.blocks * blockSize, Err: ErrTruncated}
	case err != nil:
		b.err = err
	case b.block[blockData] != fill || b.block[blockData+1] != fill:
		b.err = &Error{Offset: b.blocks * blockSize, Err: ErrFill}
	}
	b.blocks++
}

// BlockWriter writes data in 1014-byte blocks.
type BlockWriter struct {
	w    io.Writer
	used int // of the data of the block under way
}

// NewBlockWriter returns a BlockWriter to w. Close fills up the last block.
func NewBlockWriter(w io.Writer) *BlockWriter { return &BlockWriter{w: w} }

var filling = bytes.Repeat([]byte{fill}, blockSize)

// Write implements io.Writer.
func (b *BlockWriter) Write(p []byte) (written int, err error) {
	for len(p) > 0 {
		n, err := b.w.Write(p[:min(len(p), blockData-b.used)])
		written += n
		b.used += n
		if err != nil {
			return written, err
		}
		p = p[n:]
		if b.used == blockData {
			if err := b.Close(); err != nil {
				return written, err
			}
		}
	}
	return written, nil
}

// Close fills up the block under way; it writes nothing where a block has just ended. The writer below stays open.
func (b *BlockWriter) Close() error {
	if b.used == 0 {
		return nil
	}
	_, err := b.w.Write(filling[b.used:])
	b.used = 0
	return err
}
