package connection

import (
	"errors"
	"io"
	"log/slog"
	"os"
	"slices"
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
	if c.writeErr != nil {
		err = c.writeErr // it came first
	} else {
		err = lost(err)
	}
	c.mu.Unlock()
	c.end(err)
}

// errStartOver ends a reader without a frame begun, for a fresh goroutine to go on.
var errStartOver = errors.New("start over")

// readFrames returns why reading ended; io.EOF only if the peer closed between two frames.
func (c *Conn) readFrames() error {
	var (
		in    *buffer // nil whenever no byte is held
		since time.Duration
		armed bool // a read deadline is set
	)
	defer func() {
		if in != nil {
			in.release()
		}
	}()
	for {
		var n int
		var err error
		if in == nil {
			in = c.readBuffer()
		}
		in, n, err = c.readSome(in)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			if armed, err = c.frameOverdue(in, since); err != nil {
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
			c.nc.SetReadDeadline(time.Now().Add(c.cfg.FrameTimeout))
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

// readSome appends what one read returns to in; see rawIO.read.
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

// frameOverdue is asked when a read deadline has passed. The deadline is armed once and not moved with every frame,
// so it may have passed early, or without reason.
func (c *Conn) frameOverdue(in *buffer, since time.Duration) (armed bool, err error) {
	c.mu.Lock()
	err = c.writeErr
	c.mu.Unlock()
	if err != nil {
		return false, err
	}
	if in == nil || len(in.b) == 0 {
		c.nc.SetReadDeadline(time.Time{})
		return false, errStartOver
	}
	left := since + c.cfg.FrameTimeout - c.now()
	if left <= 0 {
		return false, &LostError{Reason: ErrHalfFrame, Guess: c.guess(in.b)}
	}
	c.nc.SetReadDeadline(time.Now().Add(left))
	return true, nil
}

func (c *Conn) guess(b []byte) string {
	if g, ok := c.cfg.Framing.(Guesser); ok {
		return g.Guess(b)
	}
	return ""
}

// parse cuts the frames out of b and gives them away. It returns how many bytes they took.
func (c *Conn) parse(b []byte, fresh int) (used int, err error) {
	now, delivered := c.now(), 0
	defer func() { c.parsed(now, fresh, delivered) }()
	for used < len(b) {
		cut, err := c.cfg.Framing.Next(b[used:])
		if err != nil {
			return used, err
		}
		if cut.Size == 0 {
			break
		}
		if cut.Reply != nil {
			c.answerFraming(cut.Reply)
		}
		if cut.Frame != nil {
			delivered++
			c.deliver(cut.Frame, now)
		}
		used += cut.Size
	}
	return used, nil
}

// parsed ends the work on one read.
func (c *Conn) parsed(now time.Duration, bytes, frames int) {
	c.mu.Lock()
	c.lastRead = now
	c.stats.BytesReceived += uint64(bytes)
	c.stats.FramesReceived += uint64(frames)
	c.uncork()
}

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
	if c.ended || c.writeErr != nil || c.unwritten()+len(reply) > c.cfg.MaxQueued {
		return
	}
	out := c.outBuffer()
	out.b = append(out.b, reply...)
}

// deliver gives one frame to the request it answers, or to the handler.
func (c *Conn) deliver(frame []byte, now time.Duration) {
	if c.cfg.Reject != nil {
		if key, ok := c.cfg.Reject(frame); ok {
			c.rejected(key, frame)
			return
		}
	}
	key, kind, err := c.classify(frame)
	switch {
	case err != nil:
		c.malformed(frame, err)
	case kind == KindResponse:
		c.answer(key, frame, now)
	default:
		c.handle(frame)
	}
}

// classify applies the key function. Without one, a frame is the answer if a request is in flight, or was.
func (c *Conn) classify(frame []byte) (key [32]byte, kind uint8, err error) {
	if c.cfg.Key != nil {
		return c.cfg.Key(frame)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.table.get(&key) != (entry{}) {
		kind = KindResponse
	}
	return key, kind, nil
}

// claim takes the call that waits for key out of the table. A call whose frame has not left yet cannot have been
// answered; late means that the call has timed out.
func (c *Conn) claim(key [32]byte) (ca *call, late bool) {
	e := c.table.get(&key)
	switch {
	case e == (entry{}):
		return nil, false
	case e.call == nil:
		c.table.remove(&key)
		c.freed()
		return nil, true
	case e.call.epoch > c.swapped:
		return nil, false
	}
	c.remove(e.call)
	return e.call, false
}

func (c *Conn) answer(key [32]byte, frame []byte, now time.Duration) {
	c.mu.Lock()
	ca, late := c.claim(key)
	if ca == nil {
		c.strayAnswer(key, frame, late)
		return
	}
	c.stats.Matched++
	if c.freed(); c.inFlight > 0 {
		c.cork(ca)
	}
	c.mu.Unlock()
	if c.cfg.Latency != nil {
		c.cfg.Latency.Record(now - ca.started)
	}
	ca.reply = append(ca.reply, frame...)
	ca.finish(nil)
}

func (c *Conn) rejected(key [32]byte, frame []byte) {
	c.mu.Lock()
	ca, late := c.claim(key)
	if ca == nil {
		c.strayAnswer(key, frame, late)
		return
	}
	c.stats.Rejected++
	c.freed()
	c.mu.Unlock()
	ca.finish(&Error{Op: "exchange", Sent: SentYes, Err: &RejectError{Frame: slices.Clone(frame)}})
}

// strayAnswer reports an answer that nobody waits for, any more or at all. It releases the lock.
func (c *Conn) strayAnswer(key [32]byte, frame []byte, late bool) {
	if late {
		c.stats.Late++
		c.mu.Unlock()
		c.log(slog.LevelInfo, "late answer")
		if hook := c.cfg.Hooks.Late; hook != nil {
			hook(c, key, frame)
		}
		return
	}
	c.stats.Unmatched++
	seen := c.stats.Unmatched
	hook := c.cfg.Hooks.Unmatched
	var waiting [][32]byte
	if hook != nil {
		waiting = c.waitingKeys()
	}
	c.mu.Unlock()
	if isPowerOfTwo(seen) { // a peer that floods must not flood the log
		c.log(slog.LevelWarn, "answer that no request waits for", "count", seen)
	}
	if hook != nil {
		hook(c, Unmatched{Key: key, Frame: frame, Waiting: waiting})
	}
}

func isPowerOfTwo(n uint64) bool { return n&(n-1) == 0 }

func (c *Conn) waitingKeys() [][32]byte {
	var keys [][32]byte
	for key, e := range c.table.all() {
		if e.call != nil {
			if keys = append(keys, *key); len(keys) == maxWaitingShown {
				break
			}
		}
	}
	return keys
}

func (c *Conn) malformed(frame []byte, err error) {
	c.mu.Lock()
	c.stats.Malformed++
	seen := c.stats.Malformed
	c.mu.Unlock()
	if isPowerOfTwo(seen) {
		c.log(slog.LevelWarn, "frame without a readable key", "count", seen, "error", err)
	}
	if hook := c.cfg.Hooks.Malformed; hook != nil {
		hook(c, frame, err)
	}
}

// peerClosed ends a connection whose peer sends nothing more. No answer can come any more, but the peer may have
// closed one direction only and still wait for ours.
func (c *Conn) peerClosed() {
	c.mu.Lock()
	c.failCalls(ErrPeerClosed)
	c.mu.Unlock()
	timer := time.NewTimer(c.cfg.Timeout)
	defer timer.Stop()
	select {
	case <-c.drain(ErrPeerClosed):
	case <-c.done:
	case <-timer.C:
	}
	c.end(ErrPeerClosed)
}
