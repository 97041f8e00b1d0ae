package connectiontest

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// Stream is one end of a connection in memory. Unlike net.Pipe it has a buffer, as sockets do, and can close one
// direction.
type Stream struct {
	in, out *half
	name    address
	peer    address
}

var _ net.Conn = (*Stream)(nil)

type address string

func (a address) Network() string { return "memory" }
func (a address) String() string  { return string(a) }

// DefaultCapacity is how many bytes a direction of a Pipe holds before writers wait.
const DefaultCapacity = 64 << 10

// Pipe returns the two ends of a connection. Each direction holds DefaultCapacity bytes.
func Pipe() (client, server *Stream) { return PipeSize(DefaultCapacity) }

// PipeSize is Pipe with another capacity in bytes.
func PipeSize(capacity int) (client, server *Stream) {
	a, b := newHalf(capacity), newHalf(capacity)
	return &Stream{a, b, "client", "server"}, &Stream{b, a, "server", "client"}
}

// Read implements net.Conn.
func (s *Stream) Read(p []byte) (int, error) { return s.in.read(p) }

// Write implements net.Conn.
func (s *Stream) Write(p []byte) (int, error) { return s.out.write(p) }

// Close implements net.Conn: the peer reads what is there, then io.EOF.
func (s *Stream) Close() error {
	s.in.stop(net.ErrClosed, syscall.EPIPE)
	s.out.finish(net.ErrClosed)
	return nil
}

// CloseWrite ends this direction only.
func (s *Stream) CloseWrite() error {
	s.out.finish(syscall.EPIPE)
	return nil
}

// Reset breaks the connection: the peer fails with ECONNRESET, bytes on their way are lost.
func (s *Stream) Reset() {
	s.in.stop(net.ErrClosed, syscall.ECONNRESET)
	s.out.stop(syscall.ECONNRESET, net.ErrClosed)
}

// LocalAddr implements net.Conn.
func (s *Stream) LocalAddr() net.Addr { return s.name }

// RemoteAddr implements net.Conn.
func (s *Stream) RemoteAddr() net.Addr { return s.peer }

// SetDeadline implements net.Conn.
func (s *Stream) SetDeadline(t time.Time) error {
	s.SetReadDeadline(t)
	return s.SetWriteDeadline(t)
}

// SetReadDeadline implements net.Conn.
func (s *Stream) SetReadDeadline(t time.Time) error { return s.in.setDeadline(&s.in.readBy, t) }

// SetWriteDeadline implements net.Conn.
func (s *Stream) SetWriteDeadline(t time.Time) error { return s.out.setDeadline(&s.out.writeBy, t) }

// half is one direction.
type half struct {
	mu       sync.Mutex
	changed  *sync.Cond
	b        []byte
	capacity int
	finished bool  // no more bytes come; those that are there can be read
	readErr  error // what reading gives once nothing is left to read
	writeErr error

	readBy, writeBy deadline
}

type deadline struct {
	at    time.Time
	timer *time.Timer
}

func newHalf(capacity int) *half {
	h := &half{capacity: capacity}
	h.changed = sync.NewCond(&h.mu)
	return h
}

func (h *half) read(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		switch {
		case h.readErr != nil:
			return 0, h.readErr
		case len(p) == 0:
			return 0, nil
		case h.readBy.passed():
			return 0, os.ErrDeadlineExceeded
		case len(h.b) > 0:
			n := copy(p, h.b)
			h.b = h.b[n:]
			h.changed.Broadcast()
			return n, nil
		case h.finished:
			return 0, io.EOF
		}
		h.changed.Wait()
	}
}

func (h *half) write(p []byte) (n int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for n < len(p) {
		switch room := h.capacity - len(h.b); {
		case h.writeErr != nil:
			return n, h.writeErr
		case h.writeBy.passed():
			return n, os.ErrDeadlineExceeded
		case room > 0:
			part := p[n:min(len(p), n+room)]
			h.b = append(h.b, part...)
			n += len(part)
			h.changed.Broadcast()
			continue
		}
		h.changed.Wait()
	}
	return n, nil
}

// finish ends the direction after what is in it.
func (h *half) finish(writeErr error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.finished = true
	if h.writeErr == nil {
		h.writeErr = writeErr
	}
	h.writeBy.stop()
	h.changed.Broadcast()
}

// stop ends the direction at once.
func (h *half) stop(readErr, writeErr error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.readErr == nil {
		h.readErr = readErr
	}
	if h.writeErr == nil {
		h.writeErr = writeErr
	}
	h.readBy.stop()
	h.changed.Broadcast()
}

func (h *half) setDeadline(d *deadline, t time.Time) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	d.stop()
	d.at = t
	if !t.IsZero() {
		d.timer = time.AfterFunc(time.Until(t), func() {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.changed.Broadcast()
		})
	}
	h.changed.Broadcast()
	return nil
}

func (d *deadline) passed() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }

func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
}
