package connection

import (
	"errors"
	"os"
	"runtime"
	"time"
)

// duty is what whoever held the lock must do once it is released.
type duty struct {
	push  push
	ended *call // started calls whose callers have to be told, linked by next
	end   error // why the connection must end
}

// push says how to write what is queued. Whoever got anything but pushNone is the one who writes: it must call Conn.do.
type push uint8

const (
	pushNone    push = iota
	pushNow          // at once
	pushCompany      // after others had a chance to queue theirs: one write for many
	pushAsync        // by another goroutine, while this one goes on and queues more
)

// dutyLocked collects what is to be done. The first sender writes for all who queue their frames meanwhile.
func (c *Conn) dutyLocked() (d duty) {
	if r := c.requests; r != nil {
		d.ended, r.ended = r.ended, nil
	}
	if c.outOfStep && !c.ended {
		d.end = outOfStep()
	}
	w := c.writer
	if w == nil || w.out == nil || w.writing || c.ended {
		return d
	}
	if c.heldLocked() {
		c.guardLocked()
		return d
	}
	w.writing = true
	switch {
	case w.raw == nil:
		d.push = pushAsync // there is no way to write without waiting
	case c.requests != nil && c.requests.inFlight > 1 && !w.full:
		d.push = pushCompany
	default:
		d.push = pushNow
	}
	return d
}

// do does it. It is called without the lock.
func (c *Conn) do(d duty) {
	c.push(d.push)
	c.complete(d.ended)
	if d.end != nil {
		c.end(d.end)
	}
}

// doForCaller is do for goroutines of the program that may hold locks of its own: completions go elsewhere.
func (c *Conn) doForCaller(d duty) {
	c.push(d.push)
	if d.ended != nil || d.end != nil {
		d.push = pushNone
		go c.do(d)
	}
}

func (c *Conn) push(p push) {
	switch p {
	case pushAsync:
		go c.writer.flush()
	case pushCompany:
		runtime.Gosched() // others about to send get to queue their frames
		c.flush()
	case pushNow:
		c.flush()
	}
}

// captiveRounds bounds how many buffers a sender writes for others before a goroutine takes over.
const captiveRounds = 4

// flush writes until nothing is queued. It never waits for the peer: if the socket takes no more, or there is no way
// to write without waiting, the write loop goes on.
func (c *Conn) flush() {
	w := c.writer
	if w.raw == nil {
		if c.company() {
			runtime.Gosched()
		}
		c.writeLoop()
		return
	}
	for round := 0; ; round++ {
		buf := c.takeOut(round > 0)
		if buf == nil {
			return
		}
		n, err := 0, error(nil)
		if round < captiveRounds {
			n, err = w.raw.write(buf.b)
		}
		if err == nil && n < len(buf.b) {
			w.rest, w.restFrom = buf, n // read by the write loop alone: writing stays set
			go c.writeLoop()
			return
		}
		if c.wrote(buf, n, err); err != nil {
			return
		}
	}
}

func (c *Conn) company() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.requests != nil && c.requests.inFlight > 1
}

// takeOut returns what to write next. It returns nil, and ends the writing, if nothing is queued, or if there is more
// to come for the one that would be the next.
func (c *Conn) takeOut(next bool) *buffer {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := c.writer
	held := w.out != nil && next && c.heldLocked()
	if held {
		c.guardLocked()
	}
	if held || w.out == nil {
		w.writing = false
		c.checkDrainedLocked()
		return nil
	}
	c.counters.writes++
	c.counters.framesSent += uint64(w.frames)
	return w.take()
}

// wrote records that a buffer was written, or that n bytes of it were and then writing failed.
func (c *Conn) wrote(buf *buffer, n int, err error) {
	c.mu.Lock()
	w := c.writer
	c.counters.bytesSent += uint64(n)
	w.inHand = 0
	buf.release()
	if err == nil {
		w.flushed = w.swapped
		if c.requests != nil {
			c.requests.freed()
		}
	} else {
		c.writeFailedLocked(n, err)
	}
	d := c.dutyLocked()
	c.mu.Unlock()
	c.doForCaller(d)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.end(&LostError{Reason: ErrWriteStalled})
	}
}

// drainAfterWriteError is how long the reader may go on after writing has failed: answers that arrived before the
// peer went away are still delivered.
const drainAfterWriteError = time.Second

// writeFailedLocked stops the sending: nothing is written any more, and who waits for it is told so.
func (c *Conn) writeFailedLocked(n int, err error) {
	w := c.writer
	w.failedAt, w.err = n, lost(err)
	c.stopLocked(w.err)
	if c.requests != nil {
		c.requests.failAllWaiting(w.err, true)
	}
	c.checkDrainedLocked()
	w.drainBy = c.now() + drainAfterWriteError
	c.readDeadlineLocked()
}

// writeChunk is written under one deadline: a peer that reads slowly is not a peer that has stopped.
const writeChunk = 16 << 10

// writeLoop writes with waiting, under a deadline for each chunk, until nothing is queued.
func (c *Conn) writeLoop() {
	w := c.writer
	buf, from := w.rest, w.restFrom
	w.rest = nil
	for next := buf != nil; ; next = true {
		if buf == nil {
			if buf, from = c.takeOut(next), 0; buf == nil {
				return
			}
		}
		n, err := c.writeAll(buf.b, from)
		if c.wrote(buf, n, err); err != nil {
			return
		}
		buf = nil
	}
}

// writeAll writes b from an offset on and returns up to where it came. A socket of the program that panics has failed.
func (c *Conn) writeAll(b []byte, from int) (upTo int, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = panicked(v)
			c.tellPanic(err)
		}
	}()
	plain := c.raw != nil
	if plain {
		defer c.nc.SetWriteDeadline(time.Time{}) // the writes that do not wait must not meet it
	}
	for upTo = from; upTo < len(b); {
		c.nc.SetWriteDeadline(time.Now().Add(c.cfg.WriteTimeout))
		n, err := c.nc.Write(b[upTo:min(upTo+writeChunk, len(b))])
		upTo += n
		if err != nil && !(n > 0 && plain && errors.Is(err, os.ErrDeadlineExceeded)) {
			return upTo, err
		}
	}
	return upTo, nil
}
