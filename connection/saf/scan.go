package saf

import (
	"bytes"
	"errors"
	"io"
	"slices"
)

const window = 64 << 10 // bytes read at once; more for a longer record

// scan reads the records of a file, in memory that does not depend on the file's size. It goes on behind what it
// cannot read, at the next record that is whole and good.
type scan struct {
	format
	from io.ReaderAt
	size int64 // of the file
	used int64 // behind the last byte that is not zero

	buf   []byte
	start int64 // place of buf in the file

	records int
	end     int64 // behind the last record
	torn    int64 // bytes behind it that are the start of a record which a crash cut off
	damage  []Damage
}

func newScan(from io.ReaderAt, size int64) (*scan, error) {
	s := &scan{from: from, size: size}
	for s.used = size; s.used > 0; {
		at := max(0, s.used-window)
		b, err := s.bytes(at, int(s.used-at))
		if err != nil {
			return nil, err
		}
		if s.used = at + int64(len(bytes.TrimRight(b, "\x00"))); s.used > at {
			break
		}
	}
	return s, nil
}

// bytes returns n bytes at a place, fewer at the end of the file. They are valid until the next call.
func (s *scan) bytes(at int64, n int) ([]byte, error) {
	n = int(min(int64(n), max(0, s.size-at)))
	if at < s.start || at+int64(n) > s.start+int64(len(s.buf)) {
		s.start = at
		s.buf = slices.Grow(s.buf[:0], max(n, window))[:min(int64(max(n, window)), s.size-at)]
		if _, err := s.from.ReadAt(s.buf, at); err != nil && err != io.EOF {
			s.buf = s.buf[:0]
			return nil, err
		}
	}
	return s.buf[at-s.start:][:n], nil
}

var (
	errNoRecord = errors.New("no record")
	errBadTail  = errors.New("record is good, but what stands behind it is not")
)

// run calls apply with every record from a place on, in the order of the file; an error of apply is damage too. The
// error returned is one of the disk.
func (s *scan) run(at int64, apply func(record) error) error {
	for s.end = at; at < s.used; {
		b, err := s.bytes(at, recordHead)
		if err != nil {
			return err
		}
		var next int64
		if r, size, ok := s.parseRecordHead(b, at); ok {
			next = at + int64(size)
			err = s.record(r.id, at, next, apply)
		} else {
			next, err = s.noRecord(at)
		}
		if err != nil {
			return err
		}
		at = next
	}
	return nil
}

// record reads the record from one place to another, whose head is good.
func (s *scan) record(id uint64, at, next int64, apply func(record) error) error {
	b, err := s.bytes(at, int(next-at))
	if err != nil {
		return err
	}
	fault := errNoRecord
	behind := next - int64(len(tail))
	if n := int(behind - at); n <= len(b) {
		var r record
		if r, fault = s.parseRecord(b[:n], at); fault == nil {
			fault = apply(r)
		}
		b = b[n:]
	}
	switch {
	case fault == nil:
		s.records++
		s.end = next
		s.readTail(b, id, behind)
	case s.used <= behind: // its tail is not there at all: it was cut off
		s.torn = s.used - at
	default:
		s.damaged(at, next, id, fault)
	}
	return nil
}

// readTail reads what there is of the tail at a place. What holds nothing else was cut off, and can be put there.
func (s *scan) readTail(b []byte, id uint64, at int64) {
	there := min(len(b), int(max(0, s.used-at)))
	switch {
	case string(b) == tail:
	case there < len(tail) && string(b[:there]) == tail[:there]:
		s.torn = int64(there)
	default:
		s.damaged(at, min(at+int64(len(tail)), s.size), id, errBadTail)
	}
}

// noRecord tells what there is at a place where the head of no record is, and where the next one is.
func (s *scan) noRecord(at int64) (next int64, err error) {
	if next, err = s.resume(at + 1); err != nil {
		return 0, err
	}
	b, err := s.bytes(at, int(min(markSize, next-at)))
	if err != nil {
		return 0, err
	}
	if next == s.used && next-at < recordHead && bytes.HasPrefix(s.salt[:], b) {
		s.torn = next - at // the head of the last record, cut off
	} else {
		s.damaged(at, next, 0, errNoRecord)
	}
	return next, nil
}

// resume returns the first place from at on where the head of a record is good, or the end of what is not zero.
func (s *scan) resume(at int64) (int64, error) {
	for at < s.used {
		b, err := s.bytes(at, int(min(window/2, s.used+recordHead-at)))
		if err != nil {
			return 0, err
		}
		i := bytes.Index(b, s.salt[:markSize])
		if i < 0 {
			at += int64(max(1, len(b)-markSize+1))
			continue
		}
		at += int64(i)
		if b, err = s.bytes(at, recordHead); err != nil {
			return 0, err
		}
		if _, _, ok := s.parseRecordHead(b, at); ok {
			return at, nil
		}
		at++
	}
	return s.used, nil
}

// fitToAppend tells whether records can be put behind the last one. It takes a head of which one copy is good; and damage
// behind that record would be overwritten, and with it what tells how many IDs may have been lost.
func (s *scan) fitToAppend() bool {
	if s.used == 0 || s.size < headSize {
		return false
	}
	if len(s.damage) == 0 {
		return true
	}
	last := s.damage[len(s.damage)-1]
	return last.Offset+last.Length <= s.end
}

func (s *scan) damaged(from, to int64, id uint64, err error) {
	s.damage = append(s.damage, Damage{Offset: from, Length: to - from, ID: id, Err: err})
}
