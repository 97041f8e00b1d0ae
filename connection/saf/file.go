package saf

import (
	"bytes"
	"cmp"
	"crypto/cipher"
	"encoding/binary"
	"maps"
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

	// CompactAt is the size in bytes at which the file is rewritten without the entries that have ended, if they are
	// half of it; default 1 MiB.
	CompactAt int64

	// CompactionFailed is told why a rewriting of the file failed. Nothing is lost by it: unless the store is broken
	// (ErrBroken), it goes on with the file as it is. It runs in the goroutine of an End, Tried, Replace or OpenFile, without
	// locks held. Nobody hears of its panics.
	CompactionFailed func(error)

	chunk int64 // by which space is made ready; default 64 KiB
}

// File is a Store in one append-only file. Its methods may be called concurrently; appends that come at the same time
// share one sync.
//
// Space is written with zeros and synced before it is needed, so that an append need only sync its data, and so much
// is always kept free that every pending entry can be ended on a full disk. When a sync fails, nobody knows what is on
// the disk: every call from then on is ErrBroken. Opening the file again, which writes everything again, shows it.
type File struct {
	place
	seal     cipher.AEAD
	limit    int64
	chunk    int64
	failed   func(error)
	recovery Recovery

	mu sync.Mutex
	format
	f       file
	size    int64 // of the records
	room    int64 // of the file; zeros from size on
	next    uint64
	pending map[uint64]*Entry
	live    int64 // what size would be after a compaction
	notNow  int64 // size below which no compaction is tried, since one failed
	broken  error

	changed *sync.Cond // of all below
	written uint64     // records written so far
	durable uint64     // of which are known to be on the disk
	syncing bool       // a sync is under way, without mu
	alone   bool       // somebody needs the file to himself
}

var _ Store = (*File)(nil)

const (
	chunkSize   = 64 << 10
	compactSize = 1 << 20
	freshSuffix = ".new"
	lockSuffix  = ".lock"
)

// OpenFile opens or creates a store and recovers it. Recovery tells what was found; damage does not keep a store from
// opening, unless its bytes cannot be kept aside, or no new file can be written and there is damage behind the last good
// record or in both copies of the head. Until a new file can be written, every opening may tell of the damage again.
//
// One process can have it open: a file of that name and ".lock" beside it, which stays, sees to that where the system
// has file locks. On Unix the file itself is locked too, so that it holds by whatever name it is opened and when the lock
// file has been removed. On Windows there is the lock file alone; on js, wasip1, plan9 and the like there is neither. A
// hard link is not followed when the file is rewritten: it then means the old one. A symbolic link is followed, also to
// a file that is yet to be made. A file that is renamed over an open store, or the store's removal, breaks it: the next
// call that makes something durable, the next compaction or Close at the latest, returns ErrBroken.
//
// Names in its directory that begin with the store's and end in ".lock", ".new" or ".damaged-" and digits are its own: a
// file of the name and ".new" is removed. A store cannot have a name that ends in ".lock" or ".new".
func OpenFile(path string, o FileOptions) (*File, error) { return openFile(systemDisk{}, path, o) }

func openFile(d disk, path string, o FileOptions) (*File, error) {
	if o.Seal == nil && !o.CardDataInPlaintext {
		return nil, ErrUnsealed
	}
	if err := checkSeal(o.Seal); err != nil {
		return nil, err
	}
	at, err := takePlace(d, path)
	if err != nil {
		return nil, err
	}
	s := &File{
		place:   at,
		seal:    o.Seal,
		limit:   cmp.Or(max(0, o.CompactAt), compactSize),
		chunk:   cmp.Or(o.chunk, chunkSize),
		failed:  o.CompactionFailed,
		format:  format{seal: o.Seal},
		next:    1,
		pending: make(map[uint64]*Entry),
		live:    headSize,
	}
	s.changed = sync.NewCond(&s.mu)
	if err := s.recover(); err != nil {
		if s.f != nil {
			s.f.Close()
		}
		at.leave()
		return nil, err
	}
	return s, nil
}

// Recovery tells what OpenFile found.
func (s *File) Recovery() Recovery { return s.recovery }

// Append implements Store.
func (s *File) Append(destination string, frame []byte, created time.Time) (uint64, error) {
	if tooLarge(destination, frame) {
		return 0, ErrTooLarge
	}
	body := entryBody(nil, destination, frame, created)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.begin(s.recordSize(len(body)), 1); err != nil {
		return 0, err
	}
	id := s.next
	if err := s.write(record{kindEntry, id, body}); err != nil {
		return 0, err
	}
	s.next++
	s.keep(&Entry{ID: id, Destination: destination, Frame: bytes.Clone(frame), Created: created})
	if err := s.sync(); err != nil {
		s.drop(id)
		return 0, err
	}
	return id, nil
}

func tooLarge(destination string, frame []byte) bool {
	return len(destination) > 1<<16-1 || len(destination)+len(frame) > maxBody/2
}

// Replace implements Store.
func (s *File) Replace(old uint64, destination string, frame []byte, created time.Time) (uint64, error) {
	if tooLarge(destination, frame) {
		return 0, ErrTooLarge
	}
	body := entryBody(binary.BigEndian.AppendUint64(nil, old), destination, frame, created)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.begin(s.recordSize(len(body))+s.recordSize(1), 0); err != nil {
		return 0, err
	}
	if s.pending[old] == nil {
		return 0, ErrUnknownID
	}
	id := s.next
	withdrawn := record{kindEnd, old, []byte{byte(Withdrawn)}} // a second record of it, should the first be damaged
	if err := s.write(record{kindReplace, id, body}, withdrawn); err != nil {
		return 0, err
	}
	s.next++
	s.drop(old)
	s.keep(&Entry{ID: id, Destination: destination, Frame: bytes.Clone(frame), Created: created})
	if err := s.sync(); err != nil {
		s.drop(id)
		return 0, err
	}
	s.compactIfDue()
	return id, nil
}

// Tried implements Store. The record is written and not waited for.
func (s *File) Tried(id uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.begin(s.recordSize(4), 0); err != nil {
		return err
	}
	e := s.pending[id]
	if e == nil {
		return ErrUnknownID
	}
	if err := s.write(triedRecord(id, e.Tries+1)); err != nil {
		return err
	}
	e.Tries++
	s.compactIfDue()
	return nil
}

func triedRecord(id uint64, tries int) record {
	return record{kindTried, id, binary.BigEndian.AppendUint32(nil, uint32(tries))}
}

// End implements Store. The record is written and, unless the outcome is Withdrawn, not waited for: if a crash loses it,
// the entry is forwarded again. It needs no space that a full disk would not have.
func (s *File) End(id uint64, outcome Outcome) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.begin(0, 0); err != nil {
		return err
	}
	if s.pending[id] == nil {
		return ErrUnknownID
	}
	end := []record{{kindEnd, id, []byte{byte(outcome)}}}
	if outcome == Withdrawn {
		end = append(end, end[0]) // twice, should one be damaged: it must never come back
	}
	if err := s.write(end...); err != nil {
		return err
	}
	s.drop(id)
	if outcome == Withdrawn {
		if err := s.sync(); err != nil {
			return err
		}
	}
	s.compactIfDue()
	return nil
}

// Pending implements Store.
func (s *File) Pending() ([]Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return copyEntries(s.pending), nil
}

func copyEntries(pending map[uint64]*Entry) []Entry {
	entries := make([]Entry, 0, len(pending))
	for _, id := range slices.Sorted(maps.Keys(pending)) {
		copied := *pending[id]
		copied.Frame = bytes.Clone(copied.Frame)
		entries = append(entries, copied)
	}
	return entries
}

// keep and drop keep the pending entries and what they weigh.
func (s *File) keep(e *Entry) {
	s.pending[e.ID] = e
	s.live += s.entrySize(e)
}

func (s *File) drop(id uint64) {
	if e := s.pending[id]; e != nil {
		s.live -= s.entrySize(e)
		clear(e.Frame)
		delete(s.pending, id)
	}
}

func (s *File) entrySize(e *Entry) int64 {
	return s.recordSize(entryHead+len(e.Destination)+len(e.Frame)) + s.recordSize(4)
}
