package connection_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"math/big"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/connectiontest"
	"github.com/posline/posline/connection/tlsconn"
	"github.com/stretchr/testify/require"
)

// TestStress lets 64 senders, half of them by Start, with cancels and timeouts of 1 to 50 ms, meet peers that do all that
// peers do: every call ends once, with its own answer; none that is told as not sent has reached a peer; no goroutine is
// left. CONNECTION_STRESS=10m makes it as long; CONNECTION_STRESS_SEED repeats a run's choices.
func TestStress(t *testing.T) {
	long, err := time.ParseDuration(os.Getenv("CONNECTION_STRESS"))
	if err != nil {
		long = 900 * time.Millisecond
	}
	seed, err := strconv.ParseUint(os.Getenv("CONNECTION_STRESS_SEED"), 10, 64)
	if err != nil {
		seed = rand.Uint64()
	}
	t.Logf("seed %d", seed)
	before := runtime.NumGoroutine()
	for i, transport := range []string{"tcp", "tls", "pipe"} {
		s := &stress{t: t, seed: seed + uint64(i)}
		s.dial = s.transport(transport)
		s.run(long / 3)
		t.Logf("%s: %d calls: %d answered, %d not sent, %d maybe, %d sent; %d connections, %d requests reached peers", transport,
			s.calls.Load(), s.answered.Load(), s.told[connection.SentNo].Load(), s.told[connection.SentMaybe].Load(),
			s.told[connection.SentYes].Load(), s.dials.Load(), s.reached.count())
	}
	for deadline := time.Now().Add(20 * time.Second); runtime.NumGoroutine() > before; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
		}
	}
}

type stress struct {
	t    *testing.T
	seed uint64
	dial func(ctx context.Context, network, address string) (net.Conn, error)

	close func() error // of the transport

	mu      sync.Mutex
	conn    *connection.Conn
	peers   sync.WaitGroup
	dials   atomic.Int64
	next    atomic.Uint64 // number of the last call
	unsent  idSet         // told as safe to retry
	reached idSet         // seen by a peer

	calls, answered atomic.Int64
	told            [3]atomic.Int64
}

// idSet is a set of small numbers.
type idSet struct {
	mu   sync.Mutex
	bits []uint64
}

func (s *idSet) add(id uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for uint64(len(s.bits)) <= id/64 {
		s.bits = append(s.bits, make([]uint64, 1024)...)
	}
	s.bits[id/64] |= 1 << (id % 64)
}

func (s *idSet) count() (n int) {
	for _, b := range s.bits {
		for ; b != 0; b &= b - 1 {
			n++
		}
	}
	return n
}

func (s *stress) run(long time.Duration) {
	end := time.Now().Add(long)
	var senders sync.WaitGroup
	for i := range 64 {
		r := rand.New(rand.NewPCG(s.seed, uint64(i)))
		senders.Go(func() {
			for time.Now().Before(end) && !s.t.Failed() {
				s.call(r, i%2 == 0)
			}
		})
	}
	senders.Wait()
	s.conn.Close()
	s.peers.Wait()
	if s.close != nil {
		s.close()
	}
	for i := range min(len(s.unsent.bits), len(s.reached.bits)) {
		require.Zero(s.t, s.unsent.bits[i]&s.reached.bits[i], "told as not sent, but a peer has it: of calls from %d on", i*64)
	}
}

// current returns a connection that takes requests, a new one if need be.
func (s *stress) current() *connection.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != nil && s.conn.Err() == nil {
		select {
		case <-s.conn.Closing():
		default:
			return s.conn
		}
	}
	if s.conn != nil {
		s.conn.Close()
	}
	cfg := testConfig(s.t)
	cfg.Dialer, cfg.WriteTimeout, cfg.FrameTimeout = s.dial, 100*time.Millisecond, 100*time.Millisecond
	cfg.MaxInFlight, cfg.MaxQueued, cfg.LateWindow = 48, 20_000, 200*time.Millisecond
	cfg.Timeout = 500 * time.Millisecond
	c, err := connection.Dial(context.Background(), "tcp", "peer", cfg)
	require.NoError(s.t, err)
	s.dials.Add(1)
	s.conn = c
	return c
}

func (s *stress) call(r *rand.Rand, start bool) {
	id := s.next.Add(1)
	frame := fmt.Appendf(nil, "0200%06d%016d", id%1_000_000, id)
	frame = append(frame, make([]byte, r.IntN(1500))...)
	c, limit := s.current(), time.Duration(1+r.IntN(50))*time.Millisecond
	s.calls.Add(1)
	var reply []byte
	var err error
	switch {
	case start:
		reply, err = s.start(r, c, frame, limit)
	case r.IntN(2) == 0:
		ctx, cancel := context.WithCancel(context.Background())
		timer := time.AfterFunc(limit, cancel)
		reply, err = c.Exchange(ctx, frame, nil)
		timer.Stop()
		cancel()
	default:
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		reply, err = c.Exchange(ctx, frame, nil)
		cancel()
	}
	if err != nil {
		s.told[connection.SentOf(err)].Add(1)
		if connection.SafeToRetry(err) {
			s.unsent.add(id)
		}
		return
	}
	s.answered.Add(1)
	if want := answerTo(frame); string(reply) != string(want) {
		s.t.Errorf("call %d got the answer %.30q", id, reply)
	}
}

func (s *stress) start(r *rand.Rand, c *connection.Conn, frame []byte, limit time.Duration) ([]byte, error) {
	d := newTold()
	deadline := time.Now().Add(limit)
	pending, err := c.Start(frame, nil, deadline, d)
	if err != nil {
		return nil, err
	}
	if r.IntN(2) == 0 {
		timer := time.AfterFunc(limit/2, func() { pending.Cancel(nil) })
		defer timer.Stop()
	}
	<-d.done
	if d.times.Load() != 1 {
		s.t.Error("told twice")
	}
	return d.reply, d.err
}

// transport returns a dialer whose other side is a peer of the stress.
func (s *stress) transport(name string) func(ctx context.Context, network, address string) (net.Conn, error) {
	if name == "pipe" {
		return func(context.Context, string, string) (net.Conn, error) {
			client, server := connectiontest.PipeSize(8 << 10)
			s.play(server)
			return client, nil
		}
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(s.t, err)
	s.close = ln.Close
	var wrap func(net.Conn) net.Conn
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		if s.dials.Load()%2 == 0 { // every other socket takes little at a time
			return smallWriteBuffer(ctx, "tcp", ln.Addr().String())
		}
		return new(net.Dialer).DialContext(ctx, "tcp", ln.Addr().String())
	}
	if name == "tls" {
		config := &tls.Config{Certificates: []tls.Certificate{selfSigned(s.t)}}
		wrap = func(nc net.Conn) net.Conn { return tls.Server(nc, config) }
		dial = tlsconn.Dialer(&tls.Config{InsecureSkipVerify: true}, dial)
	}
	go func() {
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			if s.dials.Load()%2 == 0 {
				nc.(*net.TCPConn).SetReadBuffer(8 << 10)
			}
			if wrap != nil {
				nc = wrap(nc)
			}
			s.play(nc)
		}
	}()
	return dial
}

func selfSigned(t *testing.T) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(24 * time.Hour)}
	der, err := x509.CreateCertificate(crand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func (s *stress) play(nc net.Conn) {
	r := rand.New(rand.NewPCG(s.seed, uint64(s.dials.Load())<<16))
	s.peers.Go(func() {
		p := &badPeer{s: s, nc: nc, p: connectiontest.NewPeer(nc, binary2(s.t)), r: r}
		p.live()
		p.delayed.Wait()
		nc.Close()
	})
}

// badPeer does what peers do.
type badPeer struct {
	s       *stress
	nc      net.Conn
	p       *connectiontest.Peer
	r       *rand.Rand
	mu      sync.Mutex // writing
	delayed sync.WaitGroup
	closed  bool // its direction
}

func (p *badPeer) live() {
	for {
		frame, err := p.p.Receive()
		if err != nil {
			return
		}
		id, err := strconv.ParseUint(string(frame[10:26]), 10, 64)
		if err != nil {
			p.s.t.Errorf("a peer got a frame that nobody sent: %.30q", frame)
			return
		}
		p.s.reached.add(id)
		if !p.closed && !p.respond(answerTo(frame)) {
			return
		}
	}
}

func (p *badPeer) respond(answer []byte) (goesOn bool) {
	switch n := p.r.IntN(2000); {
	case n < 100: // dropped
	case n < 200:
		p.write(answer, false)
		p.write(answer, false)
	case n < 500: // late, or out of order
		delay := time.Duration(p.r.IntN(60)) * time.Millisecond
		p.delayed.Go(func() { time.Sleep(delay); p.write(answer, false) })
	case n < 550:
		p.write([]byte("garbage"), false)
		p.write(answer, false)
	case n < 600:
		p.write(answer, true)
	case n < 604: // reads nothing for a while
		time.Sleep(time.Duration(p.r.IntN(130)) * time.Millisecond)
		p.write(answer, false)
	case n < 610:
		p.halfClose()
	case n < 613:
		p.p.SendRaw([]byte{0, 20, '0', '2'})
		if p.r.IntN(2) == 0 {
			p.p.Reset()
		}
		return false
	default:
		p.write(answer, false)
	}
	return true
}

func (p *badPeer) write(answer []byte, byByte bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	wire := append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...)
	if !byByte {
		p.nc.Write(wire)
		return
	}
	for i := range wire {
		p.nc.Write(wire[i : i+1])
	}
}

// halfClose ends the peer's direction; it still reads.
func (p *badPeer) halfClose() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if half, ok := p.nc.(interface{ CloseWrite() error }); ok {
		p.closed = true
		half.CloseWrite()
	}
}
