package connection_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/posline/posline/connection"
	"github.com/stretchr/testify/require"
)

// readFrames gives every frame with a two-byte length to do, until the stream ends or do says so.
func readFrames(nc net.Conn, do func(frame []byte) bool) {
	for {
		var length [2]byte
		if _, err := io.ReadFull(nc, length[:]); err != nil {
			return
		}
		frame := make([]byte, binary.BigEndian.Uint16(length[:]))
		if _, err := io.ReadFull(nc, frame); err != nil || !do(frame) {
			return
		}
	}
}

// keyless dials a peer, without keys.
func keyless(t *testing.T, timeout time.Duration, peer func(nc net.Conn)) *connection.Conn {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	go func() {
		if nc, err := ln.Accept(); err == nil {
			defer nc.Close()
			peer(nc)
		}
	}()
	c, err := connection.Dial(context.Background(), "tcp", ln.Addr().String(), connection.Config{Framing: binary2(t), Timeout: timeout})
	require.NoError(t, err)
	return c
}

// TestWhoWaitsBehindOneGivenUp never leaves: the connection without keys is out of step from then on.
func TestWhoWaitsBehindOneGivenUp(t *testing.T) {
	seen := make(chan []string, 1)
	c := keyless(t, time.Minute, func(nc net.Conn) {
		var all []string
		readFrames(nc, func(frame []byte) bool { all = append(all, string(frame)); return true })
		seen <- all
	})
	defer c.Close()
	ctx, giveUp := context.WithCancel(t.Context())
	defer giveUp()
	a := make(chan error, 1)
	go func() {
		_, err := c.Exchange(ctx, []byte("A"), nil)
		a <- err
	}()
	soon := func(happened func(s connection.Stats) bool) {
		require.Eventually(t, func() bool { return happened(c.Stats()) }, time.Minute, time.Millisecond)
	}
	soon(func(s connection.Stats) bool { return s.Writes == 1 && s.Queued == 0 })
	b := async(c, []byte("B"))
	soon(func(s connection.Stats) bool { return s.Waiting == 1 })
	giveUp()
	_, err := b()
	require.ErrorIs(t, err, connection.ErrOutOfStep)
	require.True(t, connection.SafeToRetry(err))
	err = <-a
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, connection.SentYes, connection.SentOf(err))
	require.Equal(t, []string{"A"}, <-seen)
}

// TestLateAnswersAnswerNobody: whoever asks again and again with next to no time gets an answer of its own or none.
func TestLateAnswersAnswerNobody(t *testing.T) {
	for round := range 100 {
		c := keyless(t, time.Second, func(nc net.Conn) {
			readFrames(nc, func(frame []byte) bool {
				time.Sleep(time.Duration(900+4*round) * time.Microsecond)
				_, err := nc.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(frame))), frame...))
				return err == nil
			})
		})
		outOfStep := false
		for n := range 20 {
			asked := fmt.Sprintf("%d/%d", round, n)
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			reply, err := c.Exchange(ctx, []byte(asked), nil)
			cancel()
			if outOfStep {
				require.Error(t, err)
				require.True(t, connection.SafeToRetry(err), "%v", err)
				break
			}
			if err == nil {
				require.Equal(t, asked, string(reply))
			}
			outOfStep = !connection.SafeToRetry(err) && err != nil
		}
		c.Close()
	}
}
