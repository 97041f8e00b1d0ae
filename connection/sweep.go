package connection

import "time"

// sweepGrain is the least time between two sweeps, so that many deadlines a moment apart cost one pass.
const sweepGrain = time.Millisecond

// armSweeper makes sure that a sweep happens at the given time. One timer serves all calls of the connection; it is
// left armed when a call ends, because the next call usually wants it again.
func (c *Conn) armSweeper(at time.Duration) {
	if c.sweepAt != 0 && c.sweepAt <= at {
		return
	}
	c.sweepAt = max(at, 1)
	wait := at - c.now()
	if c.sweeper == nil {
		c.sweeper = time.AfterFunc(wait, c.sweep)
		return
	}
	c.sweeper.Reset(wait)
}

// sweep ends the calls whose time is over.
func (c *Conn) sweep() {
	c.mu.Lock()
	c.sweepAt = 0
	if c.ended {
		c.mu.Unlock()
		return
	}
	now := c.now()
	var over []*call
	for _, e := range c.table.all() {
		if e.call != nil && e.call.deadline <= now {
			over = append(over, e.call)
		}
	}
	for _, w := range c.waiters {
		if w.deadline <= now {
			over = append(over, w)
		}
	}
	for _, ca := range over {
		c.abandon(ca, ErrTimeout)
	}
	c.dropTombs()
	c.freed()
	if next := c.nextDeadline(); next > 0 {
		c.armSweeper(max(next, now+sweepGrain))
	}
	c.kick(false)
}

// nextDeadline returns when a call ends or a tombstone that somebody waits for goes; 0 if there is none.
func (c *Conn) nextDeadline() time.Duration {
	const never = 1<<63 - 1
	next := time.Duration(never)
	for _, e := range c.table.all() {
		if e.call != nil {
			next = min(next, e.call.deadline)
		}
	}
	for _, w := range c.waiters {
		next = min(next, w.deadline, c.tombEnd())
	}
	if next == never {
		return 0
	}
	return next
}

// watchIdle ends a connection that no server looks after once it has been idle for too long.
func (c *Conn) watchIdle(wait time.Duration) {
	time.AfterFunc(wait, func() {
		if left := c.closeIfIdle(); left > 0 {
			c.watchIdle(left)
		}
	})
}

// closeIfIdle ends the connection if nothing was received for IdleTimeout and no handler is at work. Otherwise it
// returns when to look again; 0 if the connection has ended.
func (c *Conn) closeIfIdle() time.Duration {
	c.mu.Lock()
	left := c.lastRead + c.cfg.IdleTimeout - c.now()
	busy, ended := len(c.active)+len(c.pending) > 0, c.ended
	c.mu.Unlock()
	switch {
	case ended:
		return 0
	case busy:
		return max(left, c.cfg.IdleTimeout/4)
	case left > 0:
		return left
	}
	c.end(&LostError{Reason: ErrIdle})
	return 0
}

// slimIfIdle makes the reader of a connection that has worked and is idle now start over in a fresh goroutine: a
// stack that has grown for a moment's work does not shrink by itself.
func (c *Conn) slimIfIdle() {
	c.mu.Lock()
	idle := c.raw != nil && c.lastRead > c.slimmed && c.now()-c.lastRead >= slimAfter && c.inFlight == 0
	if idle {
		c.slimmed = c.now()
	}
	c.mu.Unlock()
	if idle {
		c.nc.SetReadDeadline(time.Unix(1, 0)) // the reader finds no frame begun and takes it for what it is
	}
}
