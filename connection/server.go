package connection

import (
	"context"
	"errors"
	"maps"
	"net"
	"net/netip"
	"slices"
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

	MaxConns      int // connections at a time; further ones are closed at once; 0 means no limit
	MaxConnsPerIP int // the same for one address; 0 means no limit

	mu        sync.Mutex
	cfg       *settings
	listeners map[net.Listener]struct{}
	conns     []*Conn               // each knows its place
	signing   map[*Conn]struct{}    // those of them that are signing on
	opening   map[net.Conn]struct{} // in their handshake
	perIP     map[netip.Addr]int
	from      map[*Conn]netip.Addr // as it was counted in perIP: a socket may tell another address later
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
	defer s.protect(func() { ln.Close() })
	if err := s.open(ln); err != nil {
		return err
	}
	var pause time.Duration
	for {
		nc, err := s.next(ln)
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
		if hook := s.cfg.Hooks.AcceptFailed; hook != nil {
			s.protect(func() { hook(err, pause) })
		}
		time.Sleep(pause)
	}
}

// next accepts a connection. A listener of the program that panics has failed to.
func (s *Server) next(ln net.Listener) (nc net.Conn, err error) {
	if crash := s.protect(func() { nc, err = ln.Accept() }); crash != nil {
		return nil, crash
	}
	return nc, err
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
		cfg.server = s
		s.cfg = cfg
		s.listeners = make(map[net.Listener]struct{})
		s.signing = make(map[*Conn]struct{})
		s.opening = make(map[net.Conn]struct{})
		s.perIP = make(map[netip.Addr]int)
		s.from = make(map[*Conn]netip.Addr)
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

// accept starts one connection. Handshake and sign-on run in a goroutine of their own; the reader gets a fresh one,
// whose stack is small.
func (s *Server) accept(nc net.Conn) {
	var ip netip.Addr
	s.protect(func() { ip = addressOf(nc) })
	if err := s.admit(nc, ip); err != nil {
		s.protect(func() { nc.Close() })
		s.refuse(nc, err)
		return
	}
	go s.greet(nc, ip)
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

func (s *Server) refuse(nc net.Conn, why error) {
	if hook := s.cfg.Hooks.Refused; hook != nil {
		s.protect(func() { hook(nc.RemoteAddr(), why) })
	}
}

// greet runs the handshake, registers the connection, and has it sign on.
func (s *Server) greet(nc net.Conn, ip netip.Addr) {
	err := s.handshake(nc)
	c := s.register(nc, ip, err)
	if c == nil {
		return
	}
	if s.cfg.SignOn == nil {
		if c.connected() {
			go c.read()
		}
		return
	}
	go c.read()
	ctx, cancel := context.WithTimeout(context.Background(), s.cfg.HandshakeTimeout)
	defer cancel()
	err = c.signOn(ctx)
	if err == nil {
		s.signedOn(c)
		if c.connected() {
			return
		}
		err = c.Err()
	}
	s.countRefused()
	s.refuse(nc, err)
}

// register makes a connection of a socket that has passed its handshake. It returns nil if there is none to go on with.
func (s *Server) register(nc net.Conn, ip netip.Addr, failed error) *Conn {
	c, err := s.registered(nc, ip, failed)
	if err != nil {
		s.protect(func() { nc.Close() })
		s.running.Done()
		s.refuse(nc, err)
	}
	return c
}

func (s *Server) registered(nc net.Conn, ip netip.Addr, failed error) (*Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.opening, nc)
	switch {
	case failed != nil:
		s.refused++
	case s.closed:
		failed = ErrServerClosed
	}
	if failed != nil {
		s.release(ip)
		return nil, failed
	}
	c := newConn(nc, s.cfg)
	s.addLocked(c)
	if s.MaxConnsPerIP > 0 {
		s.from[c] = ip
	}
	if s.cfg.SignOn != nil {
		s.signing[c] = struct{}{}
	}
	return c, nil
}

func (s *Server) countRefused() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused++
}

func (s *Server) signedOn(c *Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.signing, c)
}

// protect runs code of the program that belongs to no connection yet: hooks, listeners, sockets. If it panics,
// Hooks.Panicked gets a Conn that has ended.
func (s *Server) protect(f func()) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = panicked(v)
			if s.cfg != nil {
				s.cfg.Hooks.tellPanic(new(Conn), err)
			}
		}
	}()
	f()
	return nil
}

func (s *Server) handshake(nc net.Conn) (err error) {
	if _, ok := nc.(handshaker); !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.cfg.HandshakeTimeout)
	defer cancel()
	if crash := s.protect(func() { err = handshake(ctx, nc) }); crash != nil {
		return crash
	}
	return err
}

func (s *Server) ended(c *Conn) {
	defer s.running.Done()
	stats := c.Stats()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.removeLocked(c)
	delete(s.signing, c)
	s.release(s.from[c])
	delete(s.from, c)
	s.past.Add(stats)
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

func (s *Server) sweepEvery() time.Duration {
	if s.cfg.IdleTimeout > 0 {
		return min(max(s.cfg.IdleTimeout/4, 10*time.Millisecond), slimAfter)
	}
	return slimAfter
}

// sweep looks after the idle connections: one timer for all of them.
func (s *Server) sweep() {
	for _, c := range s.all() {
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

// Conns returns the connections that are open now, in no particular order, without those that are still signing on.
func (s *Server) Conns() []*Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	conns := make([]*Conn, 0, len(s.conns))
	for _, c := range s.conns {
		if _, signing := s.signing[c]; !signing {
			conns = append(conns, c)
		}
	}
	return conns
}

// addLocked puts a connection on the list. A map would take three times the memory.
func (s *Server) addLocked(c *Conn) {
	c.place = len(s.conns)
	s.conns = append(s.conns, c)
}

// removeLocked takes it off; the last one gets its place.
func (s *Server) removeLocked(c *Conn) {
	last := len(s.conns) - 1
	moved := s.conns[last]
	s.conns[c.place], moved.place = moved, c.place
	s.conns[last] = nil
	s.conns = s.conns[:last]
}

// all returns the connections that have not ended.
func (s *Server) all() []*Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.conns)
}

// ServerStats are the counters of a server.
type ServerStats struct {
	Accepted uint64 // connections accepted since the start
	Refused  uint64 // connections over a limit, or with a failed handshake or sign-on
	Open     int    // connections now, without those that are signing on
	Frames   Stats  // of all connections, those that sign on or have ended included
}

// Stats returns the counters as they are now.
func (s *Server) Stats() ServerStats {
	s.mu.Lock()
	stats := ServerStats{Accepted: s.accepted, Refused: s.refused, Open: len(s.conns) - len(s.signing), Frames: s.past}
	conns := slices.Clone(s.conns) // at once with past: one that ends is in one of them
	s.mu.Unlock()
	for _, c := range conns {
		stats.Frames.Add(c.Stats())
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
	listeners, opening := slices.Collect(maps.Keys(s.listeners)), slices.Collect(maps.Keys(s.opening))
	if s.sweeper != nil {
		s.sweeper.Stop()
	}
	s.mu.Unlock()
	for _, ln := range listeners {
		s.protect(func() { ln.Close() })
	}
	for _, nc := range opening {
		s.protect(func() { nc.Close() })
	}
	return s.all()
}
