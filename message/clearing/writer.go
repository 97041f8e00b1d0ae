package clearing

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// Writer writes the records of a file. What it writes is buffered until Close.
type Writer struct {
	// Max is the longest record taken, in bytes; 0 means DefaultMaxRecord.
	Max int

	blocks *BlockWriter // nil without blocks
	out    *bufio.Writer
	count  int
	offset int64 // of the next record's length in the data
	err    error
}

// NewWriter returns a Writer to w. With a form other than VBS and Blocked every method of it fails with ErrForm.
func NewWriter(w io.Writer, form Form) *Writer {
	switch form {
	case VBS:
		return &Writer{out: bufio.NewWriter(w)}
	case Blocked:
		blocks := NewBlockWriter(w)
		return &Writer{out: bufio.NewWriterSize(blocks, blockData), blocks: blocks}
	default:
		return &Writer{err: &Error{Record: 1, Err: ErrForm}}
	}
}

// WriteRecord writes one record. The error is an *Error; one that refuses the record (ErrEmpty, ErrTooLong) leaves the
// file as it was, every other one stays.
func (w *Writer) WriteRecord(record []byte) error {
	limit := w.Max
	if limit <= 0 {
		limit = DefaultMaxRecord
	}
	switch {
	case w.err != nil:
		return w.err
	case len(record) == 0:
		return w.fault(ErrEmpty)
	case len(record) > limit:
		return w.fault(fmt.Errorf("%w: %d bytes, the limit is %d", ErrTooLong, len(record), limit))
	}
	if err := w.write(len(record), record); err != nil {
		return err
	}
	w.count++
	w.offset += lengthSize + int64(len(record))
	return nil
}

func (w *Writer) write(length int, record []byte) error {
	if _, err := w.out.Write(binary.BigEndian.AppendUint32(nil, uint32(length))); err != nil {
		w.err = w.fault(err)
	} else if _, err := w.out.Write(record); err != nil {
		w.err = w.fault(err)
	}
	return w.err
}

// Close writes the closing length and what is left. The writer below stays open. A file that was not closed is not
// whole; a second Close fails with ErrClosed.
func (w *Writer) Close() error {
	if w.err != nil {
		return w.err
	}
	if err := w.write(0, nil); err != nil {
		return err
	}
	err := w.out.Flush()
	if err == nil && w.blocks != nil {
		err = w.blocks.Close()
	}
	if err != nil {
		w.err = w.fault(err)
		return w.err
	}
	w.err = w.fault(ErrClosed)
	return nil
}

func (w *Writer) fault(err error) error {
	offset := w.offset
	if w.blocks != nil {
		offset += offset / blockData * (blockSize - blockData)
	}
	return &Error{Record: w.count + 1, Offset: offset, Err: err}
}
