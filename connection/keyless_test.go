package connection_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/connectiontest"
	"github.com/stretchr/testify/require"
)

// TestKeylessConnectionOutOfStep: without a key nobody could tell a late answer from that of the next request, so a
// request that left and is not answered ends the connection, whether it timed out or was cancelled.
func TestKeylessConnectionOutOfStep(t *testing.T) {
	for name, end := range map[string]func(cancel func()){
		"timeout": func(func()) {},
		"cancel":  func(cancel func()) { time.Sleep(time.Second); cancel() },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := testConfig(t)
			cfg.Key = nil
			play(t, cfg, silent, func(t *testing.T, c *connection.Conn) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				go end(cancel)
				second := make(chan func() ([]byte, error), 1)
				time.AfterFunc(time.Millisecond, func() { second <- async(c, []byte("B")) })
				_, err := c.Exchange(ctx, []byte("A"), nil)
				require.Equal(t, connection.SentYes, connection.SentOf(err))
				<-c.Done()
				require.ErrorIs(t, c.Err(), connection.ErrOutOfStep)
				_, err = (<-second)()
				require.ErrorIs(t, err, connection.ErrOutOfStep)
				require.True(t, connection.SafeToRetry(err), "what waited for its turn never left")
				_, err = c.Repeat(t.Context(), []byte("A"), nil)
				require.True(t, connection.SafeToRetry(err))
			})
		})
	}
}

// TestKeylessRequestThatNeverLeft may time out without harm: no answer to it can come.
func TestKeylessRequestThatNeverLeft(t *testing.T) {
	cfg := testConfig(t)
	cfg.Key = nil
	play(t, cfg, afterASecond(echoing), func(t *testing.T, c *connection.Conn) {
		first := async(c, []byte("0200000001"))
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		_, err := c.Exchange(ctx, []byte("0200000002"), nil)
		require.True(t, connection.SafeToRetry(err))
		_, err = first()
		require.NoError(t, err)
		_, err = c.Exchange(t.Context(), []byte("0200000003"), nil)
		require.NoError(t, err)
	})
}

// TestKeylessFrameBeforeTheRequest: what arrives while nothing has left is the peer's own and goes to the handler.
func TestKeylessFrameBeforeTheRequest(t *testing.T) {
	cfg := testConfig(t)
	cfg.Key = nil
	play(t, cfg, func(p *connectiontest.Peer) { p.Send([]byte("hello")); echoing(p) }, func(t *testing.T, c *connection.Conn) {
		synctest.Wait()
		require.EqualValues(t, 1, c.Stats().Unhandled)
		reply, err := c.Exchange(t.Context(), request("0200", 1, ""), nil)
		require.NoError(t, err)
		require.Equal(t, "0210000001", string(reply))
	})
}

// TestKeylessFrameAfterTheAnswer: once a request is answered, what arrives is the peer's own again.
func TestKeylessFrameAfterTheAnswer(t *testing.T) {
	cfg := testConfig(t)
	cfg.Key = nil
	play(t, cfg, func(p *connectiontest.Peer) {
		frame, _ := p.Receive()
		p.Send(answerTo(frame))
		p.Send([]byte("hello"))
		silent(p)
	}, func(t *testing.T, c *connection.Conn) {
		_, err := c.Exchange(t.Context(), request("0200", 1, ""), nil)
		require.NoError(t, err)
		synctest.Wait()
		require.EqualValues(t, 1, c.Stats().Unhandled)
		require.Zero(t, c.Stats().Unmatched)
	})
}

// TestKeylessRequestStillQueued: what arrives before the request has left does not answer it, and its timeout leaves the
// connection in step.
func TestKeylessRequestStillQueued(t *testing.T) {
	cfg := testConfig(t)
	cfg.Key, cfg.WriteTimeout = nil, time.Hour
	play(t, cfg, func(p *connectiontest.Peer) {
		time.Sleep(time.Second)
		p.Send([]byte("hello"))
		time.Sleep(3 * time.Second)
		for {
			frame, err := p.Receive()
			if err != nil {
				return
			}
			if string(frame[:2]) == "02" {
				p.Send(answerTo(frame))
			}
		}
	}, func(t *testing.T, c *connection.Conn) {
		for range 12 { // more than the pipe holds
			require.NoError(t, c.Post(t.Context(), request("0820", 0, strings.Repeat("x", 9900))))
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		_, err := c.Exchange(ctx, request("0200", 1, "withdrawn"), nil)
		require.ErrorIs(t, err, connection.ErrTimeout)
		require.True(t, connection.SafeToRetry(err))
		require.EqualValues(t, 1, c.Stats().Unhandled, "the frame that came meanwhile")
		reply, err := c.Exchange(t.Context(), request("0200", 2, ""), nil)
		require.NoError(t, err)
		require.Equal(t, "0210000002", string(reply))
	})
}
