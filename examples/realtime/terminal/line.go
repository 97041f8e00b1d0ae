package terminal

import (
	"context"
	"sync"

	"github.com/posline/posline/connection"
)

// keptLine is a connection that is opened when it is needed, and again when it was lost.
type keptLine struct {
	connection.Once

	mu   sync.Mutex
	conn *connection.Conn
}

// Exchange implements connection.Exchanger.
func (l *keptLine) Exchange(ctx context.Context, frame, dst []byte) ([]byte, error) {
	conn, err := l.open(ctx)
	if err != nil {
		return dst, err
	}
	return conn.Exchange(ctx, frame, dst)
}

func (l *keptLine) open(ctx context.Context) (*connection.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil && l.conn.Err() == nil {
		return l.conn, nil
	}
	conn, err := connection.Dial(ctx, l.Network, l.Address, l.Config)
	if err != nil {
		return nil, err
	}
	l.conn = conn
	return conn, nil
}

func (l *keptLine) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		l.conn.Close()
	}
}
