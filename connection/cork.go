package connection

import (
	"runtime"
	"sync/atomic"
	"time"
)

// Who gets an answer usually sends the next request at once. So the frames that are queued while the reader cuts what
// one read returned are held until it has done so, and then until the others who got answers with them have come too:
// one write takes them all. Somebody always sees to it that what is held gets written, whoever else comes: the reader,
// or the last receiver of an answer to run. Before the reader calls a hook, it writes; key functions and completions run
// for every frame, so a timer looks after what is held in case one of them takes its time.

const (
	// corkLimit is how long a frame is held while others still come: long enough for receivers that wait for a
	// processor and then pack a message, a small part of any network's way and back.
	corkLimit = 200 * time.Microsecond

	// corkSize is how many bytes are held: enough to make the cost of a write small, not so many that the peer has
	// nothing to do meanwhile.
	corkSize = 32 << 10

	// corkGuard is how often the timer looks. What it finds held twice goes: after two of these times at most.
	corkGuard = time.Millisecond
)

// cork is what a writer knows about those who have yet to come.
type cork struct {
	corked    int           // answers given out whose receivers may send again
	since     time.Duration // when the first request in out was queued; 0 if there is none
	full      bool          // out waits no longer
	lingering bool          // the reader waits for them

	guard   *time.Timer // nil until something is held
	guarded bool        // the timer runs
	seen    uint64      // the buffer that was held when it last looked

	waking atomic.Int32 // receivers of answers who have not run again yet
	left   atomic.Bool  // the last of them uncorks
}

// holdLocked counts the receiver of an answer among those who may send again.
func (c *Conn) holdLocked(ca *call) {
	w := c.writer
	w.corked++
	w.waking.Add(1)
	ca.cork = w
}

// heldLocked reports whether what is queued must wait for others.
func (c *Conn) heldLocked() bool {
	k := &c.writer.cork
	return (k.corked > 0 || k.lingering || c.cutting.Load()) && !k.full
}

// guardLocked has what is held looked after. One timer serves all that is held in its time.
func (c *Conn) guardLocked() {
	w := c.writer
	if w.guarded {
		return
	}
	w.guarded, w.seen = true, w.swapped
	if w.guard == nil {
		w.guard = time.AfterFunc(corkGuard, c.lookAfter)
		return
	}
	w.guard.Reset(corkGuard)
}

// lookAfter writes what has been held since the timer last looked: the reader is in code of the program.
func (c *Conn) lookAfter() {
	c.mu.Lock()
	if c.ended {
		c.mu.Unlock()
		return
	}
	w := c.writer
	w.guarded = false
	if w.out != nil && w.seen == w.swapped {
		w.full = true
	}
	d := c.dutyLocked() // what is still held is guarded anew
	c.mu.Unlock()
	c.do(d)
}

// fill notes that the frame of a request was queued, and how many bytes are now.
func (k *cork) fill(at time.Duration, queued int) {
	if k.since == 0 {
		k.since = at
	}
	k.full = at-k.since > corkLimit || queued > corkSize
}

// uncork ends a read: it writes for those who got answers in it, once they have come. The reader calls it.
func (c *Conn) uncork(now time.Duration, bytes, frames int) {
	c.mu.Lock()
	c.lastRead, c.worked = now, true
	c.counters.bytesReceived += uint64(bytes)
	c.counters.framesReceived += uint64(frames)
	c.cutting.Store(false)
	w, due := c.writer, 0
	if w != nil {
		due = w.corked
		w.lingering = due > 0
	}
	d := c.dutyLocked()
	c.mu.Unlock()
	c.do(d)
	for due > 0 {
		runtime.Gosched()
		due, d = c.linger(due)
		c.do(d)
	}
}

// linger is called after those who got answers had their chance to go first. It returns how many have yet to come; 0
// if they are not waited for any longer or somebody else uncorks.
func (c *Conn) linger(due int) (still int, d duty) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := c.writer
	if w.corked > 0 && w.corked < due {
		return w.corked, c.dutyLocked()
	}
	if w.corked > 0 && w.leave() {
		w.lingering = false
		return 0, c.dutyLocked()
	}
	w.corked = 0 // nobody came: they have other work to do
	w.lingering, w.full = false, true
	return 0, c.dutyLocked()
}

// leave makes the last receiver of an answer uncork, if some still wait for a processor. A reader that yielded for
// them would only keep the processor that it runs on from taking some of them over.
func (k *cork) leave() bool {
	k.left.Store(true)
	if k.waking.Load() > 0 {
		return true // the last one has yet to come, and will see it
	}
	k.left.Store(false)
	return false
}

// awake is called by each receiver of an answer that was counted.
func (c *Conn) awake(w *writer) {
	if w.waking.Add(-1) > 0 || !w.left.Load() {
		return
	}
	w.left.Store(false)
	c.mu.Lock()
	w.corked = 0
	d := c.dutyLocked()
	c.mu.Unlock()
	if d.push != pushNone {
		d.push = pushAsync // it has an answer to work on
	}
	c.do(d)
}

// letGo writes what is held, because the reader is about to call code that may take its time.
func (c *Conn) letGo() {
	c.mu.Lock()
	c.cutting.Store(false)
	if w := c.writer; w != nil {
		w.corked = 0
	}
	d := c.dutyLocked()
	c.mu.Unlock()
	c.do(d)
}
