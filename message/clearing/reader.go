package clearing

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
)

// DefaultMaxRecord is the longest record that a Reader or Writer without a Max takes, in bytes. Networks write records of
// at most a few thousand; cardutil has the same limit.
const DefaultMaxRecord = 6000

const (
	lengthSize = 4
	fillLength = fill<<24 | fill<<16 | fill<<8 | fill

	// chunk is how much memory the length of a record is trusted for before its bytes arrive.
	chunk = 64 << 10
)

// Reader reads the records of a file one after the other.
type Reader struct {
	// Max is the longest record accepted, in bytes; 0 means DefaultMaxRecord.
	Max int

	src    *bufio.Reader // nil until the first Next
	r      io.Reader
	form   Form
	unsure bool // the form was told by less than a block
	record []byte
	count  int
	offset int64 // of the next record's length in the data
	start  int64 // of the last record's length in the data
	err    error
}

// NewReader returns a Reader of r, which it reads from the first Next on. It reads ahead.
func NewReader(r io.Reader, form Form) *Reader { return &Reader{r: r, form: form} }

// Form returns the form of the file; from the first Next on it is not Auto.
func (r *Reader) Form() Form { return r.form }

// Count returns how many records Next has returned.
func (r *Reader) Count() int { return r.count }

// Offset returns where in the file the length of the last record stands.
func (r *Reader) Offset() int64 { return r.inFile(r.start) }

// inFile turns an offset in the data into one in the file.
func (r *Reader) inFile(offset int64) int64 {
	if r.form == Blocked {
		return offset + offset/blockData*(blockSize-blockData)
	}
	return offset
}

// All yields the records, each valid until the next one, up to the end or a fault.
func (r *Reader) All() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for {
			record, err := r.Next()
			if err == io.EOF || !yield(record, err) || err != nil {
				return
			}
		}
	}
}

// Next returns the next record. It is valid until the following Next, whose memory is the same. Behind a length of zero,
// with or without fill bytes, the error is io.EOF. Every other error is an *Error, and stays; ErrNoEnd is the one of a file
// that has no such length: all of its records were returned, and nothing tells whether there were more.
func (r *Reader) Next() ([]byte, error) {
	if r.err == nil {
		if r.err = r.next(); r.err == nil {
			return r.record, nil
		}
	}
	return nil, r.err
}

func (r *Reader) next() error {
	if r.src == nil {
		r.open()
	}
	head, err := r.src.Peek(lengthSize)
	if err != nil && err != io.EOF {
		return r.fault(err)
	}
	if len(head) < lengthSize || ends(head) {
		return r.end(head)
	}
	length := binary.BigEndian.Uint32(head)
	if limit := r.limit(); length > uint32(limit) {
		return r.fault(fmt.Errorf("%w: the length says %d bytes, the limit is %d", ErrTooLong, length, limit))
	}
	r.src.Discard(lengthSize) // which is there
	if err := r.read(int(length)); err != nil {
		return r.fault(err)
	}
	r.start = r.offset
	r.offset += lengthSize + int64(length)
	r.count++
	return nil
}

// open looks at the first blocks where the form is to be told.
func (r *Reader) open() {
	r.src = bufio.NewReaderSize(r.r, detectSize)
	if r.form == Auto {
		head, err := r.src.Peek(detectSize) // a fault comes again when it is its turn
		r.form, r.unsure = detect(head, r.limit(), err == io.EOF), len(head) < blockSize
	}
	if r.form == Blocked {
		r.src = bufio.NewReaderSize(NewBlockReader(r.src), blockSize)
	}
}

func (r *Reader) limit() int {
	if r.Max > 0 {
		return min(r.Max, 1<<31-1)
	}
	return DefaultMaxRecord
}

// read reads a record into the Reader's memory, which grows with the bytes that come.
func (r *Reader) read(length int) error {
	r.record = r.record[:0]
	for len(r.record) < length {
		had := len(r.record)
		r.record = slices.Grow(r.record, min(length-had, chunk))[:had+min(length-had, chunk)]
		if _, err := io.ReadFull(r.src, r.record[had:]); err != nil {
			return err
		}
	}
	return nil
}

// ends tells whether a length, or what the input has left of one, is the end of the records.
func ends(head []byte) bool {
	length := binary.BigEndian.Uint32(head)
	return length == 0 || length == fillLength
}

// end reads what follows the last record: the closing length, and fill bytes.
func (r *Reader) end(head []byte) error {
	marked := len(head) == lengthSize && head[0] == 0
	if marked {
		r.src.Discard(lengthSize)
	}
	for filled := false; ; filled = true {
		c, err := r.src.ReadByte()
		switch {
		case err == io.EOF:
			return r.ended(marked, filled)
		case err != nil:
			return r.fault(err)
		case c != fill && len(head) < lengthSize:
			return r.fault(ErrTruncated)
		case c != fill:
			return r.fault(ErrTrailing)
		}
	}
}

// ended tells whether the end of the input is that of the file. Fill bytes are those of a block, of which the end is
// missing where the input has no whole one; only who asks for VBS says that they are something else.
func (r *Reader) ended(marked, filled bool) error {
	switch {
	case filled && r.unsure:
		return r.fault(fmt.Errorf("%w: fill bytes of a block that is not whole", ErrTruncated))
	case !marked:
		return r.fault(ErrNoEnd)
	}
	return io.EOF
}

// fault makes an *Error of what happened in the record that would be next.
func (r *Reader) fault(err error) error {
	at := &Error{Record: r.count + 1, Offset: r.inFile(r.offset), Err: err}
	var block *Error
	switch {
	case errors.As(err, &block):
		at.Err = block.Err
		if block.Err == ErrFill {
			at.Offset = block.Offset
		}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		at.Err = ErrTruncated
	}
	return at
}
