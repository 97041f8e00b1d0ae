package connection

import (
	"slices"
	"time"
)

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

// classify applies the key function.
func (c *Conn) classify(frame []byte) (key [32]byte, kind uint8, err error) {
	if c.cfg.Key != nil {
		return c.cfg.Key(frame)
	}
	if c.awaitsAny() {
		kind = KindResponse
	}
	return key, kind, nil
}

// awaitsAny reports whether the one request of a connection without keys has left and is not answered: the next frame is
// its answer. Out of step, a frame is the answer of one that nobody waits for any more.
func (c *Conn) awaitsAny() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.requests == nil {
		return false
	}
	if c.outOfStep {
		return true
	}
	ca := c.requests.table.get(&[32]byte{}).call
	return ca != nil && ca.epoch <= c.writer.swapped
}

// claim takes the call that waits for key out of the table. A call whose frame has not left yet cannot have been
// answered; late means that the call has timed out.
func (r *requests) claim(key *[32]byte) (ca *call, late bool) {
	place, e := r.table.look(key)
	switch {
	case r.c.outOfStep:
		return nil, true
	case e == (entry{}):
		return nil, false
	case e.call == nil:
		r.answeredLate(place, e.tomb)
		late = true
	case e.call.epoch > r.c.writer.swapped:
		return nil, false
	default:
		ca = e.call
		r.removeAt(place)
		if ca.owed > 0 { // nobody knows which of the sendings was answered
			r.bury(*key, ca.owed)
		}
	}
	if len(r.keyed) > 0 {
		r.keyFreed(*key)
	}
	r.freed()
	r.c.checkDrainedLocked()
	return ca, late
}

// claimLocked is claim for a connection that may have made no request yet.
func (c *Conn) claimLocked(key *[32]byte) (ca *call, late bool) {
	if c.requests == nil {
		return nil, false
	}
	return c.requests.claim(key)
}

func (c *Conn) answer(key [32]byte, frame []byte, now time.Duration) {
	c.mu.Lock()
	ca, late := c.claimLocked(&key)
	if ca == nil {
		c.mu.Unlock()
		c.strayAnswer(key, frame, late)
		return
	}
	c.requests.matched++
	if ca.op != opStart && c.requests.inFlight > 0 {
		c.holdLocked(ca)
	}
	c.requests.spare.recycle(c.requests.spent)
	c.requests.spent = nil
	c.mu.Unlock()
	if c.cfg.Latency != nil {
		c.cfg.Latency.Record(now - ca.started)
	}
	ca.reply = append(ca.reply, frame...)
	if ca.op != opStart {
		ca.done <- struct{}{}
		return
	}
	c.requests.spent = ca // goes back to the others when the lock is taken next
	ca.completion.Complete(ca.reply, nil)
}

// Deliver gives the connection an answer that arrived on another one, for hosts that answer on any line: it ends the
// request that waits for it here as if it had arrived here, and returns whether there was one. An answer to a request
// that has timed out is told to Hooks.Late. The frame is only read, and not after Deliver has returned; Config.Key must be set.
func (c *Conn) Deliver(frame []byte) bool {
	if c.cfg == nil || c.cfg.Key == nil {
		return false
	}
	key, kind, err := c.keyOfAnswer(frame)
	if err != nil || kind != KindResponse {
		return false
	}
	c.mu.Lock()
	ca, late := c.claimLocked(&key)
	if ca != nil {
		c.requests.matched++
		ca.reply = append(ca.reply, frame...)
		if c.cfg.Latency != nil {
			c.cfg.Latency.Record(c.now() - ca.started)
		}
		c.requests.finish(ca, nil)
	}
	if late {
		c.rareLocked().late++
	}
	d := c.dutyLocked()
	c.mu.Unlock()
	c.do(d)
	if hook := c.cfg.Hooks.Late; late && hook != nil {
		c.protect(func() { hook(c, key, frame) })
	}
	return ca != nil || late
}

// keyOfAnswer applies the key function to what did not come over this connection.
func (c *Conn) keyOfAnswer(frame []byte) (key [32]byte, kind uint8, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = panicked(v)
			c.tellPanic(err)
		}
	}()
	return c.cfg.Key(frame)
}

func (c *Conn) rejected(key [32]byte, frame []byte) {
	c.mu.Lock()
	ca, late := c.claimLocked(&key)
	if ca == nil {
		c.mu.Unlock()
		c.strayAnswer(key, frame, late)
		return
	}
	c.rareLocked().rejected++
	c.requests.finish(ca, ca.op.failure(SentYes, &RejectError{Frame: slices.Clone(frame)}))
	d := c.dutyLocked()
	c.mu.Unlock()
	c.do(d)
}

// strayAnswer reports an answer that nobody waits for, any more or at all.
func (c *Conn) strayAnswer(key [32]byte, frame []byte, late bool) {
	if elsewhere := c.cfg.Elsewhere; elsewhere != nil && elsewhere(c, key, frame) {
		return
	}
	hooks := &c.cfg.Hooks
	var waiting [][32]byte
	c.mu.Lock()
	if late {
		c.rareLocked().late++
	} else {
		c.rareLocked().unmatched++
		if hooks.Unmatched != nil && c.requests != nil {
			waiting = c.requests.waitingKeys()
		}
	}
	c.mu.Unlock()
	switch {
	case late && hooks.Late != nil:
		c.letGo()
		hooks.Late(c, key, frame)
	case !late && hooks.Unmatched != nil:
		c.letGo()
		hooks.Unmatched(c, Unmatched{Key: key, Frame: frame, Waiting: waiting})
	}
}

func (r *requests) waitingKeys() [][32]byte {
	var keys [][32]byte
	for key, e := range r.table.all() {
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
	c.rareLocked().malformed++
	c.mu.Unlock()
	if hook := c.cfg.Hooks.Malformed; hook != nil {
		c.letGo()
		hook(c, frame, err)
	}
}
