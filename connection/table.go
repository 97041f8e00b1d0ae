package connection

import "time"

// tomb marks when a tombstone may go.
type tomb struct {
	key     [32]byte
	id      uint64
	expires time.Duration
}

// admit queues the call's frame and enters its key, or says why it cannot be done now.
func (c *Conn) admit(ca *call) error {
	if ca.oneWay {
		err := c.queue(ca.frame)
		if err == nil {
			ca.finish(nil)
		}
		return err
	}
	if err := c.refusal(); err != nil {
		return err
	}
	if c.stopped != nil {
		return c.stopped
	}
	if c.inFlight >= c.cfg.MaxInFlight {
		return ErrBusy
	}
	c.dropTombs()
	slot := c.table.find(&ca.key)
	if slot.call != nil || slot.tomb != 0 && !ca.repeat {
		return ErrDuplicateKey
	}
	start := c.queuedBytes()
	if err := c.queue(ca.frame); err != nil {
		return err
	}
	ca.epoch, ca.off, ca.size = c.swapped+1, start, len(c.out.b)-start
	ca.frame = nil
	c.table.put(slot, &ca.key, entry{call: ca})
	c.inFlight++
	c.stats.Requests++
	c.queued = append(c.queued, ca)
	c.fillCork(ca.started)
	c.armSweeper(ca.deadline)
	return nil
}

// refusal says why nothing can be sent on the connection any more.
func (c *Conn) refusal() error {
	switch {
	case c.ended:
		return c.err
	case c.writeErr != nil:
		return c.writeErr
	}
	return nil
}

// queue appends a frame to the bytes to write.
func (c *Conn) queue(frame []byte) error {
	if err := c.refusal(); err != nil {
		return err
	}
	if pending := c.unwritten(); pending > 0 && pending+len(frame) > c.cfg.MaxQueued {
		return ErrBusy
	}
	out := c.outBuffer()
	b, err := c.cfg.Framing.AppendFrame(out.b, nil, frame)
	if err != nil {
		if len(out.b) == 0 {
			c.dropOut()
		}
		return err
	}
	out.b = b
	c.stats.FramesSent++
	if c.corked > 0 {
		c.corked--
	}
	return nil
}

// remove takes a call in flight out of the table. The caller calls freed when the table is as it should be.
func (c *Conn) remove(ca *call) {
	c.table.remove(&ca.key)
	c.inFlight--
}

// freed is called when something that requests wait for has become free.
func (c *Conn) freed() {
	if len(c.waiters) > 0 {
		c.admitWaiters()
	}
	c.checkDrained()
}

// admitWaiters starts, oldest first, the waiting requests that can start now.
func (c *Conn) admitWaiters() {
	still := c.waiters[:0]
	for _, w := range c.waiters {
		switch err := c.admit(w); err {
		case nil:
		case ErrBusy, ErrDuplicateKey:
			still = append(still, w)
		default:
			w.finish(&Error{Op: "exchange", Sent: SentNo, Err: err})
		}
	}
	clear(c.waiters[len(still):])
	c.waiters = still
}

// sentOf says what is known about the bytes of a call.
func (c *Conn) sentOf(ca *call) Sent {
	switch {
	case ca.epoch == 0 || ca.epoch > c.swapped:
		return SentNo
	case ca.epoch <= c.flushed:
		return SentYes
	case c.writeErr != nil && c.raw != nil && ca.off >= c.failedAt:
		return SentNo // the system refused the bytes before they reached this frame
	}
	return SentMaybe
}

// abandon ends a call that nobody wants to wait for any longer. One that is neither waiting nor in flight is about
// to be finished by somebody else.
func (c *Conn) abandon(ca *call, why error) {
	for i, w := range c.waiters {
		if w == ca {
			c.waiters = append(c.waiters[:i], c.waiters[i+1:]...)
			c.stats.TimedOut++
			ca.finish(&Error{Op: "exchange", Sent: SentNo, Err: why})
			c.checkDrained()
			return
		}
	}
	if c.table.get(&ca.key).call != ca {
		return
	}
	sent := c.sentOf(ca)
	if sent == SentNo && ca.epoch > c.swapped {
		c.withdraw(ca)
	}
	c.stats.TimedOut++
	c.remove(ca)
	if sent != SentNo {
		c.bury(ca.key) // before anybody who waits for the key gets a chance
	}
	ca.finish(&Error{Op: "exchange", Sent: sent, Err: why})
	c.freed()
}

// bury leaves a tombstone, so that a late answer is known as such and the key is not used for something else.
func (c *Conn) bury(key [32]byte) {
	if len(c.tombs) >= c.cfg.MaxInFlight {
		c.dropTomb()
	}
	c.nextTomb++
	c.table.put(c.table.find(&key), &key, entry{tomb: c.nextTomb})
	c.tombs = append(c.tombs, tomb{key, c.nextTomb, c.now() + c.cfg.LateWindow})
}

// dropTombs removes the tombstones whose time is over.
func (c *Conn) dropTombs() {
	if len(c.tombs) == 0 {
		return
	}
	for now := c.now(); len(c.tombs) > 0 && c.tombs[0].expires <= now; {
		c.dropTomb()
	}
}

func (c *Conn) dropTomb() {
	oldest := c.tombs[0]
	if c.tombs = c.tombs[1:]; len(c.tombs) == 0 {
		c.tombs = nil
	}
	if e := c.table.get(&oldest.key); e.call == nil && e.tomb == oldest.id {
		c.table.remove(&oldest.key)
	}
}

// tombEnd is when the next tombstone goes, or the end of time.
func (c *Conn) tombEnd() time.Duration {
	if len(c.tombs) == 0 {
		return 1<<63 - 1
	}
	return c.tombs[0].expires
}
