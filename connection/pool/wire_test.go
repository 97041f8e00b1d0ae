package pool

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// wire stands between a pool and its host on real sockets, and can be cut: a network of its own for each line.
type wire struct {
	ln     net.Listener
	target string

	dark  atomic.Bool  // a partition: nothing passes, nobody is told
	slow  atomic.Int64 // nanoseconds that everything takes
	deny  atomic.Bool  // new connections are closed at once
	mu    sync.Mutex
	pairs map[*net.TCPConn]*net.TCPConn
}

func newWire(t testing.TB, target string) *wire {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	w := &wire{ln: ln, target: target, pairs: map[*net.TCPConn]*net.TCPConn{}}
	go w.accept()
	t.Cleanup(func() { ln.Close(); w.reset() })
	return w
}

func (w *wire) address() string { return w.ln.Addr().String() }

func (w *wire) accept() {
	for {
		nc, err := w.ln.Accept()
		if err != nil {
			return
		}
		if w.deny.Load() {
			nc.Close()
			continue
		}
		host, err := net.Dial("tcp", w.target)
		if err != nil {
			nc.Close()
			continue
		}
		a, b := nc.(*net.TCPConn), host.(*net.TCPConn)
		w.mu.Lock()
		w.pairs[a] = b
		w.mu.Unlock()
		go w.carry(a, b)
		go w.carry(b, a)
	}
}

// carry copies one direction. What arrives in the dark is held until light comes, or lost with the connection.
func (w *wire) carry(from, to *net.TCPConn) {
	defer to.CloseWrite()
	buf := make([]byte, 16<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		for w.dark.Load() {
			time.Sleep(5 * time.Millisecond)
		}
		if d := w.slow.Load(); d > 0 {
			time.Sleep(time.Duration(d))
		}
		if _, err := to.Write(buf[:n]); err != nil {
			from.Close()
			return
		}
	}
}

// reset breaks all connections.
func (w *wire) reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for a, b := range w.pairs {
		for _, c := range []*net.TCPConn{a, b} {
			c.SetLinger(0)
			c.Close()
		}
	}
	clear(w.pairs)
}
