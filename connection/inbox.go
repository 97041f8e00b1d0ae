package connection

import "sync"

// inbox holds the frames that the peer started. Made with the first of them, and dropped when the connection has been
// idle for long. Guarded by Conn.mu, as all its methods are.
type inbox struct {
	ready     frameList               // whose turn it is, oldest first
	behind    map[[32]byte]*frameList // with OrderKey: each key that is ready or being handled, and who waits for it
	waiting   int                     // frames in these lists
	active    int                     // frames being handled
	workers   int
	workerDue bool       // a worker was started and has not looked at ready yet
	room      *sync.Cond // told when a frame leaves; nil until somebody waits
	work      func()     // Conn.work as a value, so that starting it allocates nothing
}

// inbound is a frame of the peer on its way through the handler, with memory for the answer. Pooled.
type inbound struct {
	frame, reply []byte
	order        [32]byte // what OrderKey compares
	next         *inbound // in the list that it is in
}

// frameList is a list of frames in order.
type frameList struct{ first, last *inbound }

func (l *frameList) push(in *inbound) {
	if l.last == nil {
		l.first = in
	} else {
		l.last.next = in
	}
	l.last = in
}

// pop removes and returns the first frame, nil if there is none.
func (l *frameList) pop() *inbound {
	in := l.first
	if in == nil {
		return nil
	}
	if l.first, in.next = in.next, nil; l.first == nil {
		l.last = nil
	}
	return in
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

func (c *Conn) inboxLocked() *inbox {
	if c.inbox == nil {
		c.inbox = &inbox{work: c.work}
	}
	return c.inbox
}

func (b *inbox) activeLen() int {
	if b == nil {
		return 0
	}
	return b.active
}

// busy is how many frames wait for a handler or are being handled.
func (b *inbox) busy() int {
	if b == nil {
		return 0
	}
	return b.waiting + b.active
}

// startWorker starts a goroutine that handles frames until none is ready, if one is needed and none is on its way: a slow
// handler then holds nobody up, and fast ones need few goroutines.
func (b *inbox) startWorker(cfg *settings) {
	if !b.workerDue && b.workers < cfg.Workers && b.ready.first != nil {
		b.workers++
		b.workerDue = true
		go b.work()
	}
}

// enter takes a frame in. With OrderKey it waits behind one with its key.
func (b *inbox) enter(in *inbound, order Order) {
	b.waiting++
	if order != OrderKey {
		b.ready.push(in)
		return
	}
	if b.behind == nil {
		b.behind = make(map[[32]byte]*frameList)
	}
	behind, busy := b.behind[in.order]
	switch {
	case !busy:
		b.behind[in.order] = nil
		b.ready.push(in)
		return
	case behind == nil:
		behind = new(frameList)
		b.behind[in.order] = behind
	}
	behind.push(in)
}

// take returns the next frame to handle; nil if there is none.
func (b *inbox) take(cfg *settings) *inbound {
	in := b.ready.pop()
	if in == nil {
		return nil
	}
	if b.room != nil && b.waiting >= cfg.Backlog {
		b.room.Signal()
	}
	b.waiting--
	b.active++
	return in
}

// finished forgets a frame that was handled, and wipes what its answer, of so many bytes, used of the memory for it. A
// longer answer has memory of its own. Whoever waits behind the frame is ready then.
func (b *inbox) finished(in *inbound, answer int) {
	b.active--
	if b.behind != nil {
		b.freeKey(in.order)
	}
	if answer <= cap(in.reply) {
		in.reply = in.reply[:answer]
	}
	in.release()
}

func (b *inbox) freeKey(key [32]byte) {
	behind := b.behind[key]
	if behind == nil || behind.first == nil {
		delete(b.behind, key)
		return
	}
	b.ready.push(behind.pop())
}

// drop forgets what waits.
func (b *inbox) drop() {
	for _, behind := range b.behind {
		for behind != nil && behind.first != nil {
			behind.pop().release()
		}
	}
	for b.ready.first != nil {
		b.ready.pop().release()
	}
	b.behind, b.waiting = nil, 0
	if b.room != nil {
		b.room.Broadcast()
	}
}
