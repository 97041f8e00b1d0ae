package connection_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/connectiontest"
	"github.com/stretchr/testify/require"
)

// TestDeliver: an answer that arrived elsewhere ends its request as one that arrived here would.
func TestDeliver(t *testing.T) {
	var late []string
	cfg := testConfig(t)
	cfg.Latency = new(connection.Histogram)
	cfg.Hooks.Late = func(_ *connection.Conn, _ [32]byte, frame []byte) { late = append(late, string(frame)) }
	play(t, cfg, silent, func(t *testing.T, c *connection.Conn) {
		answer := answerTo(request("0200", 1, ""))
		require.False(t, c.Deliver(answer), "nobody waits")
		end := async(c, request("0200", 1, ""))
		done := make(completed, 1)
		_, err := c.Start(request("0200", 2, ""), []byte("kept "), time.Time{}, done)
		require.NoError(t, err)
		synctest.Wait()
		require.False(t, c.Deliver(request("0200", 1, "")), "a request is no answer")
		require.False(t, c.Deliver([]byte("x")))
		require.True(t, c.Deliver(answer))
		require.False(t, c.Deliver(answer), "once")
		reply, err := end()
		require.NoError(t, err)
		require.Equal(t, answer, reply)
		require.True(t, c.Deliver(answerTo(request("0200", 2, ""))))
		require.Equal(t, "kept "+string(answerTo(request("0200", 2, ""))), <-done)
		require.EqualValues(t, 2, c.Stats().Matched)
		require.EqualValues(t, 2, cfg.Latency.Count())
		require.Zero(t, c.InFlight())

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = c.Exchange(ctx, request("0200", 3, ""), nil)
		require.ErrorIs(t, err, connection.ErrTimeout)
		require.True(t, c.Deliver(answerTo(request("0200", 3, ""))))
		require.Equal(t, []string{string(answerTo(request("0200", 3, "")))}, late)
		require.EqualValues(t, 1, c.Stats().Late)

		require.Equal(t, time.Second, c.Idle(), "nothing was received here")
	})
	require.False(t, new(connection.Conn).Deliver(request("0210", 1, "")))
	require.Zero(t, new(connection.Conn).Idle())
}

// completed is a Completion that sends the answer.
type completed chan string

func (d completed) Complete(reply []byte, err error) { d <- string(reply) }

// TestElsewhere is asked about answers that nobody waits for here, late ones included; what it takes is not counted.
func TestElsewhere(t *testing.T) {
	var asked []string
	cfg := testConfig(t)
	cfg.Elsewhere = func(_ *connection.Conn, key [32]byte, frame []byte) bool {
		asked = append(asked, string(frame))
		return string(frame) == "0210000008" // the others are told as ever
	}
	play(t, cfg, func(p *connectiontest.Peer) {
		frame, _ := p.Receive()
		p.Send(answerTo(request("0200", 8, ""))) // nobody's
		p.Send(answerTo(frame))
		frame, _ = p.Receive()
		time.Sleep(2 * time.Second)
		p.Send(answerTo(frame)) // late
		p.Send(answerTo(request("0200", 9, "")))
		silent(p)
	}, func(t *testing.T, c *connection.Conn) {
		_, err := c.Exchange(t.Context(), request("0200", 1, ""), nil)
		require.NoError(t, err)
		require.Zero(t, c.Stats().Unmatched)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = c.Exchange(ctx, request("0200", 2, ""), nil)
		require.ErrorIs(t, err, connection.ErrTimeout)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.Equal(t, []string{"0210000008", "0210000002", "0210000009"}, asked)
		require.EqualValues(t, 1, c.Stats().Late)
		require.EqualValues(t, 1, c.Stats().Unmatched)
	})
}

func TestCheck(t *testing.T) {
	require.NoError(t, testConfig(t).Check())
	require.Error(t, connection.Config{}.Check())
}
