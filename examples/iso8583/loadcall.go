package main

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/message"
)

// call is a request under way. It implements connection.Completion.
type call struct {
	loader *loader
	part   *part
	due    time.Time
	reply  []byte
	answer *message.Message
}

func (l *loader) newCall(due time.Time) *call {
	c, _ := l.calls.Get().(*call)
	if c == nil {
		c = &call{loader: l, answer: l.codec.New()}
	}
	c.part, c.due = nil, due
	l.results.sent.Add(1)
	return c
}

// Complete counts how a request ended.
func (c *call) Complete(reply []byte, err error) {
	l := c.loader
	took := time.Since(c.due)
	switch {
	case err != nil:
		how := failureOf(err)
		if how == noAnswer { // it is one of the slowest, and how slow nobody has waited to see
			l.results.times.add(took)
		}
		l.results.fail(how)
	case c.answer.Unpack(reply) != nil:
		l.results.fail("unreadable answer")
	default:
		l.results.answered.Add(1)
		l.results.times.add(took)
		l.results.code(c.answer.Get("39"))
		if err := l.anew.keys.check(c.answer); err != nil {
			l.results.fail("wrong authentication code")
		} else if !matchesAll(c.part.expect, c.answer) {
			l.results.fail("not as expected")
		}
	}
	c.reply = reply[:0]
	l.calls.Put(c)
	l.open.Done()
}

// noAnswer is the failure of a request that time ran out for.
const noAnswer = "no answer in time"

// failureOf names what became of a request in few words, so that it can be counted.
func failureOf(err error) string {
	var fault *connection.Error
	var lost *connection.LostError
	switch {
	case err == errAway:
		return err.Error()
	case !errors.As(err, &fault):
		return "not made: " + err.Error()
	case fault.Timeout():
		return noAnswer
	case errors.As(err, &lost):
		return "connection lost"
	}
	return fault.Err.Error()
}

// results are what is counted. The methods may be called concurrently.
type results struct {
	sent     atomic.Int64
	answered atomic.Int64
	times    latencies    // of answers, and of requests that had none in time
	lateness atomic.Int64 // the most that the loop was behind, in ns

	mu       sync.Mutex
	failed   int64
	failures map[string]int64
	codes    map[string]int64
}

// maxKinds bounds how many kinds of failures and codes are told apart.
const maxKinds = 200

func tally(kinds *map[string]int64, name string) {
	if *kinds == nil {
		*kinds = map[string]int64{}
	}
	if _, ok := (*kinds)[name]; !ok && len(*kinds) >= maxKinds {
		name = "others"
	}
	(*kinds)[name]++
}

func (r *results) fail(how string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed++
	tally(&r.failures, how)
}

func (r *results) code(v message.Value) {
	code := "none"
	if v.Present() {
		code = v.Text()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	tally(&r.codes, code)
}

func (r *results) behind(d time.Duration) {
	if d.Nanoseconds() > r.lateness.Load() {
		r.lateness.Store(d.Nanoseconds()) // one goroutine alone writes it
	}
}
