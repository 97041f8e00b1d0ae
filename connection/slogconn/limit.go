package slogconn

import (
	"sync"
	"time"
)

// limit lets some lines of one kind pass, so that what a peer can repeat at will does not flood the log: of those within
// a minute the first, the second, the fourth, and so on. Who passes is told how many were left out before.
type limit struct {
	mu      sync.Mutex
	since   time.Time // when the minute began
	count   uint64    // in it
	leftOut uint64    // since a line passed
}

// pass counts a line, and tells whether it passes.
func (l *limit) pass(now time.Time) (count, leftOut uint64, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.since) >= time.Minute {
		l.since, l.count = now, 0
	}
	l.count++
	if l.count&(l.count-1) != 0 {
		l.leftOut++
		return 0, 0, false
	}
	leftOut, l.leftOut = l.leftOut, 0
	return l.count, leftOut, true
}
