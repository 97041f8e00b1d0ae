package simulation

import (
	"fmt"
	"time"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/examples/realtime/identity"
	"github.com/posline/posline/examples/realtime/internal/dialect"
	"github.com/posline/posline/examples/realtime/terminal"
	"github.com/posline/posline/examples/realtime/terminal/engine"
	"github.com/posline/posline/message"
)

// answerWithin is how long a terminal waits for the switch.
const answerWithin = 12 * time.Second

// simTill is a terminal: the engine, its messages, and a disk that keeps what was saved over power cuts.
type simTill struct {
	w      *world
	wire   terminal.Wire
	device identity.Device
	master crypto.KEK
	bits   int
	shop   shop

	disk    engine.Kept
	journal terminal.Journal // on the disk too

	up    bool
	life  int
	state engine.State
	entry terminal.Entry
	payer *terminal.Payer
	keys  *dialect.WorkKeys
	batch string
	stale bool
	stan  uint32        // of sign-ins
	ahead time.Duration // of the world's time is its clock
	last  time.Duration // in whose second it has asked for keys
	given time.Duration // when it got its keys
	late  int           // sign-ins that were refused for their time, one after the other
	save  func()        // that is under way

	approved string // the last one that was shown as that
}

// latest is how many sign-ins one after the other may be refused for their time, and learnt how long it may take the other
// node to learn of keys that one has given: their clocks step in between.
const (
	latest = 4
	learnt = 10 * time.Second
)

// alive runs f unless the terminal has been switched off since.
func (t *simTill) alive(f func()) func() {
	life := t.life
	return func() {
		if t.up && t.life == life {
			f()
		}
	}
}

func (t *simTill) powerOn() {
	t.life++
	t.up, t.state, t.shop.busy = true, engine.State{Kept: t.disk}, false
	if t.disk.Open.Kind != 0 {
		t.entry, _ = t.journal.Find(t.disk.Open.Batch, fmt.Sprintf("%06d", t.disk.Open.STAN))
	}
	t.step(engine.Event{Kind: engine.PoweredOn})
}

// powerCut takes all but the disk. What is being saved may have been saved.
func (t *simTill) powerCut() {
	if !t.up {
		return
	}
	t.w.crashes++
	t.w.log("#### terminal %s loses its power", t.wire.ID)
	if t.save != nil && t.w.random.IntN(2) == 0 {
		t.save()
	}
	t.up, t.keys, t.payer, t.save = false, nil, nil, nil
}

// free reports whether a customer may come.
func (t *simTill) free() bool {
	return t.up && t.state.Phase == engine.Idle && t.state.Open.Kind == 0 && !t.shop.busy
}

// press keys a transaction in, after a sign-in if need be.
func (t *simTill) press(x engine.Transaction, payer *terminal.Payer) {
	t.shop.busy = true
	t.ready(func(good bool) {
		t.shop.busy = false
		if !good || t.state.Phase != engine.Idle {
			t.shop.failed()
			return
		}
		x.Batch, t.payer = t.batch, payer
		t.step(engine.Event{Kind: engine.Pressed, Transaction: x})
	})
}

// renew signs the terminal in anew. Where that fails it goes on with the keys that it has.
func (t *simTill) renew() {
	if t.keys == nil || t.stale {
		return
	}
	t.shop.busy = true
	t.signIn(func(bool) { t.shop.busy = false })
}

// ready has the terminal signed in.
func (t *simTill) ready(then func(good bool)) {
	if t.keys != nil && !t.stale {
		then(true)
		return
	}
	t.signIn(then)
}

func (t *simTill) signIn(then func(good bool)) {
	if t.batch == "" {
		t.batch = "000001"
	}
	t.stan = t.stan%engine.LastSTAN + 1
	if t.last = max(t.last+time.Second, t.w.now); t.last > t.w.now+10*time.Second {
		t.last = t.w.now
	}
	m := t.wire.SignIn(t.stan, t.batch, beginning.Add(t.last+t.ahead))
	t.w.attacker.signInBefore(t, m)
	frame, err := m.Pack()
	if err != nil {
		t.w.violation("terminal %s: a sign-in cannot be packed: %v", t.wire.ID, err)
		return
	}
	t.exchange(frame, func(reply []byte, _ bool) {
		own := beginning.Add(t.w.now + t.ahead)
		s, err := t.wire.Session(m, reply, t.master, own)
		if !s.Clock.IsZero() {
			t.ahead += s.Clock.Sub(own)
		}
		if t.late++; !s.Date {
			t.late = 0
		}
		switch {
		case t.late == latest:
			t.w.violation("terminal %s: its sign-ins are refused for their time again and again", t.wire.ID)
		case s.Date: // it has the right time now
			t.w.after(time.Second, t.alive(func() { t.signIn(then) }))
			return
		}
		if reply == nil || err != nil {
			t.w.after(time.Second, t.alive(func() { then(false) }))
			return
		}
		t.keys, t.batch, t.stale, t.given = s.Keys, s.Batch, false, t.w.now
		then(true)
	})
}

// exchange sends a frame to one of the nodes and tells done once what came back: nothing, after a while, and then whether
// it has certainly not left.
func (t *simTill) exchange(frame []byte, done func(reply []byte, unsent bool)) {
	w := t.w
	n := w.nodes[w.random.IntN(len(w.nodes))]
	ended := false
	life := t.life
	end := func(reply []byte, unsent bool) {
		if t.up && t.life == life && !ended {
			ended = true
			done(reply, unsent)
		}
	}
	if !n.up {
		w.after(time.Millisecond, func() { end(nil, true) }) // nobody listens
		return
	}
	w.after(answerWithin, func() { end(nil, false) })
	w.attacker.listen(t, frame)
	w.send("terminal line", func() {
		n.take(t.device, frame, func(reply []byte) {
			w.send("terminal line", func() {
				w.attacker.forge(t, reply, func(forged []byte) { end(forged, false) })
				end(reply, false)
			})
		})
	})
}

// take gives the node's switch a frame.
func (n *node) take(from identity.Device, frame []byte, answer func(reply []byte)) {
	n.run(n.life, func() {
		n.sw.Take(from, append([]byte(nil), frame...), func(reply []byte) {
			if len(reply) > 0 {
				n.w.attacker.answered(from, frame, reply)
				answer(reply)
			}
		})
	})
}

func (t *simTill) step(e engine.Event) {
	e.ID = t.state.ID
	state, commands := engine.Step(t.state, &e, nil)
	t.state = state
	for i := range commands {
		t.do(&commands[i])
	}
}

// later is an event for what the terminal waits for now.
func (t *simTill) later(id uint32, e engine.Event) {
	if t.state.ID == id {
		t.step(e)
	}
}

func (t *simTill) do(c *engine.Command) {
	w := t.w
	switch c.Kind {
	case engine.Save:
		t.saving(c)
	case engine.Send, engine.Reverse:
		t.send(c)
	case engine.Pause:
		w.after(time.Second<<min(max(c.Tries-1, 0), 3), t.alive(func() { t.later(c.ID, engine.Event{Kind: engine.Fired}) }))
	case engine.Show:
		t.entry.Show(&c.Result)
		t.journal.Put(t.entry)
		w.log("terminal %s shows %v of %d, %s-%s-%s: %v %s %s", t.wire.ID, c.Transaction.Kind, c.Transaction.Amount, t.wire.ID, t.entry.Batch,
			t.entry.STAN, c.Result.Status, c.Result.Code, c.Result.Ref)
		t.judge(c)
		if c.Result.Status != engine.Uncertain {
			t.shop.shown(&t.entry)
		}
		if c.Result.Status == engine.Approved {
			t.err(c.Transaction)
		}
	}
}

// judge checks a result against what only the customer knows, and against what was shown before.
func (t *simTill) judge(c *engine.Command) {
	number := t.wire.ID + "-" + t.entry.Batch + "-" + t.entry.STAN
	switch {
	case c.Result.Status == engine.Approved && t.shop.wrong && t.payer != nil:
		t.w.violation("%s was approved with a wrong PIN", number)
	case c.Result.Status == engine.Declined && c.Result.Code == "55" && t.payer != nil && !t.shop.wrong:
		t.w.violation("%s was declined for a wrong PIN, and it was right", number)
	case c.Result.Status != engine.Approved && t.approved == number:
		t.w.violation("%s was shown as approved and then as %v", number, c.Result.Status)
	case c.Result.Status == engine.Approved:
		t.approved = number
	}
}

func (t *simTill) saving(c *engine.Command) {
	if t.state.Phase == engine.Recording {
		t.entry = terminal.NewEntry(&t.state.Open, beginning.Add(t.w.now))
		t.w.log("terminal %s: %v of %d for %s as %s-%s-%s", t.wire.ID, c.Kept.Open.Kind, c.Kept.Open.Amount, c.Kept.Open.Order, t.wire.ID,
			t.entry.Batch, t.entry.STAN)
	}
	line := t.entry
	if t.state.Phase == engine.Finishing {
		line.Show(&c.Result)
	}
	t.save = func() {
		t.disk = c.Kept
		t.journal.Put(line)
	}
	takes := t.w.between(time.Millisecond, 20*time.Millisecond)
	if t.w.chance(400) {
		t.w.after(takes/2, t.alive(t.powerCut))
		t.w.after(takes/2+t.w.between(time.Second, 10*time.Second), func() {
			if !t.up {
				t.powerOn()
			}
		})
	}
	t.w.after(takes, t.alive(func() {
		if t.state.ID == c.ID && t.save != nil {
			t.save()
			t.save = nil
			t.step(engine.Event{Kind: engine.Saved})
		}
	}))
}

func (t *simTill) send(c *engine.Command) {
	t.ready(func(good bool) {
		if t.state.ID != c.ID {
			return
		}
		if !good {
			t.step(engine.Event{Kind: engine.Answered, Answer: engine.Answer{Unsent: true}})
			return
		}
		m, err := t.message(c)
		var frame []byte
		keys := t.keys
		if err == nil {
			frame, err = m.AppendPackMAC(nil, keys.Sign)
		}
		if err != nil {
			t.w.violation("terminal %s: %v cannot be packed: %v", t.wire.ID, c.Transaction.Kind, err)
			return
		}
		t.exchange(frame, func(reply []byte, unsent bool) {
			answer := engine.Answer{Unsent: unsent}
			if reply != nil {
				var newKeys bool
				answer, newKeys, _ = t.wire.Answer(m, reply, keys)
				if answer.Bad && t.w.attacker.genuine(reply) && (answer.Code == "00" || answer.Code == "10") {
					t.w.violation("terminal %s cannot trust what the switch says of %06d: %s", t.wire.ID, c.Transaction.STAN, answer.Code)
				}
				if answer.Code == "A0" && t.w.attacker.genuine(reply) && t.w.now-t.given > learnt && !t.w.rush {
					t.w.violation("terminal %s: its keys are not taken any more, and it has no others", t.wire.ID)
				}
				t.stale = t.stale || newKeys
			}
			t.later(c.ID, engine.Event{Kind: engine.Answered, Answer: answer})
		})
	})
}

func (t *simTill) message(c *engine.Command) (*message.Message, error) {
	if c.Kind == engine.Reverse {
		return t.wire.Reversal(&c.Transaction, c.Reason)
	}
	return t.wire.Request(&c.Transaction, t.payer, t.keys)
}
