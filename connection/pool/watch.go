package pool

import (
	"context"
	"errors"
	"time"
)

// departure is why a link goes out of use.
type departure uint8

const (
	lost     departure = iota // it takes no requests any more
	retired                   // it is to be made anew
	draining                  // Drain, or the end of the pool
	idle                      // on demand, and nobody needs it
	replaced                  // the peer has dialled again
)

// errSilent is why a line that did not answer is closed.
var errSilent = errors.New("requests were not answered, nor was an echo")

// watch looks after a link until it must go.
func (l *line) watch(k *link) (departure, error) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		if why, must := l.mustGo(k); must {
			return why, nil
		}
		if l.isSuspect() {
			if why, err := l.probe(k); err != nil {
				return why, err
			}
			continue
		}
		if l.unused(k) {
			return idle, nil
		}
		timer.Reset(l.nextLook(k))
		select {
		case <-k.conn.Closing():
			return lost, k.conn.Err()
		case <-l.kick:
		case <-l.pool.ctx.Done():
		case <-timer.C:
			l.echoIfIdle(k)
		}
	}
}

// mustGo reports whether somebody has decided that the link goes.
func (l *line) mustGo(k *link) (departure, bool) {
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	switch {
	case l.drained || l.pool.closed:
		return draining, true
	case l.adopted != nil:
		return replaced, true
	case k.retired:
		return retired, true
	}
	return 0, false
}

func (l *line) isSuspect() bool {
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	return l.state == Suspect
}

// probe finds out about a suspect link by an echo. It returns an error if the link must go.
func (l *line) probe(k *link) (departure, error) {
	if l.pool.config.Echo == nil {
		return retired, errSilent
	}
	err := l.echo(k)
	if closing(k.conn) {
		return lost, errors.Join(k.conn.Err(), err)
	}
	if err != nil {
		k.conn.Close()
		return lost, errors.Join(errSilent, err)
	}
	l.trust(k)
	return 0, nil
}

// trust makes a suspect link a candidate again.
func (l *line) trust(k *link) {
	p := l.pool
	p.mu.Lock()
	k.timeouts.Store(0)
	if k.taking.Store(!k.retired && !l.drained && !p.closed); k.taking.Load() {
		l.stateLocked(Online)
	}
	grants := p.rebuildLocked()
	p.mu.Unlock()
	p.dispatch(grants)
	l.tell()
}

// suspect takes a link out until an echo has been answered.
func (p *Pool) suspect(k *link) {
	l := k.line
	p.mu.Lock()
	if l.link.Load() != k || l.state != Online {
		p.mu.Unlock()
		return
	}
	k.taking.Store(false)
	l.stateLocked(Suspect)
	grants := p.rebuildLocked()
	p.summonLocked()
	p.mu.Unlock()
	p.dispatch(grants)
	l.wake()
	l.tell()
}

// withdraw takes a link out whose connection takes no requests any more: its owner will see that in a moment.
func (p *Pool) withdraw(k *link) {
	if !k.taking.CompareAndSwap(true, false) {
		return
	}
	p.mu.Lock()
	grants := p.rebuildLocked()
	p.mu.Unlock()
	p.dispatch(grants)
}

// echo asks the host on the link whether it is there. It takes a place in the window if there is one.
func (l *line) echo(k *link) error {
	if k.place() {
		defer k.release()
	}
	ctx, cancel := context.WithTimeout(l.pool.ctx, l.pool.config.EchoTimeout)
	defer cancel()
	return l.pool.protect(func() error { return l.pool.config.Echo(ctx, k.conn) })
}

// echoIfIdle asks the host if nothing has been received for EchoIdle. A link that does not answer is suspect.
func (l *line) echoIfIdle(k *link) {
	cfg := &l.pool.config
	if k.conn.Idle() < cfg.EchoIdle || k.load.Load() >= k.window {
		return
	}
	if err := l.echo(k); err != nil && l.pool.ctx.Err() == nil && !closing(k.conn) {
		l.pool.suspect(k)
	}
}

// nextLook is how long the owner may wait before it looks after the link again.
func (l *line) nextLook(k *link) time.Duration {
	cfg := &l.pool.config
	wait := cfg.EchoIdle - k.conn.Idle()
	if wait <= 0 { // requests fill the window and none is answered: their time will run out
		wait = cfg.EchoIdle
	}
	if l.OnDemand {
		left := cfg.IdleClose - time.Duration(l.pool.now()-k.lastUsed.Load())
		if left <= 0 { // it is in use
			left = cfg.IdleClose
		}
		wait = min(wait, left)
	}
	return wait
}

// unused takes a link on demand that nobody has used for IdleClose out of the candidates, and says whether it has. No
// request comes in between: its window is full meanwhile.
func (l *line) unused(k *link) bool {
	p := l.pool
	if !l.OnDemand || p.now()-k.lastUsed.Load() < int64(p.config.IdleClose) || !k.load.CompareAndSwap(0, k.window) {
		return false
	}
	k.taking.Store(false)
	k.load.Store(0)
	return true
}
