package scenario

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/examples/realtime/identity"
	"github.com/posline/posline/examples/realtime/internal/dialect"
	"github.com/posline/posline/examples/realtime/simulator"
)

// What a proxy does to a request and its answer, besides passing them on.
const (
	lostRequest  simulator.Fault = "lost request"
	lateRequest  simulator.Fault = "late request"
	twiceRequest simulator.Fault = "request twice"
	cutBefore    simulator.Fault = "cut before the request"
	cutAfter     simulator.Fault = "cut after the request"
	lostAnswer   simulator.Fault = "lost answer"
	lateAnswer   simulator.Fault = "late answer"
	twiceAnswer  simulator.Fault = "answer twice"
	halfAnswer   simulator.Fault = "half an answer"
)

var lineFaults = []simulator.Fault{lostRequest, lateRequest, twiceRequest, cutBefore, cutAfter, lostAnswer, lateAnswer, twiceAnswer, halfAnswer}

// proxy is a line between two places that loses, delays, doubles and cuts what it carries, frame by frame.
type proxy struct {
	faults simulator.Faults
	target string
	watch  atomic.Pointer[func(frame []byte)] // sees each request; may be nil

	between  *between // what reads and changes lines that have TLS; nil for plain ones
	listener net.Listener
	running  sync.WaitGroup // connections and frames that are late
}

// newProxy makes a proxy for plain lines, or for lines with TLS of an authority.
func newProxy(target string, authority *identity.Authority) (*proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{target: target, listener: listener}
	if authority != nil {
		if p.between, err = newBetween(authority); err != nil {
			return nil, errors.Join(err, listener.Close())
		}
	}
	go p.accept()
	return p, nil
}

func (p *proxy) address() string { return p.listener.Addr().String() }

func (p *proxy) close() { p.listener.Close() }

func (p *proxy) accept() {
	for {
		near, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.running.Go(func() { p.carry(near) })
	}
}

// carried is one connection through the proxy.
type carried struct {
	near, far *end

	mu      sync.Mutex
	answers []plan // what happens to the next answers, oldest first
}

type plan struct {
	fault simulator.Fault
	delay time.Duration
}

// end is one side of it. Frames that are late are written by other goroutines.
type end struct {
	net.Conn
	mu   sync.Mutex
	late sync.WaitGroup
}

func (e *end) send(frame []byte) {
	wire, err := dialect.Binary2.AppendFrame(nil, nil, frame)
	if err != nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.Write(wire)
}

func (e *end) sendHalf(frame []byte) {
	wire, err := dialect.Binary2.AppendFrame(nil, nil, frame)
	if err == nil {
		e.Write(wire[:len(wire)/2])
	}
	e.Close()
}

func (e *end) sendLater(frame []byte, delay time.Duration) {
	e.late.Go(func() {
		time.Sleep(delay)
		e.send(frame)
	})
}

// lastAnswer is how long an answer is waited for when the one who asked has gone.
const lastAnswer = 2 * time.Second

func (p *proxy) carry(nc net.Conn) {
	defer func() { nc.Close() }()
	far, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer func() { far.Close() }()
	if p.between != nil {
		plainNear, plainFar, err := p.between.open(nc, far)
		if err != nil {
			return
		}
		nc, far = plainNear, plainFar
	}
	c := &carried{near: &end{Conn: nc}, far: &end{Conn: far}}
	var down sync.WaitGroup
	down.Go(func() {
		eachFrame(far, c.answer)
		c.near.late.Wait()
		nc.Close()
	})
	eachFrame(nc, func(frame []byte) { p.request(c, frame) })
	c.far.late.Wait()
	far.SetReadDeadline(time.Now().Add(lastAnswer))
	down.Wait()
}

// eachFrame calls f with a copy of each frame until the connection ends.
func eachFrame(nc net.Conn, f func(frame []byte)) {
	var framing connection.Framing = dialect.Binary2
	var in []byte
	buf := make([]byte, 4096)
	for {
		n, err := nc.Read(buf)
		in = append(in, buf[:n]...)
		for len(in) > 0 {
			cut, bad := framing.Next(in)
			if bad != nil {
				return
			}
			if cut.Size == 0 {
				break
			}
			f(append([]byte(nil), cut.Frame...))
			in = in[cut.Size:]
		}
		if err != nil {
			return
		}
	}
}

func (p *proxy) request(c *carried, frame []byte) {
	if watch := p.watch.Load(); watch != nil {
		(*watch)(frame)
	}
	fault, delay := p.faults.Next()
	switch fault {
	case lostRequest:
		return
	case lateRequest:
		c.far.sendLater(frame, delay)
		return
	case twiceRequest:
		c.far.send(frame)
	case cutBefore:
		c.near.Close()
		return
	case cutAfter:
		c.near.Close() // first: the answer must not be faster
		c.far.send(frame)
		return
	}
	c.mu.Lock()
	c.answers = append(c.answers, plan{fault, delay})
	c.mu.Unlock()
	c.far.send(frame)
}

func (c *carried) answer(frame []byte) {
	c.mu.Lock()
	var next plan
	if len(c.answers) > 0 {
		next, c.answers = c.answers[0], c.answers[1:]
	}
	c.mu.Unlock()
	switch next.fault {
	case lostAnswer:
		return
	case lateAnswer:
		c.near.sendLater(frame, next.delay)
		return
	case twiceAnswer:
		c.near.send(frame)
	case halfAnswer:
		c.near.sendHalf(frame)
		return
	}
	c.near.send(frame)
}
