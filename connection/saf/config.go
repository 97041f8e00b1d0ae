package saf

import (
	"context"
	"errors"
	"time"

	"github.com/posline/posline/connection"
)

// Verdict says what an answer means for an entry.
type Verdict uint8

// The verdicts.
const (
	Done   Verdict = iota // the host has it
	Again                 // not now: try again later
	Refuse                // never: give up and raise an alert
)

// Config says how a Queue forwards. Store and Route are required; zero means the default told here. Functions that panic
// make a failure (ErrPanic), so that what a host answers cannot end the program, at every start again.
type Config struct {
	Store Store

	// Route returns what reaches a destination: a Conn, a pool, a connection.Once. It is asked before every sending;
	// an error is a failure like that of a sending, but counts for no try: nothing was sent. If the result is a connection.Repeater,
	// repeats are sent through that.
	Route func(ctx context.Context, destination string) (connection.Exchanger, error)

	// Prepare makes what is sent of an entry, just before each sending: a MAC under the keys of now, and if the message
	// may have reached the host before (repeat) another MTI. e.Tries is how many sendings were begun before. It must
	// not change or keep e.Frame; an error counts as one of Route. Without it the frame is sent as it is.
	Prepare func(ctx context.Context, e Entry, repeat bool) ([]byte, error)

	// Judge reads an answer; whether it belongs to the entry and is genuine is for it to check. Without it every answer
	// is Done. It must not keep e.Frame.
	Judge func(e Entry, answer []byte) Verdict

	// Window is how many entries of a destination may be under way at the same time; default 1, which keeps their
	// order. With more an entry may overtake those before it, but by less than the window: none is sent while one that
	// many places before it has not ended.
	Window int

	Timeout  time.Duration // for one sending; default 30 s
	RetryMin time.Duration // pause after the first failure; default 1 s; doubled with each further one, with jitter
	RetryMax time.Duration // longest pause; default 1 min
	MaxTries int           // sendings, those before a restart too, after which an entry is given up; 0 means no limit
	MaxAge   time.Duration // age at which an entry is given up; 0 means no limit. Only the age at New is by the machine's clock

	MaxPending int // entries kept; Add fails with ErrFull beyond; default 10,000

	// Alert is told what needs a person. It runs on a forwarding goroutine, several at a time with more than one
	// destination, and must be quick. Nobody hears of its panics.
	Alert func(Alert)

	clock func() time.Time // time.Now, but in a test
}

// withDefaults fills what is zero.
func (c Config) withDefaults() (Config, error) {
	if c.Store == nil || c.Route == nil {
		return c, errors.New("saf: Config needs Store and Route")
	}
	for _, d := range []struct {
		field    *time.Duration
		fallback time.Duration
	}{{&c.Timeout, 30 * time.Second}, {&c.RetryMin, time.Second}, {&c.RetryMax, time.Minute}} {
		if *d.field <= 0 {
			*d.field = d.fallback
		}
	}
	if c.clock == nil {
		c.clock = time.Now
	}
	if c.MaxPending <= 0 {
		c.MaxPending = 10_000
	}
	c.Window = max(c.Window, 1)
	return c, nil
}
