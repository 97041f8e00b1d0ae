package pool

import (
	"errors"
	"fmt"
	"time"

	"github.com/posline/posline/connection"
)

// State is what a line is doing.
type State uint8

// The states of a line. Only Online takes requests.
const (
	Down       State = iota // no connection: it is dialled after a pause, or the peer has yet to dial us
	Asleep                  // on demand, and nobody has asked for it
	Connecting              // dialling, handshake, sign-on
	Online                  // signed on
	Suspect                 // not answering; an echo is under way
	Draining                // requests are ending, then it signs off
	Drained                 // by Drain, until Resume
	Closed                  // the pool has ended
)

var stateNames = [...]string{"down", "asleep", "connecting", "online", "suspect", "draining", "drained", "closed"}

// String returns the name in words.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "unknown state"
}

// LineStatus is what is known of a line.
type LineStatus struct {
	Name     string
	State    State
	Since    time.Time // of the state
	Standby  bool
	Window   int
	InFlight int           // requests on it
	Latency  time.Duration // the average that choosing goes by; 0 in a pool of one line
	Connects uint64        // connections that signed on
	Failures int           // dials and losses in a row
	Trouble  error         // the last of them; it stays when the line is back
	RetryAt  time.Time     // the next dial of a line that is down

	Stats connection.Stats // of all its connections; Changed is told without
}

// Stats are the counters of a pool since it began. Those of requests and frames are with the lines.
type Stats struct {
	Waiting int    // requests that wait for a line now
	Moved   uint64 // requests that went to another line because the first one took nothing any more
	Refused uint64 // requests that found no line in time
	Foreign uint64 // answers that came on another line than their request's
	Late    uint64 // answers to requests that had ended, with SharedKeys; the lines count them without
}

// Stats returns the counters as they are now.
func (p *Pool) Stats() Stats {
	return Stats{int(p.waiting.Load()), p.moved.Load(), p.refused.Load(), p.foreign.Load(), p.late.Load()}
}

// Lines returns what is known of each line, in the order of Config.Lines.
func (p *Pool) Lines() []LineStatus {
	all := make([]LineStatus, len(p.lines))
	for i, l := range p.lines {
		var live connection.Stats
		k := l.link.Load()
		if k != nil {
			live = k.conn.Stats()
		}
		p.mu.Lock()
		all[i] = l.statusLocked()
		all[i].Stats = l.past
		if l.link.Load() == k {
			all[i].Stats.Add(live)
		}
		p.mu.Unlock()
	}
	return all
}

func (l *line) statusLocked() LineStatus {
	s := LineStatus{Name: l.Name, State: l.state, Since: l.since, Standby: l.Standby, Window: l.Window,
		Connects: l.connects, Failures: l.failures, Trouble: l.trouble}
	if k := l.link.Load(); k != nil {
		s.InFlight = int(k.load.Load())
		if k.latency.value.Load() > 0 {
			s.Latency = time.Duration(k.latency.now(l.pool.now()))
		}
	}
	if l.state == Down && !l.Accept {
		s.RetryAt = l.retryAt
	}
	return s
}

// stateLocked changes the state of the line, and wakes those who wait for that.
func (l *line) stateLocked(s State) (changed bool) {
	l.onCall.Store(l.OnDemand && (s == Asleep || s == Connecting))
	if l.state == s {
		return false
	}
	l.state, l.since = s, l.pool.clock()
	l.pool.changedLocked()
	return true
}

// changedLocked wakes those who wait for a line to come to a state, or to its end.
func (p *Pool) changedLocked() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// tell calls the hook with the state as it is now.
func (l *line) tell() {
	hook := l.pool.config.Changed
	if hook == nil {
		return
	}
	l.pool.mu.Lock()
	status := l.statusLocked()
	l.pool.mu.Unlock()
	l.pool.protect(func() error { hook(status); return nil })
}

// troubles is what each line failed with last.
func (p *Pool) troubles() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []error
	for _, l := range p.lines {
		if l.trouble != nil {
			all = append(all, fmt.Errorf("line %s: %w", l.Name, l.trouble))
		}
	}
	return errors.Join(all...)
}

// rebuildLocked makes the candidates anew and gives those who wait for a line what there is now. It returns requests to
// be sent without the lock.
func (p *Pool) rebuildLocked() *started {
	next, now := new(candidates), p.now()
	for _, l := range p.lines {
		l.downSince = sinceWhen(l.downSince, !p.stranded(&waiter{wish: wish{line: l}}), now)
	}
	for _, standby := range []bool{false, true} {
		for _, l := range p.lines {
			if k := l.link.Load(); l.Standby == standby && k != nil && k.taking.Load() && !p.closed {
				next.links = append(next.links, k)
			}
		}
		if len(next.links) > 0 {
			break
		}
	}
	p.candidates.Store(next)
	p.downSince = sinceWhen(p.downSince, len(next.links) > 0, now)
	grants := p.serveLocked()
	p.armLocked() // a request that is left without a line waits for less
	return grants
}

// sinceWhen keeps since when something is down; 0 while it is up.
func sinceWhen(before int64, up bool, now int64) int64 {
	switch {
	case up:
		return 0
	case before == 0:
		return now
	}
	return before
}

// typicalLocked is the latency that a new link starts with: the mean of the others.
func (p *Pool) typicalLocked() int64 {
	links := p.candidates.Load().links
	if len(links) == 0 {
		return 0
	}
	sum, now := int64(0), p.now()
	for _, k := range links {
		sum += k.latency.now(now)
	}
	return sum / int64(len(links))
}
