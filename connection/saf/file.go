package saf

import (
	"bytes"
	"cmp"
	"crypto/cipher"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// FileOptions say how a file is opened.
type FileOptions struct {
	// Seal encrypts and authenticates every message. It must have a nonce of at least 12 bytes, since nonces are
	// random, and must be used for nothing else that could bring more than about four thousand million records
	// under one key.
	Seal cipher.AEAD

	// CardDataInPlaintext allows a file without Seal. Whoever reads the disk then reads card data.
	CardDataInPlaintext bool

	// CompactAt is the size in bytes at which the file is rewritten without the entries that have ended; default 1 MiB.
	CompactAt int64
}

// File is a Store in one append-only file. Its methods may be called concurrently; appends that come at the same time
// share one fsync.
type File struct {
	path     string
	seal     cipher.AEAD
	limit    int64
	recovery Recovery

	mu       sync.Mutex
	f        file
	size     int64
	next     uint64
	pending  map[uint64]*Entry
	compacts int64 // size at which the file is rewritten next
	broken   error

	synced  *sync.Cond
	written uint64 // records written so far
	durable uint64 // of which are known to be on the disk
	syncing bool
}

// file is what File needs of an *os.File.
type file interface {
	io.Writer
	io.WriterAt
	Truncate(size int64) error
	Sync() error
	Close() error
}

// Recovery tells what OpenFile found.
type Recovery struct {
	Records int // good records read
	Pending int // entries that had not ended

	// TornBytes is the size of a last record that was not complete: an Append that a crash cut off before it
	// returned, or a cut file. The bytes were removed.
	TornBytes int64

	// Damage is why the record at DamageOffset could not be read; nil if all could. It and what follows it,
	// DamagedBytes in all, were moved to the file DamagedTo: messages are missing, and somebody should look.
	Damage       error
	DamageOffset int64
	DamagedBytes int64
	DamagedTo    string
}

var _ Store = (*File)(nil)

const (
	magic       = "posline saf 1\n"
	headPlain   = 'P'
	headSealed  = 'S'
	headSize    = len(magic) + 1
	keyCheck    = "posline saf key check"
	minNonce    = 12
	compactSize = 1 << 20
)

// OpenFile opens or creates a store and recovers it: what a crash tore off or the disk damaged is cut off, and
// Recovery tells. One process can have it open.
func OpenFile(path string, o FileOptions) (*File, error) {
	if o.Seal == nil && !o.CardDataInPlaintext {
		return nil, ErrUnsealed
	}
	if o.Seal != nil && o.Seal.NonceSize() < minNonce {
		return nil, fmt.Errorf("saf: nonce of %d bytes is too short to be random", o.Seal.NonceSize())
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	s := &File{path: path, seal: o.Seal, limit: cmp.Or(o.CompactAt, compactSize), f: f, next: 1, pending: make(map[uint64]*Entry)}
	s.synced = sync.NewCond(&s.mu)
	if err := s.recover(f); err != nil {
		f.Close()
		return nil, err
	}
	s.compacts = max(s.limit, 2*s.size)
	return s, nil
}

// Recovery tells what OpenFile found.
func (s *File) Recovery() Recovery { return s.recovery }

func (s *File) recover(f *os.File) error {
	if err := lock(f); err != nil {
		return err
	}
	b, err := io.ReadAll(f)
	if err != nil {
		return err
	}
	if len(b) < headSize && bytes.HasPrefix([]byte(magic+"PS"), b[:min(len(b), len(magic))]) {
		return s.create(f) // new, or torn before it held anything
	}
	if err := s.checkHead(b); err != nil {
		return err
	}
	good, err := s.replay(b)
	if err != nil {
		return err
	}
	if err := s.cut(f, b, good); err != nil {
		return err
	}
	s.recovery.Pending = len(s.pending)
	if s.recovery.Records == 0 {
		return s.create(f) // the base record itself was lost
	}
	s.size = good
	_, err = f.Seek(good, io.SeekStart)
	return err
}

func (s *File) checkHead(b []byte) error {
	switch {
	case len(b) < headSize || string(b[:len(magic)]) != magic:
		return ErrNotStore
	case b[len(magic)] == headSealed && s.seal == nil:
		return ErrSealed
	case b[len(magic)] == headPlain && s.seal != nil:
		return ErrNotSealed
	case b[len(magic)] != headPlain && b[len(magic)] != headSealed:
		return ErrNotStore
	}
	return nil
}

// replay reads records up to the first that is not whole and good, and returns where it starts.
func (s *File) replay(b []byte) (good int64, err error) {
	at := headSize
	for at < len(b) {
		r, size, torn, err := parseRecord(b[at:], s.seal)
		if torn {
			s.recovery.TornBytes = int64(len(b) - at)
			break
		}
		if err == nil {
			err = s.apply(r)
		}
		if err != nil && at == headSize && s.seal != nil && checksumHolds(b[at:]) {
			return 0, ErrWrongKey // the record is whole and its checksum right, but it does not open
		}
		if err != nil {
			s.recovery.Damage = fmt.Errorf("record at byte %d: %w", at, err)
			s.recovery.DamageOffset, s.recovery.DamagedBytes = int64(at), int64(len(b)-at)
			break
		}
		s.recovery.Records++
		at += size
	}
	return int64(at), nil
}

func checksumHolds(b []byte) bool {
	_, _, torn, err := parseRecord(b, nil)
	return !torn && err == nil
}

// apply replays one record.
func (s *File) apply(r record) error {
	switch r.kind {
	case kindBase:
		if s.seal != nil && string(r.body) != keyCheck {
			return errors.New("wrong key check")
		}
		s.next = r.id
	case kindEntry:
		e, err := parseEntry(r)
		if err != nil {
			return err
		}
		if s.pending[e.ID] != nil {
			return errors.New("entry twice")
		}
		s.pending[e.ID] = &e
		s.next = max(s.next, e.ID+1)
	case kindTried:
		if e := s.pending[r.id]; e != nil {
			e.Tries++
		}
	case kindEnd:
		delete(s.pending, r.id)
	default:
		return fmt.Errorf("unknown kind %q", byte(r.kind))
	}
	return nil
}

// cut removes what could not be read. Damaged bytes are kept in a file of their own first.
func (s *File) cut(f *os.File, b []byte, good int64) error {
	if good == int64(len(b)) {
		return nil
	}
	if s.recovery.Damage != nil {
		name := fmt.Sprintf("%s.damaged-%s", s.path, time.Now().UTC().Format("20060102T150405.000000000"))
		if err := writeDurably(name, b[good:]); err != nil {
			return err
		}
		s.recovery.DamagedTo = name
	}
	if err := f.Truncate(good); err != nil {
		return err
	}
	return f.Sync()
}

// create writes the head of a new file.
func (s *File) create(f *os.File) error {
	head := s.head()
	if err := f.Truncate(0); err != nil {
		return err
	}
	if _, err := f.WriteAt(head, 0); err != nil {
		return err
	}
	if _, err := f.Seek(int64(len(head)), io.SeekStart); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	s.size = int64(len(head))
	return syncDir(filepath.Dir(s.path))
}

// head is what a file starts with: magic, how bodies are kept, and the base record, by which a wrong key shows.
func (s *File) head() []byte {
	b := append([]byte(magic), headPlain)
	if s.seal == nil {
		return appendRecord(b, nil, record{kind: kindBase, id: s.next})
	}
	b[len(magic)] = headSealed
	return appendRecord(b, s.seal, record{kindBase, s.next, []byte(keyCheck)})
}

// Append implements Store.
func (s *File) Append(destination string, frame []byte, created time.Time) (uint64, error) {
	if len(destination) > 1<<16-1 || len(destination)+len(frame) > maxBody/2 {
		return 0, ErrTooLarge
	}
	body := entryBody(destination, frame, created)
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.next
	if err := s.write(record{kindEntry, id, body}); err != nil {
		return 0, err
	}
	s.next++
	e := &Entry{ID: id, Destination: destination, Frame: bytes.Clone(frame), Created: created}
	s.pending[id] = e
	if err := s.sync(); err != nil {
		delete(s.pending, id)
		return 0, err
	}
	return id, nil
}

// Tried implements Store. The record is written and not waited for.
func (s *File) Tried(id uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.pending[id]
	if e == nil {
		return ErrUnknownID
	}
	e.Tries++
	return s.write(record{kind: kindTried, id: id})
}

// End implements Store. The record is written and, unless the outcome is Withdrawn, not waited for: if a crash loses it,
// the entry is forwarded again.
func (s *File) End(id uint64, outcome Outcome) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pending[id] == nil {
		return ErrUnknownID
	}
	if err := s.write(record{kindEnd, id, []byte{byte(outcome)}}); err != nil {
		return err
	}
	clear(s.pending[id].Frame)
	delete(s.pending, id)
	if outcome == Withdrawn {
		if err := s.sync(); err != nil {
			return err
		}
	}
	return s.compactIfDue()
}

// Pending implements Store.
func (s *File) Pending() ([]Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	entries := make([]Entry, 0, len(s.pending))
	for _, e := range s.pending {
		copied := *e
		copied.Frame = bytes.Clone(e.Frame)
		entries = append(entries, copied)
	}
	slices.SortFunc(entries, func(a, b Entry) int { return cmp.Compare(a.ID, b.ID) })
	return entries, nil
}

// Close implements Store. It makes everything durable that was written.
func (s *File) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if errors.Is(s.broken, ErrClosed) || s.f == nil {
		return nil
	}
	err := s.sync()
	s.broken = ErrClosed
	return errors.Join(err, s.f.Close())
}

// write appends one record. If that fails halfway (disk full), what was written is taken back; if that fails too,
// the store is broken.
func (s *File) write(r record) error {
	switch {
	case s.broken != nil:
		return s.broken
	case s.f == nil:
		return ErrClosed
	}
	b := appendRecord(nil, s.seal, r)
	n, err := s.f.WriteAt(b, s.size)
	if err != nil {
		if n > 0 {
			if cutErr := s.f.Truncate(s.size); cutErr != nil {
				s.broken = fmt.Errorf("%w: %w", ErrBroken, cutErr)
			}
		}
		return fmt.Errorf("saf: %w", err)
	}
	s.size += int64(n)
	s.written++
	return nil
}

// sync returns when all that was written up to now is durable. One fsync serves all who wait. After a failed fsync
// nobody knows what is on the disk: the store is broken.
func (s *File) sync() error {
	target := s.written
	for s.durable < target {
		if s.broken != nil {
			return s.broken
		}
		if s.syncing {
			s.synced.Wait()
			continue
		}
		s.syncing = true
		upTo := s.written
		s.mu.Unlock()
		err := s.f.Sync()
		s.mu.Lock()
		s.syncing = false
		if err != nil {
			s.broken = fmt.Errorf("%w: %w", ErrBroken, err)
		} else {
			s.durable = max(s.durable, upTo)
		}
		s.synced.Broadcast()
	}
	return nil
}

// compactIfDue rewrites the file with the pending entries alone once it has grown enough.
func (s *File) compactIfDue() error {
	if s.size < s.compacts || s.syncing {
		return nil
	}
	err := s.compact()
	s.compacts = max(s.limit, 2*s.size) // also after a failure, so as not to try at every entry
	return err
}

// compact writes the new file beside the old one and puts it in its place. Until the rename the old one is whole.
func (s *File) compact() error {
	b := s.head()
	ids := make([]uint64, 0, len(s.pending))
	for id := range s.pending {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		e := s.pending[id]
		b = appendRecord(b, s.seal, record{kindEntry, id, entryBody(e.Destination, e.Frame, e.Created)})
		for range e.Tries {
			b = appendRecord(b, s.seal, record{kind: kindTried, id: id})
		}
	}
	fresh := s.path + ".new"
	f, err := os.OpenFile(fresh, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if err := s.replace(f, fresh, b); err != nil {
		f.Close()
		os.Remove(fresh)
		return fmt.Errorf("saf: rewriting the file: %w", err)
	}
	s.f.Close()
	s.f, s.size, s.durable = f, int64(len(b)), s.written
	return nil
}

func (s *File) replace(f *os.File, name string, b []byte) error {
	if err := lock(f); err != nil {
		return err
	}
	if _, err := f.Write(b); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := os.Rename(name, s.path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(s.path))
}

// writeDurably writes a file that survives a crash once the call has returned.
func writeDurably(name string, b []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return syncDir(filepath.Dir(name))
}
