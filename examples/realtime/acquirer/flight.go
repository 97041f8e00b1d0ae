package acquirer

import (
	"sync"
	"time"

	"github.com/posline/posline/examples/realtime/channel"
	"github.com/posline/posline/examples/realtime/payment"
)

// flight drives a payment.Flight: what it commands is done, and what comes of it is its next event.
type flight struct {
	s *Switch
	x *exchange // the terminal that waits; nil without one

	mu    sync.Mutex
	state payment.Flight
	card  channel.Card // until the channel has it
	holds int64        // row that it is counted for in Switch.flying
}

// launch begins a flight over a channel.
func (s *Switch) launch(over string, x *exchange, e payment.Event) {
	f := &flight{s: s, x: x}
	f.state = payment.Flight{Rules: s.cfg.Channels[over].Rules, Node: s.cfg.Node, Epoch: s.epoch}
	if x != nil {
		f.card = x.card
	}
	f.event(&e)
}

// event lets an event happen. The commands are done in their order, and not under the lock: what comes of one may be
// told before the next is done, but only the last of them is ever answered.
func (f *flight) event(e *payment.Event) {
	if f.s.closed.Load() {
		return
	}
	f.mu.Lock()
	e.Now = f.s.now()
	var commands []payment.Command
	f.state, commands = payment.Step(f.state, e, nil)
	f.count()
	f.mu.Unlock()
	for i := range commands {
		f.do(&commands[i])
	}
}

// count keeps Switch.flying right.
func (f *flight) count() {
	id := f.state.Row.ID
	if id == 0 && f.state.Op.Kind != payment.Bar {
		id = f.state.Op.Row.ID
	}
	if f.state.Phase == payment.Ended {
		id = 0
	}
	if id == f.holds {
		return
	}
	s := f.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.holds != 0 {
		if s.flying[f.holds]--; s.flying[f.holds] == 0 {
			delete(s.flying, f.holds)
		}
	}
	if id != 0 {
		s.flying[id]++
	}
	f.holds = id
}

func (f *flight) do(c *payment.Command) {
	switch c.Kind {
	case payment.Commit:
		if f.seedSubmit(c) {
			return
		}
		id := c.ID
		f.s.cfg.Store.Submit(c.Op, func(r payment.Result) {
			f.event(&payment.Event{Kind: payment.Committed, ID: id, Result: r})
		})
	case payment.Ask:
		f.ask(c)
	case payment.Arm:
		id := c.ID
		f.s.cfg.Clock.AfterFunc(milliseconds(c.Within), func() { f.event(&payment.Event{Kind: payment.Fired, ID: id}) })
	case payment.Reply:
		if f.x != nil {
			f.x.row = c.Row
			f.x.end(c.Code)
		}
	case payment.Alarm:
		f.s.cfg.Logger.Error("a payment needs somebody to look at it", "reference", c.Row.Reference(), "state", c.Row.State,
			"undo", c.Row.Undo, "channel", c.Row.Channel, "code", c.Code)
	}
}

func (f *flight) ask(c *payment.Command) {
	id := c.ID
	a := &channel.Ask{Verb: c.Verb, Row: c.Row, Parent: c.Parent, Again: c.Again}
	if c.Verb == payment.Do {
		a.Card, f.card = f.card, channel.Card{}
	}
	route, ok := f.s.cfg.Channels[c.Row.Channel]
	if !ok {
		f.s.cfg.Logger.Error("no such channel", "channel", c.Row.Channel)
		f.s.cfg.Clock.AfterFunc(milliseconds(c.Within), func() { f.event(&payment.Event{Kind: payment.Answered, ID: id}) })
		return
	}
	route.Channel.Ask(milliseconds(c.Within), a, func(answer payment.Answer) {
		f.event(&payment.Event{Kind: payment.Answered, ID: id, Answer: answer})
	})
}

func milliseconds(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
