package connection_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/connectiontest"
	"github.com/stretchr/testify/require"
)

// TestPeerStopsReading: calls end at their own deadlines, what never left is said so, and the connection ends.
func TestPeerStopsReading(t *testing.T) {
	cfg := testConfig(t)
	cfg.WriteTimeout = 3 * time.Second
	play(t, cfg, func(p *connectiontest.Peer) { time.Sleep(time.Hour) }, func(t *testing.T, c *connection.Conn) {
		start := time.Now()
		var sent [3]atomic.Int32
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				time.Sleep(time.Duration(i/50) * time.Millisecond) // the second half finds the writer stuck
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(10*i)*time.Millisecond+time.Millisecond)
				defer cancel()
				_, err := c.Exchange(ctx, request("0100", i, strings.Repeat("x", 4000)), nil)
				require.ErrorIs(t, err, connection.ErrTimeout)
				sent[connection.SentOf(err)].Add(1)
			})
		}
		wg.Wait()
		require.Equal(t, 992*time.Millisecond, time.Since(start))
		require.Positive(t, sent[connection.SentMaybe].Load())
		require.Positive(t, sent[connection.SentNo].Load(), "what was only queued is taken back")
		<-c.Done()
		require.ErrorIs(t, c.Err(), connection.ErrWriteStalled)
		require.Equal(t, cfg.WriteTimeout, time.Since(start).Round(time.Millisecond))
	})
}

// TestWithdrawnFramesAreNotWritten: what timed out before its turn never reaches the peer, not even late.
func TestWithdrawnFramesAreNotWritten(t *testing.T) {
	cfg := testConfig(t)
	cfg.Timeout, cfg.WriteTimeout = time.Minute, time.Minute
	var seen []string
	done := make(chan struct{})
	play(t, cfg, func(p *connectiontest.Peer) {
		time.Sleep(2 * time.Second)
		for {
			frame, err := p.Receive()
			if err != nil {
				close(done)
				return
			}
			seen = append(seen, string(frame[4:10]))
			p.Send(answerTo(frame))
		}
	}, func(t *testing.T, c *connection.Conn) {
		var wg sync.WaitGroup
		for i := range 8 { // more than the pipe holds
			wg.Go(func() {
				_, err := c.Exchange(t.Context(), request("0100", i, strings.Repeat("x", 9900)), nil)
				require.NoError(t, err)
			})
		}
		synctest.Wait()
		for i := range 6 {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second+time.Hour*time.Duration(i%2))
				defer cancel()
				_, err := c.Exchange(ctx, request("0100", 100+i, fmt.Sprint("queued ", i)), nil)
				require.Equal(t, i%2 == 0, connection.SafeToRetry(err))
			})
			synctest.Wait()
		}
		wg.Wait()
		c.Close()
		<-done
		require.Equal(t, []string{"000101", "000103", "000105"}, seen[8:])
	})
}

// TestPeerStopsReadingTCP is the same on a real socket, whose buffers the writer fills without waiting.
func TestPeerStopsReadingTCP(t *testing.T) {
	stop := make(chan struct{})
	defer close(stop)
	address := listen(t, func(nc net.Conn) {
		nc.(*net.TCPConn).SetReadBuffer(4096)
		<-stop
		nc.Close()
	})
	cfg := testConfig(t)
	cfg.WriteTimeout = 300 * time.Millisecond
	cfg.Dialer = smallWriteBuffer
	c := dial(t, address, cfg)
	var wg sync.WaitGroup
	for i := range 500 {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 150*time.Millisecond)
			defer cancel()
			if _, err := c.Exchange(ctx, request("0100", i, strings.Repeat("x", 9000)), nil); err == nil {
				t.Error("answered")
			}
		})
	}
	wg.Wait()
	select {
	case <-c.Done():
	case <-time.After(10 * time.Second):
		t.Fatalf("the connection is kept although nothing can be written: %+v", c.Stats())
	}
	require.ErrorIs(t, c.Err(), connection.ErrWriteStalled)
}

func TestCloseWhileWriteIsStalled(t *testing.T) {
	play(t, testConfig(t), func(p *connectiontest.Peer) { time.Sleep(time.Hour) }, func(t *testing.T, c *connection.Conn) {
		for i := range 20 {
			go c.Exchange(t.Context(), request("0100", i, strings.Repeat("x", 9000)), nil)
		}
		synctest.Wait()
		start := time.Now()
		c.Close()
		require.Zero(t, time.Since(start))
	})
}

// TestBlockedAnswerRecovers: a peer that reads late gets its answers late, and the connection goes on.
func TestBlockedAnswerRecovers(t *testing.T) {
	cfg := testConfig(t)
	cfg.Timeout = 200 * time.Millisecond
	cfg.Handler = func(_ *connection.Conn, frame, reply []byte) ([]byte, error) {
		return append(append(reply, answerTo(frame)...), strings.Repeat("y", 9000)...), nil
	}
	play(t, cfg, func(p *connectiontest.Peer) {
		for i := range 10 {
			p.Send(request("0800", i, ""))
		}
		time.Sleep(400 * time.Millisecond)
		for range 10 {
			p.Receive()
		}
		for {
			frame, err := p.Receive()
			if err != nil {
				return
			}
			p.Send(answerTo(frame))
		}
	}, func(t *testing.T, c *connection.Conn) {
		time.Sleep(time.Second)
		_, err := c.Exchange(t.Context(), request("0100", 99, ""), nil)
		require.NoError(t, err)
		require.EqualValues(t, 11, c.Stats().FramesSent)
	})
}

// TestFailedWriteDeliversWhatArrived: an answer that is there when writing fails is not lost, and a frame the system
// never took is known not to have left.
func TestFailedWriteDeliversWhatArrived(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := connectiontest.Pipe()
		cfg := testConfig(t)
		first := request("0100", 1, "")
		c, err := connection.NewConn(connectiontest.Inject(client, connectiontest.Faults{FailWriteAfter: int64(len(first) + 2)}), cfg)
		require.NoError(t, err)
		defer c.Close()
		p := connectiontest.NewPeer(server, cfg.Framing)
		pending := async(c, first)
		synctest.Wait()
		_, err = p.Receive()
		require.NoError(t, err)
		broken := async(c, request("0100", 2, ""))
		synctest.Wait()
		require.NoError(t, p.Send(answerTo(first)))
		reply, err := pending()
		require.NoError(t, err)
		require.Equal(t, "0110000001", string(reply))
		_, err = broken()
		require.ErrorIs(t, err, syscall.EPIPE)
		require.Equal(t, connection.SentMaybe, connection.SentOf(err))
		_, err = c.Exchange(t.Context(), request("0100", 3, ""), nil)
		require.True(t, connection.SafeToRetry(err))
	})
}

// TestChunks: however the stream is cut up, and however large the frames, the same frames come out.
func TestChunks(t *testing.T) {
	framing, err := connection.NewFraming(connection.Descriptor{Width: 4, Max: 200_000})
	require.NoError(t, err)
	for _, f := range []connectiontest.Faults{{}, {ReadChunk: 1}, {ReadChunk: 7, WriteChunk: 5}, {ReadChunk: 4099, WriteChunk: 1000}} {
		synctest.Test(t, func(t *testing.T) {
			client, server := connectiontest.Pipe()
			cfg := testConfig(t)
			cfg.Framing, cfg.Handler = framing, answer
			c, err := connection.NewConn(connectiontest.Inject(client, f), cfg)
			require.NoError(t, err)
			host, err := connection.NewConn(server, cfg)
			require.NoError(t, err)
			defer host.Close()
			defer c.Close()
			var wg sync.WaitGroup
			for i, size := range []int{0, 1, 300, 4000, 16_374, 16_384, 20_000, 150_000} {
				wg.Go(func() {
					frame := request("0200", i, strings.Repeat("x", size))
					reply, err := c.Exchange(t.Context(), frame, nil)
					require.NoError(t, err)
					require.Equal(t, string(answerTo(frame)), string(reply))
				})
			}
			wg.Wait()
		})
	}
}

// TestHalfCloseWithdrawsWhatIsQueued: a peer that has closed its direction but still reads must not get a frame whose
// call was told that it was not sent.
func TestHalfCloseWithdrawsWhatIsQueued(t *testing.T) {
	type received struct {
		stans map[string]bool
		err   error
	}
	proceed, got := make(chan struct{}), make(chan received, 1)
	address := listen(t, func(nc net.Conn) {
		defer nc.Close()
		<-proceed
		p, r := connectiontest.NewPeer(nc, binary2(t)), received{stans: map[string]bool{}}
		r.err = p.CloseWrite()
		time.Sleep(100 * time.Millisecond) // the calls end before anything more is read
		for {
			frame, err := p.Receive()
			if err != nil {
				got <- r
				return
			}
			r.stans[string(frame[4:10])] = true
		}
	})
	cfg := testConfig(t)
	cfg.Dialer = smallWriteBuffer
	cfg.Handler = answer
	c := dial(t, address, cfg)
	const requests = 96
	sent := make([]connection.Sent, requests)
	var wg sync.WaitGroup
	for i := range requests {
		if i == requests/2 { // the rest finds the writer stuck
			for writes := ^uint64(0); c.Stats().Writes != writes; time.Sleep(250 * time.Millisecond) {
				writes = c.Stats().Writes
			}
		}
		wg.Go(func() {
			_, err := c.Exchange(context.Background(), request("0100", i, strings.Repeat("x", 9000)), nil)
			if !errors.Is(err, connection.ErrPeerClosed) {
				t.Error(err)
			}
			sent[i] = connection.SentOf(err)
		})
	}
	require.Eventually(t, func() bool { return c.Stats().InFlight == requests }, 5*time.Second, time.Millisecond)
	require.NoError(t, c.Post(context.Background(), request("0820", 999, "an answer that waits behind them")))
	close(proceed)
	wg.Wait()
	r := <-got
	require.NoError(t, r.err)
	require.Contains(t, sent, connection.SentNo)
	require.Contains(t, sent, connection.SentMaybe)
	for i, s := range sent {
		if s == connection.SentNo {
			require.NotContains(t, r.stans, fmt.Sprintf("%06d", i), "told that it was not sent")
		}
	}
	require.Contains(t, r.stans, "000999", "what is not a request is still written")
}

// smallWriteBuffer dials a socket that takes little at a time.
func smallWriteBuffer(ctx context.Context, network, address string) (net.Conn, error) {
	nc, err := new(net.Dialer).DialContext(ctx, network, address)
	if err == nil {
		nc.(*net.TCPConn).SetWriteBuffer(4096)
	}
	return nc, err
}

// TestStrayByteAfterAFailedWrite: the second that answers have to arrive in after writing has failed is not prolonged by
// bytes that come, whatever deadline those would have.
func TestStrayByteAfterAFailedWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := connectiontest.Pipe()
		c, err := connection.NewConn(connectiontest.Inject(client, connectiontest.Faults{FailWriteAfter: 1}), testConfig(t))
		require.NoError(t, err)
		defer c.Close()
		start := time.Now()
		pending := async(c, request("0200", 1, ""))
		synctest.Wait()
		time.Sleep(400 * time.Millisecond)
		_, err = server.Write([]byte{0})
		require.NoError(t, err)
		_, err = pending()
		require.Equal(t, connection.SentMaybe, connection.SentOf(err))
		<-c.Done()
		require.Equal(t, time.Second, time.Since(start))
	})
}

// TestOldFrameDeadlineAfterAFailedWrite: the deadline of a frame that has long been complete may pass within that second.
// It ends nothing, and takes nothing away.
func TestOldFrameDeadlineAfterAFailedWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := connectiontest.Pipe()
		cfg := testConfig(t)
		cfg.FrameTimeout = 10 * time.Second
		c, err := connection.NewConn(connectiontest.Inject(client, connectiontest.Faults{FailWriteAfter: 1}), cfg)
		require.NoError(t, err)
		defer c.Close()
		start := time.Now()
		_, err = server.Write([]byte{0})
		require.NoError(t, err)
		time.Sleep(time.Second)
		_, err = server.Write(append([]byte{10}, "0820000001"...))
		require.NoError(t, err)
		time.Sleep(8500 * time.Millisecond)
		require.EqualValues(t, 1, c.Stats().Unhandled)
		_, err = c.Exchange(t.Context(), request("0200", 1, ""), nil)
		require.Equal(t, connection.SentMaybe, connection.SentOf(err))
		<-c.Done()
		require.Equal(t, 10500*time.Millisecond, time.Since(start))
	})
}
