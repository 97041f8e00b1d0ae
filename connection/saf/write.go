package saf

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
)

// The lock is s.mu in all of this file: every function is called with it held. Those that wait, begin, sync, aside and
// all that call them, give it up meanwhile.

// usable tells why the store can no longer be used.
func (s *File) usable() error {
	if s.f == nil && s.broken == nil {
		return ErrClosed // the zero File
	}
	return s.broken
}

// breakBy makes the store unusable: nobody knows what is on the disk.
func (s *File) breakBy(causes ...error) error {
	if s.broken == nil {
		for i, err := range causes {
			causes[i] = s.named(err)
		}
		s.broken = fmt.Errorf("%w: %w", ErrBroken, errors.Join(causes...))
	}
	return s.broken
}

// named puts the file's present name into an error: the system goes on calling it as it was made in a compaction.
func (s *File) named(err error) error {
	if p, ok := err.(*fs.PathError); ok && p.Path == s.path+freshSuffix {
		return &fs.PathError{Op: p.Op, Path: s.path, Err: p.Err}
	}
	return err
}

// begin returns when nobody needs the file to himself and it has room for so many bytes, beside what is kept free for
// ending each pending entry and so many more. Then write must follow without a wait.
func (s *File) begin(bytes int64, more int) error {
	for {
		if err := s.usable(); err != nil {
			return err
		}
		if s.alone {
			s.changed.Wait()
			continue
		}
		need := s.size + bytes
		if bytes > 0 { // an end lives from what is kept free
			need += s.reserve(len(s.pending) + more)
		}
		if need <= s.room {
			return nil
		}
		if err := s.grow(need); err != nil {
			return err
		}
	}
}

// reserve is what it takes to end so many entries; a withdrawal is written twice.
func (s *File) reserve(entries int) int64 { return int64(entries) * 2 * s.recordSize(1) }

// grow writes zeros behind the file until it has the size that is needed, or a chunk more if the disk has it.
func (s *File) grow(need int64) error {
	defer s.aside()()
	if err := s.usable(); err != nil || need <= s.room {
		return err
	}
	return s.extend(need+s.chunk, need)
}

// extend gives the file the first of some sizes for which there is space. The file is the caller's alone.
func (s *File) extend(sizes ...int64) (err error) {
	for _, to := range sizes {
		if err = writeZeros(s.f, s.room, to); err != nil {
			continue
		}
		if err = cmp.Or(s.f.Sync(), s.confirm(s.f)); err != nil {
			return s.breakBy(err)
		}
		s.room, s.durable = to, s.written
		return nil
	}
	s.f.Truncate(s.room) // if that fails too there are zeros, which do no harm
	return fmt.Errorf("saf: %w", s.named(err))
}

func writeZeros(w io.WriterAt, from, to int64) error {
	zeros := make([]byte, window)
	for at := from; at < to; {
		n, err := w.WriteAt(zeros[:min(to-at, window)], at)
		if err != nil {
			return err
		}
		at += int64(n)
	}
	return nil
}

// write appends records in one go, after begin. On error they are taken back for certain, or the store is broken.
func (s *File) write(records ...record) error {
	var b []byte
	for _, r := range records {
		b = s.append(slices.Grow(b, int(s.recordSize(len(r.body)))), s.size+int64(len(b)), r)
	}
	if _, err := s.f.WriteAt(b, s.size); err != nil {
		return s.takeBack(err)
	}
	s.size += int64(len(b))
	s.room = max(s.room, s.size)
	s.written += uint64(len(records))
	return nil
}

// takeBack removes whatever part of a record was written, for certain: it must not come to light after a crash. The
// room comes back if the disk lets it: it is what ends are written to when the disk is full.
func (s *File) takeBack(cause error) error {
	defer s.aside()()
	if s.broken != nil {
		return s.broken
	}
	room := s.room
	if err := s.f.Truncate(s.size); err != nil {
		return s.breakBy(cause, err)
	}
	if err := cmp.Or(s.f.Sync(), s.confirm(s.f)); err != nil {
		return s.breakBy(cause, err)
	}
	s.room, s.durable = s.size, s.written
	s.extend(room)
	return cmp.Or(s.broken, fmt.Errorf("saf: %w", s.named(cause)))
}

// aside returns when the file is the caller's alone: nobody syncs it, and whoever wants to write or sync waits until
// the function is called that it returns. Two syncs at the same time could share one error, and only one would hear
// of it.
func (s *File) aside() (back func()) {
	for s.alone {
		s.changed.Wait()
	}
	s.alone = true
	for s.syncing {
		s.changed.Wait()
	}
	return func() {
		s.alone = false
		s.changed.Broadcast()
	}
}

// sync returns when all that was written up to now is durable. One sync serves all who wait.
func (s *File) sync() error {
	for target := s.written; s.durable < target; {
		if s.broken != nil {
			return s.broken
		}
		if s.syncing || s.alone {
			s.changed.Wait()
			continue
		}
		s.syncing = true
		upTo, f := s.written, s.f
		s.mu.Unlock()
		err := cmp.Or(f.SyncData(), s.confirm(f))
		s.mu.Lock()
		s.syncing = false
		s.changed.Broadcast()
		if err != nil {
			return s.breakBy(err)
		}
		if s.broken == nil {
			s.durable = max(s.durable, upTo)
		}
	}
	return nil
}

// Close implements Store. It makes everything durable that was written, and tells if the store is broken or its name lost.
func (s *File) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.f == nil {
		return nil
	}
	defer s.aside()()
	if errors.Is(s.broken, ErrClosed) {
		return nil
	}
	if s.broken == nil {
		if err := cmp.Or(s.f.Sync(), s.confirm(s.f)); err != nil {
			s.breakBy(err)
		} else {
			s.durable = s.written // for those who wait
		}
	}
	err := s.broken
	s.broken = errors.Join(ErrClosed, err)
	return errors.Join(err, s.named(s.f.Close()), s.leave())
}
