package connection_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/connectiontest"
	"github.com/stretchr/testify/require"
)

// play connects to a peer that a function plays, in a bubble where time passes only when everybody waits. The bubble
// fails the test if a goroutine is left behind.
func play(t *testing.T, cfg connection.Config, peer func(p *connectiontest.Peer), test func(t *testing.T, c *connection.Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cfg.Dialer = connectiontest.Dialer(cfg.Framing, peer)
		c, err := connection.Dial(context.Background(), "memory", "peer", cfg)
		require.NoError(t, err)
		defer time.Sleep(2 * time.Hour) // peers that sleep come to their end, too
		defer c.Close()
		test(t, c)
	})
}

// async runs an exchange in the background.
func async(c *connection.Conn, frame []byte) func() ([]byte, error) {
	type result struct {
		reply []byte
		err   error
	}
	done := make(chan result, 1)
	go func() {
		reply, err := c.Exchange(context.Background(), frame, nil)
		done <- result{reply, err}
	}()
	return func() ([]byte, error) {
		r := <-done
		return r.reply, r.err
	}
}

func answerTo(frame []byte) []byte {
	reply, _ := answer(nil, frame, nil)
	return reply
}

// silent reads and says nothing.
func silent(p *connectiontest.Peer) { io.Copy(io.Discard, p) }

// answering answers one frame after the other, each after a time.
func answering(takes time.Duration) func(*connectiontest.Peer) {
	return func(p *connectiontest.Peer) {
		for {
			frame, err := p.Receive()
			if err != nil {
				return
			}
			time.Sleep(takes)
			p.Send(answerTo(frame))
		}
	}
}

// echoing answers everything at once.
func echoing(p *connectiontest.Peer) {
	for {
		frame, err := p.Receive()
		if err != nil {
			return
		}
		p.Send(answerTo(frame))
	}
}

// afterASecond answers the first frame after a second, and goes on as another peer.
func afterASecond(then func(p *connectiontest.Peer)) func(p *connectiontest.Peer) {
	return func(p *connectiontest.Peer) {
		frame, _ := p.Receive()
		time.Sleep(time.Second)
		p.Send(answerTo(frame))
		then(p)
	}
}

// answeringMarked answers the requests that end in an exclamation mark.
func answeringMarked(p *connectiontest.Peer) {
	for {
		frame, err := p.Receive()
		if err != nil {
			return
		}
		if strings.HasSuffix(string(frame), "!") {
			p.Send(answerTo(frame))
		}
	}
}
