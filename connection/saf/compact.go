package saf

import (
	"fmt"
	"maps"
	"slices"
)

// compactIfDue rewrites the file with the pending entries alone once it has grown enough and half of it has ended.
func (s *File) compactIfDue() {
	due := func() bool {
		return s.broken == nil && s.size >= max(s.limit, s.notNow) && s.size >= 2*s.live
	}
	if !due() {
		return
	}
	back := s.aside()
	var err error
	if due() { // still, after a wait
		err = s.compact()
	}
	back()
	if err != nil {
		s.mu.Unlock()
		defer s.mu.Lock()
		s.compactionFailed(err)
	}
}

func (s *File) compactionFailed(err error) {
	if s.failed != nil {
		defer func() { _ = recover() }() // forwarding goes on
		s.failed(err)
	}
}

// compact writes the new file beside the old one and puts it in its place. Both hold all that is pending, so until the
// name has changed the store can go on with the old one, whatever fails. When it is not certain which file the name
// means after a crash, the store is broken: what is appended to either could be lost.
func (s *File) compact() error {
	doing := "making"
	if s.f != nil {
		doing = "rewriting"
		if err := s.confirm(s.f); err != nil {
			return s.breakBy(err) // whatever has the name is not ours to replace
		}
	}
	s.notNow = s.size + s.limit/2 // so as not to try at every entry, should it fail
	fresh, name := newFormat(s.seal), s.path+freshSuffix
	var size, room int64
	f, err := s.writeNew(name, func(f file) (err error) {
		if err := f.lock(); err != nil { // before it has the name, so that whatever has it is locked
			return err
		}
		size, room, err = s.writePending(f, fresh)
		return err
	})
	if err == nil {
		f, err = s.putInPlace(f, name)
	}
	if err != nil {
		return fmt.Errorf("saf: %s %s: %w", doing, s.path, err)
	}
	s.f, s.format, s.size, s.room, s.notNow = f, fresh, size, room, 0
	if err := s.dir.Sync(); err != nil {
		return s.breakBy(err)
	}
	s.durable = s.written // not before: somebody may wait for it
	return nil
}

// writePending writes a file of the pending entries, with room behind them.
func (s *File) writePending(f file, fresh format) (size, room int64, err error) {
	b := fresh.head(s.next)
	add := func(r record) { b = fresh.append(b, size+int64(len(b)), r) }
	flush := func() error {
		_, err := f.WriteAt(b, size)
		size += int64(len(b))
		b = b[:0]
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(s.pending)) {
		e := s.pending[id]
		add(record{kindEntry, id, entryBody(nil, e.Destination, e.Frame, e.Created)})
		if e.Tries > 0 {
			add(triedRecord(id, e.Tries))
		}
		if len(b) >= window {
			if err := flush(); err != nil {
				return size, room, err
			}
		}
	}
	if err := flush(); err != nil {
		return size, room, err
	}
	room = size + s.reserve(len(s.pending))
	if err := writeZeros(f, size, room); err != nil {
		return size, room, err
	}
	if writeZeros(f, room, room+s.chunk) == nil {
		return size, room + s.chunk, nil
	}
	return size, room, f.Truncate(room)
}

// putInPlace gives a new file the store's name. On error the store has the old file still, or is broken.
func (s *File) putInPlace(f file, name string) (file, error) {
	if !s.renamesOpen() {
		return s.putClosedInPlace(f, name)
	}
	if err := s.rename(name, s.path); err != nil {
		f.Close()
		s.remove(name)
		if s.f != nil {
			if named, unknown := s.f.isNamed(s.path); unknown != nil || !named {
				return nil, s.breakBy(err)
			}
		}
		return nil, err
	}
	if s.f != nil {
		s.f.Close()
	}
	return f, nil
}

// putClosedInPlace does the same where open files cannot be renamed or replaced.
func (s *File) putClosedInPlace(f file, name string) (file, error) {
	f.Close()
	if s.f != nil {
		s.f.Close()
	}
	failed := s.rename(name, s.path)
	f, err := s.openAlone()
	if failed == nil && err == nil {
		return f, nil
	}
	s.remove(name)
	if err != nil {
		return nil, s.breakBy(failed, err)
	}
	if s.f = f; !s.wrote(f) {
		return nil, s.breakBy(failed)
	}
	return nil, failed
}

// wrote tells whether a file is written in the store's format, salt and all: the old one, then.
func (s *File) wrote(f file) bool {
	b := make([]byte, copySize)
	if _, err := f.ReadAt(b, 0); err != nil {
		return false
	}
	found, _, err := parseHead(b, s.seal)
	return err == nil && found.salt == s.salt
}
