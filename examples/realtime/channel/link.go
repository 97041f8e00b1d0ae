package channel

import (
	"context"
	"sync/atomic"

	"github.com/posline/posline/connection"
)

// link is a line that is dialed when it is needed, and again when it was lost. Nobody waits longer for it than his
// context.
type link struct {
	address string
	config  connection.Config

	dialing chan struct{} // holds one while somebody dials
	conn    atomic.Pointer[connection.Conn]
	closed  atomic.Bool
}

func newLink(address string, config connection.Config) *link {
	return &link{address: address, config: config, dialing: make(chan struct{}, 1)}
}

var (
	_ connection.Exchanger = (*link)(nil)
	_ connection.Repeater  = (*link)(nil)
)

// Exchange implements connection.Exchanger.
func (l *link) Exchange(ctx context.Context, frame, dst []byte) ([]byte, error) {
	conn, err := l.open(ctx)
	if err != nil {
		return dst, err
	}
	return conn.Exchange(ctx, frame, dst)
}

// Repeat implements connection.Repeater.
func (l *link) Repeat(ctx context.Context, frame, dst []byte) ([]byte, error) {
	conn, err := l.open(ctx)
	if err != nil {
		return dst, err
	}
	return conn.Repeat(ctx, frame, dst)
}

func (l *link) ready() *connection.Conn {
	if conn := l.conn.Load(); conn != nil && conn.Err() == nil {
		return conn
	}
	return nil
}

func (l *link) open(ctx context.Context) (*connection.Conn, error) {
	if conn := l.ready(); conn != nil {
		return conn, nil
	}
	select {
	case l.dialing <- struct{}{}:
		defer func() { <-l.dialing }()
	case <-ctx.Done():
		return nil, &connection.Error{Op: "dial", Sent: connection.SentNo, Err: ctx.Err()}
	}
	if conn := l.ready(); conn != nil {
		return conn, nil
	}
	if l.closed.Load() {
		return nil, &connection.Error{Op: "dial", Sent: connection.SentNo, Err: connection.ErrClosed}
	}
	conn, err := connection.Dial(ctx, "tcp", l.address, l.config)
	if err != nil {
		return nil, err
	}
	l.conn.Store(conn)
	return conn, nil
}

func (l *link) close() {
	l.closed.Store(true)
	l.dialing <- struct{}{}
	defer func() { <-l.dialing }()
	if conn := l.conn.Load(); conn != nil {
		conn.Close()
	}
}
