package connection_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/connectiontest"
	"github.com/stretchr/testify/require"
)

// TestEachSendingHasItsAnswer: a request that was repeated n times may be answered as often. The first answer ends the
// repeat, the others are late, and until the last has come the key is for nothing else.
func TestEachSendingHasItsAnswer(t *testing.T) {
	for repeats := 1; repeats <= 3; repeats++ {
		cfg := testConfig(t)
		cfg.Timeout, cfg.LateWindow = time.Second, time.Minute
		late := 0
		cfg.Hooks.Late = func(*connection.Conn, [32]byte, []byte) { late++ }
		cfg.Hooks.Unmatched = func(*connection.Conn, connection.Unmatched) { t.Error("unmatched") }
		play(t, cfg, func(p *connectiontest.Peer) {
			var frames [][]byte
			for range repeats + 1 {
				frame, _ := p.Receive()
				frames = append(frames, frame)
			}
			for _, frame := range frames {
				p.Send(answerTo(frame))
				time.Sleep(time.Second)
			}
			echoing(p)
		}, func(t *testing.T, c *connection.Conn) {
			_, err := c.Exchange(t.Context(), request("0420", 1, "sending 0"), nil)
			require.ErrorIs(t, err, connection.ErrTimeout)
			for n := 1; n <= repeats; n++ {
				reply, err := c.Repeat(t.Context(), request("0420", 1, fmt.Sprint("sending ", n)), nil)
				if n < repeats {
					require.ErrorIs(t, err, connection.ErrTimeout)
					continue
				}
				require.NoError(t, err)
				require.Equal(t, "0430000001sending 0", string(reply))
			}
			for n := range repeats {
				require.Equal(t, n, late)
				_, err = c.Exchange(t.Context(), request("0420", 1, "another"), nil)
				require.ErrorIs(t, err, connection.ErrDuplicateKey, "%d of %d late answers have come", n, repeats)
				time.Sleep(time.Second + time.Millisecond)
				synctest.Wait()
			}
			require.Equal(t, repeats, late)
			reply, err := c.Exchange(t.Context(), request("0420", 1, "another"), nil)
			require.NoError(t, err)
			require.Equal(t, "0430000001another", string(reply))
		})
	}
}

// TestRepeatThatNeverLeft: the answer to the first sending is late still, and its key for nothing else.
func TestRepeatThatNeverLeft(t *testing.T) {
	cfg := testConfig(t)
	cfg.Timeout, cfg.LateWindow, cfg.WriteTimeout = time.Second, time.Hour, time.Hour
	late := 0
	cfg.Hooks.Late = func(*connection.Conn, [32]byte, []byte) { late++ }
	play(t, cfg, func(p *connectiontest.Peer) {
		first, _ := p.Receive()
		time.Sleep(time.Minute) // nothing is read
		p.Send(answerTo(first))
		silent(p)
	}, func(t *testing.T, c *connection.Conn) {
		_, err := c.Exchange(t.Context(), request("0420", 1, ""), nil)
		require.ErrorIs(t, err, connection.ErrTimeout)
		for range 12 { // more than the pipe holds
			require.NoError(t, c.Post(context.Background(), request("0820", 0, strings.Repeat("x", 9900))))
		}
		synctest.Wait()
		_, err = c.Repeat(t.Context(), request("0421", 1, ""), nil)
		require.ErrorIs(t, err, connection.ErrTimeout)
		require.True(t, connection.SafeToRetry(err))
		_, err = c.Exchange(t.Context(), request("0420", 1, "another"), nil)
		require.ErrorIs(t, err, connection.ErrDuplicateKey)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, 1, late)
	})
}
