package channel

import (
	"context"
	"sync"

	"github.com/posline/posline/connection"
)

// link is a line that is dialed when it is needed, and again when it was lost.
type link struct {
	address string
	config  connection.Config

	mu     sync.Mutex
	conn   *connection.Conn
	closed bool
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

func (l *link) open(ctx context.Context) (*connection.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, &connection.Error{Op: "dial", Sent: connection.SentNo, Err: connection.ErrClosed}
	}
	if l.conn != nil && l.conn.Err() == nil {
		return l.conn, nil
	}
	conn, err := connection.Dial(ctx, "tcp", l.address, l.config)
	if err != nil {
		return nil, err
	}
	l.conn = conn
	return conn, nil
}

func (l *link) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.conn != nil {
		l.conn.Close()
	}
}
