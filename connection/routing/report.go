package routing

import (
	"context"
	"errors"
	"time"
)

// take enters the chosen route as in flight. The caller holds r.mu.
func (r *Router) take(d *Decision, now time.Time) {
	one := &r.routes[d.index-1]
	d.peer, d.holdsNoMoney, d.classify = one.Peer, one.HoldsNoMoney, r.config.Classify
	d.epoch, d.generation = r.epoch, one.breaker.generation
	d.counted = one.breaker.enter(now)
	d.ofIssuer, d.countedIssuer = 0, false
	if coarse := r.segments.find(d.issuer, ""); coarse != nil {
		issuer := &coarse.breaker[d.index-1]
		d.ofIssuer, d.countedIssuer = issuer.generation, issuer.enter(now)
	}
}

// giveBack ends a decision and gives back what take took. It returns the index of its route, -1 if there is nothing to
// count: it is not open, or the route has gone. The caller holds r.mu.
func (r *Router) giveBack(d *Decision) int {
	i := d.index - 1
	if d.epoch != r.epoch {
		i = r.named(d.Route)
	}
	if !d.open || i < 0 || d.epoch < r.routes[i].epoch {
		return -1
	}
	d.open = false
	if host := &r.routes[i].breaker; d.counted && d.generation == host.generation {
		host.leave()
	}
	if !d.countedIssuer {
		return i
	}
	if coarse := r.segments.find(d.issuer, ""); coarse != nil && d.ofIssuer == coarse.breaker[i].generation {
		coarse.breaker[i].leave()
	}
	return i
}

// Report counts the outcome of what Decide chose, once for each decision: another call does nothing.
func (r *Router) Report(d *Decision, health Health) {
	r.mu.Lock()
	i := r.giveBack(d)
	if i < 0 {
		r.mu.Unlock()
		return
	}
	before := r.routes[i].breaker.state
	r.count(d, i, health, r.now())
	r.lookAfter(i)
	changed := r.change(i, before)
	r.mu.Unlock()
	changed()
}

// count is Report with r.mu held.
func (r *Router) count(d *Decision, i int, health Health, now time.Time) {
	one := &r.routes[i]
	if health == Neutral {
		return
	}
	slot := slotNumber(now, r.config.ScoreWindow)
	one.score.add(slot, health == Good)
	if d.generation == one.breaker.generation && health != LineFault { // lines are the peer's business
		one.breaker.record(&r.config.Host, now, health != HostFault, r.jitter.Float64())
	}
	if d.issuer != "" {
		coarse := r.segments.make(d.issuer, "")
		coarse.score[i].add(slot, health == Good)
		if d.ofIssuer == coarse.breaker[i].generation && (health == Good || health == IssuerFault) {
			coarse.breaker[i].record(&r.config.Issuer, now, health == Good, r.jitter.Float64())
		}
	}
	if d.method != "" {
		r.segments.make(d.issuer, d.method).score[i].add(slot, health == Good)
	}
}

// change returns what tells of the change of a breaker, to be called without r.mu. The caller holds it. A Changed that
// panics does not end the program: it may run on the goroutine of the echoes, where nobody could recover it.
func (r *Router) change(i int, before breakerState) (tell func()) {
	name, after, changed := r.routes[i].Name, r.routes[i].breaker.state, r.config.Changed
	if before == after || changed == nil {
		return func() {}
	}
	return func() {
		defer func() { _ = recover() }()
		changed(name, stateNames[after])
	}
}

// lookAfter starts a goroutine that asks a host in doubt by echo, unless there is one. The caller holds r.mu.
func (r *Router) lookAfter(i int) {
	one := &r.routes[i]
	if !r.running || one.echoing || !one.breaker.wantsEcho() {
		return
	}
	one.echoing = true
	r.echoing.Add(1)
	go r.echoes(one.Name, r.epoch)
}

// echoes asks a host until nothing is in doubt or another configuration holds.
func (r *Router) echoes(name string, epoch uint32) {
	defer r.echoing.Done()
	for {
		peer, wait, timeout, ok := r.nextEcho(name, epoch)
		if !ok {
			return
		}
		select {
		case <-r.stopped.Done():
			return
		case <-time.After(wait):
		}
		ctx, cancel := context.WithTimeout(r.stopped, timeout)
		err := echo(ctx, peer)
		cancel()
		if !r.countEcho(name, epoch, err == nil) {
			return
		}
	}
}

// echo asks a host. A Peer that panics has not answered well.
func echo(ctx context.Context, peer Peer) (err error) {
	defer func() {
		if recover() != nil { // the value may hold card data
			err = errPanic
		}
	}()
	return peer.Echo(ctx)
}

var errPanic = errors.New("routing: panic in Peer.Echo")

// nextEcho returns whom to ask, and when.
func (r *Router) nextEcho(name string, epoch uint32) (peer Peer, wait, timeout time.Duration, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.running || r.epoch != epoch {
		return nil, 0, 0, false
	}
	return r.routes[r.named(name)].Peer, r.config.EchoEvery, r.config.EchoTimeout, true
}

// countEcho counts an echo and reports whether another is needed.
func (r *Router) countEcho(name string, epoch uint32, good bool) (more bool) {
	r.mu.Lock()
	if !r.running || r.epoch != epoch {
		r.mu.Unlock()
		return false
	}
	i := r.named(name)
	one := &r.routes[i]
	before := one.breaker.state
	one.breaker.echo(&r.config.Host, r.now(), good, r.jitter.Float64())
	more = one.breaker.state == open || one.breaker.state == closed && !good
	one.echoing = more
	changed := r.change(i, before)
	r.mu.Unlock()
	changed()
	return more
}
