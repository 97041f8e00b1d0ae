package terminal

import (
	"context"
	"fmt"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/examples/realtime/internal/dialect"
	"github.com/posline/posline/examples/realtime/terminal/engine"
	"github.com/posline/posline/message"
)

// run is the terminal: it does one thing at a time.
func (t *Terminal) run(ctx context.Context) {
	defer close(t.gone)
	t.feed(ctx, engine.Event{Kind: engine.PoweredOn})
	for {
		select {
		case r := <-t.presses:
			t.take(ctx, r)
		case <-ctx.Done():
			return
		}
	}
}

// take takes what was keyed in. Before anything is recorded the terminal has its keys.
func (t *Terminal) take(ctx context.Context, r *request) {
	if r.x.Kind == 0 {
		r.done <- outcome{}
		return
	}
	_, batch, err := t.workKeys(ctx)
	if err != nil {
		r.done <- outcome{err: err}
		return
	}
	r.x.Batch = batch
	t.request = r
	t.feed(ctx, engine.Event{Kind: engine.Pressed, Transaction: r.x})
	t.tell(Entry{}, ErrClosed) // only where it was switched off on the way
}

// tell gives whoever waits his result, once.
func (t *Terminal) tell(e Entry, err error) {
	if t.request != nil {
		t.request.done <- outcome{e, err}
		t.request = nil
	}
}

// feed lets an event happen and everything that follows from it, until the terminal is free or switched off.
func (t *Terminal) feed(ctx context.Context, e engine.Event) {
	for queue := []engine.Event{e}; len(queue) > 0 && ctx.Err() == nil; queue = queue[1:] {
		state, commands := engine.Step(t.state, &queue[0], nil)
		t.state = state
		t.open.Store(state.Open.Kind != 0)
		for i := range commands {
			next := t.do(ctx, &commands[i])
			next.ID = commands[i].ID
			queue = append(queue, next)
		}
	}
}

// do carries out a command and returns what comes of it: for some, an event of no kind.
func (t *Terminal) do(ctx context.Context, c *engine.Command) (next engine.Event) {
	switch c.Kind {
	case engine.Save:
		return t.save(ctx, c)
	case engine.Send:
		var payer *Payer
		if t.request != nil {
			payer = t.request.payer
		}
		answer, err := t.send(ctx, c, payer)
		t.answered(err)
		return engine.Event{Kind: engine.Answered, Answer: answer}
	case engine.Reverse:
		answer, _ := t.send(ctx, c, nil)
		return engine.Event{Kind: engine.Answered, Answer: answer}
	case engine.Pause:
		t.sleep(ctx, c.Tries)
		return engine.Event{Kind: engine.Fired}
	case engine.Show:
		t.show(c)
	}
	return next
}

// save brings what must not be forgotten to the disk. Without it nothing is sent and nothing shown.
func (t *Terminal) save(ctx context.Context, c *engine.Command) (saved engine.Event) {
	if t.state.Phase == engine.Recording {
		t.entry = NewEntry(&t.state.Open, t.request.pressed)
	}
	r := Record{Kept: c.Kept, Entry: t.entry}
	if t.state.Phase == engine.Finishing {
		r.Entry.Show(&c.Result)
	}
	for {
		err := t.disk.Append(&r)
		if err == nil {
			break
		}
		if t.state.Phase == engine.Recording {
			t.state = engine.State{Kept: engine.Kept{STAN: t.state.STAN}, ID: t.state.ID}
			t.open.Store(false)
			t.tell(Entry{}, fmt.Errorf("%w (%w)", ErrUnwritable, err))
			return saved
		}
		t.sleep(ctx, 1)
		if ctx.Err() != nil {
			return saved
		}
	}
	if t.state.Phase == engine.Recording {
		t.journal.Put(t.entry)
	}
	return engine.Event{Kind: engine.Saved}
}

// send sends a transaction or its reversal and reads the answer. What could not leave is Unsent.
func (t *Terminal) send(ctx context.Context, c *engine.Command, payer *Payer) (engine.Answer, error) {
	m, frame, keys, err := t.frame(ctx, c, payer)
	if err != nil {
		return engine.Answer{Unsent: true}, err
	}
	defer m.Wipe()
	defer clear(frame)
	reply, err := t.exchange(ctx, frame)
	if err != nil {
		return engine.Answer{Unsent: connection.SafeToRetry(err)}, err
	}
	answer, newKeys, err := t.wire.Answer(m, reply, keys)
	if newKeys {
		t.mu.Lock()
		t.stale = true
		t.mu.Unlock()
	}
	return answer, err
}

// frame makes what a command sends, with the keys that it has its code of.
func (t *Terminal) frame(ctx context.Context, c *engine.Command, payer *Payer) (m *message.Message, frame []byte, keys *dialect.WorkKeys, err error) {
	if keys, _, err = t.workKeys(ctx); err != nil {
		return nil, nil, nil, err
	}
	if c.Kind == engine.Reverse {
		m, err = t.wire.Reversal(&c.Transaction, c.Reason)
	} else {
		m, err = t.wire.Request(&c.Transaction, payer, keys)
	}
	if err != nil {
		return nil, nil, nil, err
	}
	frame, err = m.AppendPackMAC(nil, keys.Sign)
	return m, frame, keys, err
}

// answered notes how long it took and what went wrong.
func (t *Terminal) answered(err error) {
	t.entry.Took = time.Since(t.entry.Pressed)
	if t.request != nil && err != nil {
		t.request.err = err
	}
}

// show brings a result to the journal and to whoever waits.
func (t *Terminal) show(c *engine.Command) {
	t.entry.Show(&c.Result)
	t.journal.Put(t.entry)
	if t.request != nil {
		t.tell(t.entry, t.request.err)
	}
}

// sleep pauses before a further try, each time longer.
func (t *Terminal) sleep(ctx context.Context, tries int) {
	timer := time.NewTimer(t.cfg.Retry << min(max(tries-1, 0), 3))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
