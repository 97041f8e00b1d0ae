package main

import (
	"context"
	"fmt"
	"sync"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/message"
)

// ruleBook is the rules of a host with what they remember. Its methods may be called concurrently.
type ruleBook struct {
	mu     sync.Mutex
	rules  []rule
	used   []int             // how often each has counted
	states map[string]string // of the terminals
}

func newRuleBook(rules []rule) *ruleBook {
	return &ruleBook{rules: rules, used: make([]int, len(rules)), states: map[string]string{}}
}

// find returns the rule that counts for a message, below zero for none.
func (b *ruleBook) find(request *message.Message) (int, rule) {
	b.mu.Lock()
	defer b.mu.Unlock()
	terminal := request.Get("41").Text()
	for i, r := range b.rules {
		if r.connected || r.times > 0 && b.used[i] == r.times || r.state != "" && b.states[terminal] != r.state || !matchesAll(r.match, request) {
			continue
		}
		b.used[i]++
		if r.become != "" {
			b.states[terminal] = r.become
		}
		return i, r
	}
	return -1, rule{}
}

// startSomething tells whether the host sends anything of itself.
func (b *ruleBook) startSomething() bool {
	for _, r := range b.rules {
		if len(r.then) > 0 {
			return true
		}
	}
	return false
}

// initiate makes the settings those of a host that has answers to match with what it sends of itself.
func (h *host) initiate(settings *connection.Config) {
	settings.Timeout = answerWithin
	settings.Hooks.Malformed = func(c *connection.Conn, frame []byte, err error) { h.unreadable(c, frame, err) }
	settings.Hooks.Unmatched = func(c *connection.Conn, _ connection.Unmatched) {
		h.note("%v: an answer came that belongs to no request", c.RemoteAddr())
	}
	settings.Hooks.Connected = func(c *connection.Conn) {
		if !h.begin() {
			return
		}
		defer h.flows.Done()
		for i, r := range h.rules.rules {
			if r.connected {
				h.follow(c, i, r, nil)
			}
		}
	}
}

// begin counts a piece of work that the host's end waits for, unless it has come.
func (h *host) begin() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ending {
		return false
	}
	h.flows.Add(1)
	return true
}

// finish waits for the work under way.
func (h *host) finish(ctx context.Context) {
	h.mu.Lock()
	h.ending = true
	h.mu.Unlock()
	done := make(chan struct{})
	go func() { h.flows.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// answerWithin is how long the host waits for the answer to what it sends of itself.
const answerWithin = 2 * stopWithin

// follow sends what a rule has behind its answer, from within work that begin has counted. The first step takes from the
// message that matched.
func (h *host) follow(c *connection.Conn, number int, r rule, matched *message.Message) {
	f := newFlow(&h.anew, h.codec.New(), false)
	if matched != nil {
		f.got = matched.Clone()
	}
	f.conn = c
	peer := c.RemoteAddr().String()
	f.sending = func(m *message.Message) { h.say("%s out %v", peer, m) }
	h.flows.Go(func() {
		for i, s := range r.then {
			s.request = s.request.Clone() // other connections have the same rule
			err := f.do(c.Context(), s)
			if s.silent > 0 && c.Err() != nil {
				return // who has hung up does not answer either
			}
			if err != nil {
				h.fault(peer, fmt.Errorf("rule %d, step %d: %w", number+1, i+1, unanswered(err)))
				return
			}
			if s.silent == 0 {
				h.say("%s in  %v", peer, f.got)
			}
		}
	})
}
