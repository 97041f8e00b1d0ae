package connection

import (
	"runtime"
	"time"
)

// Who gets an answer usually sends the next request at once. So while requests are in flight, the frames of those who
// do are held until the others who got answers with them have come too: one write takes them all. Somebody always
// sees to it that what is held gets written, whoever else comes: the reader, or the last receiver of an answer to run.

const (
	// corkLimit is how long a frame is held while others still come: long enough for receivers that wait for a
	// processor and then pack a message, a small part of any network's way and back.
	corkLimit = 200 * time.Microsecond

	// corkSize is how many bytes are held: enough to make the cost of a write small, not so many that the peer has
	// nothing to do meanwhile.
	corkSize = 32 << 10
)

// cork counts the receiver of an answer among those who may send again.
func (c *Conn) cork(ca *call) {
	c.corked++
	c.waking.Add(1)
	ca.corks = true
}

// held reports whether what is queued must wait for others.
func (c *Conn) held() bool { return (c.corked > 0 || c.lingering) && !c.corkFull }

// fillCork notes that the frame of a request was queued.
func (c *Conn) fillCork(at time.Duration) {
	if c.corkedSince < 0 {
		c.corkedSince = at
	}
	c.corkFull = at-c.corkedSince > corkLimit || len(c.out.b) > corkSize
}

// uncork ends a read: it writes for those who got answers in it, once they have come. It is called with the lock held,
// by the reader, and releases it.
func (c *Conn) uncork() {
	if c.corked > 0 && !c.linger() {
		c.mu.Unlock()
		return
	}
	c.kick(false)
}

// linger lets those who got answers go first, as long as they come. It returns false if others uncork.
func (c *Conn) linger() bool {
	c.lingering = true
	for due := c.corked; due > 0; due = c.corked {
		c.mu.Unlock()
		runtime.Gosched()
		c.mu.Lock()
		if c.corked < due {
			continue
		}
		if c.leaveCork() {
			c.lingering = false
			return false
		}
		c.corked = 0 // nobody came: they have other work to do
	}
	c.lingering, c.corkFull = false, true
	return true
}

// leaveCork makes the last receiver of an answer uncork, if some still wait for a processor. A reader that yielded
// for them would only keep the processor that it runs on from taking some of them over.
func (c *Conn) leaveCork() bool {
	c.corkLeft.Store(true)
	if c.waking.Load() > 0 {
		return true // the last one has yet to come, and will see it
	}
	c.corkLeft.Store(false)
	return false
}

// awake is called by each receiver of an answer that was counted.
func (c *Conn) awake() {
	if c.waking.Add(-1) > 0 || !c.corkLeft.Load() {
		return
	}
	c.corkLeft.Store(false)
	c.mu.Lock()
	c.corked = 0
	c.kick(true)
}
