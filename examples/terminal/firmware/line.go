package firmware

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/message"
)

// Dial is one way to the host, such as the Ethernet socket or the modem.
type Dial struct {
	Name    string // for the log
	Network string // default "tcp"
	Address string

	// Open makes the socket; default a net.Dialer.
	Open func(ctx context.Context, network, address string) (net.Conn, error)
}

// kick is how often the watchdog hears from a terminal that waits; late is how long after a deadline it no longer does.
const (
	kick = time.Second
	late = 5 * time.Second
)

// link is the line to the host: open between transactions as long as the host keeps it open, dialled anew when needed,
// by the first of its ways that works.
type link struct {
	dials    []Dial
	config   connection.Config
	watchdog func()
	log      *Ring

	conn  *connection.Conn
	done  chan struct{} // one request at a time, so one signal at most
	reply []byte
	err   error
	timer *time.Timer
}

func newLink(c *Config, codec *message.Codec) (*link, error) {
	framing, err := connection.NewFraming(connection.Descriptor{Width: 2}) // two bytes that count what follows
	if err != nil {
		return nil, err
	}
	return &link{
		dials: c.Dials, watchdog: c.Watchdog, log: c.Log,
		config: connection.Config{Framing: framing, Key: message.KeyFunc(codec, 11, 41), Timeout: c.Timeout, MaxInFlight: 1},
		done:   make(chan struct{}, 1),
		timer:  time.NewTimer(kick),
	}, nil
}

// exchange sends a frame and appends the answer to dst. connection.SafeToRetry tells of an error whether the frame
// certainly did not leave.
func (l *link) exchange(ctx context.Context, frame, dst []byte) ([]byte, error) {
	for {
		fresh, err := l.open(ctx)
		if err != nil {
			return dst, err
		}
		reply, err := l.ask(ctx, frame, dst)
		if err == nil || fresh || !connection.SafeToRetry(err) || ctx.Err() != nil {
			return reply, err
		}
		l.close() // the host has closed the line since the last transaction, and nothing left on it
	}
}

// open makes sure that there is a line and reports whether it is a new one.
func (l *link) open(ctx context.Context) (fresh bool, err error) {
	if l.conn != nil {
		select {
		case <-l.conn.Closing():
			l.close()
		default:
			return false, nil
		}
	}
	err = &connection.Error{Sent: connection.SentNo, Err: errors.New("no way to the host is configured")}
	for _, d := range l.dials {
		if l.conn, err = l.dial(ctx, d); err == nil {
			l.log.Add(time.Now(), "line open: "+d.Name, -1)
			return true, nil
		}
		l.conn = nil
		l.log.Add(time.Now(), "no line: "+d.Name, -1)
		if ctx.Err() != nil {
			break
		}
	}
	return false, err
}

func (l *link) dial(ctx context.Context, d Dial) (*connection.Conn, error) {
	config := l.config
	config.Dialer = d.Open
	network := d.Network
	if network == "" {
		network = "tcp"
	}
	var conn *connection.Conn
	var err error
	go func() {
		conn, err = connection.Dial(ctx, network, d.Address, config)
		l.done <- struct{}{}
	}()
	l.wait(ctx, connection.Pending{}, 0)
	return conn, err
}

// ask sends a frame on the line that is open.
func (l *link) ask(ctx context.Context, frame, dst []byte) ([]byte, error) {
	pending, err := l.conn.Start(frame, dst, time.Now().Add(l.config.Timeout), l)
	if err != nil {
		return dst, err
	}
	l.wait(ctx, pending, l.config.Timeout)
	return l.reply, l.err
}

// Complete implements connection.Completion.
func (l *link) Complete(reply []byte, err error) {
	l.reply, l.err = reply, err
	l.done <- struct{}{}
}

// wait waits for what was begun, which keeps to its own deadline, and tells the watchdog meanwhile that the terminal is
// alive. A wait that outlasts the deadline is a fault of the program: the watchdog hears no more and restarts the device,
// which then finds its reversal on disk.
func (l *link) wait(ctx context.Context, pending connection.Pending, timeout time.Duration) {
	if timeout == 0 {
		timeout = 10 * time.Second // what a connection allows for dialing and handshake
	}
	end := time.Now().Add(timeout + late)
	cancelled := ctx.Done()
	for {
		l.timer.Reset(kick)
		select {
		case <-l.done:
			return
		case <-cancelled:
			pending.Cancel(context.Cause(ctx))
			cancelled = nil
		case now := <-l.timer.C:
			if now.Before(end) {
				l.watchdog()
			}
		}
	}
}

func (l *link) close() {
	if l.conn != nil {
		l.conn.Close()
		l.conn = nil
	}
}
