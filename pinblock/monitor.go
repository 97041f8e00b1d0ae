package pinblock

import (
	"sync"
	"time"
)

// A Monitor counts blocks that do not decode, apart from wrong PINs. A wrong PIN is a cardholder's try and belongs to the
// card; a block that does not decode is a fault of a device or of keys, or somebody who tries out blocks: in formats 0
// and 3 (ISO 9564-1) a block read under PANs of the caller's choice decodes or does not depending on the digits of the
// PIN, and some twenty such calls leave 18 of 100 values of two digits. No decoder can prevent it; few cards and fast
// limits do. The zero Monitor is ready; it is safe for concurrent use.
type Monitor struct {
	// Limit is how many undecodable blocks raise the alarm when they come within less than Window, which slides: any
	// Limit blocks one after another count. 0 is 10 blocks and an hour. So is a negative number, lest it turn the alarm
	// off unseen.
	Limit  int
	Window time.Duration

	// Alarm is called when the limit is reached, and not again before a Window has gone by, with the block that reached
	// it and the limit; not more than one call runs at a time. It must not call the Monitor. Nil raises no alarm.
	Alarm func(block Encrypted, bad int)

	mutex   sync.Mutex
	counts  Counts
	recent  []time.Time // of bad blocks within the last Window, not more than Limit
	alarmed time.Time
}

// Counts are numbers of blocks since the beginning (PCI PIN requirement 5 asks to look into failures).
type Counts struct {
	Read, Bad uint64
}

// Counts returns the numbers so far.
func (m *Monitor) Counts() Counts {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.counts
}

const (
	usualLimit  = 10
	usualWindow = time.Hour
)

// count takes a block that was read, or not. A nil Monitor counts nothing.
func (m *Monitor) count(block Encrypted, err error) {
	if m == nil {
		return
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.counts.Read++
	if err != ErrBlock {
		return
	}
	m.counts.Bad++
	now := time.Now()
	m.remember(now)
	quiet := !m.alarmed.IsZero() && now.Sub(m.alarmed) < m.window()
	if len(m.recent) == m.limit() && !quiet && m.Alarm != nil {
		m.alarmed = now
		m.Alarm(block, len(m.recent))
	}
}

// remember keeps the time of a bad block and forgets those that no longer count.
func (m *Monitor) remember(now time.Time) {
	old := max(0, len(m.recent)+1-m.limit())
	for old < len(m.recent) && now.Sub(m.recent[old]) >= m.window() {
		old++
	}
	m.recent = append(m.recent[old:], now)
}

func (m *Monitor) limit() int {
	if m.Limit <= 0 {
		return usualLimit
	}
	return m.Limit
}

func (m *Monitor) window() time.Duration {
	if m.Window <= 0 {
		return usualWindow
	}
	return m.Window
}
