package connection

import "time"

// watchIdle ends a connection that no server looks after once it has been idle for too long.
func (c *Conn) watchIdle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.lifeLocked()
	l.idle = time.AfterFunc(c.cfg.IdleTimeout, func() {
		left := c.closeIfIdle()
		c.mu.Lock()
		defer c.mu.Unlock()
		if !c.ended {
			l.idle.Reset(left)
		}
	})
}

// closeIfIdle ends the connection if nothing was received for IdleTimeout and no handler is at work. Otherwise it
// returns when to look again.
func (c *Conn) closeIfIdle() time.Duration {
	c.mu.Lock()
	left := c.cfg.IdleTimeout - (c.now() - c.lastRead)
	busy := c.inbox.busy() > 0
	c.mu.Unlock()
	switch {
	case busy:
		return max(left, c.cfg.IdleTimeout/4)
	case left > 0:
		return left
	}
	c.end(&LostError{Reason: ErrIdle})
	return 0
}

// slimAfter is how long a connection is idle before it gives back what it has grown.
const slimAfter = 2 * time.Second

// slimIfIdle gives back the memory of a connection that has worked and is idle now: its parts, and the stack of its
// reader, which does not shrink by itself. The reader starts over in a fresh goroutine.
func (c *Conn) slimIfIdle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.raw == nil || !c.worked || c.now()-c.lastRead < slimAfter || c.load.Load() > 0 || c.ended {
		return
	}
	c.worked = false
	if r := c.requests; r != nil {
		r.slim()
	}
	if w := c.writer; w != nil && w.droppable() {
		c.writer = nil
	}
	if b := c.inbox; b != nil && b.droppable() {
		c.inbox = nil
	}
	c.slimming = true
	c.readDeadlineLocked() // the reader finds no frame begun and takes it for what it is
}

// slim gives back the memory of what is not in use.
func (r *requests) slim() {
	r.spare.drop()
	if r.table.used == 0 {
		r.table = keyTable{}
	}
}

// droppable reports whether nothing is lost when another writer is made for the next frame. No request is in flight.
func (w *writer) droppable() bool {
	return w.idle() && w.err == nil && w.corked == 0 && !w.lingering && !w.guarded && w.waking.Load() == 0
}

// droppable reports whether nobody works with the inbox.
func (b *inbox) droppable() bool { return b.busy() == 0 && b.workers == 0 }
