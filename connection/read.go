package connection

import (
	"errors"
	"io"
	"os"
	"time"
)

// read is the connection's resident goroutine: it reads frames and gives them to whom they belong until the
// connection ends.
func (c *Conn) read() {
	err := c.readFrames()
	if err == errStartOver {
		go c.read()
		return
	}
	if errors.Is(err, io.EOF) {
		c.peerClosed()
		return
	}
	c.mu.Lock()
	if c.writer != nil && c.writer.err != nil {
		err = c.writer.err // it came first
	} else {
		err = lost(err)
	}
	c.mu.Unlock()
	c.end(err)
}

// errStartOver ends a reader without a frame begun, for a fresh goroutine to go on.
var errStartOver = errors.New("start over")

// readFrames returns why reading ended; io.EOF only if the peer closed between two frames. A socket of the program that
// panics has failed.
func (c *Conn) readFrames() (err error) {
	var (
		in    *buffer // nil whenever no byte is held
		since time.Duration
		armed bool // a deadline for the frame begun is set
	)
	defer func() {
		if v := recover(); v != nil {
			err = panicked(v)
			c.tellPanic(err)
		}
		if in != nil {
			in.release()
		}
	}()
	for {
		var n int
		if in == nil {
			in = c.readBuffer()
		}
		in, n, err = c.readSome(in)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			if armed, err = c.overdue(in, since); err != nil {
				return err
			}
			continue
		case err == io.EOF && in != nil && len(in.b) > 0:
			return &LostError{Reason: ErrHalfFrame, Err: io.ErrUnexpectedEOF, Guess: c.guess(in.b)}
		case err != nil:
			return err
		}
		used, err := c.parse(in.b, n)
		if err != nil {
			return err
		}
		if used > 0 || len(in.b) == n {
			since = c.now() // what is left, if anything, are the first bytes of a frame
		}
		if in, err = keep(in, used); err != nil {
			return err
		}
		if in != nil && !armed {
			armed = true
			c.expectFrame(later(since, c.cfg.FrameTimeout))
		}
	}
}

// readBuffer returns the buffer to read into: a large one where it is given back before waiting, a small one where it
// must be held meanwhile.
func (c *Conn) readBuffer() *buffer {
	if c.raw != nil {
		return newLargeBuffer()
	}
	return newSmallBuffer()
}

// readSome appends what one read returns to in; see rawReader.read.
func (c *Conn) readSome(in *buffer) (*buffer, int, error) {
	if c.raw != nil {
		return c.raw.read(in)
	}
	n, err := c.nc.Read(in.b[len(in.b):cap(in.b)])
	in.b = in.b[:len(in.b)+n]
	if n > 0 {
		err = nil // an error that came with bytes comes again
	}
	return in, n, err
}

// readDeadlineLocked sets until when the reader waits. There is one deadline on the socket for the rest of a frame, for
// what arrived before writing failed, and for a reader that is to start over. All set it here, so that nobody erases
// what another needs.
func (c *Conn) readDeadlineLocked() {
	at := time.Duration(0)
	if c.life != nil {
		at = c.life.frameBy
	}
	if w := c.writer; w != nil && w.drainBy > 0 && (at == 0 || w.drainBy < at) {
		at = w.drainBy
	}
	var when time.Time
	switch {
	case c.slimming:
		when = time.Unix(1, 0)
	case at > 0:
		when = c.cfg.base.Add(at)
	}
	defer func() { _ = recover() }() // a socket of the program that cannot do this is one without deadlines
	c.nc.SetReadDeadline(when)
}

// expectFrame sets the deadline for the rest of a frame. It is set once and not moved with every frame, so it may pass
// early, or without reason.
func (c *Conn) expectFrame(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lifeLocked().frameBy = by
	c.readDeadlineLocked()
}

// overdue is asked when the read deadline has passed.
func (c *Conn) overdue(in *buffer, since time.Duration) (armed bool, err error) {
	armed, err = c.stillWaits(in, since)
	if err == errHalfFrame {
		err = &LostError{Reason: ErrHalfFrame, Guess: c.guess(in.b)} // the guesser may be the program's: without the lock
	}
	return armed, err
}

// errHalfFrame is what stillWaits returns when the rest of a frame has not come in time.
var errHalfFrame = errors.New("bug: half a frame")

func (c *Conn) stillWaits(in *buffer, since time.Duration) (armed bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if w := c.writer; w != nil && w.drainBy > 0 && now >= w.drainBy {
		return false, w.err
	}
	c.slimming = false
	l := c.life
	if l != nil {
		l.frameBy = 0
	}
	if in == nil || len(in.b) == 0 {
		c.readDeadlineLocked()
		return false, errStartOver
	}
	l = c.lifeLocked()
	l.frameBy = later(since, c.cfg.FrameTimeout)
	if now >= l.frameBy {
		return false, errHalfFrame
	}
	c.readDeadlineLocked()
	return true, nil
}

// guess asks the framing, if it can guess. The connection ends anyway: one that panics guesses nothing.
func (c *Conn) guess(b []byte) string {
	defer func() {
		if v := recover(); v != nil {
			c.tellPanic(panicked(v))
		}
	}()
	if g, ok := c.cfg.Framing.(Guesser); ok {
		return g.Guess(b)
	}
	return ""
}

// parse cuts the frames out of b, of which so many bytes are fresh, and gives them away. It returns how many bytes
// they took.
func (c *Conn) parse(b []byte, fresh int) (used int, err error) {
	now := c.now()
	c.cutting.Store(true)
	used, frames, err := c.cut(b, now)
	c.uncork(now, fresh, frames)
	return used, err
}

// cut runs code that is given what the peer sent: the framing, the key functions, hooks, completions. Should it panic,
// the connection ends.
func (c *Conn) cut(b []byte, now time.Duration) (used, frames int, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = panicked(v)
			c.tellPanic(err)
		}
	}()
	for used < len(b) {
		cut, err := c.cfg.Framing.Next(b[used:])
		if err != nil {
			return used, frames, err
		}
		if cut.Size == 0 {
			break
		}
		if cut.Size < 0 || cut.Size > len(b)-used {
			return used, frames, errBadCut
		}
		if cut.Reply != nil {
			c.answerFraming(cut.Reply)
		}
		if cut.Frame != nil {
			frames++
			c.deliver(cut.Frame, now)
		}
		used += cut.Size
	}
	return used, frames, nil
}

// errBadCut ends a connection whose framing breaks its contract.
var errBadCut = errors.New("bug in the framing: it cut more bytes than there are")

// keep makes room for the rest of a frame: it moves the unused bytes to the front, to a small buffer if they are few
// and the peer has sent no more for now, or to a larger one. A buffer without bytes is given back. What a length
// claims plays no part: memory follows the bytes that came.
func keep(in *buffer, used int) (*buffer, error) {
	left := len(in.b) - used
	if left == 0 {
		in.release()
		return nil, nil
	}
	if len(in.b) < cap(in.b) && cap(in.b) >= largeBuffer && left <= smallBuffer/2 {
		small := newSmallBuffer()
		small.b = append(small.b, in.b[used:]...)
		in.release()
		return small, nil
	}
	if used > 0 {
		copy(in.b, in.b[used:])
		clear(in.b[left:])
		in.b = in.b[:left]
	}
	if left < cap(in.b) {
		return in, nil
	}
	if left > maxWireFrame {
		return in, &FramingError{Kind: ErrFrameTooLong, Length: int64(left), Limit: maxWireFrame}
	}
	bigger := &buffer{append(make([]byte, 0, 2*left), in.b...)}
	in.release()
	return bigger, nil
}

// answerFraming queues what the framing itself answers. A peer that asks faster than it reads gets no answer.
func (c *Conn) answerFraming(reply []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended || c.writer != nil && c.writer.err != nil || c.writer.unwritten()+len(reply) > c.cfg.MaxQueued {
		return
	}
	out := c.outLocked()
	out.b = append(out.b, reply...)
}

// peerClosed ends a connection whose peer sends nothing more. No answer can come any more, but the peer may have
// closed one direction only and still wait for ours.
func (c *Conn) peerClosed() {
	c.mu.Lock()
	c.stopLocked(ErrPeerClosed)
	if c.requests != nil {
		c.requests.failAll(ErrPeerClosed, false)
	}
	d := c.dutyLocked()
	c.mu.Unlock()
	c.do(d)
	timer := time.NewTimer(c.cfg.Timeout)
	defer timer.Stop()
	select {
	case <-c.drain(ErrPeerClosed):
	case <-c.Done():
	case <-timer.C:
	}
	c.end(ErrPeerClosed)
}
