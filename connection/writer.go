package connection

import "time"

// writer holds the bytes that wait to be written: out fills while another buffer is being written. Made with the first
// frame, and dropped when the connection has been idle for long. Guarded by Conn.mu, as all its methods are, but for
// the fields of whoever writes at the moment.
type writer struct {
	cork

	out      *buffer
	queued   []queued // the requests in out, in its order
	gaps     int      // bytes in out of requests that were withdrawn: they are cut out before it is written
	frames   int      // how many frames are in out, those excluded
	writing  bool     // somebody writes, or has been started to
	inHand   int      // bytes being written
	last     int      // size of the buffer last taken for writing
	swapped  uint64   // how many buffers were taken for writing
	flushed  uint64   // how many of them were written completely
	failedAt int      // bytes the system took of the last one, once writing has failed
	exact    bool     // whether failedAt says what has left this process: on a plain socket it does
	err      error
	drainBy  time.Duration // until when the reader goes on after that

	// Of whoever writes, without the lock.
	raw      *rawWriter // nil where the socket can only be used through net.Conn
	rest     *buffer    // what a write without waiting left for the write loop
	restFrom int
	flush    func() // Conn.flush as a value, so that starting it allocates nothing
}

// queued is where the frame of a request is in out.
type queued struct {
	ca       *call // nil once it was withdrawn
	off, end int
}

func (c *Conn) writerLocked() *writer {
	if c.writer == nil {
		c.writer = &writer{raw: newRawWriter(c.raw), flush: c.flush, exact: c.raw != nil}
	}
	return c.writer
}

// outLocked returns the buffer that fills. A connection with much to do, or that has just had, gets a large one at once.
func (c *Conn) outLocked() *buffer {
	w := c.writerLocked()
	if w.out == nil {
		w.since, w.full = 0, false
		if int(c.load.Load())+c.inbox.activeLen() > manyAtWork || w.last > smallBuffer {
			w.out = newLargeBuffer()
		} else {
			w.out = newSmallBuffer()
		}
	}
	return w.out
}

// manyAtWork is how many requests and handlers fill a small buffer with frames of some 400 bytes.
const manyAtWork = 8

func (w *writer) dropOut() {
	w.out.release()
	w.out = nil
}

// stop forgets what the connection will not write any more.
func (w *writer) stop() {
	if w.out != nil {
		w.dropOut()
	}
	if w.guard != nil {
		w.guard.Stop()
	}
}

// unwritten is how many bytes wait to be written or are being written.
func (w *writer) unwritten() int {
	if w == nil {
		return 0
	}
	n := w.inHand
	if w.out != nil {
		n += len(w.out.b) - w.gaps
	}
	return n
}

// idle reports whether nothing is to be written, by anybody.
func (w *writer) idle() bool { return w == nil || w.err != nil || w.out == nil && !w.writing }

// queueLocked appends a frame to the bytes to write, and returns where in out it starts.
func (c *Conn) queueLocked(frame []byte) (start int, err error) {
	if pending := c.writer.unwritten(); pending > 0 && pending+len(frame) > c.cfg.MaxQueued {
		return 0, ErrBusy
	}
	out := c.outLocked()
	start = len(out.b)
	b, err := c.appendFrame(out.b, frame)
	w := c.writer
	if err != nil {
		if start == 0 {
			w.dropOut()
		}
		return 0, err
	}
	out.b = b
	w.frames++
	if w.corked > 0 {
		w.corked--
	}
	return start, nil
}

// appendFrame calls the framing under the lock. Ours does not panic; code of others is guarded, as a program may send on
// what a peer sent it.
func (c *Conn) appendFrame(dst, frame []byte) (b []byte, err error) {
	if ours, ok := c.cfg.Framing.(*LengthFraming); ok {
		return ours.AppendFrame(dst, nil, frame)
	}
	return c.appendGuarded(dst, frame)
}

func (c *Conn) appendGuarded(dst, frame []byte) (b []byte, err error) {
	defer func() {
		if v := recover(); v != nil {
			b, err = dst, panicked(v)
		}
	}()
	return c.cfg.Framing.AppendFrame(dst, nil, frame)
}

// add notes that the frame of a request was queued at an offset.
func (w *writer) add(ca *call, start int) {
	ca.epoch, ca.off, ca.place = w.swapped+1, start, len(w.queued)
	w.queued = append(w.queued, queued{ca, start, len(w.out.b)})
	w.fill(ca.started, len(w.out.b))
}

// sent says what is known about the bytes of a call.
func (w *writer) sent(ca *call) Sent {
	switch {
	case ca.epoch == 0 || ca.epoch > w.swapped:
		return SentNo
	case ca.epoch <= w.flushed:
		return SentYes
	case w.err != nil && w.exact && ca.off >= w.failedAt:
		return SentNo // the system refused the bytes before they reached this frame
	}
	return SentMaybe
}

// withdraw takes a call whose frame has not been written yet out of the queue. Its bytes stay until they are half of what
// is queued: so withdrawing many costs each of them the same.
func (w *writer) withdraw(ca *call) {
	if ca.epoch <= w.swapped {
		return
	}
	w.forget(&w.queued[ca.place])
	if 2*w.gaps >= len(w.out.b) {
		w.cutGaps()
	}
}

// withdrawAll takes every request that has not been written yet out of the queue; what nobody waits for stays.
func (w *writer) withdrawAll() {
	for i := range w.queued {
		if w.queued[i].ca != nil {
			w.forget(&w.queued[i])
		}
	}
	w.cutGaps()
}

func (w *writer) forget(q *queued) {
	q.ca = nil
	w.gaps += q.end - q.off
	w.frames--
}

// cutGaps moves what is to be written together.
func (w *writer) cutGaps() {
	if w.gaps == 0 {
		return
	}
	all, from := w.out.b, 0
	kept, still := all[:0], w.queued[:0]
	for _, q := range w.queued {
		if q.ca == nil {
			kept = append(kept, all[from:q.off]...)
			from = q.end
			continue
		}
		shift := from - len(kept)
		q.off, q.end = q.off-shift, q.end-shift
		q.ca.off, q.ca.place = q.off, len(still)
		still = append(still, q)
	}
	kept = append(kept, all[from:]...)
	clear(all[len(kept):])
	w.out.b, w.queued, w.gaps = kept, still, 0
	if len(kept) == 0 {
		w.dropOut()
	}
}

// take swaps the filled buffer for the next one to fill.
func (w *writer) take() *buffer {
	w.cutGaps()
	buf := w.out
	w.out, w.frames = nil, 0
	w.queued = w.queued[:0]
	w.swapped++
	w.inHand, w.last = len(buf.b), len(buf.b)
	return buf
}
