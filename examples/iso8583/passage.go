package main

import (
	"fmt"
	"net"
	"time"

	"github.com/posline/posline/message"
)

// passage is one direction of a proxy's session.
type passage struct {
	proxy   *proxy
	session int
	from    string
	out     net.Conn
	ended   <-chan struct{} // the proxy is to end
	message *message.Message

	held   []byte // not yet a whole frame
	offset int64  // of them in the stream
	lost   bool   // the frames cannot be followed any more
}

// pass takes on bytes that have come. Without rules they go out at once, with rules when their frame is whole. It returns
// false if nothing can go out any more.
func (w *passage) pass(came []byte) bool {
	if w.lost {
		return w.write(came)
	}
	w.held = append(w.held, came...)
	used, ready := 0, []byte(nil)
	for used < len(w.held) {
		cut, err := w.proxy.framing.Next(w.held[used:])
		if err != nil {
			w.proxy.fault(w.place(), &frameError{w.offset + int64(used), err})
			w.lost = true
			break
		}
		if cut.Size == 0 {
			break
		}
		frame := w.held[used : used+cut.Size]
		used += cut.Size
		if cut.Frame != nil {
			frame = w.frame(cut.Frame, frame)
		}
		ready = append(ready, frame...)
	}
	if w.proxy.changes == nil {
		ready = came
	} else if w.lost {
		ready = append(ready, w.held[used:]...)
	}
	w.offset += int64(used)
	w.held = w.held[:copy(w.held, w.held[used:])]
	return w.write(ready) // only now: an answer must not be recorded before its request
}

// rest takes on what has come of a frame at the end.
func (w *passage) rest() {
	if w.proxy.changes != nil && !w.lost {
		w.write(w.held)
	}
}

func (w *passage) write(b []byte) bool {
	if len(b) == 0 {
		return true
	}
	_, err := w.out.Write(b)
	return err == nil
}

func (w *passage) place() string { return fmt.Sprintf("session %d, %s", w.session, w.from) }

// frame shows and records a message, and returns what goes on in the place of its frame.
func (w *passage) frame(wire, frame []byte) []byte {
	p := w.proxy
	if err := p.recorder.add(w.session, w.from, wire); err != nil {
		p.stopRecording(err)
	}
	if err := w.message.Unpack(wire); err != nil {
		p.say("%d %-6s %d bytes that are no message: %v", w.session, w.from, len(wire), err)
		return frame
	}
	p.say("%d %-6s %v", w.session, w.from, w.message)
	if w.from == fromHost {
		if err := p.anew.keys.learn(w.message); err != nil {
			p.fault(w.place(), err)
		}
	}
	if p.changes == nil {
		return frame
	}
	i := p.changes.find(w.from, w.message)
	if i < 0 {
		return frame
	}
	changed, err := w.change(p.changes.rules[i], frame)
	if err != nil {
		p.fault(w.place(), fmt.Errorf("rule %d: %w", i+1, err))
		return frame
	}
	p.say("%d %-6s rule %d: %s", w.session, w.from, i+1, w.did(p.changes.rules[i]))
	return changed
}

// stopRecording tells that the recording has ended; the exit status tells it again.
func (p *proxy) stopRecording(err error) {
	p.note("the recording %s: %v", p.record, err)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = fmt.Errorf("the recording %s is not whole", p.record)
}

// change makes what a rule wants of a message.
func (w *passage) change(r alteration, frame []byte) ([]byte, error) {
	select {
	case <-time.After(r.delay):
	case <-w.ended:
		return nil, nil
	}
	if r.drop {
		return nil, nil
	}
	if len(r.set) > 0 {
		for _, v := range r.set {
			if err := v.set(w.message); err != nil {
				return nil, err
			}
		}
		wire, err := w.proxy.anew.sign(w.message)
		if err != nil {
			return nil, err
		}
		if frame, err = framed(w.proxy.framing, wire); err != nil {
			return nil, err
		}
	}
	if r.twice {
		return append(append([]byte(nil), frame...), frame...), nil
	}
	return frame, nil
}

// did says what a rule has done, with the message masked.
func (w *passage) did(r alteration) string {
	switch {
	case r.drop:
		return "dropped"
	case len(r.set) > 0:
		return "changed to " + w.message.String()
	case r.twice:
		return "sent twice"
	}
	return fmt.Sprintf("after %v", r.delay)
}
