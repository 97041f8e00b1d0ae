package saf

import (
	"bytes"
	"sync"
	"time"
)

// Memory is a Store that forgets everything when the process ends: for tests, and for messages that may be lost. The
// zero value is ready.
type Memory struct {
	mu      sync.Mutex
	last    uint64
	pending map[uint64]*Entry
}

var _ Store = (*Memory)(nil)

// Append implements Store.
func (m *Memory) Append(destination string, frame []byte, created time.Time) (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.pending == nil {
		m.pending = make(map[uint64]*Entry)
	}
	return m.append(destination, frame, created), nil
}

func (m *Memory) append(destination string, frame []byte, created time.Time) uint64 {
	m.last++
	m.pending[m.last] = &Entry{ID: m.last, Destination: destination, Frame: bytes.Clone(frame), Created: created}
	return m.last
}

// Replace implements Store.
func (m *Memory) Replace(old uint64, destination string, frame []byte, created time.Time) (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.pending[old] == nil {
		return 0, ErrUnknownID
	}
	clear(m.pending[old].Frame)
	delete(m.pending, old)
	return m.append(destination, frame, created), nil
}

// Tried implements Store.
func (m *Memory) Tried(id uint64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.pending[id]
	if e == nil {
		return ErrUnknownID
	}
	e.Tries++
	return nil
}

// End implements Store.
func (m *Memory) End(id uint64, _ Outcome) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.pending[id] == nil {
		return ErrUnknownID
	}
	clear(m.pending[id].Frame)
	delete(m.pending, id)
	return nil
}

// Pending implements Store.
func (m *Memory) Pending() ([]Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return copyEntries(m.pending), nil
}

// Close implements Store. What is pending stays readable.
func (m *Memory) Close() error { return nil }
