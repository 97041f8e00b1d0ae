package connection

import (
	"encoding"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
)

// Handler answers a frame that the peer started. It appends the answer to reply and returns it; an empty result
// sends nothing. Both slices are valid during the call only. Where the answer takes other machines, keep what is
// needed and Post it later. An error is logged and counted, never sent; the connection lives on.
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

// inbound is a frame of the peer on its way through the handler, with memory for the answer. Pooled.
type inbound struct {
	frame, reply []byte
	order        [32]byte // what OrderKey compares
}

var inbounds = sync.Pool{New: func() any {
	return &inbound{frame: make([]byte, 0, 1024), reply: make([]byte, 0, 1024)}
}}

// release wipes and returns the memory.
func (in *inbound) release() {
	clear(in.frame)
	clear(in.reply)
	if cap(in.frame) > largeBuffer {
		return
	}
	in.frame, in.reply = in.frame[:0], in.reply[:0]
	inbounds.Put(in)
}

// handle queues a frame for the handler, and holds the reader up while there is no room.
func (c *Conn) handle(frame []byte) {
	if c.cfg.Handler == nil {
		c.mu.Lock()
		c.stats.Unhandled++
		c.mu.Unlock()
		return
	}
	in := inbounds.Get().(*inbound)
	in.frame = append(in.frame, frame...)
	if c.cfg.Order == OrderKey {
		key, _, err := c.cfg.OrderBy(frame)
		if err != nil {
			in.release()
			c.malformed(frame, err)
			return
		}
		in.order = key
	}
	c.mu.Lock()
	if len(c.pending) >= c.cfg.Backlog {
		c.waitForRoom()
	}
	if c.ended {
		c.mu.Unlock()
		in.release()
		return
	}
	c.stats.Inbound++
	c.pending = append(c.pending, in)
	c.startWorker()
	c.mu.Unlock()
}

func (c *Conn) waitForRoom() {
	c.corked = 0
	c.kick(false) // what this read has queued so far must not wait too
	c.mu.Lock()
	if c.room == nil {
		c.room = sync.NewCond(&c.mu)
	}
	for len(c.pending) >= c.cfg.Backlog && !c.ended {
		c.room.Wait()
	}
}

// startWorker starts a goroutine that handles pending frames until there are none, if one is needed and none is on
// its way: a slow handler then holds nobody up, and fast ones need few goroutines.
func (c *Conn) startWorker() {
	if !c.workerDue && c.workers < c.cfg.Workers && c.nextPending() >= 0 {
		c.workers++
		c.workerDue = true
		go c.workFn()
	}
}

// nextPending returns the index of the first frame that may be handled now, or -1.
func (c *Conn) nextPending() int {
	if c.cfg.Order != OrderKey {
		return min(0, len(c.pending)-1)
	}
	for i, in := range c.pending {
		if !c.orderBusy(in.order, i) {
			return i
		}
	}
	return -1
}

// orderBusy reports whether a frame with that key is being handled or is pending before index i.
func (c *Conn) orderBusy(key [32]byte, i int) bool {
	for _, in := range c.active {
		if in.order == key {
			return true
		}
	}
	for _, in := range c.pending[:i] {
		if in.order == key {
			return true
		}
	}
	return false
}

// work handles frames until there are none. Before each one it starts another worker if there is more to do.
func (c *Conn) work() {
	c.mu.Lock()
	c.workerDue = false
	for {
		in := c.takePending()
		if in == nil {
			break
		}
		c.startWorker()
		c.mu.Unlock()
		answer, err := c.callHandler(in)
		if err != nil {
			answer = nil
			c.handlerFailed(err)
		}
		c.mu.Lock()
		c.finished(in, answer)
	}
	c.workers--
	c.checkDrained()
	c.mu.Unlock()
}

func (c *Conn) takePending() *inbound {
	i := c.nextPending()
	if i < 0 || c.ended {
		return nil
	}
	if c.room != nil && len(c.pending) >= c.cfg.Backlog {
		c.room.Signal()
	}
	in := c.pending[i]
	c.pending = slices.Delete(c.pending, i, i+1)
	c.active = append(c.active, in)
	return in
}

// finished sends the answer to a frame and forgets it. It is called and returns with the lock held. While more
// frames are at hand somebody else writes, and their answers can share the write.
func (c *Conn) finished(in *inbound, answer []byte) {
	if len(answer) > 0 {
		c.sendAnswer(answer)
		if c.out != nil && !c.writing {
			c.kick(len(c.pending) > 0 || len(c.active) > 1)
			c.mu.Lock()
		}
	}
	i := slices.Index(c.active, in)
	c.active = slices.Delete(c.active, i, i+1)
	if len(answer) <= cap(in.reply) {
		in.reply = in.reply[:len(answer)] // so much of it may have been used; a longer answer has memory of its own
	}
	in.release()
}

// sendAnswer queues an answer, waiting for room if the peer does not read.
func (c *Conn) sendAnswer(answer []byte) {
	err := c.queue(answer)
	if err == ErrBusy {
		err = c.waitToAnswer(answer)
	}
	if err != nil {
		c.log(slog.LevelWarn, "answer not sent", "error", err)
	}
}

func (c *Conn) waitToAnswer(answer []byte) error {
	ca := c.newCall()
	defer c.releaseCall(ca)
	ca.frame, ca.oneWay = answer, true
	ca.deadline = c.now() + c.cfg.Timeout
	c.waiters = append(c.waiters, ca)
	c.armSweeper(ca.deadline)
	c.mu.Unlock()
	<-ca.done
	c.mu.Lock()
	return ca.err
}

func (c *Conn) handlerFailed(err error) {
	c.log(slog.LevelWarn, "handler failed", "error", err)
	if hook := c.cfg.Hooks.HandlerError; hook != nil {
		hook(c, err)
	}
}

// callHandler turns a panic into an error and the end of the connection: its other state cannot be trusted, the
// process's can. The panic's value may hold card data and is not shown.
func (c *Conn) callHandler(in *inbound) (answer []byte, err error) {
	defer func() {
		if v := recover(); v != nil {
			c.log(slog.LevelError, "handler panicked", "type", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
			answer, err = nil, ErrHandlerPanic
			c.end(&LostError{Reason: ErrHandlerPanic})
		}
	}()
	return c.cfg.Handler(c, in.frame, in.reply)
}
