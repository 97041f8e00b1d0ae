package saf

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"time"
)

// Recovery tells what OpenFile found.
type Recovery struct {
	Records int // good records read
	Pending int // entries that had not ended

	// TornBytes is the size of a last record that was not complete: an Append that a crash cut off before it
	// returned, or a cut file. The bytes were removed.
	TornBytes int64

	// Damage is what could not be read, in the order of the file: messages may be missing, or have come back, and
	// somebody should look. The damaged bytes were put one after the other into the file DamagedTo.
	Damage    []Damage
	DamagedTo string
}

// Damage is one stretch of a file that could not be read.
type Damage struct {
	Offset, Length int64
	ID             uint64 // of the entry the damaged record is about; 0 if that is not known
	Err            error
}

// recover reads the file of that name and makes it fit to be written to: with what is pending, and certainly on the
// disk. A file that does not exist is made.
func (s *File) recover() error {
	f, err := s.openAlone()
	if errors.Is(err, fs.ErrNotExist) {
		return s.compact()
	}
	if err != nil {
		return err
	}
	s.f = f
	if s.room, err = f.Size(); err != nil {
		return err
	}
	in, err := newScan(f, s.room)
	if err != nil {
		return err
	}
	if err := s.readHead(in); err != nil {
		return err
	}
	s.remove(s.path + freshSuffix) // of a compaction that a crash broke off
	if err := in.run(headSize, s.apply); err != nil {
		return err
	}
	s.format, s.size = in.format, in.end
	s.recovery = Recovery{Records: in.records, Pending: len(s.pending), TornBytes: in.torn, Damage: in.damage}
	damaged := len(in.damage) > 0
	if damaged {
		for _, d := range in.damage {
			s.next += uint64(d.Length/s.recordSize(0)) + 1 // as many IDs may have been lost
		}
		if err := s.keepAside(f); err != nil {
			return err
		}
	}
	if damaged || s.size > s.chunk && s.size > 2*s.live {
		err := s.compact()
		if err == nil || s.broken != nil || !in.fitToAppend() {
			return err
		}
		s.compactionFailed(err) // the disk may be full: what is pending can be forwarded and ended nevertheless
	}
	return s.settle(in.used)
}

// readHead finds out how the file is written. Without a head nothing in it can be read.
func (s *File) readHead(in *scan) error {
	b, err := in.bytes(0, headSize)
	if err != nil {
		return err
	}
	first, second := b[:min(len(b), copySize)], b[min(len(b), copySize):]
	var next uint64
	format1, next1, err1 := parseHead(first, s.seal)
	format2, next2, err2 := parseHead(second, s.seal)
	switch {
	case err1 == nil:
		in.format, next = format1, next1
	case err2 == nil:
		in.format, next = format2, next2
	case err1 != errNoHead:
		return err1
	case err2 != errNoHead:
		return err2
	case len(b) == 0:
		err1 = errors.New("file is empty")
	case !isOurs(first) && !isOurs(second):
		return ErrNotStore
	}
	s.next = max(s.next, next)
	if len(b) < headSize || err1 != nil && err2 != nil {
		s.next = uint64(time.Now().UnixNano()) // no ID may come twice, and nobody knows the last one
	}
	switch {
	case err1 != nil && err2 != nil:
		in.damaged(0, in.size, 0, err1)
		in.used = 0
	case err1 != nil:
		in.damaged(0, copySize, 0, err1)
	case err2 != nil:
		in.damaged(copySize, copySize+int64(len(second)), 0, err2)
	}
	return nil
}

func isOurs(head []byte) bool {
	return len(head) > 0 && (bytes.HasPrefix(head, []byte(magic)) || bytes.HasPrefix([]byte(magic), head))
}

// apply replays one record.
func (s *File) apply(r record) error {
	switch r.kind {
	case kindEntry:
		return s.applyEntry(r.id, r.body)
	case kindReplace:
		if len(r.body) < 8 {
			return errors.New("short record")
		}
		if err := s.applyEntry(r.id, r.body[8:]); err != nil {
			return err
		}
		s.drop(binary.BigEndian.Uint64(r.body))
	case kindTried:
		if len(r.body) != 4 {
			return errors.New("not a number of tries")
		}
		if e := s.pending[r.id]; e != nil {
			e.Tries = int(min(binary.BigEndian.Uint32(r.body), math.MaxInt32))
		}
	case kindEnd:
		s.drop(r.id)
	default:
		return fmt.Errorf("unknown kind %q", byte(r.kind))
	}
	s.next = max(s.next, r.id+1)
	return nil
}

func (s *File) applyEntry(id uint64, body []byte) error {
	e, err := parseEntry(id, body)
	if err != nil {
		return err
	}
	if s.pending[id] != nil {
		return errors.New("entry twice")
	}
	s.keep(e)
	s.next = max(s.next, id+1)
	return nil
}

// keepAside copies the damaged bytes to a file of their own. Its name comes from them, so that trying again makes no
// second one.
func (s *File) keepAside(f file) error {
	hash := sha256.New()
	size, err := s.eachDamaged(f, func(b []byte, _ int64) error { hash.Write(b); return nil })
	if err != nil || size == 0 {
		return err
	}
	name := fmt.Sprintf("%s.damaged-%x", s.path, hash.Sum(nil)[:8])
	copied, err := s.writeNew(name, func(aside file) error {
		_, err := s.eachDamaged(f, func(b []byte, at int64) error {
			_, err := aside.WriteAt(b, at)
			return err
		})
		return err
	})
	if err != nil {
		return err
	}
	s.recovery.DamagedTo = name
	return errors.Join(copied.Close(), s.dir.Sync())
}

// eachDamaged gives the damaged bytes to use, one piece after the other, and where they lie when nothing is between them.
// It returns how many there are. io.Copy would do, but with it a program links every short way from file to socket.
func (s *File) eachDamaged(f file, use func(b []byte, at int64) error) (size int64, err error) {
	b := make([]byte, 4096)
	for _, d := range s.recovery.Damage {
		for offset, end := d.Offset, d.Offset+d.Length; offset < end; {
			n, err := f.ReadAt(b[:min(int64(len(b)), end-offset)], offset)
			if n == 0 && err != nil && err != io.EOF {
				return size, err
			}
			if n == 0 {
				break // the file is shorter than it was
			}
			if err := use(b[:n], size); err != nil {
				return size, err
			}
			offset, size = offset+int64(n), size+int64(n)
		}
	}
	return size, nil
}

// settle makes certain that what was read is on the disk, and removes what a crash tore off. After a sync that failed
// the system may show what the disk does not hold, and call the next sync a success: only what has been written since
// is then known to be there. So all is written again, in its place, where the same bytes are already.
func (s *File) settle(used int64) error {
	b := make([]byte, min(window, used))
	for at := int64(0); at < used; at += int64(len(b)) {
		b = b[:min(int64(len(b)), used-at)]
		if _, err := s.f.ReadAt(b, at); err != nil && err != io.EOF {
			return err
		}
		if at+int64(len(b)) > s.size {
			clear(b[max(0, s.size-at):])
		}
		if _, err := s.f.WriteAt(b, at); err != nil {
			return err
		}
	}
	if s.recovery.Records > 0 { // of the last one the tail may be missing
		if _, err := s.f.WriteAt([]byte(tail), s.size-int64(len(tail))); err != nil {
			return err
		}
		s.room = max(s.room, s.size)
	}
	if err := s.f.Sync(); err != nil {
		return err
	}
	if err := s.dir.Sync(); err != nil {
		return err
	}
	s.grow(s.size + s.reserve(len(s.pending))) // a file that was cut has less; a full disk may give no more
	return s.broken
}
