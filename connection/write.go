package connection

import (
	"errors"
	"os"
	"runtime"
	"slices"
	"time"
)

// outBuffer returns the buffer that fills. A connection with much to do, or that has just had, gets a large one at once.
func (c *Conn) outBuffer() *buffer {
	if c.out == nil {
		c.corkedSince, c.corkFull = -1, false
		if c.inFlight+len(c.active) > 8 || c.lastWrite > smallBuffer {
			c.out = newLargeBuffer()
		} else {
			c.out = newSmallBuffer()
		}
	}
	return c.out
}

func (c *Conn) dropOut() {
	c.out.release()
	c.out = nil
}

// unwritten is how many bytes wait to be written or are being written.
func (c *Conn) unwritten() int { return c.writingBytes + c.queuedBytes() }

func (c *Conn) queuedBytes() int {
	if c.out == nil {
		return 0
	}
	return len(c.out.b)
}

// kick sees to it that what is queued gets written, and releases the lock, which the caller holds. The first sender
// writes for all who queue their frames meanwhile. Asynchronously somebody else does, so that the caller can go on
// and queue more.
func (c *Conn) kick(async bool) {
	if c.out == nil || c.writing || c.ended || c.held() {
		c.mu.Unlock()
		return
	}
	c.writing = true
	company := c.inFlight > 1 && !c.corkFull
	c.mu.Unlock()
	if async || c.raw == nil {
		go c.flushFn()
		return
	}
	if company {
		runtime.Gosched() // others about to send get to queue their frames: one write for many
	}
	c.flush()
}

// captiveRounds bounds how many buffers a sender writes for others before a goroutine takes over.
const captiveRounds = 4

// flush writes until nothing is queued. It never waits for the peer: if the socket takes no more, or there is no way
// to write without waiting, the write loop goes on.
func (c *Conn) flush() {
	if c.raw == nil {
		if c.company() {
			runtime.Gosched()
		}
		c.writeLoop()
		return
	}
	for round := 0; ; round++ {
		buf := c.take(round > 0)
		if buf == nil {
			return
		}
		n, err := 0, error(nil)
		if round < captiveRounds {
			n, err = c.raw.write(buf.b)
		}
		if err == nil && n < len(buf.b) {
			c.rest, c.restFrom = buf, n // read by the write loop alone: writing stays set
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
	return c.inFlight > 1
}

// take swaps the filled buffer for the next one to fill. It returns nil, and ends the writing, if nothing is queued, or
// if there is more to come for the one that would be the next.
func (c *Conn) take(next bool) *buffer {
	c.mu.Lock()
	defer c.mu.Unlock()
	buf := c.out
	if buf == nil || next && c.held() {
		c.writing = false
		c.checkDrained()
		return nil
	}
	c.out = nil
	c.queued = c.queued[:0]
	c.swapped++
	c.writingBytes, c.lastWrite = len(buf.b), len(buf.b)
	c.stats.Writes++
	return buf
}

// wrote records that a buffer was written, or that n bytes of it were and then writing failed.
func (c *Conn) wrote(buf *buffer, n int, err error) {
	c.mu.Lock()
	c.stats.BytesSent += uint64(n)
	c.writingBytes = 0
	buf.release()
	if err == nil {
		c.flushed = c.swapped
		c.freed()
		c.mu.Unlock()
		return
	}
	c.failedAt = n
	c.writeErr = lost(err)
	c.freed()
	c.mu.Unlock()
	c.writeFailed(err)
}

// drainAfterWriteError is how long the reader may go on after writing has failed: answers that arrived before the
// peer went away are still delivered.
const drainAfterWriteError = time.Second

func (c *Conn) writeFailed(err error) {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.end(&LostError{Reason: ErrWriteStalled})
		return
	}
	c.nc.SetReadDeadline(time.Now().Add(drainAfterWriteError))
}

// writeChunk is written under one deadline: a peer that reads slowly is not a peer that has stopped.
const writeChunk = 16 << 10

// writeLoop writes with waiting, under a deadline for each chunk, until nothing is queued.
func (c *Conn) writeLoop() {
	buf, from := c.rest, c.restFrom
	c.rest = nil
	for next := buf != nil; ; next = true {
		if buf == nil {
			if buf, from = c.take(next), 0; buf == nil {
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

// writeAll writes b from an offset on and returns up to where it came.
func (c *Conn) writeAll(b []byte, from int) (int, error) {
	if c.raw != nil {
		defer c.nc.SetWriteDeadline(time.Time{}) // the writes that do not wait must not meet it
	}
	for from < len(b) {
		c.nc.SetWriteDeadline(time.Now().Add(c.cfg.WriteTimeout))
		n, err := c.nc.Write(b[from:min(from+writeChunk, len(b))])
		from += n
		if err != nil && !(n > 0 && c.raw != nil && errors.Is(err, os.ErrDeadlineExceeded)) {
			return from, err
		}
	}
	return from, nil
}

// withdraw takes the frame of a call that has not been written yet out of the queue.
func (c *Conn) withdraw(ca *call) {
	i := slices.Index(c.queued, ca)
	if i < 0 || c.out == nil {
		return
	}
	c.out.b = slices.Delete(c.out.b, ca.off, ca.off+ca.size)
	c.queued = slices.Delete(c.queued, i, i+1)
	for _, later := range c.queued[i:] {
		later.off -= ca.size
	}
	c.stats.FramesSent--
	if len(c.out.b) == 0 {
		c.dropOut()
	}
}
