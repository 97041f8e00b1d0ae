package connection

import (
	"encoding"
	"sync"
	"time"
)

// Handler answers a frame that the peer started. It appends the answer to reply and returns it; an empty result
// sends nothing. Both slices are valid during the call only. Where the answer takes other machines, keep what is
// needed and Post it later. An error is told to Hooks.HandlerError, never sent; the connection lives on.
//
// Handlers run concurrently as Config.Order says. While Workers of them are busy and Backlog frames wait, nothing
// is read from the connection, not even answers to requests that a handler started on the same connection.
type Handler func(c *Conn, frame, reply []byte) ([]byte, error)

// HandleMessages makes a Handler from a function over messages. newRequest returns an empty message; answer may
// return nil to send nothing.
func HandleMessages[Req encoding.BinaryUnmarshaler](newRequest func() Req, answer func(c *Conn, request Req) (encoding.BinaryAppender, error)) Handler {
	return func(c *Conn, frame, reply []byte) ([]byte, error) {
		request := newRequest()
		if err := request.UnmarshalBinary(frame); err != nil {
			return nil, err
		}
		response, err := answer(c, request)
		if err != nil || response == nil {
			return nil, err
		}
		return response.AppendBinary(reply)
	}
}

// handle queues a frame for the handler, and holds the reader up while there is no room.
func (c *Conn) handle(frame []byte) {
	if c.cfg.Handler == nil {
		c.mu.Lock()
		c.rareLocked().unhandled++
		c.mu.Unlock()
		return
	}
	var order [32]byte
	if c.cfg.Order == OrderKey {
		key, _, err := c.cfg.OrderBy(frame)
		if err != nil {
			c.malformed(frame, err)
			return
		}
		order = key
	}
	in := inbounds.Get().(*inbound)
	in.frame, in.order = append(in.frame, frame...), order
	if !c.enter(in) {
		c.letGo() // what this read has queued so far must not wait too
		c.waitForRoom(in)
	}
}

// enter gives a frame to the handlers. It returns false if there is no room.
func (c *Conn) enter(in *inbound) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	b := c.inboxLocked()
	if b.waiting >= c.cfg.Backlog && !c.ended {
		return false
	}
	c.enterLocked(in)
	return true
}

func (c *Conn) waitForRoom(in *inbound) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b := c.inbox
	if b.room == nil {
		b.room = sync.NewCond(&c.mu)
	}
	for b.waiting >= c.cfg.Backlog && !c.ended {
		b.room.Wait()
	}
	c.enterLocked(in)
}

func (c *Conn) enterLocked(in *inbound) {
	if c.ended {
		in.release()
		return
	}
	c.counters.inbound++
	c.inbox.enter(in, c.cfg.Order)
	c.inbox.startWorker(c.cfg)
}

// work handles frames until there are none. Before each one it starts another worker if there is more to do.
func (c *Conn) work() {
	for in := c.firstFrame(); in != nil; {
		answer := c.callHandler(in)
		in = c.nextFrame(in, answer)
	}
}

func (c *Conn) firstFrame() *inbound {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inbox.workerDue = false
	return c.takeFrameLocked()
}

// takeFrameLocked returns the next frame to handle. If there is none, the worker that asked is one no more.
func (c *Conn) takeFrameLocked() *inbound {
	b := c.inbox
	if !c.ended {
		if in := b.take(c.cfg); in != nil {
			b.startWorker(c.cfg)
			return in
		}
	}
	b.workers--
	c.checkDrainedLocked()
	return nil
}

// nextFrame sends the answer to a frame and returns the next one. While more frames are at hand somebody else writes,
// and their answers can share the write.
func (c *Conn) nextFrame(in *inbound, answer []byte) *inbound {
	c.mu.Lock()
	err := c.queueAnswerLocked(answer)
	if err == ErrBusy {
		c.mu.Unlock()
		err = c.waitToAnswer(answer)
		c.mu.Lock()
	}
	b := c.inbox
	more := b.busy() > 1
	d := c.dutyLocked()
	if d.push != pushNone && more {
		d.push = pushAsync
	}
	b.finished(in, len(answer))
	next := c.takeFrameLocked()
	c.mu.Unlock()
	c.do(d)
	if err != nil {
		c.answerLost(err)
	}
	return next
}

func (c *Conn) queueAnswerLocked(answer []byte) error {
	if len(answer) == 0 {
		return nil
	}
	if err := c.refusalLocked(opPost); err != nil {
		return err
	}
	if c.requests != nil && c.requests.posts.n > 0 {
		return ErrBusy // others were first
	}
	_, err := c.queueLocked(answer)
	return err
}

// waitToAnswer waits for room if the peer does not read.
func (c *Conn) waitToAnswer(answer []byte) error {
	started, deadline := c.deadline(time.Time{})
	c.mu.Lock()
	err := c.refusalLocked(opPost)
	if err != nil {
		c.mu.Unlock()
		return err
	}
	r := c.requestsLocked()
	ca := r.spare.forWait()
	ca.op, ca.frame, ca.started, ca.deadline = opPost, answer, started, deadline
	r.wait(ca, ErrBusy)
	r.freed() // there may be room again
	d := c.dutyLocked()
	c.mu.Unlock()
	c.do(d)
	<-ca.done
	err = ca.err
	r.spare.giveBack(ca)
	return err
}

func (c *Conn) answerLost(err error) {
	c.tellPanic(err)
	if hook := c.cfg.Hooks.AnswerLost; hook != nil {
		c.protect(func() { hook(c, err) })
	}
}

// callHandler returns the answer, and nothing after an error. A panic becomes an error and the end of the connection:
// its other state cannot be trusted, the process's can.
func (c *Conn) callHandler(in *inbound) (answer []byte) {
	defer func() {
		if v := recover(); v != nil {
			c.tellPanic(panicked(v))
			c.handlerFailed(ErrHandlerPanic)
			c.end(&LostError{Reason: ErrHandlerPanic})
			answer = nil
		}
	}()
	answer, err := c.cfg.Handler(c, in.frame, in.reply)
	if err != nil {
		c.handlerFailed(err)
		return nil
	}
	return answer
}

func (c *Conn) handlerFailed(err error) {
	if hook := c.cfg.Hooks.HandlerError; hook != nil {
		c.protect(func() { hook(c, err) })
	}
}
