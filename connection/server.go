package connection

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

// ErrServerClosed is what Serve returns after Close or Shutdown.
var ErrServerClosed = errors.New("server closed")

// Server accepts connections and runs a Conn on each: the handler answers the peers' requests, and the program may
// start requests of its own on any connection. Set Config, and whatever else, before Serve. The zero value of all
// other fields is useful.
type Server struct {
	Config Config // of every connection; Framing is required, Handler does the work

	TLS *tls.Config // nil means plain connections

	MaxConns      int // connections at a time; further ones are closed at once; 0 means no limit
	MaxConnsPerIP int // the same for one address; 0 means no limit

	// Refused is told about connections that ended before they started: over a limit, or a failed handshake.
	Refused func(peer net.Addr, why error)

	mu        sync.Mutex
	cfg       *Config
	listeners map[net.Listener]struct{}
	conns     map[*Conn]struct{}
	opening   map[net.Conn]struct{} // in the TLS handshake
	perIP     map[netip.Addr]int
	closed    bool
	sweeper   *time.Timer
	past      Stats // of connections that have ended
	accepted  uint64
	refused   uint64
	running   sync.WaitGroup
}

// Why a Server refused a connection.
var (
	ErrTooManyConns      = errors.New("too many connections")
	ErrTooManyConnsPerIP = errors.New("too many connections from this address")
)

// Serve accepts connections on ln until Close or Shutdown, then returns ErrServerClosed. Several calls may serve
// several listeners. When accepting fails (out of file descriptors, say) it tries again, after at most a second.
// It closes ln before it returns.
func (s *Server) Serve(ln net.Listener) error {
	defer ln.Close()
	if err := s.open(ln); err != nil {
		return err
	}
	var pause time.Duration
	for {
		nc, err := ln.Accept()
		if err == nil {
			pause = 0
			s.accept(nc)
			continue
		}
		if s.isClosed() {
			return ErrServerClosed
		}
		if errors.Is(err, net.ErrClosed) {
			return err
		}
		pause = min(max(2*pause, 5*time.Millisecond), time.Second)
		s.cfg.Logger.Error("accept failed", "error", err, "retry", pause)
		time.Sleep(pause)
	}
}

// ListenAndServe listens on a TCP address and serves it.
func (s *Server) ListenAndServe(address string) error {
	ln, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	return s.Serve(ln)
}

func (s *Server) open(ln net.Listener) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrServerClosed
	}
	if s.cfg == nil {
		cfg, err := s.Config.withDefaults()
		if err != nil {
			return err
		}
		s.cfg = cfg
		s.listeners = make(map[net.Listener]struct{})
		s.conns = make(map[*Conn]struct{})
		s.opening = make(map[net.Conn]struct{})
		s.perIP = make(map[netip.Addr]int)
		s.sweeper = time.AfterFunc(s.sweepEvery(), s.sweep)
	}
	s.listeners[ln] = struct{}{}
	return nil
}

func (s *Server) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// accept starts one connection. The handshake runs in a goroutine of its own; the reader gets a fresh one, whose stack
// is small.
func (s *Server) accept(nc net.Conn) {
	ip := addressOf(nc)
	if err := s.admit(nc, ip); err != nil {
		nc.Close()
		s.refuse(nc.RemoteAddr(), err)
		return
	}
	go func() {
		if c := s.greet(nc, ip); c != nil {
			go c.read()
		}
	}()
}

// admit counts a connection in, if the limits let it.
func (s *Server) admit(nc net.Conn, ip netip.Addr) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return ErrServerClosed
	case s.MaxConns > 0 && len(s.conns)+len(s.opening) >= s.MaxConns:
		s.refused++
		return ErrTooManyConns
	case s.MaxConnsPerIP > 0 && s.perIP[ip] >= s.MaxConnsPerIP:
		s.refused++
		return ErrTooManyConnsPerIP
	}
	s.accepted++
	if s.MaxConnsPerIP > 0 {
		s.perIP[ip]++
	}
	s.opening[nc] = struct{}{}
	s.running.Add(1)
	return nil
}

func (s *Server) refuse(peer net.Addr, why error) {
	s.cfg.Logger.Warn("connection refused", "peer", peer, "reason", why)
	if s.Refused != nil {
		s.Refused(peer, why)
	}
}

// greet runs the handshake and registers the connection; it returns nil if there is none to read from.
func (s *Server) greet(nc net.Conn, ip netip.Addr) *Conn {
	stream, err := s.handshake(nc)
	if err != nil {
		nc.Close()
		s.mu.Lock()
		s.refused++
		s.mu.Unlock()
	}
	s.mu.Lock()
	delete(s.opening, nc)
	if err == nil && s.closed {
		err = ErrServerClosed
		nc.Close()
	}
	if err != nil {
		s.release(ip)
		s.mu.Unlock()
		s.running.Done()
		s.refuse(nc.RemoteAddr(), err)
		return nil
	}
	c := newConn(stream, s.cfg)
	c.onEnd = func(c *Conn) { s.ended(c, ip) }
	s.conns[c] = struct{}{}
	s.mu.Unlock()
	c.connected()
	return c
}

func (s *Server) handshake(nc net.Conn) (net.Conn, error) {
	if s.TLS == nil {
		return nc, nil
	}
	t := tls.Server(nc, atLeastTLS12(s.TLS))
	nc.SetDeadline(time.Now().Add(s.cfg.HandshakeTimeout))
	if err := t.Handshake(); err != nil {
		return nil, err
	}
	return t, nc.SetDeadline(time.Time{})
}

func (s *Server) ended(c *Conn, ip netip.Addr) {
	defer s.running.Done()
	stats := c.Stats()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	s.release(ip)
	s.past.add(stats)
}

func (s *Server) release(ip netip.Addr) {
	if s.MaxConnsPerIP <= 0 {
		return
	}
	if s.perIP[ip]--; s.perIP[ip] <= 0 {
		delete(s.perIP, ip)
	}
}

// addressOf returns the peer's address without the port; the zero Addr where it has none.
func addressOf(nc net.Conn) netip.Addr {
	if tcp, ok := nc.RemoteAddr().(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

// slimAfter is how long a connection is idle before it gives back the stack its reader has grown.
const slimAfter = 2 * time.Second

func (s *Server) sweepEvery() time.Duration {
	if s.cfg.IdleTimeout > 0 {
		return min(max(s.cfg.IdleTimeout/4, 10*time.Millisecond), slimAfter)
	}
	return slimAfter
}

// sweep looks after the idle connections: one timer for all of them.
func (s *Server) sweep() {
	for _, c := range s.Conns() {
		if s.cfg.IdleTimeout > 0 {
			c.closeIfIdle()
		}
		c.slimIfIdle()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.sweeper.Reset(s.sweepEvery())
	}
}

// Conns returns the connections that are open now, in no particular order.
func (s *Server) Conns() []*Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	conns := make([]*Conn, 0, len(s.conns))
	for c := range s.conns {
		conns = append(conns, c)
	}
	return conns
}

// ServerStats are the counters of a server.
type ServerStats struct {
	Accepted uint64 // connections accepted since the start
	Refused  uint64 // connections over a limit or with a failed handshake
	Open     int    // connections now
	Frames   Stats  // of all connections, those that have ended included
}

// Stats returns the counters as they are now.
func (s *Server) Stats() ServerStats {
	conns := s.Conns()
	s.mu.Lock()
	stats := ServerStats{Accepted: s.accepted, Refused: s.refused, Open: len(conns), Frames: s.past}
	s.mu.Unlock()
	for _, c := range conns {
		stats.Frames.add(c.Stats())
	}
	return stats
}

// Close stops accepting and ends every connection at once. It does not wait for handlers.
func (s *Server) Close() error {
	for _, c := range s.stop() {
		c.Close()
	}
	return nil
}

// Shutdown stops accepting and shuts every connection down in good order, as Conn.Shutdown does; it returns when all
// have ended. If ctx ends first, the rest is closed at once and the context's error is returned.
func (s *Server) Shutdown(ctx context.Context) error {
	for _, c := range s.stop() {
		go c.Shutdown(ctx)
	}
	all := make(chan struct{})
	go func() {
		s.running.Wait()
		close(all)
	}()
	select {
	case <-all:
		return nil
	case <-ctx.Done():
		s.Close()
		return ctx.Err()
	}
}

// stop closes the listeners and the connections that are still in their handshake, and returns the others.
func (s *Server) stop() []*Conn {
	s.mu.Lock()
	s.closed = true
	for ln := range s.listeners {
		ln.Close()
	}
	for nc := range s.opening {
		nc.Close()
	}
	if s.sweeper != nil {
		s.sweeper.Stop()
	}
	s.mu.Unlock()
	return s.Conns()
}
